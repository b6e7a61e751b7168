"""A journal that was set back or rewritten is refused while a word on it is left; what is not seen is told."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from kiosk.books import CHECKPOINTS, SNAPSHOT, Books
from kiosk.crypto.checkpoint import verify_checkpoint
from kiosk.crypto.keys import OKPKey, generate_signing, thumbprint
from kiosk.errors import DamagedData
from kiosk.journal import Anchor, checkpoints, held_against, scan
from tests.docs.rewriting import rechained

SEGMENT = 4096
INCARNATION = "ab" * 8


@pytest.fixture(scope="module")
def key() -> OKPKey:
    return generate_signing()


def genesis(key: OKPKey, **other: Any) -> dict[str, Any]:
    told = {"station": "kupang-01", "incarnation": INCARNATION, "key": thumbprint(key), "predecessor": None}
    return {**told, **other}


def write(books: Books, count: int) -> None:
    for _ in range(count):
        books.commit("started", {}, "t" * 90)


@pytest.fixture
def data(tmp_path: Path, key: OKPKey) -> Path:
    """Closed books over several segments, with a checkpoint at each seal."""
    place = tmp_path / "data"
    place.mkdir()
    Books.create(place, SEGMENT, genesis(key), "t").close()
    books = Books.open(place, SEGMENT, "t", key=key)
    write(books, 50)
    books.close()
    return place


def files(data: Path) -> list[Path]:
    return sorted((data / CHECKPOINTS / INCARNATION).iterdir())


def test_one_at_each_seal_signed_over_its_frame(data: Path, key: OKPKey) -> None:
    seals = [frame for frame in scan(data / "journal") if frame.kind == "segment"]
    assert len(seals) >= 3
    assert [path.name for path in files(data)] == [f"{seal.seq:012d}.json" for seal in seals]
    told = verify_checkpoint(json.loads(files(data)[0].read_bytes())["checkpoint"], [key]).position
    assert (told.seq, told.head) == (seals[0].seq, seals[0].head)


def test_one_at_any_time_and_it_holds_the_accounts(data: Path, key: OKPKey) -> None:
    books = Books.open(data, SEGMENT, "t", key=key)
    token = books.checkpoint()
    books.close()
    assert verify_checkpoint(token, [key]).position.seq == books.seq
    assert files(data)[-1].name == f"{books.seq:012d}.json"
    Books.open(data, SEGMENT, "t", key=key).close()


def test_without_the_key_none_is_made_and_those_there_still_count(data: Path) -> None:
    before = len(files(data))
    books = Books.open(data, SEGMENT, "t")
    write(books, 30)
    with pytest.raises(ValueError, match="key"):
        books.checkpoint()
    books.close()
    assert len(files(data)) == before


def unchanged(data: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (data / "journal").iterdir()}


def refused(data: Path, why: str) -> None:
    """Refused with the reason, by opening and verifying, and nothing is touched."""
    before = unchanged(data)
    with pytest.raises(DamagedData, match=why):
        Books.open(data, SEGMENT, "t")
    assert unchanged(data) == before
    own = list(checkpoints.every(data / CHECKPOINTS, checkpoints.genesis_of(data / "journal").data))
    with pytest.raises(DamagedData, match=why):
        list(held_against(scan(data / "journal"), own))


def test_a_journal_that_was_set_back_is_refused(data: Path) -> None:
    segments = sorted((data / "journal").iterdir())
    segments[-1].unlink()
    refused(data, r"ends at \d+: it was set back")


def test_a_torn_tail_is_not_cut_off_a_journal_that_was_set_back(data: Path) -> None:
    segments = sorted((data / "journal").iterdir())
    segments[-1].unlink()
    with segments[-2].open("ab") as file:
        file.write(b'{"c":1')
    refused(data, "set back")


def test_a_rewritten_journal_is_refused(data: Path) -> None:
    rechained(data / "journal", lambda record: record["d"].update(note="x") if record["s"] == 3 else None)
    (data / SNAPSHOT).unlink()
    refused(data, "was rewritten")


def test_a_checkpoint_in_the_live_segment_counts_too(data: Path, key: OKPKey) -> None:
    books = Books.open(data, SEGMENT, "t", key=key)
    books.checkpoint()
    books.close()
    live = max((data / "journal").iterdir())
    live.write_bytes(b"".join(live.read_bytes().splitlines(keepends=True)[:-1]))
    refused(data, "set back")


def test_what_was_written_after_the_newest_is_the_window(data: Path) -> None:
    """A cut behind the last seal opens cleanly: only a position kept elsewhere tells."""
    whole = list(scan(data / "journal"))
    live = max((data / "journal").iterdir())
    live.write_bytes(b"".join(live.read_bytes().splitlines(keepends=True)[:-1]))
    Books.open(data, SEGMENT, "t").close()
    with pytest.raises(DamagedData, match=r"a slip: there was a frame"):
        list(held_against(scan(data / "journal"), [Anchor(whole[-1].seq, whole[-1].head, "a slip")]))


def test_the_first_digits_of_a_head_are_enough_and_a_wrong_one_is_found(data: Path) -> None:
    frames = list(scan(data / "journal"))
    assert len(list(held_against(iter(frames), [Anchor(7, frames[6].head[:16], "a slip")]))) == len(frames)
    with pytest.raises(DamagedData, match="frame 7 was 0000"):
        list(held_against(iter(frames), [Anchor(7, "0" * 16, "a slip")]))


@pytest.mark.parametrize("content", [b"", b"{}", b'{"checkpoint":"a.b.c","key":{}}', b"\0" * 300])
def test_a_damaged_file_does_not_stop_the_office_but_the_one_before_it_counts(
    data: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    files(data)[-1].write_bytes(content)
    Books.open(data, SEGMENT, "t").close()
    assert "not a checkpoint" in caplog.text
    with pytest.raises(DamagedData, match="not a checkpoint"):
        list(checkpoints.every(data / CHECKPOINTS, checkpoints.genesis_of(data / "journal").data))
    for segment in sorted((data / "journal").iterdir())[-2:]:
        segment.unlink()
    with pytest.raises(DamagedData, match="set back"):
        Books.open(data, SEGMENT, "t")


def test_a_word_by_another_key_or_under_another_name_is_none(data: Path, tmp_path: Path) -> None:
    told = checkpoints.genesis_of(data / "journal").data
    shutil.copy(files(data)[0], files(data)[0].with_name(f"{9:012d}.json"))
    with pytest.raises(DamagedData, match="not of this station's key, this journal or this name"):
        list(checkpoints.every(data / CHECKPOINTS, told))
    with pytest.raises(DamagedData, match="not of this station's key"):
        list(checkpoints.every(data / CHECKPOINTS, {**told, "key": thumbprint(generate_signing())}))


def test_another_journal_in_its_place_is_refused_unless_it_continues_one(data: Path, key: OKPKey) -> None:
    other = genesis(key, incarnation="cd" * 8)
    shutil.rmtree(data / "journal")
    with pytest.raises(DamagedData, match="another journal's"):
        Books.create(data, SEGMENT, other, "t")
    Books.create(data, SEGMENT, {**other, "predecessor": "0" * 64}, "t").close()
    Books.open(data, SEGMENT, "t", key=key).close()


def test_a_checkpoint_that_can_not_be_written_is_only_told(
    data: Path, key: OKPKey, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.rmtree(data / CHECKPOINTS)
    books = Books.open(data, SEGMENT, "t", key=key)
    (data / CHECKPOINTS).write_bytes(b"")
    write(books, 20)
    books.close()
    assert "no checkpoint of frame" in caplog.text


def test_what_a_power_cut_left_half_made_is_cleared(data: Path) -> None:
    drafts = [
        data / ".snapshot.json.0123abcd",
        data / CHECKPOINTS / INCARNATION / ".000000000001.json.0123abcd",
    ]
    for draft in drafts:
        draft.write_bytes(b"half")
    (data / "journal.new").mkdir()
    (data / "journal.new" / "seg-000000000001.jsonl").write_bytes(b"half")
    kept = data / ".something.else"
    kept.write_bytes(b"somebody's")
    Books.open(data, SEGMENT, "t").close()
    assert [each for each in (*drafts, data / "journal.new") if each.exists()] == []
    assert kept.exists()
