"""The end of the last segment after every kind of damage: cut exactly, or refuse; no acknowledged frame is lost."""

import pytest

from kiosk.core.frames import ZERO_HEAD, Frame, Stamp, make_frame
from kiosk.journal.recovery import SECTOR, Unrecoverable, recover


def chain_of(sizes: list[int]) -> list[Frame]:
    frames: list[Frame] = []
    head = ZERO_HEAD
    for seq, size in enumerate(sizes, start=1):
        frame = make_frame(seq, "stock", Stamp(1_000 + seq, "b", seq, "t"), {"pad": "x" * size}, head)
        frames.append(frame)
        head = frame.head
    return frames


FRAMES = chain_of([40, 200, 90, 700, 60])
DATA = b"".join(frame.line for frame in FRAMES)
BEFORE_LAST = len(DATA) - len(FRAMES[-1].line)


def test_whole() -> None:
    tail = recover(DATA, ZERO_HEAD, 1)
    assert tail.frames == FRAMES
    assert tail.cut == b""


def test_truncation_at_every_byte_gives_the_exact_prefix() -> None:
    ends = [len(b"".join(f.line for f in FRAMES[:n])) for n in range(len(FRAMES) + 1)]
    for at in range(len(DATA)):
        tail = recover(DATA[:at], ZERO_HEAD, 1)
        standing = max(n for n, end in enumerate(ends) if end <= at)
        assert tail.frames == FRAMES[:standing]
        assert tail.offset == ends[standing]
        assert len(tail.cut) == at - ends[standing]


def test_zeros_from_every_offset_of_the_last_frame_are_a_torn_write() -> None:
    """The file grew before the data reached the medium."""
    for at in range(BEFORE_LAST, len(DATA) - 1):
        assert recover(DATA[:at] + bytes(len(DATA) - at), ZERO_HEAD, 1).frames == FRAMES[:-1]


def test_the_newline_of_an_acknowledged_frame_is_not_taken_for_a_torn_write() -> None:
    with pytest.raises(Unrecoverable, match="newline"):
        recover(DATA[:-1] + b"\0", ZERO_HEAD, 1)


def test_every_changed_byte_of_an_acknowledged_frame_is_refused() -> None:
    for at in range(len(DATA)):
        changed = DATA[:at] + bytes([DATA[at] ^ 0x01]) + DATA[at + 1 :]
        with pytest.raises(Unrecoverable):
            recover(changed, ZERO_HEAD, 1)


def test_a_zeroed_sector_in_a_large_last_frame_is_torn_and_elsewhere_refused() -> None:
    frames = chain_of([40, 3 * SECTOR])
    data = b"".join(frame.line for frame in frames)
    first = -(-len(frames[0].line) // SECTOR) * SECTOR
    holed = data[:first] + bytes(SECTOR) + data[first + SECTOR :]
    assert recover(holed, ZERO_HEAD, 1).frames == frames[:1]

    after = make_frame(3, "stock", Stamp(9_000, "b", 9, "t"), {}, frames[1].head)
    with pytest.raises(Unrecoverable, match=r"checksum|not a frame"):
        recover(holed + after.line, ZERO_HEAD, 1)


@pytest.mark.parametrize("damage", ["deleted", "doubled", "swapped"])
def test_frames_out_of_place_are_refused(damage: str) -> None:
    lines = [frame.line for frame in FRAMES]
    if damage == "deleted":
        del lines[2]
    elif damage == "doubled":
        lines.insert(2, lines[2])
    else:
        lines[1], lines[2] = lines[2], lines[1]
    with pytest.raises(Unrecoverable):
        recover(b"".join(lines), ZERO_HEAD, 1)
