"""Append-only, hash-chained, one fdatasync a commit, one outstanding frame ever.

Write or sync error: the journal is poisoned and refuses everything after; the process must be restarted, so
that recovery judges what the medium really holds. fsync is never retried: after a failure the kernel may call
dirty pages clean (docs/adr/0003-journal-is-the-truth.md).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from kiosk.core.frames import ZERO_HEAD, Frame, FrameError, Stamp, make_frame, parse_line
from kiosk.durable import sync_directory
from kiosk.errors import DamagedData, KepingError
from kiosk.journal.recovery import Tail, Unrecoverable, recover
from kiosk.journal.segments import (
    SEGMENT_KIND,
    Segment,
    damaged,
    head_of,
    last_line,
    list_segments,
    scan,
    segment_path,
    split_lines,
)


class Poisoned(KepingError):
    """A write or sync failed earlier. Stop, fix the medium, restart."""


class Journal:
    """Open with `Journal.create` (a new station) or `Journal.open`. Not thread-safe: the caller holds the lock.

    `recovered`: what recovery cut off the tail, None if nothing.
    """

    def __init__(self, directory: Path, segment: Segment, before: str, tail: Tail, segment_bytes: int) -> None:
        self._directory = directory
        self._segment = segment
        self._segment_bytes = segment_bytes
        self._offset = tail.offset
        self._poisoned: str | None = None
        self._frames = tail.frames
        self.recovered = {"segment": segment.path.name, **tail.cut_record()} if tail.cut else None
        self.seq = segment.first - 1 + len(tail.frames)
        self.head = tail.frames[-1].head if tail.frames else before
        self.time_floor_ms = tail.frames[-1].stamp.time_ms if tail.frames else 0
        self._fd = os.open(segment.path, os.O_WRONLY)

    @classmethod
    def create(cls, directory: Path, segment_bytes: int) -> Journal:
        """An empty journal, its first frame still to be written. DamagedData if there is one already."""
        directory.mkdir(parents=True, exist_ok=True)
        if any(directory.iterdir()):
            raise DamagedData(f"{directory}: not empty; a journal is never started over another")
        segment = _new_file(directory, 1)
        return cls(directory, segment, ZERO_HEAD, Tail([], 0, b""), segment_bytes)

    @classmethod
    def open(cls, directory: Path, segment_bytes: int) -> Journal:
        """Check the live segment fully, the sealed ones by presence, size and seal; cut a torn tail.

        Reads the live segment (<= 16 MiB) and two lines of each sealed one. DamagedData names file and line.
        """
        segments = list_segments(directory)
        if not segments:
            raise DamagedData(f"{directory}: no segment; the journal is missing, restore it before starting")
        before = _check_sealed(segments)
        live = segments[-1]
        data = _read_from_medium(live.path)
        try:
            tail = recover(data, before, live.first)
        except Unrecoverable as exc:
            raise damaged(live.path, exc.line, str(exc)) from exc
        journal = cls(directory, live, before, tail, segment_bytes)
        if not tail.frames and len(segments) > 1:
            journal.time_floor_ms = _time_of(last_line(segments[-2].path))
        if tail.cut:
            journal._truncate()
        return journal

    def take_frames(self) -> list[Frame]:
        """The frames of the live segment as the opening read them; once, for they are not kept in memory."""
        frames, self._frames = self._frames, []
        return frames

    def draft(self, kind: str, data: dict[str, Any], stamp: Stamp) -> Frame:
        """The frame that would come next. Writes nothing. Recorded time never goes below the last frame's."""
        time_ms = max(stamp.time_ms, self.time_floor_ms)
        stamp = Stamp(time_ms, stamp.boot, stamp.monotonic_ms, stamp.by)
        return make_frame(self.seq + 1, kind, stamp, data, self.head)

    def append(self, frame: Frame) -> None:
        """Make a drafted frame durable: one pwrite, one fdatasync. Poisoned on any error, then and ever after."""
        self._must_be_sound()
        if frame.seq != self.seq + 1 or frame.head == self.head:
            raise ValueError(f"frame {frame.seq} is not the next after {self.seq}")
        line = frame.line
        try:
            _write_all(self._fd, line, self._offset)
            os.fdatasync(self._fd)
        except OSError as exc:
            raise self._poison(exc) from exc
        self._offset += len(line)
        self.seq, self.head, self.time_floor_ms = frame.seq, frame.head, frame.stamp.time_ms

    @property
    def poisoned(self) -> str | None:
        return self._poisoned

    @property
    def must_seal(self) -> bool:
        """The live segment is full, or a crash left it without its first frame."""
        return self._offset >= self._segment_bytes or (self._offset == 0 and self._segment.first > 1)

    def seal(self, snapshot_digest: str | None, stamp: Stamp) -> Frame:
        """Start the next segment; its first frame records size and last frame of the one that it seals.

        Poisoned as `append`.
        """
        self._must_be_sound()
        try:
            if self._offset:
                self._turn_over()
            sealed = list_segments(self._directory)[-2]
            previous = {"file": sealed.path.name, "bytes": sealed.path.stat().st_size, "head": self.head}
        except OSError as exc:
            raise self._poison(exc) from exc
        frame = self.draft(SEGMENT_KIND, {"previous": previous, "snapshot": snapshot_digest}, stamp)
        self.append(frame)
        return frame

    def frames(self, after: int = 0) -> Iterator[Frame]:
        """All frames with seq > `after`, from the files."""
        return scan(self._directory, after)

    def lines_after(self, seq: int, limit_bytes: int) -> list[bytes]:
        """Raw frame lines that follow `seq`, at least one if there is one, up to about `limit_bytes`."""
        if seq >= self.seq:
            return []
        segments = [s for s in list_segments(self._directory) if s.first <= seq + 1]
        lines, _ = split_lines(segments[-1].path.read_bytes())
        wanted: list[bytes] = []
        size = 0
        for line in lines[seq + 1 - segments[-1].first :]:
            if wanted and size + len(line) > limit_bytes:
                break
            wanted.append(line)
            size += len(line)
        return wanted

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _turn_over(self) -> None:
        segment = _new_file(self._directory, self.seq + 1)
        fd = os.open(segment.path, os.O_WRONLY)
        os.close(self._fd)
        self._segment, self._fd, self._offset = segment, fd, 0

    def _must_be_sound(self) -> None:
        if self._poisoned:
            raise Poisoned(f"the journal stopped: {self._poisoned}; nothing more is accepted until a restart")

    def _poison(self, exc: OSError) -> Poisoned:
        self._poisoned = f"{self._segment.path.name}: {exc.strerror}"
        return Poisoned(f"the journal can't be written: {self._poisoned}")

    def _truncate(self) -> None:
        fd = os.open(self._segment.path, os.O_WRONLY)
        try:
            os.ftruncate(fd, self._offset)
            os.fsync(fd)
        finally:
            os.close(fd)


