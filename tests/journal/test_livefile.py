"""The file of the live segment holds the frames and zeros behind them; a frame is one write and one sync."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable, Iterator
from itertools import accumulate, pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.core.frames import Stamp
from kiosk.journal import Journal, Poisoned, livefile, scan
from kiosk.journal.livefile import LiveFile
from kiosk.journal.segments import list_segments

SEGMENT_BYTES = 64 << 10
MEMORY = Path("/dev/shm")
PAGE = 4096


def lines_of(lengths: list[int]) -> list[bytes]:
    """Each of its own bytes, so that none can stand for another."""
    return [bytes([33 + number % 90]) * (length - 1) + b"\n" for number, length in enumerate(lengths)]


def from_medium(path: Path) -> bytes:
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        return file.read()


def written(path: Path, lines: list[bytes], segment_bytes: int, read: Callable[[Path], bytes]) -> None:
    """Append them; after each, `read` must find all of them and nothing but zeros."""
    path.touch()
    file = LiveFile(path, segment_bytes, None)
    for line, begin in zip(lines, accumulate(map(len, lines), initial=0), strict=False):
        file.append(line, begin)
        expected = b"".join(lines[: lines.index(line) + 1])
        content = read(path)
        assert content[: len(expected)] == expected
        assert not content[len(expected) :].strip(b"\0")
    file.take_room_back(sum(map(len, lines)))
    file.close()
    assert path.read_bytes() == b"".join(lines)


LENGTHS = st.lists(
    st.integers(2, 900) | st.sampled_from([PAGE - 1, PAGE, PAGE + 1, 5 * PAGE]), min_size=1, max_size=30
)


@given(LENGTHS, st.sampled_from([0, 100, 3 * PAGE, 5 * PAGE + 7]), st.integers(0, 12 * PAGE))
def test_the_file_holds_the_frames_and_zeros_whatever_their_lengths(
    lengths: list[int], room: int, segment_bytes: int
) -> None:
    with (
        tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as place,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(livefile, "ROOM_BYTES", room)
        written(Path(place) / "segment", lines_of(lengths), segment_bytes, Path.read_bytes)


@pytest.mark.parametrize("read", [Path.read_bytes, from_medium], ids=["by the cache", "from the medium"])
def test_who_reads_between_the_commits_sees_each_of_them(tmp_path: Path, read: Callable[[Path], bytes]) -> None:
    written(tmp_path / "segment", lines_of([400 + 7 * number for number in range(60)]), SEGMENT_BYTES, read)


class Calls:
    """What is written and synced from here on: `writes` as (offset, bytes)."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.writes: list[tuple[int, int]] = []
        self.syncs = 0
        pwrite, fdatasync = os.pwrite, os.fdatasync

        def write(fd: int, content: bytes, at: int) -> int:
            self.writes.append((at, len(content)))
            return pwrite(fd, content, at)

        def sync(fd: int) -> None:
            self.syncs += 1
            fdatasync(fd)

        patch.setattr(os, "pwrite", write)
        patch.setattr(os, "fdatasync", sync)


def add(journal: Journal, count: int) -> None:
    for _ in range(count):
        journal.append(journal.draft("stock", {"pad": "x" * 300}, Stamp(1_000, "boot", 1, "t")))


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal.create(tmp_path / "journal", SEGMENT_BYTES)
    yield journal
    journal.close()


def test_within_the_room_a_commit_is_one_write_of_the_frame_and_one_sync(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(journal, 1)
    calls = Calls(monkeypatch)
    add(journal, 50)
    assert calls.syncs == len(calls.writes) == 50
    assert max(size for _, size in calls.writes) < 500


def test_the_next_room_is_made_with_the_frame_that_reaches_beyond_the_last(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(livefile, "ROOM_BYTES", 3 * PAGE)
    calls = Calls(monkeypatch)
    add(journal, 100)
    rooms = [at for at, size in calls.writes if size == 3 * PAGE]
    assert calls.syncs == 100
    assert 2 <= len(rooms) == len(calls.writes) - 100
    assert min(later - earlier for earlier, later in pairwise(rooms)) > 3 * PAGE


def test_a_medium_that_takes_a_part_is_given_the_rest(
    tmp_path: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda fd, content, at: really(fd, content[: max(100, len(content) // 2)], at))
    add(journal, 30)
    assert [frame.seq for frame in scan(tmp_path / "journal")] == list(range(1, 31))


def test_a_write_that_fails_is_not_tried_again(
    tmp_path: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(journal, 5)
    calls: list[int] = []

    def broken(fd: int, content: bytes, at: int) -> int:
        calls.append(at)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "pwrite", broken)
    with pytest.raises(Poisoned, match="Input/output error"):
        add(journal, 1)
    monkeypatch.undo()
    with pytest.raises(Poisoned, match="until a restart"):
        add(journal, 1)
    assert len(calls) == 1
    again = Journal.open(tmp_path / "journal", SEGMENT_BYTES)
    assert again.seq == 5
    again.close()


def test_a_segment_is_turned_over_with_nothing_of_the_old_one(tmp_path: Path, journal: Journal) -> None:
    add(journal, 20)
    journal.seal(None, Stamp(2_000, "boot", 1, "t"))
    add(journal, 20)
    assert [frame.seq for frame in scan(tmp_path / "journal")] == list(range(1, 42))
    sealed, _ = list_segments(tmp_path / "journal")
    assert sealed.path.read_bytes().endswith(b"}\n")
