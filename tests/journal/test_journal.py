import io
import os
import resource
from pathlib import Path

import pytest

from kiosk.core.frames import Frame, Stamp
from kiosk.errors import DamagedData
from kiosk.journal import Journal, Poisoned, scan

SEGMENT = 4096


def stamp(ms: int = 1_000) -> Stamp:
    return Stamp(ms, "boot", ms, "t")


def add(journal: Journal, count: int) -> None:
    for number in range(count):
        if journal.must_seal:
            journal.seal(None, stamp())
        journal.append(journal.draft("stock", {"n": number, "pad": "x" * 80}, stamp()))


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    journal = Journal.create(tmp_path / "journal", SEGMENT)
    add(journal, 60)
    journal.close()
    return tmp_path / "journal"


def test_segments_follow_each_other_and_the_chain_runs_through(filled: Path) -> None:
    assert len(list(filled.iterdir())) > 2
    frames = list(scan(filled))
    assert [frame.seq for frame in frames] == list(range(1, len(frames) + 1))
    assert sum(frame.kind == "segment" for frame in frames) == len(list(filled.iterdir())) - 1


def test_reopened_it_goes_on_where_it_was(filled: Path) -> None:
    journal = Journal.open(filled, SEGMENT)
    seq, head = journal.seq, journal.head
    assert journal.recovered is None
    add(journal, 1)
    journal.close()
    frames = list(scan(filled))
    assert frames[-2].head == head
    assert frames[-2].seq == seq


def test_a_torn_tail_is_cut_and_told(filled: Path) -> None:
    last = sorted(filled.iterdir())[-1]
    whole = last.read_bytes()
    last.write_bytes(whole + b'{"c":12')
    journal = Journal.open(filled, SEGMENT)
    assert journal.recovered is not None
    assert (journal.recovered["segment"], journal.recovered["bytes"]) == (last.name, 7)
    journal.close()
    assert last.read_bytes() == whole


@pytest.mark.parametrize("which", [0, 1, -2])
def test_a_missing_segment_is_refused(filled: Path, which: int) -> None:
    victim = sorted(filled.iterdir())[which]
    victim.unlink()
    with pytest.raises(DamagedData, match=r"seg-|missing"):
        Journal.open(filled, SEGMENT)


def test_a_missing_live_segment_is_seen_only_by_an_anchor_outside(filled: Path) -> None:
    """The unkeyed chain can't tell that its end was taken away; checkpoints outside do (ack, hub, shift slip)."""
    journal = Journal.open(filled, SEGMENT)
    whole = journal.seq
    journal.close()
    sorted(filled.iterdir())[-1].unlink()
    journal = Journal.open(filled, SEGMENT)
    assert journal.seq < whole
    journal.close()


def test_a_shortened_sealed_segment_is_refused(filled: Path) -> None:
    sealed = sorted(filled.iterdir())[0]
    lines = sealed.read_bytes().splitlines(keepends=True)
    sealed.write_bytes(b"".join(lines[:-1]))
    with pytest.raises(DamagedData, match=r"seg-"):
        Journal.open(filled, SEGMENT)


def test_a_crash_between_new_file_and_its_first_frame_is_healed(filled: Path) -> None:
    journal = Journal.open(filled, SEGMENT)
    following = filled / f"seg-{journal.seq + 1:012d}.jsonl"
    journal.close()
    for torn in (b"", b'{"c":1'):
        following.write_bytes(torn)
        journal = Journal.open(filled, SEGMENT)
        assert journal.must_seal
        journal.seal(None, stamp())
        add(journal, 1)
        journal.close()
        assert [frame.kind for frame in scan(filled)][-2:] == ["segment", "stock"]
        following.unlink()


def test_never_over_another_and_never_empty(filled: Path, tmp_path: Path) -> None:
    with pytest.raises(DamagedData, match="not empty"):
        Journal.create(filled, SEGMENT)
    (tmp_path / "gone").mkdir()
    with pytest.raises(DamagedData, match="missing"):
        Journal.open(tmp_path / "gone", SEGMENT)


def test_recorded_time_never_goes_back(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path / "journal", SEGMENT)
    journal.append(journal.draft("stock", {}, stamp(5_000)))
    assert journal.draft("stock", {}, stamp(946_684_800)).stamp.time_ms == 946_684_800
    assert journal.draft("stock", {}, stamp(1)).stamp.time_ms == 5_000
    journal.close()


