"""A bad line between a station and the centre: a proxy on loopback that does to HTTP what lines and their keepers do.

What happens to the nth request follows from the seed alone (docs/adr/0039-a-line-that-lies.md).
"""

from __future__ import annotations

import random
import re
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NamedTuple

HOST = "127.0.0.1"
PATIENCE_S = 10.0
"""Longest wait for a peer that says nothing: it is only met if one of both ends hangs."""
PAUSE_S = 0.02
PIECE = 64 << 10
RESET = struct.pack("ii", 1, 0)

KINDS = (
    "none", "drop-before", "reply-lost", "delay", "late", "twice", "hold", "cut-request", "cut-reply", "error",
    "portal", "garbled-request", "garbled-reply", "short-reply", "drip",
)  # fmt: skip
"""`late`: the centre gets it when the station has gone. `hold`: the centre gets it after the next one.
`short-reply`: the end of the body is missing, and its length says so."""

_CONNECTION = re.compile(rb"\r\nConnection:[^\r]*", re.IGNORECASE)
_LENGTH = re.compile(rb"\r\nContent-Length:\s*(\d+)", re.IGNORECASE)
_OWN = (
    b"HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/html\r\n\r\n<h1>Error</h1>",
    b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\n\r\n<html><body>nginx</body></html>",
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\n\r\n",
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n",
    b"HTTP/1.1 504 Gateway Timeout\r\nContent-Type: application/problem+json\r\n\r\n{}",
    b"HTTP/1.1 429 Too Many Requests\r\n\r\n",
)
_PORTAL = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nDate: Sat, 01 Jan 2000 00:00:00 GMT\r\n\r\n<h1>Welcome</h1>",
    b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"login":"http://10.0.0.1/"}',
    b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/login\r\n\r\n",
)


class Fault(NamedTuple):
    """`where`: at which part of the bytes, 0 to 1, it strikes."""

    kind: str
    where: float


def seeded(seed: int, share: float, kinds: Sequence[str] = KINDS) -> Callable[[], Fault]:
    """An endless plan: so many of the requests (0 to 1) meet one of `kinds`."""
    rng = random.Random(seed)  # noqa: S311  # repeatable, not secret
    return lambda: Fault(rng.choice(kinds) if rng.random() < share else "none", rng.random())


