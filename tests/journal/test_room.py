"""Zeros ahead of the frames: there while the journal is written, in no sealed segment, never taken for frames."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from docs.verify_journal import verify
from kiosk.books import Books
from kiosk.core.frames import Stamp
from kiosk.errors import DamagedData
from kiosk.journal import Journal, livefile, scan, scan_live
from kiosk.journal.extract import extract
from kiosk.journal.index import Index
from kiosk.journal.segments import list_segments
from tests.crash.events import GENESIS, opening, records

SEGMENT_BYTES = 64 << 10


def add(journal: Journal, count: int) -> None:
    for number in range(count):
        journal.append(journal.draft("stock", {"pad": "x" * 200}, Stamp(1_000 + number, "boot", 1, "t")))


def room_of(path: Path) -> int:
    content = path.read_bytes()
    return len(content) - len(content.rstrip(b"\0"))


def test_the_size_of_the_file_stays_while_there_is_room(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path / "journal", SEGMENT_BYTES)
    add(journal, 1)
    path = list_segments(tmp_path / "journal")[0].path
    before = path.stat()
    add(journal, 20)
    after = path.stat()
    assert (before.st_size, before.st_blocks) == (after.st_size, after.st_blocks)
    assert before.st_size == SEGMENT_BYTES
    journal.close()


def test_a_journal_that_takes_no_room_grows_with_each_frame(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(livefile, "ROOM_BYTES", 0)
    journal = Journal.create(tmp_path / "journal", SEGMENT_BYTES)
    add(journal, 5)
    assert room_of(list_segments(tmp_path / "journal")[0].path) == 0
    journal.close()


def test_what_is_sealed_or_closed_ends_in_a_frame(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path / "journal", SEGMENT_BYTES)
    add(journal, 5)
    journal.seal(None, Stamp(2_000, "boot", 1, "t"))
    add(journal, 5)
    sealed, live = list_segments(tmp_path / "journal")
    assert room_of(sealed.path) == 0
    assert room_of(live.path) > 0
    journal.close()
    assert room_of(live.path) == 0


def test_every_reader_beside_a_running_station_leaves_the_room_out(tmp_path: Path) -> None:
    Books.create(tmp_path, SEGMENT_BYTES, GENESIS, "test").close()
    books = Books.open(tmp_path, SEGMENT_BYTES, "test")
    for kind, body in [*opening(5), records([1])]:
        books.commit(kind, body, "test")
    directory = tmp_path / "journal"
    assert room_of(list_segments(directory)[0].path) > 0
    seqs = list(range(1, books.seq + 1))
    for read in (scan(directory), scan_live(directory), extract(directory)):
        assert [frame.seq for frame in read] == seqs
    assert verify(directory)["frames"] == books.seq
    assert verify(directory)["unfinished"] == 0
    assert list(Index(tmp_path).find([])) == []
    books.close()


def test_a_crash_leaves_the_room_and_the_opening_takes_nothing_for_torn(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path / "journal", SEGMENT_BYTES)
    add(journal, 5)
    path = list_segments(tmp_path / "journal")[0].path
    crashed = path.read_bytes()
    journal.close()
    path.write_bytes(crashed)
    again = Journal.open(tmp_path / "journal", SEGMENT_BYTES)
    assert (again.seq, again.recovered) == (5, None)
    add(again, 1)
    again.close()
    assert [frame.seq for frame in scan(tmp_path / "journal")] == [1, 2, 3, 4, 5, 6]


def test_rot_in_the_last_newline_is_refused_before_room_too(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path / "journal", SEGMENT_BYTES)
    add(journal, 5)
    path = list_segments(tmp_path / "journal")[0].path
    content = path.read_bytes()
    journal.close()
    end = len(content.rstrip(b"\0"))
    assert end % 512 != 1
    for rotten in (b"\0", b"\x0b"):
        path.write_bytes(content[: end - 1] + rotten + content[end:])
        with pytest.raises(DamagedData, match="newline"):
            Journal.open(tmp_path / "journal", SEGMENT_BYTES)


def overtaken(path: Path, patch: pytest.MonkeyPatch, hole: slice) -> list[bytes]:
    """The next read of the file finds zeros in the `hole`, as before its frames were written; later ones don't."""
    really = io.open
    waiting = [bytearray(path.read_bytes())]
    waiting[0][hole] = bytes(len(waiting[0][hole]))

    def opened(file: Any, *words: Any, **options: Any) -> Any:
        return io.BytesIO(waiting.pop()) if waiting and Path(file) == path else really(file, *words, **options)

    patch.setattr(io, "open", opened)
    return waiting


@pytest.mark.parametrize("length", [1, 300, 700])
@pytest.mark.parametrize("read", [scan, scan_live, extract, verify], ids=lambda read: read.__name__)
def test_a_reader_that_a_commit_overtakes_reads_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: Callable[[Path], Any], length: int
) -> None:
    directory = tmp_path / "journal"
    Books.create(tmp_path, SEGMENT_BYTES, GENESIS, "test").close()
    path = list_segments(directory)[0].path
    begin = path.stat().st_size
    with closing(Books.open(tmp_path, SEGMENT_BYTES, "test")) as books:
        for kind, body in opening(5):
            books.commit(kind, {**body, "document": "x" * 200}, "test")
    before = read(directory)
    expected = before if isinstance(before, dict) else [frame.seq for frame in before]
    waiting = overtaken(path, monkeypatch, slice(begin + 10, begin + 10 + length))
    after = read(directory)
    assert (after if isinstance(after, dict) else [frame.seq for frame in after]) == expected
    assert not waiting


@pytest.mark.parametrize("read", [scan, scan_live, extract], ids=lambda read: read.__name__)
def test_zeros_that_stay_within_the_frames_are_damage(tmp_path: Path, read: Callable[[Path], Any]) -> None:
    journal = Journal.create(tmp_path / "journal", SEGMENT_BYTES)
    add(journal, 5)
    path = list_segments(tmp_path / "journal")[0].path
    content = bytearray(path.read_bytes())
    content[400:410] = bytes(10)
    path.write_bytes(content)
    with pytest.raises(DamagedData, match=r":2: "):
        list(read(tmp_path / "journal"))
    journal.close()
