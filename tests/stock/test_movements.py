"""Each row of the table of movements: what it books, what it asks for, and that nothing beside it is ever booked."""

from __future__ import annotations

from collections import Counter
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docs.verify_journal import book
from kiosk.core.accounts import OUTSIDE, Account, LedgerError, Transfer
from kiosk.core.change import ProjectionError
from kiosk.core.movements import (
    BY_HAND,
    COUNT,
    COUNTABLE,
    HAND_MOVEMENTS,
    MOVEMENTS,
    TABLE,
    MovementError,
    check_card_moves,
    check_second,
)
from kiosk.core.records import Sku
from kiosk.errors import Rejected, UsageError
from kiosk.stock import balances
from kiosk.views import View
from tests.stock.ledger import BY, SECOND, Ledger, complete, stocked

ROWS = [name for name in HAND_MOVEMENTS if name != COUNT]
SOURCES = [(name, source) for name in ROWS for source in HAND_MOVEMENTS[name].sources]
PAIRS = list(permutations(Account, 2))


@pytest.mark.parametrize(("name", "source"), SOURCES)
def test_a_movement_takes_from_its_source_and_gives_to_its_target(name: str, source: Account) -> None:
    ledger, row = stocked(), HAND_MOVEMENTS[name]
    before = balances(ledger.view)["wni"]
    moves = ledger.move(name, 7, source=source.value)
    lot = "PAPER-1" if row.makes_lot else "BAST-1"
    assert moves == [["wni", lot, source.value, row.target.value, 7]]
    moved = Counter(balances(ledger.view)["wni"])
    moved.subtract(before)
    assert {account: n for account, n in moved.items() if n} == {source: -7, row.target: 7}
    entry = ledger.stock.entries(BY)[0]
    assert (entry["movement"], entry["moves"], entry["by"], entry["reversed"]) == (name, moves, BY, None)


@pytest.mark.parametrize("name", ROWS)
def test_a_movement_is_refused_without_each_thing_that_it_asks_for(name: str) -> None:
    ledger, row = stocked(), HAND_MOVEMENTS[name]
    before = len(ledger.frames)
    asked = ["document"] * bool(row.paper) + ["cause"] * bool(row.causes) + ["source"] * (len(row.sources) > 1)
    for missing in [*asked, *row.needs]:
        with pytest.raises(UsageError, match=missing):
            ledger.move(name, **{missing: ""})
    if row.second:
        with pytest.raises(Rejected, match="approve"):
            ledger.move(name, second="")
    with pytest.raises(UsageError, match="takes no colour"):
        ledger.move(name, colour="blue")
    assert len(ledger.frames) == before


@pytest.mark.parametrize("name", ROWS)
def test_what_the_verbs_refuse_is_refused_in_a_frame_as_well(name: str) -> None:
    """Whoever writes the frame: the table holds at every replay."""
    ledger, row = stocked(), HAND_MOVEMENTS[name]
    said = {key: value for key, value in complete(row, {}).items() if key not in (*SECOND, "source")}
    approved = {"approved": "op:yosep"} if row.second else {}
    good: list[list[Any]] = [["wni", "BAST-1", row.sources[0].value, row.target.value, 1]]
    for missing in [*(["approved"] if row.second else []), *(key for key in said if key != "document" or row.paper)]:
        with pytest.raises(Rejected):
            ledger.write(name, good, **{key: v for key, v in (said | approved).items() if key != missing})
    if row.second:
        with pytest.raises(Rejected, match="another person"):
            ledger.write(name, good, **said, approved="cli:maria")
    with pytest.raises(Rejected, match="nothing is moved"):
        ledger.write(name, [], **said, **approved)
    for source, target in PAIRS:
        if (source, target) not in row.pairs:
            with pytest.raises(Rejected, match="never moves a blank"):
                ledger.write(name, [["wni", "BAST-1", source.value, target.value, 1]], **said, **approved)
    ledger.write(name, good, **said, **approved)


