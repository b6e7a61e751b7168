"""Where the frames of a segment lie, so that one is read without those before it. 8 bytes a frame."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from itertools import accumulate

from kiosk.journal.segments import Segment, damaged, split_lines

BLOCK_BYTES = 1 << 20


class Places:
    """Of one segment. `end`: its size in bytes as far as it is known here; `last`: its last sequence number."""

    def __init__(self, segment: Segment) -> None:
        self.segment = segment
        self.end = 0
        self._ends = array("Q", [0])

    @classmethod
    def of(cls, segment: Segment) -> Places:
        """Read a sealed segment (8-64 MiB, some 10 ms) in blocks."""
        places = cls(segment)
        with segment.path.open("rb") as file:
            rest = b""
            while block := file.read(BLOCK_BYTES):
                lines, rest = split_lines(rest + block)
                places._ends.extend(accumulate(map(len, lines), initial=places._ends.pop()))
        places.end = places._ends[-1]
        return places

    def add(self, size: int) -> None:
        """One frame more, of so many bytes."""
        self.end += size
        self._ends.append(self.end)

    @property
    def last(self) -> int:
        return self.segment.first + len(self._ends) - 2

    def lines(self, seq: int, limit_bytes: int) -> list[bytes]:
        """The line of frame `seq`, which is here, and those after it up to `limit_bytes`. Reads only them."""
        place = seq - self.segment.first
        begin = self._ends[place]
        past = max(place + 1, bisect_right(self._ends, begin + limit_bytes) - 1)
        with self.segment.path.open("rb", buffering=0) as file:
            file.seek(begin)
            lines, rest = split_lines(file.read(self._ends[past] - begin))
        if rest or len(lines) != past - place:
            raise damaged(self.segment.path, place + 1, "is not where it was; the file was changed")
        return lines
