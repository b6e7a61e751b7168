"""What a reading command costs must not grow with the years, and must not differ from a replay."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.books import Books, read_view, replay
from kiosk.errors import DamagedData
from kiosk.journal import scan


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A DATA of four segments, the last of them of one frame."""
    books = Books.create(tmp_path, 1, {"station": "kupang-01"}, "test")
    for number in range(3):
        move = ["wni", f"BAST-{number}", "supplier", "vault", 5]
        books.commit("stock", {"movement": "receive", "document": f"BAST-{number}", "moves": [move]}, "test")
    books.close()
    return tmp_path


def whole(data: Path) -> bytes:
    return replay(scan(data / "journal")).dump()


def test_a_reader_follows_the_last_segment_from_the_snapshot(data: Path) -> None:
    expected = whole(data)
    oldest = min((data / "journal").iterdir())
    oldest.write_bytes(b"x" * oldest.stat().st_size)  # who read it would say so
    assert read_view(data).dump() == expected
    with pytest.raises(DamagedData):
        whole(data)


@pytest.mark.parametrize("content", [None, b"garbage", b"{}"])
def test_without_the_right_snapshot_a_reader_replays(data: Path, content: bytes | None) -> None:
    expected = whole(data)
    (data / "snapshot.json").unlink()
    if content is not None:
        (data / "snapshot.json").write_bytes(content)
    assert read_view(data).dump() == expected


def test_a_reader_that_comes_in_the_middle_of_a_seal_replays(data: Path) -> None:
    """The next segment is there and its first frame is not."""
    expected = whole(data)
    first = max(frame.seq for frame in scan(data / "journal")) + 1
    (data / "journal" / f"seg-{first:012d}.jsonl").touch()
    assert read_view(data).dump() == expected


def test_damage_in_the_last_segment_is_named(data: Path) -> None:
    newest = max((data / "journal").iterdir())
    content = bytearray(newest.read_bytes())
    content[-10] ^= 1
    newest.write_bytes(content)
    with pytest.raises(DamagedData, match=newest.name):
        read_view(data)
