"""The thread that audits the sealed segments over and over, slowly, beside a printing station."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from kiosk.durable import replace_file
from kiosk.errors import DamagedData
from kiosk.journal.audit import check_segments
from kiosk.journal.segments import list_segments

log = logging.getLogger(__name__)

IDLE_S = 60.0
NICEST = 19


@dataclass(frozen=True)
class AuditState:
    """`rounds` that are complete since the start, the last one at `complete_ms` (Unix; 0: none) with `frames` in it.

    `damage`: what was found, None while all is well.
    """

    rounds: int = 0
    complete_ms: int = 0
    frames: int = 0
    damage: str | None = None


class Auditor(threading.Thread):
    """Reads each sealed segment once within `within_s` seconds, whatever there is to read, then begins again.

    One block (256 KiB, about 1 ms) at a time, at the lowest priority. `on_damage` is called once, in this thread,
    which then ends. The finding is kept in `note`, so that the next opening asks for the same segment first.
    """

    def __init__(
        self, directory: Path, note: Path, within_s: float, on_damage: Callable[[DamagedData], None]
    ) -> None:
        super().__init__(name="audit")
        self._directory = directory
        self._note = note
        self._within_s = within_s
        self._on_damage = on_damage
        self._ending = threading.Event()
        self.state = AuditState()

    def stop(self) -> None:
        """Joins: blocks for one block of a segment at most."""
        self._ending.set()
        if self.ident is not None:
            self.join()

    def run(self) -> None:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICEST)
        try:
            while not self._ending.is_set():
                self._round()
        except DamagedData as exc:
            self._found(exc)
        except OSError as exc:
            self._found(DamagedData(f"{exc.filename or self._directory}: can't be read: {exc.strerror}"))

    def _round(self) -> None:
        begun, read, frames = time.monotonic(), 0, 0
        total = sum(segment.path.stat().st_size for segment in list_segments(self._directory)[:-1])
        for step in check_segments(self._directory):
            read, frames = read + step.bytes, frames + step.frames
            due = begun + self._within_s * read / max(read, total)
            if self._ending.wait(max(0.0, due - time.monotonic())):
                return
        now_ms = time.time_ns() // 1_000_000
        self.state = replace(self.state, rounds=self.state.rounds + 1, complete_ms=now_ms, frames=frames)
        if not total:
            self._ending.wait(IDLE_S)

    def _found(self, damage: DamagedData) -> None:
        log.critical("the audit failed: %s", damage)
        self.state = replace(self.state, damage=str(damage))
        try:
            replace_file(self._note, json.dumps({"damage": str(damage)}).encode() + b"\n")
        except OSError as exc:
            log.error("what the audit found could not be noted: %s", exc)
        self._on_damage(damage)


def recheck(directory: Path, note: Path) -> None:
    """At the opening: an audit failed before, so the sealed segments are read again, all of them, now.

    Nothing to do where there is no `note`. DamagedData if they still fail; a journal that was healed from a copy
    passes, and the note goes.
    """
    if not note.exists():
        return
    for _ in check_segments(directory):
        continue
    note.unlink()
    log.warning("an audit had failed; the journal is whole now")
