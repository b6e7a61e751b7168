"""What to do with the end of the last segment after a crash. Pure over bytes.

One frame is outstanding at most, so only the very last line can be torn. Zeros at the end are room for frames to come
and no part of any. The rule, and why each branch:

* short (no newline)                         -> torn: its fdatasync never returned, nobody was told; cut
* short, but one changed byte from complete  -> REFUSE: the newline of an acknowledged frame rotted (unless the
                                              newline is alone in its sector, and zero: torn, as below)
* complete, and all that it has in one of the
  file's 512-byte sectors is zero          -> torn: the file grew before its data reached the medium; cut
* complete, bad, nothing zero like that      -> REFUSE: bit rot on an acknowledged frame
* a bad line with anything after it          -> REFUSE: a later frame means this one was once good
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from kiosk.core.frames import Frame, FrameError, NewerVersion, parse_line

SECTOR = 512


@dataclass(frozen=True)
class Tail:
    """The frames that stand, and what was cut: `cut` bytes from `offset` on (0 = nothing)."""

    frames: list[Frame]
    offset: int
    cut: bytes

    def cut_record(self) -> dict[str, object]:
        return {
            "offset": self.offset, "bytes": len(self.cut), "sha256": hashlib.sha256(self.cut).hexdigest(),
        }  # fmt: skip


class Unrecoverable(ValueError):
    """`line` counts from 1 within the segment."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


def recover(data: bytes, head: str, first: int, take: Callable[[Frame, int], object] | None = None) -> Tail:
    """Judge a live segment's bytes. `head` is the hash before it, `first` its first sequence number.

    `take` is given each frame that stands and the size of its line, in order and before the end is judged; then
    they are not kept as well.
    """
    frames: list[Frame] = []
    take = take or (lambda frame, size: frames.append(frame))
    offset = number = 0
    room = data[-1:] == b"\0"
    data = data.rstrip(b"\0")
    while end := data.find(b"\n", offset) + 1:
        line = data[offset:end]
        try:
            frame = parse_line(line, head, first + number)
        except NewerVersion as exc:
            raise Unrecoverable(number + 1, str(exc)) from exc
        except FrameError as exc:
            if end < len(data) or not _lacks_a_sector(line, offset):
                raise Unrecoverable(number + 1, str(exc)) from exc
            return Tail(frames, offset, line)
        take(frame, len(line))
        head, offset, number = frame.head, end, number + 1
    rest = data[offset:]
    for end_of in (rest, rest + b"\0") if room else (rest,):
        if _complete_but_newline(end_of, head, first + number) and not _lacks_a_sector(end_of, offset):
            raise Unrecoverable(number + 1, "the newline of an acknowledged frame is damaged")
    return Tail(frames, offset, rest)


def _lacks_a_sector(line: bytes, offset: int) -> bool:
    """A sector reaches the medium whole or not at all, so what never came is zero from one border to the next.

    The first border of the line may be its beginning: the frame before it is older, and its bytes stay.
    """
    start = -offset % SECTOR
    parts = (line[:start], *(line[at : at + SECTOR] for at in range(start, len(line), SECTOR)))
    return any(part and not part.strip(b"\0") for part in parts)


def _complete_but_newline(rest: bytes, head: str, expected: int) -> bool:
    try:
        parse_line(rest[:-1] + b"\n", head, expected)
    except FrameError:
        return False
    return True
