"""The newest frames of some movement, a page at a time, from the end of the journal backwards. Reading only.

What a page costs does not grow with the journal: at most `MOST_BYTES` of it are looked through for one, whatever was
found by then, and the next page goes on from there. A line is taken apart only if it has all the words looked for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from kiosk.core.frames import Frame
from kiosk.journal.extract import links
from kiosk.journal.index import frame_at

MOST_BYTES = 64 << 20


class Mark(NamedTuple):
    """Where a page ended: the first frame of a segment, and a line's place in it in bytes."""

    first: int
    offset: int

    def __str__(self) -> str:
        return f"{self.first}-{self.offset}"

    @classmethod
    def parse(cls, text: str) -> Mark | None:
        """None if it is none: then a page is the newest one."""
        match = re.fullmatch(r"([0-9]{1,12})-([0-9]{1,12})", text)
        return cls(int(match[1]), int(match[2])) if match else None


class Page(NamedTuple):
    """Newest first. `older`: where the next page goes on; None at the beginning of the journal."""

    frames: list[Frame]
    older: Mark | None


def newest(
    directory: Path, words: Sequence[str], about: Callable[[Frame], bool], count: int, before: Mark | None = None
) -> Page:
    """At most `count` frames that have each of `words` as a value and that are `about` it, older than `before`.

    Some 0.1 s for a page that is far to seek. DamagedData names file and line; UsageError if there is no journal.
    """
    needles = [json.dumps(word, ensure_ascii=False).encode() for word in words]
    frames: list[Frame] = []
    last, looked_through = before, 0
    for link in reversed(links(directory)):
        if before and link.segment.first > before.first:
            continue
        data = link.segment.path.read_bytes()
        end = before.offset if before and link.segment.first == before.first else len(data)
        for offset in _offsets(data, needles, end):
            frame = frame_at(link, data, offset)
            if about(frame):
                if len(frames) == count:
                    return Page(frames, last)
                frames.append(frame)
                last = Mark(link.segment.first, offset)
        looked_through += end
        if looked_through >= MOST_BYTES and link.segment.first > 1:
            return Page(frames, Mark(link.segment.first, 0))
    return Page(frames, None)


def _offsets(data: bytes, needles: Sequence[bytes], end: int) -> Iterator[int]:
    """Where the lines begin that have all of them, last first; without what is still being written."""
    end = data.rfind(b"\n", 0, end) + 1
    while (hit := data.rfind(needles[0], 0, end)) >= 0:
        start = data.rfind(b"\n", 0, hit) + 1
        line = data[start : data.find(b"\n", hit)]
        if all(needle in line for needle in needles) and b"\0" not in line:
            yield start
        end = start
