"""One IPP request over HTTP, each on a connection of its own, in a bounded time. The errors are those of the drivers.

A connection that is kept open proves nothing of a server that was started again meanwhile, and saves 1 ms.
"""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from drivers.errors import DeviceError, NotStarted, OutcomeUnknown, ProtocolViolation
from drivers.printers.ipp_codec import Operation, Reply, Value, parse, request
from drivers.serialport import Tracer

__all__ = ["PORT", "USER", "Wire"]

PORT = 631
USER = "keping"
_LONGEST = 1 << 20
_BEGINS = frozenset({Operation.PRINT_JOB})


class _Timely(socket.socket):
    """Each read ends at `deadline`, however slowly the bytes come."""

    deadline = 0.0

    def recv_into(self, *arguments: Any, **named: Any) -> int:
        self.settimeout(max(1e-3, self.deadline - time.monotonic()))
        return super().recv_into(*arguments, **named)


class Place(NamedTuple):
    host: str
    port: int
    path: str


class Wire:
    """The way to one printer, `ipp://host:port/path`. ValueError if it is no such URL. Opens nothing yet."""

    def __init__(self, url: str, tracer: Tracer | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme != "ipp" or not parts.hostname:
            raise ValueError(f"{url}: write ipp://HOST:631/printers/QUEUE or ipp://HOST/ipp/print")
        self.url = url
        self._place = Place(parts.hostname, parts.port or PORT, parts.path or "/")
        self._tracer = tracer

    def ask(
        self, operation: Operation, deadline: float, job: int | None = None, document: bytes = b"",
        **named: Value | list[str],
    ) -> Reply:  # fmt: skip
        """Whatever the printer answered, also if it refused.

        NotStarted if it can't have been heard, or nothing begins by it; OutcomeUnknown if something may have begun;
        ProtocolViolation if the answer is none. Blocks until `deadline` (monotonic seconds) at most.
        """
        message = request(operation, self.url, USER, job, **named)
        if self._tracer:
            self._tracer.sent(f"{operation.name} {job or ''} {len(document)} bytes".encode())
        body = self._post(message + document, deadline, operation in _BEGINS)
        try:
            reply = parse(body)
        except ValueError as exc:
            raise ProtocolViolation(f"{self.url}: {exc}", body) from exc
        if self._tracer:
            self._tracer.received(f"status {reply.status:04X}".encode())
        return reply

    def _post(self, body: bytes, deadline: float, begins: bool) -> bytes:
        with _translated(self.url, NotStarted):
            near = self._connected(deadline)
        try:
            with _translated(self.url, OutcomeUnknown if begins else NotStarted):
                return self._exchange(near, body, begins)
        finally:
            near.close()

    def _connected(self, deadline: float) -> _Timely:
        left = max(1e-3, deadline - time.monotonic())
        near = _Timely(fileno=socket.create_connection((self._place.host, self._place.port), left).detach())
        near.deadline = deadline
        near.settimeout(left)
        return near

    def _exchange(self, near: _Timely, body: bytes, begins: bool) -> bytes:
        connection = http.client.HTTPConnection(self._place.host, self._place.port)
        connection.sock = near
        headers = {"Content-Type": "application/ipp", "Connection": "close"}
        connection.request("POST", self._place.path, body, headers)
        with connection.getresponse() as response:
            if response.status != http.client.OK:
                # 4xx: it was read and not done (RFC 9110, 15.5). Of 5xx nobody can tell.
                refused = response.status < http.client.INTERNAL_SERVER_ERROR
                kind = OutcomeUnknown if begins and not refused else NotStarted
                raise kind(f"{self.url}: HTTP {response.status} {response.reason}")
            answer = response.read(_LONGEST + 1)
        if len(answer) > _LONGEST:
            raise ProtocolViolation(f"{self.url}: an answer of more than {_LONGEST} bytes", answer)
        return answer


@contextmanager
def _translated(url: str, kind: type[DeviceError]) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, http.client.IncompleteRead, http.client.RemoteDisconnected) as exc:
        raise kind(f"{url}: {exc}") from exc
    except http.client.HTTPException as exc:
        raise ProtocolViolation(f"{url}: {type(exc).__name__} {exc}", str(exc).encode()) from exc
