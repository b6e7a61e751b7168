"""A clock of a story's own: it goes at the machine's pace, and the rig sets it on; one for all its processes."""

from __future__ import annotations

import os
import struct
import time
import zlib
from pathlib import Path

from kiosk.core.clock import Moment

_STATE, _SUM = struct.Struct("<4q"), struct.Struct("<I")


class StoryClock:
    """What the file at `path` says. `begins_ms` (Unix ms): begin it, and be the one that sets it on; else only look.

    Looking is for any thread of any process, and takes microseconds.
    """

    def __init__(self, path: Path, begins_ms: int | None = None) -> None:
        flags = os.O_RDONLY if begins_ms is None else os.O_RDWR | os.O_CREAT
        self._fd = os.open(path, flags, 0o600)
        if begins_ms is not None:
            self._write(begins_ms, begins_ms, 1)

    def __call__(self) -> Moment:
        """As a machine's clocks (kiosk.journal.clock)."""
        set_at_ms, set_to_ms, booted_ms, boot = self._read()
        now_ms = set_to_ms + _monotonic_ms() - set_at_ms
        return Moment(now_ms, f"{boot:08x}", now_ms - booted_ms)

    def now_s(self) -> float:
        """Unix seconds."""
        return self().wall_ms / 1000

    def set_on(self, to_ms: int) -> None:
        """It is `to_ms` now. ValueError if it is later already: a story does not go back."""
        _, _, booted_ms, boot = self._read()
        if to_ms < self().wall_ms:
            raise ValueError(f"it is later than {to_ms} already")
        self._write(to_ms, booted_ms, boot)

    def boot_anew(self) -> None:
        """The machine was without power: another boot, its wall clock ran on."""
        boot, now_ms = self._read()[3], self().wall_ms
        self._write(now_ms, now_ms, boot + 1)

    def close(self) -> None:
        os.close(self._fd)

    def _write(self, set_to_ms: int, booted_ms: int, boot: int) -> None:
        state = _STATE.pack(_monotonic_ms(), set_to_ms, booted_ms, boot)
        os.pwrite(self._fd, state + _SUM.pack(zlib.crc32(state)), 0)

    def _read(self) -> tuple[int, int, int, int]:
        """Read again if it was being written just then."""
        while True:
            found = os.pread(self._fd, _STATE.size + _SUM.size, 0)
            state, told = found[: _STATE.size], found[_STATE.size :]
            if len(told) == _SUM.size and _SUM.unpack(told) == (zlib.crc32(state),):
                set_at, set_to, booted, boot = _STATE.unpack(state)
                return set_at, set_to, booted, boot


def _monotonic_ms() -> int:
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1_000_000
