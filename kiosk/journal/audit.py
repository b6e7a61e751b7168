"""The audit: every byte of every sealed segment, checksum, chain, sequence and seal, without building a record.

The opening looks at two lines of a sealed segment; bit rot within it is found here, while the copies that can heal it
(centre, mirror) are still young. Bytes come from the medium, not from the page cache, and leave no trace in that.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from kiosk.core.frames import FrameError, parse_line
from kiosk.journal.segments import SEGMENT_KIND, Segment, damaged, head_of, last_line, list_segments

BLOCK_BYTES = 256 << 10
END = b"}\n"
"""Of each line. What was a frame ends so, and within it no newline occurs."""


@dataclass(frozen=True)
class Step:
    """One block of a segment is checked: so many bytes, and frames that ended in it."""

    segment: Path
    bytes: int
    frames: int


def check_segments(directory: Path, block_bytes: int = BLOCK_BYTES) -> Iterator[Step]:
    """Check the sealed segments from the oldest on, a block at a time: the caller sets the pace and may stop.

    Memory: one block, or the longest frame. DamagedData names file and line.
    """
    for place, (segment, following) in enumerate(pairwise(segments := list_segments(directory))):
        before = segments[place - 1] if place else None
        yield from check_segment(before, segment, following, block_bytes)


def check_segment(
    before: Segment | None, segment: Segment, following: Segment, block_bytes: int = BLOCK_BYTES
) -> Iterator[Step]:
    """One sealed segment between its neighbours. Each that fits both of them adds up to a chain that is whole."""
    walk = _Walk(segment, bytes.fromhex(head_of(before.path, last_line(before.path))) if before else bytes(32))
    with segment.path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        while block := file.read(block_bytes):
            yield Step(segment.path, len(block), walk.take(block))
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    walk.end(following)


class _Walk:
    """Along the frames of a segment, however they are cut into blocks."""

    def __init__(self, segment: Segment, head: bytes) -> None:
        self._segment = segment
        self._head = head
        self._seq = segment.first - 1
        self._rest = b""
        self._size = 0

    def take(self, block: bytes) -> int:
        """Check the frames that end in `block`; returns how many."""
        self._size += len(block)
        *lines, self._rest = (self._rest + block).split(END)
        return self._check(lines)

    def _check(self, lines: list[bytes]) -> int:
        head, seq, crc32, sha256 = self._head, self._seq, zlib.crc32, hashlib.sha256
        for line in lines:
            seq += 1
            record = line[line.find(b'{"s":') :]
            before, head = head, sha256(head + record).digest()
            # All that stands before the record's second key, compared at once: checksum, hash, sequence.
            told = f'{{"c":{crc32(record)},"h":"{head.hex()}","r":{{"s":{seq},'.encode()
            if not line.startswith(told):
                self._judge(line, before.hex(), seq)
        self._head, self._seq = head, seq
        return len(lines)

    def _judge(self, line: bytes, head: str, seq: int) -> None:
        """Not as this release writes it: parse_line says what is wrong, or that it is a frame nevertheless."""
        try:
            parse_line(line + END, head, seq)
        except FrameError as exc:
            raise damaged(self._segment.path, seq - self._segment.first + 1, str(exc)) from exc

    def end(self, following: Segment) -> None:
        """The segment ends where its seal, the first frame of the next one, says."""
        path = self._segment.path
        if self._rest:
            raise damaged(path, self._seq - self._segment.first + 2, "sealed segment ends in a torn frame")
        if following.first != self._seq + 1:
            raise damaged(following.path, 1, f"starts at {following.first}, expected {self._seq + 1}")
        with following.path.open("rb") as file:
            first = file.readline()
        if not first.endswith(END):
            return  # it is being begun right now, or a crash left it so and the opening judges it
        try:
            seal = parse_line(first, self._head.hex(), following.first)
        except FrameError as exc:
            raise damaged(following.path, 1, str(exc)) from exc
        ends = {"file": path.name, "bytes": self._size, "head": self._head.hex()}
        if seal.kind != SEGMENT_KIND or seal.data["previous"] != ends:
            raise damaged(path, 0, "is not the segment that the next one seals")
