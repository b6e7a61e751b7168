"""The unix socket by which commands reach a running station: one JSON line asks, one answers.

    {"command": "jobs.run", "arguments": {...}}  ->  {"result": ...} or {"error": {"message", "exit_code", "reason"}}

With `"as": {"person": ID, "pin": PIN}` beside them somebody does it in their own name.

The socket is 0600 and the peer's uid is asked of the kernel (SO_PEERCRED, unix(7)): the station's own user or root.
"""

from __future__ import annotations

import json
import logging
import os
import pwd
import socket
import socketserver
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kiosk.errors import DamagedData, KepingError, Rejected, Unavailable, UsageError
from kiosk.people import Named

log = logging.getLogger(__name__)

SOCKET = "control.sock"
MAX_LINE = 1 << 20
TIMEOUT_S = 30.0


class NotRunning(Unavailable):
    """No station listens on this DATA; nothing was asked."""


Execute = Callable[..., Any]
"""(command, arguments, by), and `named=Named(...)` where somebody gave their name and PIN. It asks who may."""


class _Handler(socketserver.StreamRequestHandler):
    server: ControlServer
    timeout = TIMEOUT_S

    def handle(self) -> None:
        uid = _peer_uid(self.connection)
        if uid not in (0, os.getuid()):
            self._answer({"error": {"message": f"uid {uid} may not command this station", "exit_code": 1}})
            return
        line = self.rfile.readline(MAX_LINE)
        if line.endswith(b"\n"):
            self._answer(self._execute(line, f"cli:{_user_name(uid)}"))

    def _execute(self, line: bytes, by: str) -> dict[str, Any]:
        try:
            request = json.loads(line)
            command, arguments = str(request["command"]), dict(request["arguments"])
            named = {"named": _named(request["as"])} if "as" in request else {}
        except (ValueError, KeyError, TypeError) as exc:
            return {"error": {"message": f"malformed request: {exc!r}", "exit_code": 2, "reason": None}}
        try:
            return {"result": self.server.execute(command, arguments, by, **named)}
        except KepingError as exc:
            reason = exc.reason if isinstance(exc, Rejected) else None
            return {"error": {"message": str(exc), "exit_code": exc.exit_code, "reason": reason}}

    def _answer(self, answer: dict[str, Any]) -> None:
        self.wfile.write(json.dumps(answer, ensure_ascii=False).encode() + b"\n")


class ControlServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Listens at DATA/control.sock from construction; `close` stops it and removes the socket."""

    daemon_threads = True

    def __init__(self, data: Path, execute: Execute) -> None:
        self._path = data / SOCKET
        self._path.unlink(missing_ok=True)  # left by a killed process; the data lock says it is ours to remove
        with _address(data) as address:
            super().__init__(address, _Handler)
        self._path.chmod(0o600)
        self.execute = execute
        self._thread = threading.Thread(target=self.serve_forever, args=(0.1,), name="control")
        self._thread.start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away or said nothing is its own affair; what else gets here is a bug."""
        fault = sys.exception()
        log.warning("control: %s", fault, exc_info=None if isinstance(fault, OSError) else fault)

    def close(self) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()
        self._path.unlink(missing_ok=True)


@contextmanager
def _address(data: Path) -> Iterator[str]:
    """The socket's path by way of its open directory: an address holds 107 bytes (unix(7)), DATA may lie deep."""
    directory = os.open(data, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{directory}/{SOCKET}"
    finally:
        os.close(directory)


def call(
    data: Path, command: str, arguments: dict[str, Any], named: Named | None = None, patience_s: float = TIMEOUT_S
) -> Any:
    """Ask the station that runs on `data`, in the name of `named` if given. Blocks <= `patience_s`.

    NotRunning if none listens, Unavailable if it does not answer; else the station's own error with its exit code.
    """
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(patience_s)
            with _address(data) as address:
                connection.connect(address)
            request = {"command": command, "arguments": arguments, **({"as": vars(named)} if named else {})}
            connection.sendall(json.dumps(request).encode() + b"\n")
            with connection.makefile("rb") as file:
                line = file.readline()
    except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
        raise NotRunning(f"no station runs on {data}; start it with `keping run`") from None
    except OSError as exc:
        raise Unavailable(f"no station answers on {data / SOCKET}: {exc.strerror or exc}") from exc
    if not line.endswith(b"\n"):
        raise Unavailable("the station went away before it answered; look at `keping jobs list` before asking again")
    answer = json.loads(line)
    if "error" in answer:
        raise _as_error(answer["error"])
    return answer["result"]


def _as_error(error: dict[str, Any]) -> KepingError:
    if error.get("reason"):
        return Rejected(error["message"], error["reason"])
    kind = {2: UsageError, 3: DamagedData, 4: Unavailable}.get(error["exit_code"], KepingError)
    return kind(error["message"])


def _named(given: Any) -> Named:
    return Named(str(given["person"]), str(given["pin"]))


def _peer_uid(connection: socket.socket) -> int:
    _pid, uid, _gid = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return int(uid)


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
