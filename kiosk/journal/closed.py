"""A journal that is only looked at: for safe mode, where nothing is recovered and nothing is written."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import Any, NoReturn

from kiosk.core.frames import Stamp
from kiosk.errors import DamagedData, Rejected
from kiosk.journal.places import Places
from kiosk.journal.segments import list_segments, scan_live


class ClosedJournal:
    """As it was when it was opened; a torn end is left out, and left as it is. DamagedData if it can't be read."""

    poisoned = None
    must_seal = False

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        newest = deque(scan_live(directory), maxlen=1)
        if not newest:
            raise DamagedData(f"{directory}: no frame in it")
        self.seq, self.head = newest[0].seq, newest[0].head
        self.newest = newest[0].stamp

    def draft(self, kind: str, data: dict[str, Any], stamp: Stamp) -> NoReturn:
        raise Rejected("safe mode: nothing is written; restart without --safe", "safe-mode")

    def append(self, frame: object) -> NoReturn:
        raise Rejected("safe mode: nothing is written", "safe-mode")

    def seal(self, snapshot_digest: str | None, stamp: Stamp) -> NoReturn:
        raise Rejected("safe mode: nothing is written", "safe-mode")

    def lines_after(self, seq: int, limit_bytes: int) -> list[bytes]:
        """As `Journal.lines_after`."""
        if seq >= self.seq:
            return []
        segment = next(each for each in reversed(list_segments(self._directory)) if each.first <= seq + 1)
        return Places.of(segment).lines(seq + 1, limit_bytes)

    def close(self) -> None:
        """Nothing is open."""
