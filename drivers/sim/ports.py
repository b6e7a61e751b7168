"""Ends of byte pipes that a host can open: a pseudo-terminal, a TCP port."""

from __future__ import annotations

import contextlib
import os
import pty
import socket
import tty
from collections.abc import Callable
from typing import Protocol


class Port(Protocol):
    """One end of a byte pipe, non-blocking."""

    def fileno(self) -> int:
        """What to poll for input."""

    def read(self, size: int) -> bytes:
        """At most `size` bytes; empty if there are none now."""

    def write(self, data: bytes) -> None:
        """Send what fits; the rest is lost, as on a wire nobody listens to."""

    def close(self) -> None:
        """Give the descriptors back."""


class PtyPort:
    """The master of a raw pty. A descriptor of the slave stays open, so that hosts can come and go."""

    def __init__(self) -> None:
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path = os.ttyname(self._slave)

    def fileno(self) -> int:
        return self._master

    def read(self, size: int) -> bytes:
        try:
            return os.read(self._master, size)
        except BlockingIOError:
            return b""

    def write(self, data: bytes) -> None:
        with contextlib.suppress(BlockingIOError):
            os.write(self._master, data)

    def close(self) -> None:
        os.close(self._master)
        os.close(self._slave)


class TcpPort:
    """A listener that serves one connection at a time, for as long as the host keeps its half open.

    `unasked`: what a host is told that ends its half without a byte.
    """

    def __init__(self, host: str, port: int, unasked: Callable[[], bytes] = bytes) -> None:
        self._listener = socket.create_server((host, port), backlog=4)
        self._listener.setblocking(False)
        self._peer: socket.socket | None = None
        self._unasked, self._asked = unasked, False
        self.port: int = self._listener.getsockname()[1]

    def fileno(self) -> int:
        return (self._peer or self._listener).fileno()

    def read(self, size: int) -> bytes:
        try:
            if self._peer is None:
                self._peer, _ = self._listener.accept()
                self._peer.setblocking(False)
                self._asked = False
                self._peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            data = self._peer.recv(size)
        except BlockingIOError:
            return b""
        except ConnectionError:
            return self._ended()
        self._asked |= bool(data)
        if not data and not self._asked:
            self.write(self._unasked())
        return data or self._ended()

    def write(self, data: bytes) -> None:
        if self._peer is None:
            return
        try:
            self._peer.send(data)
        except BlockingIOError:
            return
        except ConnectionError:
            self._hang_up()

    def close(self) -> None:
        self._hang_up()
        self._listener.close()

    def _ended(self) -> bytes:
        self._hang_up()
        return b""

    def _hang_up(self) -> None:
        if self._peer is not None:
            self._peer.close()
            self._peer = None
