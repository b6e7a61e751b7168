"""Where a simulated chip lies: an antenna of the real pcscd (through vpcd), or one without any daemon."""

from __future__ import annotations

import selectors
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from drivers.errors import Cause, NotStarted, OutcomeUnknown, Refused, Stopped
from drivers.sim import vicc
from drivers.sim.chip import Chip, PowerLost

_TRANSMIT_TIMEOUT_S = 5.0
_DIAL_TIMEOUT_S = 5.0
_REDIAL_INTERVAL_S = 0.05


class Antenna(Protocol):
    """One place for one chip. `enter` and `leave` are a person's or a printer's hand, not the host's."""

    def enter(self, chip: Chip) -> None:
        """Lay `chip` down. A dead chip may lie there too; the host never sees it."""

    def leave(self) -> None:
        """Take the chip away, mid-command if need be; callable from `Chip.on_apdu`. Idempotent."""

    def close(self) -> None:
        """Take the chip away and release port and thread. Idempotent."""


class VpcdAntenna:
    """The antenna of a vpcd reader slot at `host:port`. The chip is the TCP client; pcscd notices it by polling.

    It dials until a reader is there: a chip that lies on the antenna while pcscd restarts is seen again, as a
    real one would be. `absence_s`: how long the antenna stays empty at least after a chip that was taken from under
    a host. pcscd looks each 0.4 s; when it finds another chip at once, it holds the reader for empty until that
    one leaves too. No hand and no printer is as fast as that.
    """

    def __init__(self, host: str, port: int, absence_s: float = 0.5) -> None:
        self._address = (host, port)
        self._absence_s = absence_s
        self._lock = threading.Lock()
        self._gone = threading.Event()
        self._chip: Chip | None = None
        self._sock: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._in_session = False
        self._not_before = 0.0

    def enter(self, chip: Chip) -> None:
        """Lay `chip` down; pcscd sees it up to 0.4 s (+ `absence_s`) later. RuntimeError if one lies there."""
        if self._chip is not None:
            raise RuntimeError("a chip lies on this antenna already")
        self._chip, self._gone = chip, threading.Event()
        if not chip.behaviour.dead:
            # Daemon: a rig that dies must not hang on a chip nobody takes away.
            self._thread = threading.Thread(target=self._serve, args=(chip, self._gone), daemon=True)
            self._thread.start()

    def leave(self) -> None:
        chip, self._chip = self._chip, None
        if chip is None:
            return
        with self._lock:
            self._gone.set()
            if self._sock is not None:
                _hang_up(self._sock)
        chip.power_off()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
        self._thread = None

    def close(self) -> None:
        self.leave()

    def _serve(self, chip: Chip, gone: threading.Event) -> None:
        while (sock := self._dial(gone)) is not None:
            with sock, suppress(OSError, PowerLost):
                self._converse(chip, sock)
            chip.power_off()
            if self._in_session:
                self._not_before = time.monotonic() + self._absence_s

    def _converse(self, chip: Chip, sock: socket.socket) -> None:
        """Until the reader hangs up. OSError when `leave` does, PowerLost in mid-command."""
        self._in_session = False
        while (payload := vicc.receive(sock)) is not None:
            if payload != vicc.GET_ATR:
                self._in_session = payload != vicc.OFF
            answer = vicc.respond(chip, payload)
            if answer is not None:
                vicc.send(sock, answer)

    def _dial(self, gone: threading.Event) -> socket.socket | None:
        """A connection to vpcd as soon as there can be one, or None when the chip is taken away before."""
        wait_s = self._not_before - time.monotonic()
        while not gone.wait(max(wait_s, 0)):
            with suppress(OSError):
                sock = socket.create_connection(self._address, timeout=_DIAL_TIMEOUT_S)
                sock.settimeout(None)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with self._lock:
                    if not gone.is_set():
                        self._sock = sock
                        return sock
                sock.close()
            wait_s = _REDIAL_INTERVAL_S
        return None


