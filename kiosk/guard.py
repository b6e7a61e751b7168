"""What stops the printing though every device is well: a journal that fails its audit, a disk that is full.

And what never does: the second medium. How it stands is told beside the others.
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kiosk.books import AUDIT_NOTE, JOURNAL, Books
from kiosk.config import Config
from kiosk.core import gap
from kiosk.durable import replace_file
from kiosk.errors import Rejected
from kiosk.journal import Auditor
from kiosk.mirror import Mirror
from kiosk.pulse import Pulse
from kiosk.worker.halt import Halt

log = logging.getLogger(__name__)

MB = 1_000_000
HOUR_S = 3600
CLOSED_NOTE = "sync/closed.json"
"""Written when the centre has closed this journal; who knows better removes it."""


class Guard:
    """Thread-safe. `on_damage` is called once, in the audit's thread, when `barred` has begun to say why."""

    def __init__(self, books: Books, data: Path, config: Config, on_damage: Callable[[], None]) -> None:
        self._books = books
        self._data = data
        self._disk = config.disk
        self._mirror_root = Path(config.mirror) if config.mirror else None
        self._mirror: Mirror | None = None
        self._note = data / CLOSED_NOTE
        self._is_closed = self._note.exists()
        self._auditor = Auditor(
            data / JOURNAL, data / AUDIT_NOTE, config.journal.audit * HOUR_S, lambda damage: on_damage()
        )

    def start(self, pulse: Pulse) -> None:
        """`pulse` beats at each commit."""
        self._auditor.start()
        if self._mirror_root:
            self._mirror = Mirror(self._mirror_root, self._data, self._books, pulse)
            self._mirror.start()

    def close(self) -> None:
        """Joins the audit: blocks for one block of a segment, and 2 s for the mirror, at most. Idempotent."""
        self._auditor.stop()
        if self._mirror:
            self._mirror.stop()

    def close_down(self, why: str) -> None:
        """No card is begun any more, nor after a restart: the leases are another's."""
        if self._is_closed:
            return
        self._is_closed = True
        log.critical("no card is begun any more: %s", why)
        try:
            replace_file(self._note, json.dumps({"why": why}).encode() + b"\n")
        except OSError as exc:
            log.error("a restart will not know it before it reaches the centre: %s", exc)

    def check_new_job(self) -> None:
        """Rejected `disk-full` when there is less free than config `disk.refuse`; `gap-open`, `superseded`."""
        if (bar := self.barred()) and not bar.reasons.isdisjoint({"gap-open", "superseded"}):
            raise Rejected(str(bar), next(iter(bar.reasons)))
        free = self._free_mb
        if free < self._disk.refuse:
            raise Rejected(f"{free} MB free on {self._data}, {self._disk.refuse} needed for a new job", "disk-full")
        if free < self._disk.warn:
            log.warning("disk free_mb=%d warn=%d", free, self._disk.warn)

    def barred(self) -> Halt | None:
        """Why no new card may be begun; the one in the machine is finished all the same."""
        if damage := self._auditor.state.damage:
            return Halt(damage, frozenset({"journal-damaged"}))
        if self._is_closed:
            return Halt(f"{self._note}: the centre has closed this station's journal", frozenset({"superseded"}))
        with self._books.transaction() as view:
            if gap.is_open(view.read):
                return Halt("the gap of the lost disk is open: keping gap", frozenset({"gap-open"}))
        if not self._books.has_room:
            return Halt(f"the disk of {self._data} is full: free some space", frozenset({"spool-area-full"}))
        return None

    @property
    def status(self) -> dict[str, Any]:
        free = self._free_mb
        low = "refuse" if free < self._disk.refuse else "warn" if free < self._disk.warn else "ok"
        mirror = vars(self._mirror.state) if self._mirror else None
        return {"disk": {"free_mb": free, "level": low}, "audit": vars(self._auditor.state), "mirror": mirror}

    @property
    def _free_mb(self) -> int:
        return shutil.disk_usage(self._data).free // MB