def test_an_unknown_movement_is_not_skipped() -> None:
    with pytest.raises(Rejected, match="upgrade first"):
        stocked().write("juggle", [["wni", "BAST-1", "vault", "shift", 1]])


@pytest.mark.parametrize("name", sorted(set(MOVEMENTS) - set(HAND_MOVEMENTS)))
def test_a_card_moves_only_as_its_kind_of_frame_allows(name: str) -> None:
    row = MOVEMENTS[name]
    for kind in row.kinds:
        allowed = {pair for other in TABLE if kind in other.kinds for pair in other.pairs}
        assert row.pairs <= allowed
        for source, target in PAIRS:
            transfer = Transfer(Sku.WNI, "L", source, target)
            if (source, target) in allowed:
                check_card_moves(kind, [transfer])
            else:
                with pytest.raises(MovementError):
                    check_card_moves(kind, [transfer])


@pytest.mark.parametrize("kind", ["records", "started", "job-created", "call-back"])
def test_most_frames_move_nothing(kind: str) -> None:
    with pytest.raises(MovementError):
        check_card_moves(kind, [Transfer(Sku.WNI, "L", Account.VAULT, Account.SHIFT)])


def test_the_shape_of_the_table() -> None:
    """What leaves the office for good, or is declared gone, has a second person; nothing is booked from nowhere."""
    by_hand = HAND_MOVEMENTS.values()
    gone = {Account.OTHER_OFFICE, Account.RETURNED, Account.DESTROYED, Account.COUNT_ADJUSTMENT}
    assert {row.name for row in by_hand if row.target in gone} == {row.name for row in by_hand if row.second}
    assert all(row.paper for row in by_hand if OUTSIDE & {*row.sources, row.target} and row.name != COUNT)
    assert {row.name for row in by_hand if row.makes_lot} == {
        row.name for row in by_hand if OUTSIDE & set(row.sources)
    }  # fmt: skip
    ends = {Account.SUPPLIER, Account.ISSUED, Account.DESTROYED, Account.RETURNED, Account.OTHER_OFFICE}
    for account in set(Account) - ends:
        assert any(account in row.sources or (row.both_ways and account is row.target) for row in TABLE), account
    assert all(row.reversible is (BY_HAND in row.kinds) for row in TABLE)


@pytest.mark.parametrize("approved", [None, "", "op:maria", "cli:maria", 5])
def test_nobody_approves_their_own(approved: object) -> None:
    with pytest.raises(MovementError):
        check_second("destroy", BY, approved)
    check_second("destroy", BY, "op:yosep")


# Lots.


def test_lots_are_drawn_by_the_age_of_their_receipt_not_by_name() -> None:
    ledger = Ledger()
    for number in (9, 10, 2):
        ledger.move("receive", 5, document=f"BAST-{number}")
    assert [move[1] for move in ledger.move("release", 12)] == ["BAST-9", "BAST-10", "BAST-2"]
    assert [move[1] for move in ledger.move("return", 6)] == ["BAST-9", "BAST-10"]
    assert list(ledger.view.places(Sku.WNI, Account.VAULT)) == ["BAST-9", "BAST-10", "BAST-2"]


def test_a_borrowed_lot_has_its_own_paper_and_age() -> None:
    ledger = Ledger()
    ledger.move("receive", 5, document="Z")
    ledger.move("loan-in", 5, document="A")
    assert ledger.held(Account.OTHER_OFFICE) == -5
    assert [move[1] for move in ledger.move("release", 7)] == ["Z", "A"]
    with pytest.raises(Rejected, match="received already"):
        ledger.move("receive", 5, document="A")
    ledger.move("return", 7)
    ledger.move("loan-out", 5, document="B")
    assert ledger.held(Account.OTHER_OFFICE) == 0


