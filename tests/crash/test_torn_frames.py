"""One unsynced frame at every place where a frame can begin, in every state of its sectors and of the file's size."""

from __future__ import annotations

import pytest

from kiosk.core.frames import ZERO_HEAD, Frame, Stamp, make_frame
from kiosk.journal import recovery
from kiosk.journal.recovery import Unrecoverable, recover
from tests.crash.medium import SECTOR, contents


def frame_of(length: int, before: Frame | None) -> Frame:
    """A frame whose line has exactly `length` bytes."""
    seq, head = (before.seq + 1, before.head) if before else (1, ZERO_HEAD)
    for attempt in range(1_000):  # the checksum has 7 to 10 digits, as it happens
        stamp = Stamp(10**12, "b" * 8, 10**6 + attempt, "t")
        bare = len(make_frame(seq, "stock", stamp, {"pad": ""}, head).line)
        frame = make_frame(seq, "stock", stamp, {"pad": "x" * (length - bare)}, head)
        if len(frame.line) == length:
            return frame
    raise AssertionError("no such frame")


def refusals(length: int, starts: range, room: tuple[int, int] = (0, 0)) -> tuple[int, list[str]]:
    """How many states there are of a frame of `length` at each of `starts`, and which were refused or misjudged.

    `room`: how many zeros follow, before it is written and with it.
    """
    before, after = (bytes(size) for size in room)
    states, wrong = 0, []
    for start in starts:
        first = frame_of(SECTOR + start, None)
        second = frame_of(length, first)
        both = first.line + second.line
        for content in contents([first.line + before, (both + after).ljust(len(first.line + before), b"\0")]):
            states += 1
            whole = content.rstrip(b"\0") == both
            try:
                tail = recover(content, ZERO_HEAD, 1)
            except Unrecoverable as exc:
                wrong.append(f"{start}: {exc}")
                continue
            if tail.frames != [first, second][: 1 + whole] or tail.cut != content[tail.offset :].rstrip(b"\0"):
                wrong.append(f"{start}: {len(tail.frames)} frames")
    return states, wrong


@pytest.mark.parametrize("length", [250, 440, SECTOR, 2 * SECTOR + 100])
def test_a_torn_frame_is_cut_wherever_it_begins(length: int) -> None:
    states, wrong = refusals(length, range(SECTOR))
    assert states > 4 * SECTOR
    assert wrong == []


@pytest.mark.parametrize("room", [(0, 700), (100, 700), (3 * SECTOR, 0)], ids=["made", "more made", "there"])
@pytest.mark.parametrize("length", [250, SECTOR])
def test_a_torn_frame_is_cut_before_room(length: int, room: tuple[int, int]) -> None:
    states, wrong = refusals(length, range(0, SECTOR, 3), room)
    assert states > SECTOR // 3
    assert wrong == []


def test_a_rule_that_looks_for_whole_sectors_only_would_refuse_what_a_cut_can_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def lacks_a_whole_sector(line: bytes, offset: int) -> bool:
        starts = range(-offset % SECTOR, len(line) - SECTOR + 1, SECTOR)
        return any(not line[at : at + SECTOR].strip(b"\0") for at in starts)

    monkeypatch.setattr(recovery, "_lacks_a_sector", lacks_a_whole_sector)
    _, wrong = refusals(440, range(SECTOR))
    assert {each.partition(": ")[2] for each in wrong} == {
        "not a frame",
        "the newline of an acknowledged frame is damaged",
    }
