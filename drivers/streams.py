"""Byte streams that are no tty: a TCP connection, and the kernel's USB printer device. Nothing here waits for a byte.

pyserial opens neither as it is needed: its sockets pause 0.3 s at each close and spin while the far end takes
nothing, and a USB printer device has no line settings, so it is refused as no serial port.

Port 9100 of a card printer: the vendor's library opens a connection for each command (observed), and no source says
whether a printer keeps one open between two. We keep it open, as for any other stream; the bench serves both ways.

A USB printer device (Linux, `usblp`) lets one process in, says EBUSY to the next, and drops what it has not sent
yet when it is closed. A read of nothing is an empty packet there, not the end. Tested with: a pty in its place.
"""

from __future__ import annotations

import errno
import fcntl
import os
import select
import socket
import stat
from urllib.parse import urlsplit

__all__ = ["Stream", "is_usb_printer", "open_tcp", "open_usb_printer"]

_CONNECT_S = 5.0
_KEEPALIVE = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 2),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 2),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 15),
)
"""A printer that was switched off and on says that it has forgotten the connection only when asked: so it is asked,
after 2 s of silence. One that does not answer keeps it for 30 s, for a cable that is put back is no loss."""
_USB_PRINTERS = "/dev/usb/lp"


class Stream:
    """A non-blocking descriptor, read and written as pyserial would; owns it. Raises OSError alone.

    `baudrate`: that of a line behind the far end, of a serial device server for example.
    """

    def __init__(self, descriptor: int, name: str, baudrate: int) -> None:
        self._descriptor = descriptor
        self.name = name
        self.baudrate = baudrate

    @property
    def is_open(self) -> bool:
        return self._descriptor >= 0

    def fileno(self) -> int:
        return self._descriptor

    def read(self, size: int) -> bytes:
        """What is there, `size` bytes at most. ConnectionResetError if the far end is gone."""
        try:
            data = os.read(self._descriptor, size)
        except BlockingIOError:
            return b""
        if not data and self._hung_up():
            raise ConnectionResetError(errno.ECONNRESET, "the far end hung up")
        return data

    def write(self, data: bytes) -> int:
        """How many of its bytes the kernel took."""
        try:
            return os.write(self._descriptor, data)
        except BlockingIOError:
            return 0

    def close(self) -> None:
        """Idempotent."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def _hung_up(self) -> bool:
        poller = select.poll()
        poller.register(self._descriptor, select.POLLRDHUP)
        return bool(poller.poll(0))


def open_tcp(url: str, baud: int) -> Stream:
    """Connect to `socket://host:port`. Blocks 5 s at most. ValueError if it is no such URL."""
    parts = urlsplit(url)
    if not parts.hostname or not parts.port:
        raise ValueError("write socket://HOST:PORT")
    far = socket.create_connection((parts.hostname, parts.port), _CONNECT_S)
    far.setblocking(False)
    far.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for option in _KEEPALIVE:
        far.setsockopt(*option)
    return Stream(far.detach(), url, baud)


def is_usb_printer(path: str) -> bool:
    """Whether `path` is, or links to, a device of the kernel's USB printer class."""
    return os.path.realpath(path).startswith(_USB_PRINTERS)


def open_usb_printer(path: str, baud: int) -> Stream:
    """Open a character device as it is, for this process alone. Does not block, sends nothing.

    The lock is for what stands in for one: the kernel's own lets nobody else in anyway.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        if not stat.S_ISCHR(os.fstat(descriptor).st_mode):
            raise OSError(errno.ENOTTY, "not a device: a file that something wrote while no printer was there")
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return Stream(descriptor, path, baud)