class Wire:
    """Listens from construction on until `close`. Every connection carries one request.

    `plan`: what happens to the next request; `mend` ends all faults. `met`: how often what happened.
    """

    def __init__(self, port: int, plan: Callable[[], Fault]) -> None:
        self._centre = (HOST, port)
        self._plan: Callable[[], Fault] | None = plan
        self._turn = threading.Lock()
        self._ending = threading.Event()
        self._held: deque[bytes] = deque()
        self._busy: set[threading.Thread] = set()
        self.met: dict[str, int] = {}
        self._listening = socket.create_server((HOST, 0))
        self.url = f"http://{HOST}:{self._listening.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept, name="wire", daemon=True)
        self._thread.start()

    def mend(self) -> None:
        """No fault any more; what is still on its way arrives before this returns."""
        with self._turn:
            self._plan = None
        for thread in list(self._busy):
            thread.join(PATIENCE_S)
        self._deliver_held()

    def close(self) -> None:
        self._ending.set()
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(PATIENCE_S)

    def _accept(self) -> None:
        while not self._ending.is_set():
            try:
                station, _ = self._listening.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._carry, args=(station,), daemon=True)
            self._busy.add(thread)
            thread.start()

    def _carry(self, station: socket.socket) -> None:
        station.settimeout(PATIENCE_S)
        try:
            with suppress(OSError), station:
                request = _read_request(station)
                if request:
                    with self._turn:
                        fault = self._plan() if self._plan else Fault("none", 0)
                        self.met[fault.kind] = self.met.get(fault.kind, 0) + 1
                    getattr(self, "_" + fault.kind.replace("-", "_"))(station, request, fault.where)
        finally:
            self._busy.discard(threading.current_thread())

    def _ask(self, request: bytes) -> bytes:
        """The centre's whole answer, and behind it what was held back before. Empty if the connection broke."""
        answer = _exchange(self._centre, request)
        self._deliver_held()
        return answer

    def _deliver_held(self) -> None:
        while self._held:
            _exchange(self._centre, self._held.popleft())

    def _none(self, station: socket.socket, request: bytes, where: float) -> None:
        station.sendall(self._ask(request))

    def _drop_before(self, station: socket.socket, request: bytes, where: float) -> None:
        _hang_up(station, reset=where < 0.5)

    def _reply_lost(self, station: socket.socket, request: bytes, where: float) -> None:
        self._ask(request)
        _hang_up(station, reset=where < 0.5)

    def _delay(self, station: socket.socket, request: bytes, where: float) -> None:
        self._ending.wait(where * PAUSE_S)
        self._none(station, request, where)

    def _late(self, station: socket.socket, request: bytes, where: float) -> None:
        _hang_up(station, reset=where < 0.5)
        self._ending.wait(where * PAUSE_S)
        self._ask(request)

    def _twice(self, station: socket.socket, request: bytes, where: float) -> None:
        answers = [self._ask(request), self._ask(request)]
        station.sendall(answers[where < 0.5])

    def _hold(self, station: socket.socket, request: bytes, where: float) -> None:
        self._held.append(request)
        _hang_up(station, reset=where < 0.5)

    def _cut_request(self, station: socket.socket, request: bytes, where: float) -> None:
        with suppress(OSError), socket.create_connection(self._centre, PATIENCE_S) as centre:
            centre.sendall(request[: int(where * len(request))])
        _hang_up(station, reset=where < 0.5)

    def _cut_reply(self, station: socket.socket, request: bytes, where: float) -> None:
        answer = self._ask(request)
        station.sendall(answer[: int(where * len(answer))])

    def _error(self, station: socket.socket, request: bytes, where: float) -> None:
        """Half of them after the centre has done its part."""
        if where < 0.5:
            self._ask(request)
        station.sendall(_of(_OWN, where))

    def _portal(self, station: socket.socket, request: bytes, where: float) -> None:
        station.sendall(_of(_PORTAL, where))

    def _garbled_request(self, station: socket.socket, request: bytes, where: float) -> None:
        self._none(station, _garbled(request, where), where)

    def _garbled_reply(self, station: socket.socket, request: bytes, where: float) -> None:
        station.sendall(_garbled(self._ask(request), where))

    def _short_reply(self, station: socket.socket, request: bytes, where: float) -> None:
        head, gap, body = self._ask(request).partition(b"\r\n\r\n")
        body = body[: int(where * len(body))]
        station.sendall(_LENGTH.sub(b"\r\nContent-Length: %d" % len(body), head) + gap + body)

    def _drip(self, station: socket.socket, request: bytes, where: float) -> None:
        answer = self._ask(request)
        pieces = 2 + int(where * 8)
        for begin in range(0, len(answer), size := max(1, len(answer) // pieces)):
            station.sendall(answer[begin : begin + size])
            self._ending.wait(PAUSE_S / 10)


def _of(answers: Sequence[bytes], where: float) -> bytes:
    return answers[int(where * 1000) % len(answers)]


def _garbled(message: bytes, where: float) -> bytes:
    """One byte of the body is another; a message without one stays."""
    begin = message.find(b"\r\n\r\n") + 4
    if begin >= len(message):
        return message
    at = begin + int(where * (len(message) - begin))
    return message[:at] + bytes([message[at] ^ 0x15]) + message[at + 1 :]


def _hang_up(station: socket.socket, *, reset: bool) -> None:
    """A FIN without a word, or a RST."""
    if reset:
        station.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    station.close()


def _read_request(station: socket.socket) -> bytes:
    """Head and body, with "Connection: close" in it. Empty if there is none, or not all of it."""
    content = b""
    while b"\r\n\r\n" not in content:
        piece = station.recv(PIECE)
        if not piece:
            return b""
        content += piece
    head, gap, body = content.partition(b"\r\n\r\n")
    length = _LENGTH.search(head)
    parts, missing = [body], (int(length[1]) if length else 0) - len(body)
    while missing > 0:
        piece = station.recv(PIECE)
        if not piece:
            return b""
        parts.append(piece)
        missing -= len(piece)
    return _CONNECTION.sub(b"", head) + b"\r\nConnection: close" + gap + b"".join(parts)


def _exchange(centre: tuple[str, int], request: bytes) -> bytes:
    parts: list[bytes] = []
    with suppress(OSError), socket.create_connection(centre, PATIENCE_S) as line:
        line.sendall(request)
        while piece := line.recv(PIECE):
            parts.append(piece)
    return b"".join(parts)
