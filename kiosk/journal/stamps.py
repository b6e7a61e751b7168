"""When and by whom a frame is written, as this machine's clocks say it."""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path

from kiosk.core.frames import Stamp


@cache
def boot_id() -> str:
    """First 8 digits of the kernel's boot id: monotonic times compare only within one boot.

    Read once, for no process outlives a boot: it took a tenth of a commit.
    """
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")[:8]


def stamp(by: str) -> Stamp:
    return Stamp(time.time_ns() // 1_000_000, boot_id(), time.monotonic_ns() // 1_000_000, by)
