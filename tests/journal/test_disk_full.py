"""A file system that is really full. A file size limit (RLIMIT_FSIZE) is another thing: EFBIG, no room cures it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.books import RESERVE, Books
from kiosk.core.frames import Stamp
from kiosk.errors import Rejected
from kiosk.journal import Journal, Poisoned, Reserve, livefile, scan

MB = 1 << 20
GENESIS = {"station": "kupang-01", "incarnation": "ab" * 8, "key": "k", "predecessor": None}
RECORD = {"ref": "0" * 32, "sku": "wni", "reason": "baru", "priority": 10}


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A file system of 4 MiB, and a journal that takes no room ahead: each frame asks for its own."""
    monkeypatch.setattr(livefile, "ROOM_BYTES", 0)
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("needs the right to mount a small tmpfs")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def fill(place: Path) -> Path:
    """Take every free byte, as somebody's download would."""
    filler = place / "filler"
    with filler.open("ab", buffering=0) as file:
        for size in (MB, 4096, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    return filler


def stamp() -> Stamp:
    return Stamp(1_000, "boot", 1_000, "t")


def add(journal: Journal, count: int, size: int = 400) -> None:
    for _ in range(count):
        journal.append(journal.draft("stock", {"pad": "x" * size}, stamp()))


def opened(place: Path, reserve: Reserve | None) -> Journal:
    journal = Journal.create(place / "journal", 8 * MB, reserve)
    add(journal, 3)
    return journal


def test_without_a_reserve_a_full_disk_poisons_and_no_acknowledged_frame_is_lost(small: Path) -> None:
    journal = opened(small, None)
    fill(small)
    with pytest.raises(Poisoned, match="free some space, then restart"):
        add(journal, 40)
    seq = journal.seq
    journal.close()
    again = Journal.open(small / "journal", 8 * MB)
    assert again.seq == seq
    again.close()


def test_what_has_its_room_asks_the_full_disk_for_nothing(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(livefile, "ROOM_BYTES", MB)
    reserve = Reserve(small / "reserve", MB)
    assert reserve.renew()
    journal = opened(small, reserve)
    fill(small)
    add(journal, 1000)
    assert reserve.held
    add(journal, 2000)  # beyond the room, as far as a full disk lets it
    assert not reserve.held
    assert journal.poisoned is None
    journal.close()
    assert [frame.seq for frame in scan(small / "journal")] == list(range(1, 3004))


def test_the_reserve_is_given_up_within_a_frame_and_the_card_is_finished(small: Path) -> None:
    reserve = Reserve(small / "reserve", MB)
    assert reserve.renew()
    journal = opened(small, reserve)
    fill(small)
    add(journal, 1000)  # 0.5 MB: a card takes about 4 kB
    assert not reserve.held
    assert not (small / "reserve").exists()
    assert journal.poisoned is None
    assert [frame.seq for frame in journal.frames()] == list(range(1, 1004))
    journal.close()


def test_when_the_reserve_is_used_up_too_it_is_the_end(small: Path) -> None:
    reserve = Reserve(small / "reserve", MB)
    reserve.renew()
    journal = opened(small, reserve)
    fill(small)
    with pytest.raises(Poisoned):
        add(journal, 5000)
    seq = journal.seq
    assert seq > 1000
    journal.close()
    again = Journal.open(small / "journal", 8 * MB)
    assert again.seq == seq
    again.close()


def test_a_seal_on_a_full_disk_uses_the_reserve(small: Path) -> None:
    reserve = Reserve(small / "reserve", MB)
    reserve.renew()
    journal = opened(small, reserve)
    fill(small)
    journal.seal(None, stamp())
    add(journal, 10)
    assert journal.poisoned is None
    journal.close()
    assert [frame.kind for frame in scan(small / "journal")].count("segment") == 1


def test_the_books_finish_what_is_begun_refuse_what_is_new_and_take_the_reserve_back(small: Path) -> None:
    Books.create(small, 8 * MB, GENESIS, "t").close()
    books = Books.open(small, 8 * MB, "t", reserve_bytes=MB)
    books.commit("records", {"records": [RECORD], "refused": [], "cursor": "1"}, "t")
    books.commit("job-created", {"job": "0000000a", "ref": RECORD["ref"]}, "t")
    filler = fill(small)
    for event in ("hold", "release") * 20:
        change = {"job": "0000000a", "event": event, "reasons": [], "message": "x" * 400}
        books.commit("job-state", change, "t")
    assert not books.has_room
    new = {"records": [{**RECORD, "ref": "1" * 32}], "refused": [], "cursor": "2"}
    with pytest.raises(Rejected, match="is full") as refused:
        books.commit("records", new, "t")
    assert refused.value.reason == "disk-full"
    filler.unlink()
    books.commit("records", new, "t")
    assert (small / RESERVE).stat().st_blocks * 512 >= MB
    books.close()


def test_a_failed_sync_is_never_tried_again_reserve_or_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Delayed allocation may tell of the full disk only there, when pages are lost already."""
    reserve = Reserve(tmp_path / "reserve", MB)
    reserve.renew()
    journal = opened(tmp_path, reserve)

    def full(fd: int) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "fdatasync", full)
    with pytest.raises(Poisoned):
        add(journal, 1)
    monkeypatch.undo()
    with pytest.raises(Poisoned, match="until a restart"):
        add(journal, 1)
    assert reserve.held
    journal.close()


def test_another_error_than_a_full_disk_leaves_the_reserve_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reserve = Reserve(tmp_path / "reserve", MB)
    reserve.renew()
    journal = opened(tmp_path, reserve)

    def broken(fd: int, data: bytes, offset: int) -> int:
        raise OSError(5, os.strerror(5))

    monkeypatch.setattr(os, "pwrite", broken)
    with pytest.raises(Poisoned, match="Input/output error"):
        add(journal, 1)
    assert reserve.held
    journal.close()


def test_a_sparse_file_in_its_place_is_no_reserve(tmp_path: Path) -> None:
    with (tmp_path / "reserve").open("wb") as file:
        file.truncate(MB)
    reserve = Reserve(tmp_path / "reserve", MB)
    assert reserve.renew()
    assert (tmp_path / "reserve").stat().st_blocks * 512 >= MB


def test_a_reserve_that_would_take_half_of_what_is_free_is_not_made(small: Path) -> None:
    reserve = Reserve(small / "reserve", 3 * MB)
    assert not reserve.renew()
    assert not (small / "reserve").exists()
