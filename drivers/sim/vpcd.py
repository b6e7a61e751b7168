"""Where a simulated chip lies for the real pcscd: the antenna of a vpcd reader slot."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from drivers.sim import vicc
from drivers.sim.chip import Chip, PowerLost

_DIAL_TIMEOUT_S = 5.0
_REDIAL_INTERVAL_S = 0.05


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
        self._stay: _Stay | None = None
        self._last: threading.Thread | None = None
        self._in_session = False
        self._not_before = 0.0

    def enter(self, chip: Chip) -> None:
        """Lay `chip` down; pcscd sees it up to 0.4 s (+ `absence_s`) later. RuntimeError if one lies there."""
        if self._stay is not None:
            raise RuntimeError("a chip lies on this antenna already")
        self._stay = _Stay(chip)
        if not chip.behaviour.dead:
            # Daemon: a rig that dies must not hang on a chip nobody takes away.
            thread = threading.Thread(target=self._serve, args=(self._stay, self._last), daemon=True)
            self._last = self._stay.thread = thread
            thread.start()

    def leave(self) -> None:
        stay, self._stay = self._stay, None
        if stay is None:
            return
        stay.end()
        stay.chip.power_off()
        if stay.thread is not None and stay.thread is not threading.current_thread():
            stay.thread.join()

    def close(self) -> None:
        self.leave()

    def _serve(self, stay: _Stay, before: threading.Thread | None) -> None:
        # A chip taken away from `Chip.on_apdu` is seen as gone by the host while its own thread still cleans up.
        if before is not None:
            before.join()
        while (sock := self._dial(stay)) is not None:
            with sock, suppress(OSError, PowerLost):
                self._converse(stay.chip, sock)
            stay.chip.power_off()
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

    def _dial(self, stay: _Stay) -> socket.socket | None:
        """A connection to vpcd as soon as there can be one, or None when the chip is taken away before."""
        wait_s = self._not_before - time.monotonic()
        while not stay.gone.wait(max(wait_s, 0)):
            with suppress(OSError):
                sock = socket.create_connection(self._address, timeout=_DIAL_TIMEOUT_S)
                sock.settimeout(None)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if stay.reach(sock):
                    return sock
                sock.close()
            wait_s = _REDIAL_INTERVAL_S
        return None


class _Stay:
    """One chip's time on the antenna, from hand to hand."""

    def __init__(self, chip: Chip) -> None:
        self.chip = chip
        self.gone = threading.Event()
        self.thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._sock: socket.socket | None = None

    def reach(self, sock: socket.socket) -> bool:
        """From now on `sock` is the way to the reader; False if the chip has left meanwhile."""
        with self._lock:
            if self.gone.is_set():
                return False
            self._sock = sock
            return True

    def end(self) -> None:
        with self._lock:
            self.gone.set()
            if self._sock is not None:
                vicc.hang_up(self._sock)


if TYPE_CHECKING:
    from drivers.sim.chiplink import Antenna

    _antenna: type[Antenna] = VpcdAntenna
