"""The one door to a port: bytes out, replies in, every wait bounded, every failure a `drivers.errors` class.

A port is a URL: the path of a tty or pty, `/dev/usb/lp0` or what links to it, `socket://host:port`. It is opened
exclusively, a tty without flow control: XON and XOFF are legal bytes of a panel, and a pty refuses RTS/CTS.

Only a reply is evidence. A write that returned says that the kernel took the bytes, no more: a pty holds some
19 KB, a tty driver 4 KB, and `flush` proves nothing on either. So there is no flush here.
"""

from __future__ import annotations

import select
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import serial

from drivers.errors import NotStarted, OutcomeUnknown, ProtocolViolation
from drivers.streams import is_usb_printer, open_tcp, open_usb_printer

__all__ = ["SerialPort", "Tracer"]

_CHUNK = 4096
_FLOOD = 65536


class Tracer(Protocol):
    """Sees what crossed the wire, in order. Called from the thread that owns the port; must not raise."""

    def sent(self, data: bytes) -> None: ...

    def received(self, data: bytes) -> None: ...


class Device(Protocol):
    """An open byte stream that never waits: pyserial's with its timeouts 0, or one of `drivers.streams`."""

    @property
    def name(self) -> str | None: ...

    @property
    def baudrate(self) -> int: ...

    @property
    def is_open(self) -> bool: ...

    def fileno(self) -> int: ...

    def read(self, size: int, /) -> bytes: ...

    def write(self, data: bytes, /) -> int | None: ...

    def close(self) -> None: ...


class _Silent:
    """The tracer of a port that nobody watches."""

    def sent(self, data: bytes) -> None:
        """Drop it."""

    def received(self, data: bytes) -> None:
        """Drop it."""


class SerialPort:
    """One exclusively opened byte stream. Not thread-safe: it has one owner.

    Deadlines are absolute, in seconds of `time.monotonic()`.
    """

    def __init__(self, device: Device, tracer: Tracer | None = None) -> None:
        self._device = device
        self._tracer = tracer or _Silent()
        self._unanswered = False
        self._inbox = b""

    @classmethod
    def open(cls, url: str, baud: int = 115_200, tracer: Tracer | None = None) -> SerialPort:
        """Open `url` for this process alone, a tty 8N1. A socket blocks 5 s at most, others not; nothing is sent.

        NotStarted if the port is missing, busy, locked by another process, or not a port.
        """
        with _translated(url, begun=False):
            return cls(_device(url, baud), tracer)

    @property
    def name(self) -> str:
        return str(self._device.name)

    def wire_time(self, nbytes: int) -> float:
        """Seconds that `nbytes` need on the line at its baud rate, 8N1: ten bits a byte."""
        return 10 * nbytes / self._device.baudrate

    def write(self, data: bytes, deadline: float, shown: bytes | None = None) -> None:
        """Hand `data` to the kernel, at the pace of the far end. Blocks until `deadline` at most.

        `shown`: what the tracer is told instead, where `data` holds a person's picture.
        NotStarted if not one byte of it was taken; OutcomeUnknown if only some were.
        """
        sent = 0
        try:
            while sent < len(data):
                with _translated(self.name, begun=sent > 0):
                    if not self._wait(select.POLLOUT, deadline):
                        raise TimeoutError(f"the far end took {sent} of {len(data)} bytes")
                    sent += self._device.write(data[sent : sent + _CHUNK]) or 0
        finally:
            self._unanswered = self._unanswered or sent > 0
            if sent:
                self._tracer.sent(data[:sent] if shown is None else shown)

    def read_until(self, terminators: bytes, deadline: float, limit: int = 256) -> bytes:
        """Return the bytes before the next one of `terminators`, which is eaten. Blocks until `deadline` at most.

        OutcomeUnknown if none came in time or the line hung up (NotStarted if nothing was ever asked);
        ProtocolViolation if `limit` bytes came without one.
        """
        while (cut := _first_of(self._inbox, terminators)) is None:
            if len(self._inbox) > limit:
                raise ProtocolViolation(f"{self.name}: no end of reply in {limit} bytes", self._inbox)
            with _translated(self.name, begun=self._unanswered):
                if not self._wait(select.POLLIN, deadline) or not (self._take() or time.monotonic() < deadline):
                    raise TimeoutError(f"no reply in time, only {self._inbox!r}")
        answer, self._inbox = self._inbox[:cut], self._inbox[cut + 1 :]
        self._unanswered = False
        return answer

    def discard_input(self) -> bytes:
        """Drop what has arrived and was not read, and return it. Does not block.

        NotStarted or OutcomeUnknown if the line hung up; ProtocolViolation if it floods.
        """
        with _translated(self.name, begun=self._unanswered):
            while self._wait(select.POLLIN, deadline=0.0) and self._take():
                if len(self._inbox) > _FLOOD:
                    raise ProtocolViolation(f"{self.name}: a flood that nobody asked for", self._inbox)
        dropped, self._inbox = self._inbox, b""
        return dropped

    def close(self) -> None:
        """Release the port. Idempotent; a closed port raises NotStarted."""
        self._inbox, self._unanswered = b"", False
        with _translated(self.name, begun=False):
            self._device.close()

    def _wait(self, event: int, deadline: float) -> bool:
        """Wait until the port is ready for `event`, or hung up, which the next read or write reports."""
        if not self._device.is_open:
            raise serial.PortNotOpenError
        poller = select.poll()
        poller.register(self._device.fileno(), event)
        return bool(poller.poll(max(0.0, deadline - time.monotonic()) * 1000))

    def _take(self) -> int:
        data = self._device.read(_CHUNK)
        if data:
            self._tracer.received(data)
        self._inbox += data
        return len(data)


def _device(url: str, baud: int) -> Device:
    if url.startswith("socket://"):
        return open_tcp(url, baud)
    if is_usb_printer(url):
        return open_usb_printer(url, baud)
    tty: Device = serial.serial_for_url(
        url, baudrate=baud, timeout=0, write_timeout=0, rtscts=False, xonxoff=False, exclusive=True
    )
    return tty


def _first_of(data: bytes, terminators: bytes) -> int | None:
    return next((at for at, byte in enumerate(data) if byte in terminators), None)


@contextmanager
def _translated(name: str, *, begun: bool) -> Iterator[None]:
    """Turn every error of pyserial and the kernel into ours; `begun`: a byte has left that no reply has covered."""
    try:
        yield
    except (OSError, termios.error, ValueError) as exc:  # SerialException is an OSError, a bad URL a ValueError
        kind = OutcomeUnknown if begun else NotStarted
        raise kind(f"{name}: {exc}") from exc
