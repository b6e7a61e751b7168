"""A stretch of the journal, line by line: memory holds one frame, whatever the size of a segment. Reading only.

A reader needs no lock (`kiosk.journal.segments`). Where a stretch begins within the journal, the chain is checked
from the start of its first segment on; `keping ledger verify` checks all of it.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kiosk.core.frames import ZERO_HEAD, Frame, FrameError, parse_line
from kiosk.errors import UsageError
from kiosk.journal.segments import Segment, damaged, head_of, last_line, list_segments

_NEVER = 1 << 63


@dataclass(frozen=True)
class Link:
    """A segment in its place: `before` is the hash of the last frame before it."""

    segment: Segment
    before: str
    sealed: bool


def links(directory: Path) -> list[Link]:
    """The segments, each following the one before. Reads one line of each sealed one.

    DamagedData if one is missing, or ends in something else than a frame. UsageError if there is no journal.
    """
    if not directory.is_dir():
        raise UsageError(f"{directory}: no journal here; give the --data of a station")
    segments = list_segments(directory)
    found: list[Link] = []
    before, expected = ZERO_HEAD, 1
    for place, segment in enumerate(segments, start=1):
        if segment.first != expected:
            raise damaged(segment.path, 1, f"starts at {segment.first}, expected {expected}: a segment is missing")
        sealed = place < len(segments)
        found.append(Link(segment, before, sealed))
        if sealed:
            line = last_line(segment.path)
            before, expected = head_of(segment.path, line), _sequence(segment.path, line) + 1
    return found


def read_segment(link: Link) -> Iterator[tuple[int, Frame]]:
    """Each complete frame with its offset in bytes, chain and sequence checked. DamagedData names file and line."""
    path, head, offset = link.segment.path, link.before, 0
    for number, line in enumerate(_lines(link), start=1):
        if not line.endswith(b"\n"):
            if link.sealed:
                raise damaged(path, number, "sealed segment ends in a torn frame")
            return
        try:
            frame = parse_line(line, head, link.segment.first + number - 1)
        except FrameError as exc:
            raise damaged(path, number, str(exc)) from exc
        yield offset, frame
        head, offset = frame.head, offset + len(line)


def _lines(link: Link) -> Iterator[bytes]:
    """A line of a live segment with zeros in it is read again, as in `read_live`, and given as it is if they stay."""
    offset, hole = 0, -1
    while True:
        with link.segment.path.open("rb") as file:
            file.seek(offset)
            for line in file:
                if not link.sealed and b"\0" in line and line.endswith(b"\n") and hole != offset:
                    hole = offset
                    break
                yield line
                offset += len(line)
            else:
                return


def extract(directory: Path, first: int = 1, last: int | None = None) -> Iterator[Frame]:
    """The frames `first` to `last` (to the end without), both included. DamagedData names file and line."""
    chain = links(directory)
    begin = max((place for place, link in enumerate(chain) if link.segment.first <= first), default=0)
    for link in chain[begin:]:
        for _, frame in read_segment(link):
            if last is not None and frame.seq > last:
                return
            if frame.seq >= first:
                yield frame


def sequence_at(directory: Path, time_ms: int) -> int:
    """Sequence number of the first frame recorded at `time_ms` (since 1970 UTC) or later; one past the end if none.

    Reads one line of each segment and one segment: recorded time never goes back.
    """
    chain = links(directory)
    begin = max(0, bisect_left(chain, time_ms, key=_begins) - 1)
    after = 1
    for link in chain[begin:]:
        for _, frame in read_segment(link):
            if frame.stamp.time_ms >= time_ms:
                return frame.seq
            after = frame.seq + 1
    return after


def _begins(link: Link) -> int:
    """When its first frame was recorded; never, for a live segment that has none yet."""
    for _, frame in read_segment(link):
        return frame.stamp.time_ms
    return _NEVER


def _sequence(path: Path, line: bytes) -> int:
    try:
        return int(json.loads(line)["r"]["s"])
    except (ValueError, KeyError, TypeError) as exc:
        raise damaged(path, 0, "last frame has no sequence number") from exc
