"""The file of the live segment: frames are written into room that was made ahead
(docs/adr/0016-room-ahead-of-the-frames.md)."""

from __future__ import annotations

import os
from pathlib import Path

from kiosk.journal.reserve import FULL, Reserve

ROOM_BYTES = 64 << 10
"""Written as zeros ahead of the frames: within it a sync has no size and no blocks to make durable. Not `fallocate`:
blocks that were never written cost the same when they are first. Not more at once: the kernel keeps what one call
wrote in pages as large, and each sync looks through the whole of one (docs/adr/0050-through-the-page-cache.md)."""


class LiveFile:
    """Not thread-safe. An OSError is the medium's, and nothing may be appended after one: see `Journal`."""

    def __init__(self, path: Path, segment_bytes: int, reserve: Reserve | None) -> None:
        self._segment_bytes = segment_bytes
        self._reserve = reserve
        self._fd = os.open(path, os.O_WRONLY)
        self._size = 0

    def append(self, line: bytes, begin: int) -> None:
        """Make it durable from `begin` on, the end of the frames: one write, one fdatasync.

        A full medium may take a part of it or nothing: then once more, without the reserve. Nothing was synced yet,
        so no page is lost and this stays one frame; a failed sync is never tried again.
        """
        end, rest = begin, line
        while rest:
            try:
                written = os.pwrite(self._fd, rest, end)
            except OSError as exc:
                if self._reserve is None or not self._reserve.give_up(exc):
                    raise
                continue
            end, rest = end + written, rest[written:]
        if end > self._size:
            self._make_room(end)
        os.fdatasync(self._fd)

    def _make_room(self, end: int) -> None:
        """Zeros from `end` on, as far as the medium has them: a full one stops frames, not the lack of room."""
        room = min(ROOM_BYTES, self._segment_bytes - end)
        try:
            self._size = end + (os.pwrite(self._fd, bytes(room), end) if room > 0 else 0)
        except OSError as exc:
            if exc.errno not in FULL:
                raise
            self._size = end

    def take_room_back(self, end: int) -> None:
        """As `cut`, of what was made here. A segment that is sealed because it is full has none."""
        if self._size > end:
            self.cut(end)

    def cut(self, end: int) -> None:
        """Take away what lies after the frames, for good. Blocks for an fsync."""
        os.ftruncate(self._fd, end)
        os.fsync(self._fd)
        self._size = end

    def close(self) -> None:
        """Nothing may be appended after it."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
