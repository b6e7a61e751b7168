"""The file of the live segment: frames are written into room that was made ahead, past the page cache where the file
system lets them (docs/adr/0016-room-ahead-of-the-frames.md, docs/adr/0046-past-the-page-cache.md)."""

from __future__ import annotations

import errno
import mmap
import os
from pathlib import Path

from kiosk.journal.reserve import FULL, Reserve

ROOM_BYTES = 256 << 10
"""Written as zeros ahead of the frames: within it a sync has no size and no blocks to make durable, a quarter of
its time. Not `fallocate`: blocks that were never written cost the same when they are first."""

BLOCK = 4096
"""Direct writes begin and end at a multiple of it: a page, and no smaller than the sectors of any disk in use."""

_NOTHING = memoryview(b"")


class LiveFile:
    """Not thread-safe. An OSError is the medium's, and nothing may be appended after one: see `Journal`.

    `_image` is what the file holds from `_image_at` on to the last whole block of the room: the beginning of a block
    that is partly written, and zeros. Empty: it is not known, or there are no direct writes here.
    """

    def __init__(self, path: Path, segment_bytes: int, reserve: Reserve | None) -> None:
        self._segment_bytes = segment_bytes
        self._reserve = reserve
        self._fd = os.open(path, os.O_RDWR)
        self._direct = _open_direct(path)
        self._size = 0
        self._image, self._image_at = _NOTHING, 0

    def append(self, line: bytes, begin: int) -> None:
        """Make it durable from `begin` on, the end of the frames: one write, one fdatasync."""
        first = begin - self._image_at
        past = first + len(line)
        start, until = first // BLOCK * BLOCK, -(-past // BLOCK) * BLOCK
        if until <= len(self._image):
            self._image[first:past] = line
            try:
                # The first block holds frames that are durable already: the same bytes again.
                self._write(self._direct, self._image[start:until], self._image_at + start)
            except OSError as exc:
                if exc.errno != errno.EINVAL:
                    raise
                self._end_direct()  # not with blocks of this size
            else:
                os.fdatasync(self._fd)
                return
        self._append_by_cache(line, begin)

    def _append_by_cache(self, line: bytes, begin: int) -> None:
        end = begin + len(line)
        self._write(self._fd, memoryview(line), begin)
        if end > self._size:
            self._make_room(end)
        os.fdatasync(self._fd)
        if self._direct >= 0:
            self._remember(end)

    def _write(self, fd: int, content: memoryview, at: int) -> None:
        """A full medium may take a part of it or nothing: then once more, without the reserve.

        Nothing was synced yet, so no page is lost and this stays one frame; a failed sync is never tried again.
        """
        done = 0
        while done < len(content):
            try:
                done += os.pwrite(fd, content[done:], at + done)
            except OSError as exc:
                if self._reserve is None or not self._reserve.give_up(exc):
                    raise

    def _make_room(self, end: int) -> None:
        """Zeros from `end` on, as far as the medium has them: a full one stops frames, not the lack of room."""
        room = min(ROOM_BYTES, self._segment_bytes - end)
        try:
            self._size = end + (os.pwrite(self._fd, bytes(room), end) if room > 0 else 0)
        except OSError as exc:
            if exc.errno not in FULL:
                raise
            self._size = end

    def _remember(self, end: int) -> None:
        """All before `end` is durable now, so the page cache and the medium hold the same."""
        at = end // BLOCK * BLOCK
        size = self._size // BLOCK * BLOCK - at
        written = os.pread(self._fd, end - at, at)
        if size <= 0 or len(written) < end - at:
            self._image = _NOTHING
            return
        self._image, self._image_at = memoryview(mmap.mmap(-1, size)), at
        self._image[: len(written)] = written

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
        self._end_direct()
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _end_direct(self) -> None:
        self._image = _NOTHING
        if self._direct >= 0:
            os.close(self._direct)
            self._direct = -1


def _open_direct(path: Path) -> int:
    """-1 where the file system has no direct writes."""
    try:
        return os.open(path, os.O_WRONLY | os.O_DIRECT)
    except OSError as exc:
        if exc.errno != errno.EINVAL:
            raise
        return -1