def test_a_failed_write_poisons_and_a_restart_finds_what_was_acknowledged(tmp_path: Path) -> None:
    """A real refusal by the kernel (EFBIG under a file size limit), in the middle of a frame."""
    journal = Journal.create(tmp_path / "journal", 1 << 20)
    add(journal, 5)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = sum(len(frame.line) for frame in journal.frames())
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 50, hard))
    try:
        with pytest.raises(Poisoned, match="can't be written"):
            add(journal, 1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    with pytest.raises(Poisoned, match="until a restart"):
        add(journal, 1)
    journal.close()
    again = Journal.open(tmp_path / "journal", 1 << 20)
    assert again.seq == 5
    assert again.recovered is not None
    again.close()


def test_one_fdatasync_a_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    real = os.fdatasync

    def counting(fd: int) -> None:
        calls.append("fdatasync")
        real(fd)

    journal = Journal.create(tmp_path / "journal", 1 << 20)
    monkeypatch.setattr(os, "fdatasync", counting)
    add(journal, 10)
    journal.close()
    assert calls == ["fdatasync"] * 10


@pytest.mark.parametrize("after", [0, 1, 17, 36, 59])
def test_raw_lines_after_any_frame(filled: Path, after: int) -> None:
    journal = Journal.open(filled, SEGMENT)
    frames = list(scan(filled))
    lines: list[bytes] = []
    while more := journal.lines_after(after + len(lines), 1_000):
        lines += more
    assert lines == [frame.line for frame in frames[after:]]
    journal.close()


def test_no_file_is_left_open(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    for number in range(20):
        journal = Journal.create(tmp_path / str(number), SEGMENT)
        add(journal, 60)
        journal.close()
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


def test_the_time_floor_outlives_a_crash_before_the_seal(filled: Path) -> None:
    """The new segment is empty, the clock was set back: the seal still is not dated before the frame before it."""
    journal = Journal.open(filled, SEGMENT)
    journal.append(journal.draft("stock", {}, stamp(9_000)))
    (filled / f"seg-{journal.seq + 1:012d}.jsonl").touch()
    journal.close()
    journal = Journal.open(filled, SEGMENT)
    assert journal.seal(None, stamp(1)).stamp.time_ms == 9_000
    journal.close()


def read_bytes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Sizes of what is read of segments from here on."""
    sizes: list[int] = []
    real = io.FileIO.read

    class Counted(io.FileIO):
        def read(self, size: int | None = -1, /) -> bytes:
            got = real(self, size)
            sizes.append(len(got))
            return got

    monkeypatch.setattr(Path, "open", lambda path, mode="rb", buffering=-1: Counted(path, "r"))
    return sizes


def test_raw_lines_are_read_by_place_and_no_others(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal.open(filled, SEGMENT)
    add(journal, 3)
    lines = [frame.line for frame in scan(filled)]
    sizes = read_bytes(monkeypatch)
    assert journal.lines_after(journal.seq - 2, 1 << 20) == lines[-2:]
    assert sizes == [len(b"".join(lines[-2:]))]  # of the live segment only what was asked
    sizes.clear()
    assert journal.lines_after(4, 1) == [lines[4]]
    whole = (filled / "seg-000000000001.jsonl").stat().st_size
    assert sum(sizes) == whole + len(lines[4])  # a sealed one is gone through once
    sizes.clear()
    assert journal.lines_after(5, len(lines[5]) + len(lines[6])) == lines[5:7]
    assert sum(sizes) == len(lines[5]) + len(lines[6])
    journal.close()


def test_lines_are_those_of_the_files_at_every_place_and_limit(filled: Path) -> None:
    journal = Journal.open(filled, SEGMENT)
    lines = [frame.line for frame in scan(filled)]
    firsts = [int(path.name[4:16]) for path in sorted(filled.iterdir())]
    for after in range(len(lines) + 2):
        segment_end = next((first - 1 for first in firsts if first > after + 1), len(lines))
        for limit in (0, 1, 500, 1 << 20):
            expected = lines[after:segment_end]
            total = 0
            fitting = [line for line in expected if (total := total + len(line)) <= limit] or expected[:1]
            assert journal.lines_after(after, limit) == fitting
    journal.close()


def test_a_torn_or_unacknowledged_tail_is_never_handed_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal.create(tmp_path / "journal", 1 << 20)
    add(journal, 2)

    def fails(fd: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fdatasync", fails)
    with pytest.raises(Poisoned):
        add(journal, 1)
    assert len(list(scan(tmp_path / "journal"))) == 3
    assert len(journal.lines_after(0, 1 << 20)) == 2
    journal.close()


def test_opening_reads_the_live_segment_and_two_lines_of_each_sealed_one(filled: Path) -> None:
    """The middle of a sealed segment is the audit's: it may be anything now."""
    for path in sorted(filled.iterdir())[:-1]:
        content = bytearray(path.read_bytes())
        lines = content.split(b"\n")
        begin, end = len(lines[0]) + 1, len(content) - len(lines[-2]) - 2
        content[begin:end] = b"\0" * (end - begin)
        path.write_bytes(content)
    journal = Journal.open(filled, SEGMENT)
    add(journal, 1)
    journal.close()
    with pytest.raises(DamagedData):
        list(scan(filled))


def test_what_the_taker_raises_ends_the_opening_before_the_tail_is_cut(filled: Path) -> None:
    live = max(filled.iterdir())
    live.write_bytes(live.read_bytes() + b'{"c":12')
    before = live.read_bytes()

    def refuse(frame: Frame) -> None:
        raise DamagedData(f"frame {frame.seq}: impossible")

    with pytest.raises(DamagedData, match="impossible"):
        Journal.open(filled, SEGMENT, refuse)
    assert live.read_bytes() == before
