"""The view holds what is live; what happens once is remembered for ever by the sealed segments."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from kiosk.books import SNAPSHOT, Books, read_view, replay
from kiosk.cli import main
from kiosk.core.frames import ZERO_HEAD, Stamp, make_frame
from kiosk.errors import DamagedData, Rejected
from kiosk.journal import scan
from kiosk.journal.once import Once
from kiosk.past import audited
from tests.crash.events import GENESIS, LOT, Event, card, intent, opening, records

SEGMENT = 12_000
CARDS = 24


def job_of(number: int) -> str:
    return f"{number:08x}"


def ref_of(number: int) -> str:
    return f"{number:032x}"


def uid_of(number: int) -> str:
    return f"04{number:012X}"


def handed_over(number: int, uid: str = "", job: int = 0) -> Event:
    return "handed-over", {
        "job": job_of(job or number), "ref": ref_of(number), "uid": uid or uid_of(number), "taker": "holder",
        "verified": "ktp-lama", "chip": "read", "old_card": "none", "signed": False,
        "moves": [["wni", LOT, "printed", "issued", 1]],
    }  # fmt: skip


def life(number: int) -> list[Event]:
    return [records([number]), *card(number), handed_over(number)]


def commit(books: Books, events: Sequence[Event]) -> None:
    for kind, body in events:
        books.commit(kind, body, "test")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 cards were handed over, over several segments; the first record still waits."""
    data = tmp_path_factory.mktemp("past")
    books = Books.create(data, SEGMENT, GENESIS, "test")
    commit(books, [*opening(100), records([999])])
    for number in range(1, CARDS + 1):
        commit(books, life(number))
    books.close()
    assert len(list((data / "journal").iterdir())) > 6
    return data


