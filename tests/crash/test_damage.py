"""Damage of the medium, not of a crash: bits, bytes, sectors and frames. The journal opens with an exact prefix where
that is the truth, or is refused with file and line and left as it is; it is never silent, and never falls over."""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from docs.verify_journal import verify
from kiosk.books import Books
from kiosk.core.frames import Frame, make_frame
from kiosk.crypto.checkpoint import Checkpoint, Position
from kiosk.errors import DamagedData
from kiosk.journal import scan
from kiosk.journal.checkpoints import keep
from tests.crash.events import GENESIS, KEY, card, opening, records
from tests.crash.medium import SECTOR

SEGMENT_BYTES = 6_000
PLACE = re.compile(r"seg-\d{12}\.jsonl:\d+: ")
SHARES = [0.05, pytest.param(1.0, marks=pytest.mark.long)]
"""How much of all damage is tried: a sample with a fixed seed, or everything."""


@dataclass
class Bench:
    """A journal of several segments, and what it held when it was whole."""

    data: Path
    frames: list[Frame] = field(default_factory=list)
    live: Path = Path()
    whole: bytes = b""

    def __post_init__(self) -> None:
        books = Books.create(self.data, SEGMENT_BYTES, GENESIS, "test")
        for kind, body in [*opening(9), records(range(1, 9)), *card(1), *card(2), *card(3), *card(4)[:5]]:
            books.commit(kind, body, "test")
        books.close()
        self.frames = list(scan(self.data / "journal"))
        self.live = max((self.data / "journal").iterdir())
        self.whole = self.live.read_bytes()
        assert len(self.lines) > 6

    @property
    def lines(self) -> list[bytes]:
        """Of the live segment."""
        return self.whole.splitlines(keepends=True)

    def opened(self, content: bytes) -> list[Frame] | str:
        """The frames after opening with this live segment, or the refusal; any other error is the test's."""
        self.live.write_bytes(content)
        try:
            Books.open(self.data, SEGMENT_BYTES, "test").close()
        except DamagedData as exc:
            assert self.live.read_bytes() == content, "refused, and changed all the same"
            return str(exc)
        return list(scan(self.data / "journal"))

    def must_refuse(self, content: bytes) -> str | None:
        told = self.opened(content)
        if isinstance(told, str):
            return None if PLACE.search(told) else f"refused without a place: {told}"
        return f"opened with {len(told)} of {len(self.frames)} frames"

    def must_keep(self, content: bytes, standing: int) -> str | None:
        """Opened, with the first `standing` frames of all, and what was cut told."""
        told = self.opened(content)
        if isinstance(told, str):
            return told
        added = [frame.kind for frame in told[standing:] if frame.kind != "segment"]
        boundary = content.endswith(b"\n") or not content
        if [f.line for f in told[:standing]] != [f.line for f in self.frames[:standing]]:
            return f"another prefix than {standing} frames"
        return None if added == ([] if boundary else ["recovered"]) else f"{standing} frames, then {added}"


@pytest.fixture
def bench(place: Path) -> Bench:
    return Bench(place / "data")


def part_of(everything: range, share: float) -> list[int]:
    """The first, the last, and a sample of the rest."""
    rng = random.Random(20180814)
    chosen = rng.sample(everything, max(1, int(len(everything) * share)))
    return sorted({everything[0], *chosen, everything[-1]})


def wrongs(tries: Iterator[tuple[int, str | None]]) -> list[str]:
    return [f"{at}: {wrong}" for at, wrong in tries if wrong]


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.timeout(300)
def test_a_file_that_ends_anywhere_gives_the_exact_prefix(bench: Bench, share: float) -> None:
    sealed = len(bench.frames) - len(bench.lines)

    def standing(at: int) -> int:
        return sealed + bench.whole[:at].count(b"\n")

    ats = part_of(range(len(bench.whole)), share)
    assert wrongs((at, bench.must_keep(bench.whole[:at], standing(at))) for at in ats) == []


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.timeout(300)
def test_every_bit_of_the_last_frame(bench: Bench, share: float) -> None:
    start = len(bench.whole) - len(bench.lines[-1])
    bits = part_of(range(8 * start, 8 * len(bench.whole)), share)
    assert wrongs((bit, bench.must_refuse(flipped(bench.whole, bit))) for bit in bits) == []


def flipped(content: bytes, bit: int) -> bytes:
    at, mask = bit // 8, 1 << bit % 8
    return content[:at] + bytes([content[at] ^ mask]) + content[at + 1 :]


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.timeout(300)
def test_every_byte_of_the_frames_before_it(bench: Bench, share: float) -> None:
    rng = random.Random(7)
    end = len(bench.whole) - len(bench.lines[-1])
    changed = ((at, flipped(bench.whole, 8 * at + rng.randrange(8))) for at in part_of(range(end), share))
    assert wrongs((at, bench.must_refuse(content)) for at, content in changed) == []


