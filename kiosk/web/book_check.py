"""The audit of the books from the touchscreen: one at a time, in a thread of its own, shown as far as it has come."""

from __future__ import annotations

import logging
import os
import threading
import time
from dataclasses import dataclass
from typing import Any

from kiosk.books import JOURNAL
from kiosk.core.frames import Frame
from kiosk.errors import KepingError
from kiosk.journal.auditor import NICEST
from kiosk.station import Station
from kiosk.verification import ENVELOPE_BYTES, Verified, verify

log = logging.getLogger(__name__)

REST_FRAMES, REST_S = 200, 0.001
"""So often it steps back, for so long: cards are made meanwhile."""
BEAT_S = 1.0
LEAVE_S = 5.0


class _Left(Exception):
    """The station ends."""


@dataclass
class Check:
    """`done` of `size` bytes are read. Once it has `ended`: what was `found`, as `Witnesses.answer`, and whether the
    accounts on the screens are those that follow from the frames, None where something was written meanwhile; or the
    `damage`."""

    size: int
    began_ms: int
    done: int = 0
    frames: int = 0
    ended: bool = False
    found: dict[str, Any] | None = None
    agrees: bool | None = None
    damage: str = ""


class BookCheck:
    """Thread-safe. `latest`: the one that runs or ran last, None before the first. Writes nothing."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._lock = threading.Lock()
        self._leaving = threading.Event()
        self._thread: threading.Thread | None = None
        self.latest: Check | None = None

    def begin(self) -> None:
        """Nothing, while one runs: its page shows it."""
        with self._lock:
            if self.latest and not self.latest.ended:
                return
            size = sum(path.stat().st_size for path in (self._station.data / JOURNAL).glob("seg-*"))
            self.latest = Check(max(size, 1), self._station.books.time.time_ms)
            self._thread = threading.Thread(target=self._run, args=(self.latest,), name="book-check", daemon=True)
            self._thread.start()
        self._station.pulse.beat()

    def close(self) -> None:
        """Ends it where it is. Blocks <= LEAVE_S."""
        self._leaving.set()
        if self._thread:
            self._thread.join(LEAVE_S)

    def _run(self, check: Check) -> None:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICEST)
        beat_s = time.monotonic()

        def seen(frame: Frame) -> None:
            nonlocal beat_s
            check.frames, check.done = frame.seq, check.done + len(frame.record) + ENVELOPE_BYTES
            if frame.seq % REST_FRAMES == 0 and self._leaving.wait(REST_S):
                raise _Left
            if time.monotonic() - beat_s > BEAT_S:
                beat_s = time.monotonic()
                self._station.pulse.beat()

        try:
            verified = verify(self._station.data, seen=seen)
        except _Left:
            return
        except (KepingError, OSError) as exc:
            log.critical("the books were checked from the screen: %s", exc)
            check.damage = str(exc)
        else:
            check.frames, check.found = verified.view.seq, verified.held.answer(verified.view.seq)
            check.agrees = self._agrees(verified)
        check.ended = True
        self._station.pulse.beat()

    def _agrees(self, verified: Verified) -> bool | None:
        with self._station.books.look() as view:
            return view.digest == verified.view.digest if view.seq == verified.view.seq else None
