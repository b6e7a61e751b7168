"""Segment files: `seg-<first seq, 12 digits>.jsonl`, their names, lines and offsets. Reading only.

A reader needs no lock: complete frames never change, the last line counts only with its newline, and the zeros after
it (room for frames to come) count as nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from kiosk.core.frames import ZERO_HEAD, Frame, FrameError, parse_line
from kiosk.errors import DamagedData, UsageError

SEGMENT_KIND = "segment"
"""Kind of the first frame of every segment but the first: it seals the one before it."""


@dataclass(frozen=True)
class Segment:
    path: Path
    first: int


def segment_path(directory: Path, first: int) -> Path:
    return directory / f"seg-{first:012d}.jsonl"


def list_segments(directory: Path) -> list[Segment]:
    """Oldest first. DamagedData if a file in the directory is not a segment by name."""
    segments = []
    for path in sorted(directory.glob("seg-*")):
        digits = path.name.removeprefix("seg-").removesuffix(".jsonl")
        if path != segment_path(directory, int(digits) if digits.isdigit() else 0):
            raise DamagedData(f"{path}: not a segment name; move it out of the journal")
        segments.append(Segment(path, int(digits)))
    return segments


def split_lines(data: bytes) -> tuple[list[bytes], bytes]:
    """Complete lines with their newline, and the rest after the last newline."""
    # Not bytes.splitlines: that breaks at \r too, which only damage can put into a segment.
    *lines, rest = data.split(b"\n")
    return [line + b"\n" for line in lines], rest


def read_live(path: Path) -> bytes:
    """A segment that may be written meanwhile, without the room at its end.

    A frame is written over zeros, and a read that it overtakes meets some of them before its end. No frame holds a
    zero, so then it is read again: what was under way is whole by now, and a hole that is still there is damage.
    """
    hole = -1
    while True:
        content = path.read_bytes().rstrip(b"\0")
        before, hole = hole, content.find(b"\0")
        if hole in (-1, before):
            return content


def damaged(path: Path, line: int, reason: str) -> DamagedData:
    return DamagedData(f"{path}:{line}: {reason}; nothing was changed, see docs/journal-format.md")


def scan(directory: Path, after: int = 0) -> Iterator[Frame]:
    """Yield every complete frame with seq > `after`, checking chain and sequence from the first one on.

    Reads one segment (8-16 MiB) at a time. An unfinished last line is left out. DamagedData names file and line.
    UsageError if `directory` is not there at all.
    """
    if not directory.is_dir():
        raise UsageError(f"{directory}: no journal here; give the --data of a station")
    segments = list_segments(directory)
    head, expected = ZERO_HEAD, 1
    for index, segment in enumerate(segments):
        if segment.first != expected:
            raise damaged(segment.path, 1, f"starts at {segment.first}, expected {expected}: a segment is missing")
        sealed = index + 1 < len(segments)
        lines, rest = split_lines(segment.path.read_bytes() if sealed else read_live(segment.path))
        if rest and sealed:
            raise damaged(segment.path, len(lines) + 1, "sealed segment ends in a torn frame")
        for number, line in enumerate(lines, start=1):
            try:
                frame = parse_line(line, head, expected)
            except FrameError as exc:
                raise damaged(segment.path, number, str(exc)) from exc
            head, expected = frame.head, expected + 1
            if frame.seq > after:
                yield frame


def scan_live(directory: Path) -> Iterator[Frame]:
    """Yield every complete frame of the last segment; of the ones before, only the last hash is read.

    DamagedData names file and line.
    """
    segments = list_segments(directory)
    if not segments:
        return
    head = head_of(segments[-2].path, last_line(segments[-2].path)) if len(segments) > 1 else ZERO_HEAD
    path, expected = segments[-1].path, segments[-1].first
    for number, line in enumerate(split_lines(read_live(path))[0], start=1):
        try:
            frame = parse_line(line, head, expected)
        except FrameError as exc:
            raise damaged(path, number, str(exc)) from exc
        head, expected = frame.head, expected + 1
        yield frame


def last_line(path: Path) -> bytes:
    """The last complete line of a sealed segment, read from its end."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        step = 4096
        while True:
            start = max(0, size - step)
            file.seek(start)
            lines, rest = split_lines(file.read(size - start))
            if rest or not lines:
                raise damaged(path, 0, "sealed segment does not end in a complete frame")
            if len(lines) > 1 or start == 0:
                return lines[-1]
            step *= 4


def head_of(path: Path, line: bytes) -> str:
    head = line.partition(b'"h":"')[2][:64].decode("ascii", "replace")
    if len(head) != 64 or set(head) - set("0123456789abcdef"):
        raise damaged(path, 0, "last frame has no hash")
    return head


def check_sealed(segments: list[Segment]) -> str:
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


def time_at_end(path: Path) -> int:
    """Unix ms of the last frame of a sealed segment."""
    try:
        return int(json.loads(last_line(path))["r"]["t"])
    except (ValueError, LookupError, TypeError) as exc:
        raise damaged(path, 0, f"last frame: {exc}") from exc
