"""Append-only, hash-chained, one fdatasync a commit, one outstanding frame ever.

Write or sync error: the journal is poisoned and refuses everything after; the process must be restarted, so
that recovery judges what the medium really holds. fsync is never retried: after a failure the kernel may call
dirty pages clean (docs/adr/0003-journal-is-the-truth.md).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from kiosk.core.frames import ZERO_HEAD, Frame, Stamp, line_of, make_frame
from kiosk.durable import sync_directory
from kiosk.errors import DamagedData, KepingError
from kiosk.journal.anchors import Anchor, check_end, check_head
from kiosk.journal.livefile import LiveFile
from kiosk.journal.places import Places
from kiosk.journal.recovery import Tail, Unrecoverable, recover
from kiosk.journal.reserve import FULL, Reserve
from kiosk.journal.segments import (
    SEGMENT_KIND,
    Segment,
    check_sealed,
    damaged,
    head_of,
    list_segments,
    scan,
    segment_path,
    time_at_end,
)

NEVER = Stamp(0, "", 0, "")
"""The stamp before the first."""


class Poisoned(KepingError):
    """A write or sync failed earlier. Stop, fix the medium, restart."""


class Journal:
    """Open with `Journal.create` (a new station) or `Journal.open`. Not thread-safe: the caller holds the lock.

    `recovered`: what recovery cut off the tail, None if nothing. `newest`: the stamp of the last frame.
    """

    def __init__(
        self, directory: Path, live: Places, before: str, segment_bytes: int, reserve: Reserve | None
    ) -> None:
        self._directory = directory
        self._live = live
        self._sealed: Places | None = None
        self._segment_bytes = segment_bytes
        self._reserve = reserve
        self._poisoned: str | None = None
        self.recovered: dict[str, object] | None = None
        self.seq = live.last
        self.head = before
        self.newest = NEVER
        self._file = LiveFile(live.segment.path, segment_bytes, reserve)

    @classmethod
    def create(cls, directory: Path, segment_bytes: int, reserve: Reserve | None = None) -> Journal:
        """An empty journal, its first frame still to be written. DamagedData if there is one already."""
        directory.mkdir(parents=True, exist_ok=True)
        if any(directory.iterdir()):
            raise DamagedData(f"{directory}: not empty; a journal is never started over another")
        first = Segment(segment_path(directory, 1), 1)
        _create(first.path)
        sync_directory(directory)
        return cls(directory, Places(first), ZERO_HEAD, segment_bytes, reserve)

    @classmethod
    def open(
        cls,
        directory: Path,
        segment_bytes: int,
        take: Callable[[Frame], object] = lambda frame: None,
        reserve: Reserve | None = None,
        anchors: Sequence[Anchor] = (),
    ) -> Journal:
        """Check the live segment fully, the sealed ones by presence, size and seal; cut a torn tail.

        Reads the live segment (<= 64 MiB) and two lines of each sealed one. `take` is given each frame of the live
        segment as it is read; what it raises ends the opening before anything is changed. DamagedData names file and
        line, or the one of `anchors` that the journal contradicts.
        """
        segments = list_segments(directory)
        if not segments:
            raise DamagedData(f"{directory}: no segment; the journal is missing, restore it before starting")
        journal = cls(directory, Places(segments[-1]), check_sealed(segments), segment_bytes, reserve)
        with ExitStack() as failing:
            failing.callback(journal.close)
            if len(segments) > 1:
                journal.newest = NEVER._replace(time_ms=time_at_end(segments[-2].path))
            tail = journal._judge_live(take)
            journal._hold_against(anchors)
            if tail.cut:
                journal.recovered = {"segment": segments[-1].path.name, **tail.cut_record()}
            if segments[-1].path.stat().st_size > journal._live.end:
                journal._file.cut(journal._live.end)
            failing.pop_all()
        return journal

    def _judge_live(self, take: Callable[[Frame], object]) -> Tail:
        live = self._live

        def taken(frame: Frame, size: int) -> None:
            take(frame)
            live.add(size)
            self.seq, self.head, self.newest = frame.seq, frame.head, frame.stamp

        try:
            return recover(_read_from_medium(live.segment.path), self.head, live.segment.first, taken)
        except Unrecoverable as exc:
            raise damaged(live.segment.path, exc.line, str(exc)) from exc

    def draft(self, kind: str, data: dict[str, Any], stamp: Stamp) -> Frame:
        """The frame that would come next. Writes nothing. Recorded time never goes below the last frame's."""
        if stamp.time_ms < self.newest.time_ms:
            stamp = stamp._replace(time_ms=self.newest.time_ms)
        return make_frame(self.seq + 1, kind, stamp, data, self.head)

    def append(self, frame: Frame) -> None:
        """Make a drafted frame durable: one pwrite, one fdatasync. Poisoned on any error, then and ever after."""
        if self._poisoned:
            raise self._stopped()
        seq, _, head, stamp, _, record = frame
        if seq != self.seq + 1 or head == self.head:
            raise ValueError(f"frame {seq} is not the next after {self.seq}")
        line = line_of(head, record)
        try:
            self._file.append(line, self._live.end)
        except OSError as exc:
            raise self._poison(exc) from exc
        self._live.add(len(line))
        self.seq, self.head, self.newest = seq, head, stamp

    @property
    def poisoned(self) -> str | None:
        return self._poisoned

    @property
    def must_seal(self) -> bool:
        """The live segment is full, or a crash left it without its first frame."""
        size = self._live.end
        return size >= self._segment_bytes or (size == 0 and self._live.segment.first > 1)

    def seal(self, snapshot_digest: str | None, stamp: Stamp) -> Frame:
        """Start the next segment; its first frame records size and last frame of the one that it seals.

        Poisoned as `append`.
        """
        if self._poisoned:
            raise self._stopped()
        try:
            if self._live.end:
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
        return [] if seq >= self.seq else self._places(seq + 1).lines(seq + 1, limit_bytes)

    def head_at(self, seq: int) -> str:
        """The hash of one frame that is here, from the file."""
        places = self._places(seq)
        return head_of(places.segment.path, places.lines(seq, 0)[0])

    def _hold_against(self, anchors: Sequence[Anchor]) -> None:
        check_end(anchors, self.seq)
        for anchor in anchors:
            check_head(anchor, self.head_at(anchor.seq))

    def _places(self, seq: int) -> Places:
        """Of the live segment, or of a sealed one: the one that was asked last is kept, a reader goes in order."""
        if seq >= self._live.segment.first:
            return self._live
        if self._sealed is None or not self._sealed.segment.first <= seq <= self._sealed.last:
            self._sealed = Places.of([each for each in list_segments(self._directory) if each.first <= seq][-1])
        return self._sealed

    def close(self) -> None:
        if not self._poisoned:
            with suppress(OSError):  # every frame is durable, and the next opening cuts what is left of the room
                self._file.take_room_back(self._live.end)
        self._file.close()

    def _turn_over(self) -> None:
        self._file.take_room_back(self._live.end)
        segment = self._next_file()
        file = LiveFile(segment.path, self._segment_bytes, self._reserve)
        self._file.close()
        self._file, self._sealed, self._live = file, self._live, Places(segment)

    def _next_file(self) -> Segment:
        segment = Segment(segment_path(self._directory, self.seq + 1), self.seq + 1)
        try:
            _create(segment.path)
        except OSError as exc:
            if self._reserve is None or not self._reserve.give_up(exc):
                raise
            _create(segment.path)
        sync_directory(self._directory)
        return segment

    def _stopped(self) -> Poisoned:
        return Poisoned(f"the journal stopped: {self._poisoned}; nothing more is accepted until a restart")

    def _poison(self, exc: OSError) -> Poisoned:
        self._poisoned = f"{self._live.segment.path.name}: {exc.strerror}"
        cure = "; free some space, then restart" if exc.errno in FULL else ""
        return Poisoned(f"the journal can't be written: {self._poisoned}{cure}")


def _create(path: Path) -> None:
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def _read_from_medium(path: Path) -> bytes:
    # A failed fsync leaves pages in the cache that the medium does not hold: drop them before judging.
    fd = os.open(path, os.O_RDONLY)
    try:
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        with os.fdopen(os.dup(fd), "rb") as file:
            return file.read()
    finally:
        os.close(fd)