def _new_file(directory: Path, first: int) -> Segment:
    path = segment_path(directory, first)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    sync_directory(directory)
    return Segment(path, first)


def _write_all(fd: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(fd, view, offset)
        offset += written
        view = view[written:]


def _read_from_medium(path: Path) -> bytes:
    # A failed fsync leaves pages in the cache that the medium does not hold: drop them before judging.
    fd = os.open(path, os.O_RDONLY)
    try:
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        with os.fdopen(os.dup(fd), "rb") as file:
            return file.read()
    finally:
        os.close(fd)


def _check_sealed(segments: list[Segment]) -> str:
    """Each sealed segment is there, has its sealed size and last hash. Returns the hash before the live one."""
    if segments[0].first != 1:
        raise damaged(segments[0].path, 1, f"starts at {segments[0].first}, expected 1: a segment is missing")
    before = ZERO_HEAD
    for sealed, following in pairwise(segments):
        before = head_of(sealed.path, last_line(sealed.path))
        with following.path.open("rb") as file:
            first = file.readline()
        _check_seal(sealed, following, first, before, is_live=following is segments[-1])
    return before


def _check_seal(sealed: Segment, following: Segment, first: bytes, before: str, is_live: bool) -> None:
    try:
        seal = parse_line(first, before, following.first)
    except FrameError as exc:
        if is_live:
            return  # the crash may have come before the seal was durable; recovery judges it
        raise damaged(following.path, 1, str(exc)) from exc
    size = sealed.path.stat().st_size
    if seal.kind != SEGMENT_KIND or seal.data["previous"]["bytes"] != size:
        raise damaged(sealed.path, 0, f"{size} bytes, sealed with {seal.data.get('previous', {}).get('bytes')}")


def _time_of(line: bytes) -> int:
    return int(json.loads(line)["r"]["t"])
