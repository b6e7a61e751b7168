"""The clocks of this machine, and what the centre said of the time last."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

from kiosk.core.clock import Contact, Moment, Reading, note_of, read_clock, runs_on
from kiosk.core.frames import Stamp
from kiosk.durable import make_directory, replace_file

log = logging.getLogger(__name__)

KEEP_EACH_MS = 600_000
STEP_MS = 2_000


@cache
def boot_id() -> str:
    """First 8 digits of the kernel's boot id: monotonic times compare only within one boot.

    Read once, for no process outlives a boot: it took a tenth of a commit.
    """
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")[:8]


def machine_clocks() -> Moment:
    """Wall clock, boot id, and the time since the boot, suspended or not."""
    return Moment(time.time_ns() // 1_000_000, boot_id(), time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000)


class Clock:
    """Thread-safe. DATA/sync/clock.json keeps the last contact over a restart; lost, only the books tell."""

    def __init__(self, data: Path, look: Callable[[], Moment] = machine_clocks) -> None:
        self._path = data / "sync" / "clock.json"
        self._look = look
        self._lock = threading.Lock()
        self._contact = self._kept = _load(self._path)

    def heard(self, centre_ms: int) -> None:
        """The centre says that it is so late now (Unix ms). Kept in the file each ten minutes, and at each step."""
        contact = Contact(centre_ms, self._look())
        with self._lock:
            self._contact = contact
            if not _differs(contact, self._kept):
                return
            try:
                make_directory(self._path.parent)
                replace_file(self._path, json.dumps([contact.centre_ms, *contact.at]).encode() + b"\n")
            except OSError as exc:
                log.warning("the centre's time is not kept over a restart: %s", exc)
            self._kept = contact

    @property
    def contact(self) -> Contact | None:
        """What the centre said last, in this boot or an earlier one."""
        return self._contact

    def now(self) -> Moment:
        """What the machine's clocks show."""
        return self._look()

    def read(self, newest: Stamp) -> Reading:
        """`newest`: of the last frame. Touches no medium."""
        return read_clock(self._look(), newest, self._contact)

    def stamp(self, newest: Stamp, by: str) -> Stamp:
        """For a frame that is written now."""
        now = self._look()
        return Stamp(read_clock(now, newest, self._contact).time_ms, now.boot, now.monotonic_ms, by)

    def stamp_and_note(
        self, newest: Stamp, by: str, noted: dict[str, object] | None
    ) -> tuple[Stamp, dict[str, object] | None]:
        """As `stamp`, and the body of the `clock` frame that must come first; None if the books (`noted`) have the
        clock as it is. A stamp that may lie a little before `newest`: the journal sees to it that none does."""
        now, contact = self._look(), self._contact
        if runs_on(now, newest, contact, noted):
            return Stamp(now.wall_ms, now.boot, now.monotonic_ms, by), None
        reading = read_clock(now, newest, contact)
        return Stamp(reading.time_ms, now.boot, now.monotonic_ms, by), note_of(reading, now, newest, noted)


def _differs(contact: Contact, kept: Contact | None) -> bool:
    if kept is None or kept.at.boot != contact.at.boot:
        return True
    step = (contact.centre_ms - contact.at.wall_ms) - (kept.centre_ms - kept.at.wall_ms)
    return abs(step) > STEP_MS or abs(contact.at.monotonic_ms - kept.at.monotonic_ms) > KEEP_EACH_MS


def _load(path: Path) -> Contact | None:
    try:
        centre_ms, wall_ms, boot, monotonic_ms = json.loads(path.read_bytes())
    except (OSError, ValueError, TypeError):
        return None
    if [type(each) for each in (centre_ms, wall_ms, boot, monotonic_ms)] != [int, int, str, int]:
        return None
    return Contact(centre_ms, Moment(wall_ms, boot, monotonic_ms))
