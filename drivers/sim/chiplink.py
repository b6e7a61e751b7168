"""Where a simulated chip lies when there is no daemon: an antenna behind a unix socket, and the link to it."""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from drivers.errors import Cause, NotStarted, OutcomeUnknown, Refused, Stopped
from drivers.iso7816 import one_by_one
from drivers.sim import vicc
from drivers.sim.chip import Chip, PowerLost

_TRANSMIT_TIMEOUT_S = 5.0


class Antenna(Protocol):
    """One place for one chip. `enter` and `leave` are a person's or a printer's hand, not the host's."""

    def enter(self, chip: Chip) -> None:
        """Lay `chip` down. A dead chip may lie there too; the host never sees it."""

    def leave(self) -> None:
        """Take the chip away, mid-command if need be; callable from `Chip.on_apdu`. Idempotent."""

    def close(self) -> None:
        """Take the chip away and release port and thread. Idempotent."""


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
                vicc.hang_up(self._client)
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

    def transmit_all(self, apdus: Sequence[bytes], heard: Callable[[bytes, float], object]) -> None:
        one_by_one(self.transmit, apdus, heard)

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


if TYPE_CHECKING:
    from drivers.protocols import ApduLink

    _antenna: type[Antenna] = SocketAntenna
    _link: type[ApduLink] = SocketLink