def test_what_is_not_there_is_one_clear_refusal() -> None:
    ledger = stocked(5)
    with pytest.raises(Rejected, match="bench of wni: 2 blanks too few") as caught:
        ledger.move("put-back", 7)
    assert caught.value.reason == "insufficient-stock"
    with pytest.raises(Rejected, match="bench of wna: 1 blanks too few"):
        ledger.move("put-back", 1, sku="wna")


def test_a_cause_counts_every_lot_of_its_movement() -> None:
    ledger = Ledger()
    for name in ("A", "B"):
        ledger.move("receive", 3, document=name)
    ledger.move("spoil", 5, source="vault", cause="damaged")
    assert ledger.view.get("causes", "wni/spoiled/damaged") == {
        "sku": "wni", "account": "spoiled", "cause": "damaged", "quantity": 5,
    }  # fmt: skip


# Any sequence.

quantity = st.integers(1, 40)
sku = st.sampled_from(["wni", "wna"])
moving = st.tuples(st.sampled_from(ROWS), sku, quantity, st.integers(0, 4), st.integers(1, 6))
counted = st.tuples(st.sampled_from(COUNTABLE), sku, st.integers(0, 60))
counting = st.tuples(st.just(COUNT), st.lists(counted, min_size=1, max_size=3, unique_by=lambda row: row[:2]))
reversing = st.tuples(st.just("reverse"), st.integers(0, 12))


def attempt(ledger: Ledger, asked: tuple[Any, ...]) -> None:
    match asked:
        case ("count", rows):
            found = [[place.value, kind, blanks] for place, kind, blanks in rows]
            ledger.stock.count(BY, found, reason="counted", **SECOND)
        case ("reverse", back):
            listed = ledger.stock.entries(BY)
            ledger.stock.reverse(BY, listed[back % len(listed)]["seq"] if listed else 1, "wrong", **SECOND)
        case (name, kind, blanks, place, paper):
            row = HAND_MOVEMENTS[name]
            source = row.sources[place % len(row.sources)].value
            ledger.move(name, blanks, kind, source=source, document=f"P-{paper}")


@given(st.lists(st.one_of(moving, moving, counting, reversing), max_size=40))
def test_the_books_add_up_after_any_sequence(asked: list[tuple[Any, ...]]) -> None:
    """Per SKU and lot debits equal credits, nothing inside is below zero, and a replay makes the same state.

    The verifier of the journal, which was written from its page alone, keeps the same balances.
    """
    ledger = stocked(20)
    for one in asked:
        try:
            attempt(ledger, one)
        except Rejected:
            continue
    sums: Counter[tuple[str, str]] = Counter()
    for row in ledger.view.rows("balances"):
        sums[row["sku"], row["lot"]] += row["quantity"]
        assert row["quantity"] > 0 or row["account"] in OUTSIDE
    assert set(sums.values()) <= {0}
    places: Counter[tuple[str, str, str]] = Counter()
    for frame in ledger.frames:
        book(places, frame.data["moves"])
    held = {(row["sku"], row["lot"], row["account"]): row["quantity"] for row in ledger.view.rows("balances")}
    assert {place: blanks for place, blanks in places.items() if blanks} == held
    assert replayed(ledger).dump() == ledger.view.dump()


def replayed(ledger: Ledger) -> View:
    again = Ledger()
    for frame in ledger.frames:
        again.commit(frame.kind, frame.data, frame.stamp.by)
    return again.view


def test_random_sequences_do_reach_every_movement() -> None:
    """Negative control of the one above: what it asks for is mostly possible."""
    ledger = stocked(20)
    for name in ROWS:
        attempt(ledger, (name, "wni", 1, 0, 3 if name == "receive" else 4))
    attempt(ledger, (COUNT, [(Account.VAULT, "wni", 1)]))
    attempt(ledger, ("reverse", 0))
    assert {frame.data["movement"] for frame in ledger.frames} == {*HAND_MOVEMENTS, "reverse"}


def test_errors_of_the_table_are_errors_of_the_projection() -> None:
    assert issubclass(MovementError, ProjectionError)
    assert not issubclass(LedgerError, ProjectionError)
