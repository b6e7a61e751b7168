"""One IPP request over HTTP, each on a connection of its own, in a bounded time. The errors are those of the drivers.

A connection that is kept open proves nothing of a server that was started again meanwhile, and saves 1 ms.
"""

from __future__ import annotations

import http.client
import queue
import re
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from drivers.errors import DeviceError, NotStarted, OutcomeUnknown, ProtocolViolation
from drivers.printers.ipp_codec import Operation, Reply, Value, parse, request
from drivers.serialport import Tracer

__all__ = ["PORT", "USER", "Wire"]

PORT = 631
USER = "keping"
_LONGEST = 1 << 18
_BEGINS = frozenset({Operation.PRINT_JOB})
_URL = re.compile(r"ipp://[!-~]+")

_Address = tuple[int, int, int, str, Any]


class _Timely(socket.socket):
    """Whatever is sent or read ends at `deadline`, however slowly the bytes go. `ended`: the far end has hung up."""

    deadline = 0.0
    ended = False

    def sendall(self, *arguments: Any) -> None:
        self.settimeout(_left(self.deadline))
        super().sendall(*arguments)

    def recv_into(self, *arguments: Any, **named: Any) -> int:
        self.settimeout(_left(self.deadline))
        count = super().recv_into(*arguments, **named)
        self.ended = self.ended or not count
        return count


class Place(NamedTuple):
    host: str
    port: int
    path: str


class Wire:
    """The way to one printer, `ipp://host:port/path`. ValueError if it is no such URL. Opens nothing yet.

    A name is looked up once: whatever it means later, all that is asked of a job is asked where it was sent.
    """

    def __init__(self, url: str, tracer: Tracer | None = None) -> None:
        parts = urlsplit(url)
        if not _URL.fullmatch(url) or not parts.hostname or "@" in parts.netloc:
            raise ValueError(f"{url.rpartition('@')[2]}: write ipp://HOST:631/printers/QUEUE or ipp://HOST/ipp/print")
        self.url = url
        self._place = Place(parts.hostname, parts.port or PORT, parts.path or "/")
        self._addresses: list[_Address] = []
        self._tracer = tracer

    def ask(
        self, operation: Operation, deadline: float, job: int | None = None, document: bytes = b"",
        wanted: Mapping[str, Value] | None = None, **named: Value | list[str],
    ) -> Reply:  # fmt: skip
        """Whatever the printer answered, also if it refused. `wanted`: see `request`.

        NotStarted if it can't have been heard, or nothing begins by it; OutcomeUnknown if something may have begun;
        ProtocolViolation if the answer is none. Blocks until `deadline` (monotonic seconds) at most.
        """
        message = request(operation, self.url, USER, job, wanted=wanted, **named)
        if self._tracer:
            self._tracer.sent(f"{operation.name} {job or ''} {len(document)} bytes".encode())
        reply = self._post(message + document, deadline, operation in _BEGINS)
        if self._tracer:
            self._tracer.received(f"status {reply.status:04X}".encode())
        return reply

    def _post(self, body: bytes, deadline: float, begins: bool) -> Reply:
        with _translated(self.url, NotStarted):
            near = self._connected(deadline)
        try:
            with _translated(self.url, OutcomeUnknown if begins else NotStarted):
                return self._exchange(near, body, begins)
        finally:
            near.close()

    def _connected(self, deadline: float) -> _Timely:
        self._addresses = self._addresses or _looked_up(self._place, deadline)
        for at, (family, kind, protocol, _, address) in enumerate(self._addresses):
            near = _Timely(family, kind, protocol)
            near.deadline = deadline
            try:
                near.settimeout(_left(deadline) / (len(self._addresses) - at))
                near.connect(address)
            except OSError as exc:
                near.close()
                refused = exc
            else:
                return near
        raise refused

    def _exchange(self, near: _Timely, body: bytes, begins: bool) -> Reply:
        """ConnectionResetError where it ends before the answer does."""
        answer = b""
        try:
            answer = self._answer(near, body, begins)
            return parse(answer)
        except (ValueError, http.client.HTTPException) as exc:
            if near.ended:
                raise ConnectionResetError(f"the answer is broken off: {exc}") from exc
            raise ProtocolViolation(f"{self.url}: {type(exc).__name__} {exc}", answer or str(exc).encode()) from exc

    def _answer(self, near: _Timely, body: bytes, begins: bool) -> bytes:
        connection = http.client.HTTPConnection(self._place.host, self._place.port)
        connection.sock = near
        headers = {"Content-Type": "application/ipp", "Connection": "close"}
        connection.request("POST", self._place.path, body, headers)
        with connection.getresponse() as response:
            if response.status != http.client.OK:
                # 4xx: it was read and not done (RFC 9110, 15.5). Of another nobody can tell.
                kind = OutcomeUnknown if begins and not 400 <= response.status < 500 else NotStarted
                raise kind(f"{self.url}: HTTP {response.status} {response.reason[:64]!r}")
            answer = response.read(_LONGEST + 1)
            if len(answer) > _LONGEST:
                raise ProtocolViolation(f"{self.url}: an answer of more than {_LONGEST} bytes", answer)
            if response.length:
                raise http.client.IncompleteRead(answer, response.length)
        return answer


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("no answer in time")
    return left


def _looked_up(place: Place, deadline: float) -> list[_Address]:
    """Where it is. The system's own look-up of a name has no bound: it is left behind, one of each name at most."""
    with suppress(OSError):
        return _addresses(place, socket.AI_NUMERICHOST)
    found: queue.SimpleQueue[list[_Address] | Exception] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            found.put(_addresses(place))
        except (OSError, ValueError) as exc:
            found.put(exc)

    name = f"look-up of {place.host}"
    for earlier in [each for each in threading.enumerate() if each.name == name]:
        earlier.join(_left(deadline))
    _left(deadline)
    threading.Thread(target=look_up, name=name, daemon=True).start()
    try:
        answer = found.get(timeout=_left(deadline))
    except queue.Empty:
        raise TimeoutError(f"{place.host}: no address in time") from None
    if isinstance(answer, Exception):
        raise answer
    return answer


def _addresses(place: Place, flags: int = 0) -> list[_Address]:
    return list(socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM, flags=flags))


@contextmanager
def _translated(url: str, kind: type[DeviceError]) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as exc:
        raise kind(f"{url}: {exc}") from exc