class SocketAntenna:
    """An antenna without a daemon: a unix socket at `path` that `SocketLink` opens, from any process.

    The host may come before the chip (its first question then waits for one), die, and come back: the newest
    host owns the antenna. One thread, from construction to `close`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._chip: Chip | None = None
        self._client: socket.socket | None = None
        self._pending: bytes | None = None
        self._lock = threading.Lock()
        self._closed = False
        path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(path))
        self._listener.listen()
        self._wake, self._woken = socket.socketpair()
        self._watch = selectors.DefaultSelector()
        self._watch.register(self._listener, selectors.EVENT_READ)
        self._watch.register(self._woken, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, name="socket-antenna", daemon=True)
        self._thread.start()

    def enter(self, chip: Chip) -> None:
        """Lay `chip` down. RuntimeError if one lies there."""
        if self._chip is not None:
            raise RuntimeError("a chip lies on this antenna already")
        self._chip = chip
        self._wake.send(b"e")

    def leave(self) -> None:
        with self._lock:
            chip, self._chip = self._chip, None
            if chip is None:
                return
            if self._client is not None and not chip.behaviour.dead:
                _hang_up(self._client)
        chip.power_off()

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self.leave()
        self._wake.send(b"c")
        self._thread.join()
        for opened in (self._watch, self._listener, self._wake, self._woken):
            opened.close()
        self._path.unlink(missing_ok=True)

    def _run(self) -> None:
        while not self._closed:
            for key, _ in self._watch.select():
                if key.fileobj is self._listener:
                    self._drop()
                    self._accept()
                elif key.fileobj is self._woken:
                    self._woken.recv(64)
                elif key.fileobj is self._client:
                    self._hear()
            self._answer()
        self._drop()

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        client.settimeout(_TRANSMIT_TIMEOUT_S)
        with self._lock:
            self._client = client
        self._watch.register(client, selectors.EVENT_READ)

    def _drop(self) -> None:
        with self._lock:
            client, self._client, self._pending = self._client, None, None
        if client is not None:
            self._watch.unregister(client)
            client.close()
        chip = self._chip
        if chip is not None:
            chip.power_off()

    def _hear(self) -> None:
        assert self._client is not None
        payload = None
        with suppress(OSError):
            payload = vicc.receive(self._client)
        # A host asks again only when it was answered; what comes while a question waits is its hang-up.
        if payload is None or self._pending is not None:
            self._drop()
        else:
            self._pending = payload

    def _answer(self) -> None:
        chip = self._chip
        if self._client is None or self._pending is None or chip is None or chip.behaviour.dead:
            return
        try:
            answer = vicc.respond(chip, self._pending)
            self._pending = None
            if answer is not None:
                vicc.send(self._client, answer)
        except (OSError, PowerLost):
            self._drop()


class SocketLink:
    """`ApduLink` to the chip on a `SocketAntenna`, in this process or another. The antenna outlives the link."""

    name = "in-process"

    def __init__(self, path: Path) -> None:
        self._path = path
        self._sock: socket.socket | None = None
        self.last_insert_ms = 0.0

    def connect(self, timeout_s: float) -> bytes:
        """As `ApduLink.connect`; afterwards `last_insert_ms` is how long the wait for the chip was."""
        self.disconnect()
        started = time.monotonic()
        while (left := started + timeout_s - time.monotonic()) > 0:
            sock = self._dial()
            sock.settimeout(left)
            atr = None
            with suppress(OSError):  # TimeoutError is one: either way there is no chip yet
                vicc.send(sock, vicc.GET_ATR)
                atr = vicc.receive(sock)
                vicc.send(sock, vicc.ON)
            if atr:
                sock.settimeout(_TRANSMIT_TIMEOUT_S)
                self._sock = sock
                self.last_insert_ms = (time.monotonic() - started) * 1000
                return atr
            sock.close()
        raise Refused(f"no chip answered within {timeout_s:g} s", Cause.CHIP_SILENT)

    def transmit(self, apdu: bytes) -> bytes:
        if self._sock is None:
            raise NotStarted("no chip is connected")
        try:
            vicc.send(self._sock, apdu)
            answer = vicc.receive(self._sock)
        except OSError as exc:
            self._abandon()
            raise OutcomeUnknown(f"no answer from the chip: {exc}") from exc
        if answer is None:
            self._abandon()
            raise OutcomeUnknown("the chip left the antenna")
        return answer

    def disconnect(self) -> None:
        if self._sock is not None:
            with suppress(OSError):
                vicc.send(self._sock, vicc.OFF)
        self._abandon()

    def close(self) -> None:
        self.disconnect()

    def _abandon(self) -> None:
        if self._sock is not None:
            self._sock.close()
        self._sock = None

    def _dial(self) -> socket.socket:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.connect(str(self._path))
        except OSError as exc:
            sock.close()
            raise Stopped(f"no antenna at {self._path}: {exc}", frozenset({"reader-missing"})) from exc
        return sock


def _hang_up(sock: socket.socket) -> None:
    with suppress(OSError):  # closed by the other side already
        sock.shutdown(socket.SHUT_RDWR)


if TYPE_CHECKING:
    from drivers.protocols import ApduLink

    _antennas: tuple[type[Antenna], ...] = (VpcdAntenna, SocketAntenna)
    _link: type[ApduLink] = SocketLink