@pytest.fixture
def data(written: Path, tmp_path: Path) -> Path:
    shutil.copytree(written, tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def books(data: Path) -> Iterator[Books]:
    opened = Books.open(data, SEGMENT, "test")
    yield opened
    opened.close()


def test_the_view_holds_what_is_live_and_two_segments_at_most(written: Path) -> None:
    view = read_view(written)
    assert view.rows("records", state="waiting")[0]["ref"] == ref_of(999)
    assert 1 < view.count("records") < CARDS // 2
    assert 1 < view.count("chips") < CARDS // 2
    assert view.read("records", ref_of(CARDS)) is not None  # just handed over, it may be brought back
    assert view.digest == replay(scan(written / "journal")).digest
    (written / SNAPSHOT).rename(written / "elsewhere")
    assert read_view(written).digest == view.digest
    (written / "elsewhere").rename(written / SNAPSHOT)


def test_who_was_long_ago_is_still_known(books: Books) -> None:
    for number in range(1, CARDS + 1):
        assert books.past.consumer(uid_of(number)) == job_of(number)
        assert books.past.state(ref_of(number)) == "issued"
        assert books.past.was_collected(job_of(number))
        seq = books.past.handed_over(ref_of(number))
        assert seq is not None
        frame = json.loads(books.lines_after(seq - 1, 1)[0])["r"]
        assert (frame["k"], frame["d"]["ref"]) == ("handed-over", ref_of(number))
    assert (books.past.consumer(uid_of(77)), books.past.state(ref_of(77))) == (None, None)
    assert books.past.state(ref_of(999)) == "waiting"
    assert books.past.handed_over(ref_of(999)) is None
    assert not books.past.was_collected(job_of(77))
    assert books.past.never_seen([ref_of(1), ref_of(CARDS), ref_of(999), ref_of(77)]) == [ref_of(77)]


def test_what_left_the_view_is_not_done_again(books: Books, data: Path) -> None:
    with pytest.raises(Rejected, match=f"record {ref_of(1)} was taken in before"):
        books.commit(*records([77, 1]), "test")
    with pytest.raises(Rejected, match="no record"):
        books.commit("job-created", {"job": "0" * 8, "ref": ref_of(1)}, "test")
    commit(books, [records([50]), *card(50, chip=1)[:3]])
    seq = books.seq
    with pytest.raises(Rejected, match=f"chip {uid_of(1)} was consumed by job {job_of(1)}"):
        books.commit(*card(50, chip=1)[3], "test")
    assert books.seq == seq
    commit(books, card(50)[3:])  # with a chip of its own the same is possible


@pytest.mark.parametrize("harm", ["missing", "cut", "swapped", "flipped"])
def test_a_memory_that_does_not_fit_its_segment_is_made_again(data: Path, harm: str) -> None:
    first, second, *_ = sorted((data / "index").glob("*.once"))
    whole = first.read_bytes()
    if harm == "missing":
        shutil.rmtree(data / "index")
    else:
        harmed = {"cut": whole[:-12], "swapped": second.read_bytes(), "flipped": whole[:-1] + bytes([whole[-1] ^ 1])}
        first.write_bytes(harmed[harm])
    books = Books.open(data, SEGMENT, "test")
    assert [books.past.consumer(uid_of(number)) for number in (1, CARDS)] == [job_of(1), job_of(CARDS)]
    books.close()
    assert first.read_bytes() == whole


def test_a_hit_is_confirmed_by_the_frame(data: Path) -> None:
    once = Once(data)
    once.extend()
    path = min((data / "journal").iterdir())
    content = path.read_bytes()
    path.write_bytes(content.replace(uid_of(1).encode(), uid_of(2).encode(), 1))
    with pytest.raises(DamagedData, match="checksum differs"):
        once.consumer(uid_of(1))


def test_when_a_card_left_decides_over_many_records_at_once(data: Path) -> None:
    once, refs = Once(data), [ref_of(number) for number in range(1, CARDS + 1)]
    once.extend()
    left = {frame.data["ref"]: frame.stamp.time_ms for frame in scan(data / "journal") if frame.kind == "handed-over"}
    known = {ref: time for ref, time in left.items() if once.of_record(ref)}
    assert len(known) > CARDS // 2
    for until in {0, *known.values(), max(left.values()) + 1}:
        assert once.handed_over_by(refs, until) == {ref for ref, time in known.items() if time <= until}
    assert once.handed_over_by([ref_of(77)], max(left.values())) == set()


def test_a_seal_between_identify_and_encode(tmp_path: Path) -> None:
    """A plan may print in between; then the frame of the encode does not say which chip it is."""
    books = Books.create(tmp_path, 1 << 20, GENESIS, "test")
    job, uid = job_of(1), uid_of(1)
    identified = {"step": "identify", "result": "done", "uid": uid}
    printed: dict[str, Any] = {"step": "print", "result": "done", "panels": 5}
    commit(books, [*opening(9), records([1]), *card(1)[:3]])
    books.commit("step", {"job": job, "outcome": identified, "intent": intent("print")}, "test")
    books._seal("test")
    books.commit("step", {"job": job, "outcome": printed, "intent": intent("encode")}, "test")
    books._seal("test")
    books.close()
    shutil.rmtree(tmp_path / "index")
    once = Once(tmp_path)
    once.extend()
    assert once.consumer(uid) == job
    assert once.consumer(uid_of(2)) is None


def test_a_card_just_handed_over_can_be_brought_back_after_a_seal(tmp_path: Path) -> None:
    books = Books.create(tmp_path, 1 << 20, GENESIS, "test")
    commit(books, [*opening(9), records([1]), *card(1), handed_over(1)])
    books._seal("test")
    again = {
        "job": job_of(2), "ref": ref_of(1), "reprint_of": job_of(1), "reason": "misprint", "cause": "misprint",
        "moves": [["wni", LOT, "issued", "spoiled", 1]],
    }  # fmt: skip
    commit(books, [("reprint", again)])
    books._seal("test")
    books._seal("test")
    assert books.past.state(ref_of(1)) == "in-job"  # opened again, it did not leave with its first hand-over
    second = [(kind, {**body, "ref": ref_of(1)} if "ref" in body else body) for kind, body in card(2)[1:]]
    commit(books, [*second, handed_over(1, uid_of(2), job=2)])
    for _ in range(2):
        books._seal("test")
    with books.transaction() as view:
        assert view.read("records", ref_of(1)) is None
        assert view.digest == replay(scan(tmp_path / "journal")).digest
    assert books.past.state(ref_of(1)) == "issued"
    assert (books.past.was_collected(job_of(1)), books.past.was_collected(job_of(2))) == (True, True)
    books.close()
    assert list(audited(scan(tmp_path / "journal")))  # a linked reprint is no fault


def test_a_journal_that_is_continued_keeps_its_memory(data: Path, tmp_path: Path) -> None:
    """After a lost disk: the centre gives all records again. Frames before its first are 0 and less."""
    root = tmp_path / "restored"
    old = root / f"journal-{GENESIS['incarnation']}"
    root.mkdir()
    (data / "journal").rename(old)
    view, (*_, last) = replay(scan(old)), scan(old)
    content = view.dump()
    (root / SNAPSHOT).write_bytes(content)
    genesis = {
        **GENESIS, "incarnation": "cd" * 8, "predecessor": last.head, "snapshot": hashlib.sha256(content).hexdigest(),
        "continues": {"incarnation": GENESIS["incarnation"], "seq": last.seq},
        "opening": [[row["sku"], row["lot"], row["account"], row["quantity"]] for row in view.rows("balances")],
        "gap": {"source": "mirror", "last_ms": 1, "printer": None, "fed": None, "cursor": "0"},
    }  # fmt: skip
    books = Books.create(root, SEGMENT, genesis, "test", view)
    left = {frame.data["ref"]: frame.seq - last.seq for frame in scan(old) if frame.kind == "handed-over"}
    for number in range(1, CARDS + 1):
        assert books.past.consumer(uid_of(number)) == job_of(number)
        assert books.past.handed_over(ref_of(number)) == left[ref_of(number)] <= 0
    with pytest.raises(Rejected, match="was taken in before"):
        books.commit(*records([77, 1]), "test")
    for _ in range(3):
        books._seal("test")
    with books.transaction() as live:
        digest = live.digest
        assert (live.count("records"), live.count("chips")) == (1, 0)
    assert books.past.handed_over(ref_of(CARDS)) == left[ref_of(CARDS)]
    books.close()
    (root / SNAPSHOT).unlink()
    again = Books.open(root, SEGMENT, "test")
    with again.transaction() as live:
        assert live.digest == digest
    again.close()


def forged(data: Path, events: Sequence[Event], target: Path) -> Path:
    """The journal with more frames at its end, checksum and chain good: whoever has the file can."""
    shutil.copytree(data, target)
    last = max((target / "journal").iterdir())
    *_, end = scan(target / "journal")
    head, seq = end.head, end.seq
    with last.open("ab") as file:
        for kind, body in events:
            frame = make_frame(seq + 1, kind, Stamp(end.stamp.time_ms, "boot", 1, "x"), body, head or ZERO_HEAD)
            file.write(frame.line)
            head, seq = frame.head, frame.seq
    return target


@pytest.mark.parametrize(
    ("events", "why"),
    [
        ([records([50]), *card(50, chip=1)], f"chip {uid_of(1)} was consumed by job {job_of(1)}, then by"),
        ([records([1])], f"record {ref_of(1)} was taken in before"),
        ([records([50]), *card(50)], ""),
    ],
    ids=["chip twice", "record twice", "nothing twice"],
)  # fmt: skip
def test_verify_finds_what_the_view_has_forgotten(data: Path, tmp_path: Path, events: list[Event], why: str) -> None:
    forgery = forged(data, events, tmp_path / "forged")
    replay(scan(forgery / "journal"))  # possible in itself: only the whole past contradicts it
    result = CliRunner().invoke(main, ["--data", str(forgery), "ledger", "verify"], standalone_mode=True)
    assert (result.exit_code, why in result.stderr) == ((3, True) if why else (0, True)), result.stderr


def test_a_second_card_without_a_reprint_is_found(tmp_path: Path) -> None:
    """Against a projection that lets it pass: the audit counts for itself."""
    frames, head = [], ZERO_HEAD
    first = [records([1]), *card(1)]
    second = [(kind, {**body, "ref": ref_of(1)} if "ref" in body else body) for kind, body in card(2)]
    for seq, (kind, body) in enumerate([*first, *second], start=1):
        frames.append(make_frame(seq, kind, Stamp(1, "boot", 1, "x"), body, head))
        head = frames[-1].head
    with pytest.raises(
        DamagedData, match=f"printed by job {job_of(1)}, then by job {job_of(2)}, which is no reprint"
    ):
        list(audited(frames))
    assert len(list(audited(frames[: len(first)]))) == len(first)
