"""Where a printer's cable is plugged in, and can be pulled: an adapter that makes a tty, a socket on the network."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

from drivers.sim.ports import Port, PtyPort, TcpPort

TCP_REPAIR = 19
"""Linux, tcp(7): a socket that is closed in this state sends nothing."""


def may_forget() -> bool:
    """Whether this process may do so: it needs CAP_NET_ADMIN."""
    with socket.socket() as tried:
        try:
            tried.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
        except PermissionError:
            return False
    return True


def forget(connection: socket.socket) -> None:
    """Close it without a word to the far end, as a host does that loses its power."""
    connection.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
    connection.close()


class Jack:
    """A `drivers.sim.ports.Port` whose cable comes and goes; `plug` and `unplug` in the simulator thread.

    A host that is connected when it is pulled sees the line hang up; one that comes meanwhile finds nothing.
    `swallow`: told what the host sent, whether it is lost on the way. `mute`: so is what the printer sends.
    """

    def __init__(self) -> None:
        self._nothing, self._held = os.pipe()
        self._end: Port | None = None
        self.swallow: Callable[[bytes], bool] = lambda data: False
        self.mute = False

    def unplug(self) -> None:
        end, self._end = self._end, None
        assert end is not None, "it is not plugged in"
        end.close()

    def fileno(self) -> int:
        return self._end.fileno() if self._end else self._nothing

    def read(self, size: int) -> bytes:
        data = self._end.read(size) if self._end else b""
        return b"" if data and self.swallow(data) else data

    def write(self, data: bytes) -> None:
        if self._end and not self.mute:
            self._end.write(data)

    def close(self) -> None:
        if self._end:
            self.unplug()
        os.close(self._nothing)
        os.close(self._held)


class Adapter(Jack):
    """A serial adapter: `name` in `directory` is there while it is plugged in, as udev's links are."""

    def __init__(self, directory: Path, name: str) -> None:
        super().__init__()
        self._directory = directory
        self.plug(name)

    def plug(self, name: str) -> None:
        pty = PtyPort()
        self.path = self._directory / name
        self.path.symlink_to(pty.path)
        self._end = pty

    def unplug(self) -> None:
        self.path.unlink()
        super().unplug()


class Network(Jack):
    """A printer's socket: connections are reset when the cable is pulled, and refused until it is back."""

    def __init__(self) -> None:
        super().__init__()
        self.port = 0
        self.plug()

    def plug(self) -> None:
        listening = TcpPort("127.0.0.1", self.port)
        self._end, self.port = listening, listening.port

    def vanish(self) -> None:
        """As `unplug`, but the far end has forgotten the connection and does not end it."""
        assert isinstance(self._end, TcpPort)
        peer, self._end._peer = self._end._peer, None
        if peer is not None:
            forget(peer)
        self.unplug()
