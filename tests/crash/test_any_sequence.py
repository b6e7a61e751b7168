"""Any order of stock movements, card lives, seals and crashes keeps what the books promise."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from kiosk.books import Books
from kiosk.core import accounts, projection
from kiosk.core.change import Change
from kiosk.core.frames import Frame
from kiosk.errors import Rejected
from kiosk.journal import scan
from kiosk.journal.once import Once
from tests.crash.events import GENESIS, LOT, Event, card, faults, opening, records, stock

SEGMENT_BYTES = 3_000
LOTS = [LOT, "BAST-2/2018"]
MOVES = [
    ("receive", "supplier", "vault"), ("release", "vault", "shift"), ("load", "shift", "hopper"),
    ("unload", "hopper", "shift"), ("return", "shift", "vault"), ("adjust", "hopper", "count-adjustment"),
]  # fmt: skip


class Station(RuleBasedStateMachine):
    """Books on a real directory. `acked`: the frames that somebody relies on."""

    def __init__(self) -> None:
        super().__init__()
        memory = Path("/dev/shm")
        self.data = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))
        self.acked: list[Frame] = []
        self.cards: dict[int, list[Event]] = {}
        self.chips: dict[str, int] = {}
        self.records = 0

    @initialize()
    def begin(self) -> None:
        self.books = Books.create(self.data, SEGMENT_BYTES, GENESIS, "test")
        self.acked = list(scan(self.data / "journal"))
        for event in [*opening(6), records(range(1, 4))]:
            self._commit(event)
        self.records = 3

    def _commit(self, event: Event) -> bool:
        """False if it is not possible now; then nothing at all may have changed."""
        seq, before = self.books.seq, self._digest()
        try:
            frame = self.books.commit(*event, "test")
        except Rejected:
            # A full segment is sealed before the event is looked at.
            assert self.books.seq == seq or self._last_kind() == "segment"
            assert self.books.seq != seq or self._digest() == before
            return False
        self.acked += scan(self.data / "journal", len(self.acked))
        assert self.acked[-1].line == frame.line
        return True

    def _digest(self) -> str:
        with self.books.transaction() as view:
            return view.digest

    def _last_kind(self) -> str:
        return list(scan(self.data / "journal"))[-1].kind

    @rule(move=st.sampled_from(MOVES), lot=st.sampled_from(LOTS), count=st.integers(0, 4))
    def move(self, move: tuple[str, str, str], lot: str, count: int) -> None:
        self._commit(stock(*move, count, lot, lot))

    @rule(count=st.integers(1, 12))
    def take_in(self, count: int) -> None:
        assert self._commit(records(range(self.records + 1, self.records + count + 1)))
        self.records += count

    @precondition(lambda self: self.records > len(self.cards))
    @rule(chip=st.integers(1, 3))
    def begin_card(self, chip: int) -> None:
        """Few chips for many cards: some lie in the machine a second time."""
        number = len(self.cards) + 1
        self.cards[number] = card(number, chip)[::-1]

    @precondition(lambda self: any(self.cards.values()))
    @rule(data=st.data(), steps=st.integers(1, 9))
    def go_on(self, data: st.DataObject, steps: int) -> None:
        """A card goes on as far as it can: not without a blank, nor with a chip that another card has."""
        number = data.draw(st.sampled_from([number for number, life in self.cards.items() if life]))
        left = self.cards[number]
        for _ in range(min(steps, len(left))):
            kind, body = left[-1]
            accepted = self._commit((kind, body))
            if body.get("intent", {}).get("step") == "encode":
                assert accepted == (self.chips.setdefault(body["outcome"]["uid"], number) == number), "accepted"
            if not accepted:
                break
            left.pop()

    @rule(torn=st.integers(0, 200))
    def crash(self, torn: int) -> None:
        """The process is gone; of the frame that it was writing `torn` bytes are there."""
        self.books.close()
        live = max((self.data / "journal").iterdir())
        with live.open("ab") as file:
            file.write(self.acked[-1].line[:torn])
        self._reopen()

    @rule()
    def lose_the_view(self) -> None:
        """The snapshot is only a copy."""
        before = self._digest()
        self.books.close()
        (self.data / "snapshot.json").unlink(missing_ok=True)
        self._reopen()
        assert self._digest() == before

    def _reopen(self) -> None:
        self.books = Books.open(self.data, SEGMENT_BYTES, "test")
        frames = list(scan(self.data / "journal"))
        assert frames[: len(self.acked)] == self.acked
        assert {frame.kind for frame in frames[len(self.acked) :]} <= {"recovered", "segment"}
        self.acked = frames

    @invariant()
    def books_balance(self) -> None:
        if self.acked:
            assert faults(self.data, self.books) == []

    def teardown(self) -> None:
        if self.acked:
            self.books.close()
        shutil.rmtree(self.data)


def play(examples: int, *phases: Phase) -> None:
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large]
    run_state_machine_as_test(
        Station,
        settings=settings(
            max_examples=examples,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=slow,
            database=None,
            phases=phases or (Phase.generate, Phase.shrink),
        ),
    )


@pytest.mark.parametrize("examples", [20, pytest.param(400, marks=pytest.mark.long)])
@pytest.mark.timeout(1800)
def test_any_sequence(examples: int) -> None:
    play(examples)


WRONG = {"negative": "holds -", "chip": "accepted", "forgotten": "accepted", "view": "not what a replay gives"}


def forgetful(commit: Callable[..., Frame]) -> Callable[..., Frame]:
    """The running view loses its balances at each commit, the journal keeps them."""

    def run(books: Books, kind: str, data: dict[str, Any], by: str) -> Frame:
        frame = commit(books, kind, data, by)
        with books.transaction() as view:
            keys = [f"{row['sku']}/{row['account']}/{row['lot']}" for row in view.rows("balances")]
            view.apply(frame.seq, [Change("balances", key, None) for key in keys])
        return frame

    return run


@pytest.mark.parametrize("mutant", ["negative", "chip", "view", pytest.param("forgotten", marks=pytest.mark.long)])
def test_books_that_keep_less_are_found_out(monkeypatch: pytest.MonkeyPatch, mutant: str) -> None:
    """Accounts may fall below zero; a chip may be written twice, at once or once the view forgot it; a commit is not
    applied to the view."""
    if mutant == "negative":
        monkeypatch.setattr(accounts, "OUTSIDE", frozenset(accounts.Account))
    elif mutant == "chip":
        monkeypatch.setattr(projection, "_consume_chip", lambda frame, job, read: Change("chips", job["id"], {}))
        monkeypatch.setattr(Once, "must_be_new", lambda once, frame, read: None)
    elif mutant == "forgotten":
        monkeypatch.setattr(Once, "must_be_new", lambda once, frame, read: None)
    else:
        monkeypatch.setattr(Books, "commit", forgetful(Books.commit))
    with pytest.raises(AssertionError, match=WRONG[mutant]):
        play(300, Phase.generate)
