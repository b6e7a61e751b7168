"""HTTP/1.1 between a host and a simulated IPP printer, on a TCP port of loopback, with faults at any byte."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections import deque
from collections.abc import Callable

from drivers.sim.ipp_printer import IppPrinter

__all__ = ["IppLine"]

_CHUNK = 65536
_END = b"\r\n\r\n"


class IppLine:
    """Serves one connection after the other. Faults may be set from any thread. `exchanges`: request, size of answer.

    A line that is cut takes connections and ends them at once; so does a printer without power.
    """

    def __init__(self, printer: IppPrinter) -> None:
        self._printer = printer
        self._door = socket.create_server(("127.0.0.1", 0))
        self.url = f"ipp://127.0.0.1:{self._door.getsockname()[1]}/ipp/print"
        self.exchanges: list[tuple[bytes, int]] = []
        self.host_bytes = 0
        self._host_left: int | None = None
        self._reply_left: int | None = None
        self._moment: tuple[int, Callable[[], object]] | None = None
        self._faults: deque[bytes | None] = deque()
        self._closed = threading.Event()
        self._near: socket.socket | None = None
        self._thread = threading.Thread(target=self._run, name="ipp-line", daemon=True)
        self._thread.start()

    def cut(self, *, after_host_bytes: int | None = None, after_reply_bytes: int | None = None) -> None:
        """Let that many more bytes through, then lose everything both ways until `restore`. Without a count: now."""
        if after_host_bytes is None and after_reply_bytes is None:
            after_host_bytes = 0
        self._host_left, self._reply_left = after_host_bytes, after_reply_bytes

    def restore(self) -> None:
        self._host_left = self._reply_left = None

    @property
    def severed(self) -> bool:
        return 0 in (self._host_left, self._reply_left) or not self._printer.world.powered

    def at_byte(self, count: int, act: Callable[[], object]) -> None:
        """Have `act` done, in the line's thread, after `count` more bytes from the host and before the next."""
        self._moment = (self.host_bytes + count, act)

    def garble_next_reply(self, data: bytes) -> None:
        """Send exactly `data` in its place, and hang up."""
        self._faults.append(data)

    def drop_next_reply(self) -> None:
        """It never comes, and nobody hangs up."""
        self._faults.append(b"")

    def delay_next_reply(self, seconds: float) -> None:
        """As it is, and at once; a fault that is given after it is for a later one."""
        self._faults.append(None)

    def close(self) -> None:
        """Idempotent."""
        if self._closed.is_set():
            return
        self._closed.set()
        self._door.shutdown(socket.SHUT_RDWR)
        if near := self._near:
            with contextlib.suppress(OSError):
                near.shutdown(socket.SHUT_RDWR)
        self._printer.close()
        self._thread.join()
        self._door.close()

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                near, _ = self._door.accept()
            except OSError:
                return
            self._near = near
            with near, contextlib.suppress(OSError):
                self._serve(near)

    def _serve(self, near: socket.socket) -> None:
        request = self._request(near)
        if request is None:
            return
        body = request.partition(_END)[2]
        answer = self._printer.answer(body)
        whole = (
            b"HTTP/1.1 200 OK\r\nContent-Type: application/ipp\r\nContent-Length: %d\r\n\r\n" % len(answer) + answer
        )
        fault = self._faults.popleft() if self._faults else None
        if fault == b"":
            while near.recv(_CHUNK):
                continue
            return
        whole = fault or whole
        self.exchanges.append((request, len(whole)))
        if self.severed:
            return
        if self._reply_left is not None:
            whole = whole[: self._reply_left]
            self._reply_left -= len(whole)
        near.sendall(whole)

    def _request(self, near: socket.socket) -> bytes | None:
        """Head and body as they came; None if it is broken off."""
        heard = b""
        while not _whole(heard):
            if self.severed:
                return None
            data = near.recv(self._most())
            if not data:
                return None
            heard += data
            self.host_bytes += len(data)
            if self._host_left is not None:
                self._host_left -= len(data)
            if self._moment and self.host_bytes >= self._moment[0]:
                act, self._moment = self._moment[1], None
                act()
        return heard

    def _most(self) -> int:
        """No further than where something is to happen."""
        to_moment = self._moment[0] - self.host_bytes if self._moment else _CHUNK
        return max(1, min(_CHUNK, to_moment, self._host_left if self._host_left is not None else _CHUNK))


def _whole(heard: bytes) -> bool:
    head, end, body = heard.partition(_END)
    if not end:
        return False
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return len(body) >= int(value)
    return True