def test_zeroed_sectors(bench: Bench) -> None:
    """With a line's end behind it refused; at the end of the file it looks like a torn write: cut, to
    an exact prefix, and told."""
    last = len(bench.whole) - len(bench.lines[-1])
    sealed = len(bench.frames) - len(bench.lines)
    seen = set()
    for start in range(0, len(bench.whole), SECTOR):
        part = bench.whole[start : start + SECTOR]
        content = bench.whole[:start] + bytes(len(part)) + bench.whole[start + SECTOR :]
        told = bench.opened(content)
        seen.add(type(told))
        if isinstance(told, str):
            assert PLACE.search(told)
            assert start < last
        else:
            assert start + len(part) > last
            standing = sealed + bench.whole[:start].count(b"\n")
            assert told[:standing] == bench.frames[:standing]
            assert [frame.kind for frame in told[standing:]] == ["recovered"]
    assert seen == {str, list}


@pytest.mark.parametrize("number", range(6))
def test_frames_out_of_place(bench: Bench, number: int) -> None:
    lines = bench.lines
    changes: list[list[bytes]] = [
        [*lines[:number], *lines[number + 1 :]],
        [*lines[:number], lines[number], *lines[number:]],
        [*lines[:number], lines[number + 1], lines[number], *lines[number + 2 :]],
        [*lines, lines[number]],
    ]
    assert [bench.must_refuse(b"".join(changed)) for changed in changes] == [None] * 4


def test_sealed_segments(bench: Bench) -> None:
    """Found at the opening, or by the reading of all, always with file and line."""
    kept = bench.data.with_name(f"{bench.data.name}-kept")
    shutil.copytree(bench.data, kept)
    try:
        for number, path in enumerate(sorted((kept / "journal").iterdir())[:-1]):
            content = path.read_bytes()
            lines = content.splitlines(keepends=True)
            for at in [*part_of(range(len(content)), 0.01), *range(len(content) - len(lines[-1]), len(content), 4)]:
                assert all_of_it_is_refused(bench, path.name, flipped(content, 8 * at + number))
            for changed in (lines[:-1], lines[1:], [*lines, lines[-1]], [lines[1], lines[0], *lines[2:]], []):
                assert all_of_it_is_refused(bench, path.name, b"".join(changed))
            assert all_of_it_is_refused(bench, path.name, None)
            assert all_of_it_is_refused(bench, path.name, content + b'{"c":')
    finally:
        shutil.rmtree(kept)


def all_of_it_is_refused(bench: Bench, name: str, content: bytes | None) -> bool:
    """Change one sealed segment (None: remove it), look, and put it back."""
    path = bench.data / "journal" / name
    before = path.read_bytes()
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    try:
        Books.open(bench.data, SEGMENT_BYTES, "test").close()
        list(scan(bench.data / "journal"))
    except DamagedData as exc:
        return bool(re.search(r"seg-\d{12}\.jsonl:" + (r"\d+: " if content is not None else ""), str(exc)))
    finally:
        path.write_bytes(before)
    return False


def test_rewriting_and_setting_back_are_seen_by_what_was_signed_and_by_nothing_else(bench: Bench) -> None:
    """The chain has no key. With the station's checkpoint beside it, or its position on paper, each is refused."""
    newest = bench.frames[-1]
    position = Position("kupang-01", "ab" * 8, newest.seq, newest.head)
    for forged in (rewritten(bench, 3), b"".join(bench.lines[:-2]), bench.lines[0]):
        assert isinstance(bench.opened(forged), list)
        assert verify(bench.data / "journal")["frames"] > 0
        with pytest.raises(ValueError, match=r"kept outside|ends at frame"):
            verify(bench.data / "journal", (newest.seq, newest.head))
        keep(bench.data / "checkpoints", Checkpoint(position), KEY)
        assert "signed by this station" in str(bench.opened(forged))
        shutil.rmtree(bench.data / "checkpoints")
    keep(bench.data / "checkpoints", Checkpoint(position), KEY)
    assert bench.opened(bench.whole) == bench.frames


def rewritten(bench: Bench, number: int) -> bytes:
    """The live segment with another actor in its frame `number`, and everything after that chained anew."""
    start = len(bench.frames) - len(bench.lines)
    frames = bench.frames[start:]
    changed = frames[:number]
    for frame in frames[number:]:
        stamp = frame.stamp if changed[number:] else frame.stamp._replace(by="cli:nobody")
        changed.append(make_frame(frame.seq, frame.kind, stamp, frame.data, changed[-1].head))
    return b"".join(frame.line for frame in changed)
