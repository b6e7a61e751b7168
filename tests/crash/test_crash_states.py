"""Every state that a power cut may leave, by the model of medium.py, is opened: nothing acknowledged is lost,
nothing is made up, and what a cut alone can do is never refused. The model's own eyes are tried on mutants."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from kiosk.books import Books, read_view, replay
from kiosk.core.frames import Stamp
from kiosk.errors import KepingError
from kiosk.journal import Journal, scan
from tests.crash.events import GENESIS, KEY, Event, card, faults, opening, records
from tests.crash.medium import Crash, Recorder, Tree, write_tree

SEGMENT_BYTES = 2_000
REFUSALS = (KepingError, ValueError, OSError, LookupError, TypeError)


@dataclass
class Run:
    """One recorded run: the crashes it may suffer, and the lines and acknowledged positions of its whole journal."""

    crashes: list[Crash]
    lines: list[bytes] = field(default_factory=list)
    acks: list[int] = field(default_factory=list)

    def most(self, acked: int) -> int:
        """With `acked` known, one more commit may be there: the one under way."""
        return next((ack for ack in self.acks if ack > acked), acked)


EVENTS: list[Event] = [*opening(5), records(range(1, 13)), *card(1), *card(2)[:4]]


def run_books(data: Path, recorder: Recorder, by: str, early: bool) -> Run:
    """Genesis, stock, a frame of three sectors, cards, several segments and checkpoints. `early`: a mutant."""
    acks: list[int] = []

    def acknowledge(seq: int) -> None:
        acks.append(seq)
        recorder.acknowledge(seq)

    if early:
        acknowledge(1)
    Books.create(data, SEGMENT_BYTES, GENESIS, by).close()
    acknowledge(1)
    books = Books.open(data, SEGMENT_BYTES, by, key=KEY)
    for kind, body in EVENTS:
        if early:
            acknowledge(books.seq + 1)
        acknowledge(books.commit(kind, body, by).seq)
    books.close()
    return Run(recorder.crashes, [frame.line for frame in scan(data / "journal")], acks)


def problem(tree: Tree, run: Run, acked: int, root: Path) -> str | None:
    """What is wrong with the books that are opened on `tree`; None if all is as promised."""
    write_tree(tree, root)
    try:
        if acked == 0 and "journal" not in tree:
            Books.create(root, SEGMENT_BYTES, GENESIS, "test").close()
            return None
        books = Books.open(root, SEGMENT_BYTES, "test")
    except REFUSALS as exc:
        return f"refused: {exc!r}"
    try:
        return _difference(root, books, run, acked)
    except REFUSALS as exc:
        return f"refused after the opening: {exc!r}"
    finally:
        books.close()


def _difference(root: Path, books: Books, run: Run, acked: int) -> str | None:
    frames = list(scan(root / "journal"))
    common = sum(
        1 for _ in itertools.takewhile(lambda pair: pair[0].line == pair[1], zip(frames, run.lines, strict=False))
    )
    added = {frame.kind for frame in frames[common:]} - {"recovered", "segment"}
    if added:
        return f"frames that nobody committed: {added}"
    if not acked <= common <= run.most(acked):
        return f"{common} frames stand, {acked} were acknowledged"
    if wrong := faults(root, books):
        return wrong[0]
    if read_view(root).digest != replay(iter(frames)).digest:
        return "a reader beside the station sees something else"
    seq = books.commit("started", {}, "test").seq
    return None if [frame.seq for frame in scan(root / "journal")] == list(range(1, seq + 1)) else "it can't go on"


def problems(run: Run, place: Path) -> list[str]:
    found = (problem(crash.tree, run, crash.acked, place / str(n)) for n, crash in enumerate(run.crashes))
    return [each for each in found if each]


def record(
    place: Path,
    patch: pytest.MonkeyPatch,
    ignore: str = "",
    early: bool = False,
    limit: int = 100,
    by: str = "test",
) -> Run:
    data = place / "data"
    data.mkdir()
    with patch.context() as patched:
        return run_books(data, Recorder(data, limit, ignore=ignore).attach(patched), by, early)


@pytest.mark.parametrize("limit", [100, pytest.param(4_000, marks=pytest.mark.long)])
@pytest.mark.timeout(600)
def test_no_crash_loses_or_invents_or_is_refused(place: Path, monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    run = record(place, monkeypatch, limit=limit)
    assert len(run.crashes) > 150
    assert problems(run, place) == []


def test_a_seal_longer_than_a_sector_may_be_torn_too(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = record(place, monkeypatch, by="op:" + "m" * 200)
    assert problems(run, place) == []


MUTANTS = ["fdatasync", "directory", "early"]


def run_seal_with_room(place: Path, patch: pytest.MonkeyPatch, ignore: str = "") -> Run:
    """A seal that comes early, at a quarter of the segment: the rest of it is room that must go first."""
    data = place / "data"
    data.mkdir()
    acks: list[int] = []
    with patch.context() as patched:
        recorder = Recorder(data, 400, ignore=ignore).attach(patched)
        Books.create(data, SEGMENT_BYTES, GENESIS, "test").close()
        recorder.acknowledge(1)
        journal = Journal.open(data / "journal", SEGMENT_BYTES)
        stamp = Stamp(journal.newest.time_ms, "boot", 1, "test")
        for kind in ("started", "segment", "stopped", "started"):
            if kind == "segment":
                journal.seal(None, stamp)
            else:
                journal.append(journal.draft(kind, {}, stamp))
            acks.append(journal.seq)
            recorder.acknowledge(journal.seq)
        assert zeros_at_end(data) > 0
        journal.close()
        assert zeros_at_end(data) == 0
    return Run(recorder.crashes, [frame.line for frame in scan(data / "journal")], [1, *acks])


def zeros_at_end(data: Path) -> int:
    contents = [path.read_bytes() for path in (data / "journal").iterdir()]
    return sum(len(each) - len(each.rstrip(b"\0")) for each in contents)


def test_a_cut_while_room_is_made_or_taken_back_before_a_seal(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_seal_with_room(place, monkeypatch)
    ends = [content for crash in run.crashes for content in crash.tree.values() if content]
    assert any(each.endswith(b"\0" * 512) for each in ends)
    assert any(crash.tree.get("journal/seg-000000000003.jsonl") == b"" for crash in run.crashes)
    assert problems(run, place) == []


def test_a_seal_over_room_that_is_not_gone_for_good_is_found_out(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = problems(run_seal_with_room(place, monkeypatch, ignore="fsync"), place)
    assert any("does not end in a complete frame" in each for each in found)


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_store_that_promises_too_much_is_found_out(
    place: Path, monkeypatch: pytest.MonkeyPatch, mutant: str
) -> None:
    """No fdatasync; no fsync of the directory after a new file; an answer before the commit."""
    run = record(place, monkeypatch, limit=8, **({"early": True} if mutant == "early" else {"ignore": mutant}))
    assert len(problems(run, place)) > len(run.crashes) // 4


def test_a_crash_within_recovery_and_after_it_changes_nothing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every state that needed a cut, opened again under the recorder: its own writes may be torn as well."""
    run = record(place, monkeypatch, limit=12)
    seen = 0
    for number, crash in enumerate(run.crashes):
        data = place / f"first-{number}"
        write_tree(crash.tree, data)
        if not (data / "journal").exists():
            continue
        recorder = Recorder(data, limit=12)
        recorder.acked = crash.acked
        with monkeypatch.context() as patched:
            recorder.attach(patched)
            Books.open(data, SEGMENT_BYTES, "test").close()
            recorder.may_crash()
        if not any(frame.kind == "recovered" for frame in scan(data / "journal")):
            continue
        seen += 1
        again = Run(recorder.crashes, run.lines, run.acks)
        assert problems(again, place / f"second-{number}") == []
    assert seen > 10
