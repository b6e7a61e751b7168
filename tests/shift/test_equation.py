"""The equation of a shift balances after any sequence of movements, and says where each blank came from and went."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.core.accounts import Account, Transfer
from kiosk.core.change import Change
from kiosk.core.frames import ZERO_HEAD, Frame, Stamp, make_frame
from kiosk.core.movements import TABLE
from kiosk.core.records import Sku
from kiosk.core.shift import (
    COMES_IN,
    COUNTED,
    GOES_OUT,
    HELD,
    OPENED,
    SHIFTS_KEPT,
    TERMS,
    ShiftError,
    Term,
    equation,
    follow,
    held_now,
    name_of,
    opened,
    rows,
)

PAIRS = sorted({pair for row in TABLE for pair in (*row.pairs, *((b, a) for a, b in row.pairs))})
"""Every movement of the table, and its counter-entry."""
MOVES = st.builds(
    lambda pair, sku, quantity: Transfer(sku, "BAST-1", *pair, quantity),
    st.sampled_from(PAIRS), st.sampled_from(list(Sku)), st.integers(1, 500),
)  # fmt: skip


class Tables:
    """As the view keeps them."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], Any] = {}

    def read(self, table: str, key: str) -> Any:
        return self.rows.get((table, key))

    def apply(self, changes: list[Change]) -> None:
        for change in changes:
            self.rows[change.table, change.key] = change.document


def frame(kind: str, **data: Any) -> Frame:
    return make_frame(1, kind, Stamp(1, "b", 1, "op:maria"), data, ZERO_HEAD)


def after(before: list[list[Transfer]], during: list[list[Transfer]]) -> Tables:
    """A shift opens after some frames with movements and sees others."""
    tables = Tables()
    for moves in before:
        tables.apply(follow(frame("stock"), moves, tables.read))
    opening = rows(held_now(tables.read))
    tables.apply(opened(frame(OPENED, shift="S0001", opening=opening), tables.read))
    for moves in during:
        tables.apply(follow(frame("stock"), moves, tables.read))
    return tables


@settings(max_examples=60)
@given(st.lists(st.lists(MOVES, max_size=3), max_size=10), st.lists(st.lists(MOVES, max_size=3), max_size=30))
def test_it_balances(before: list[list[Transfer]], during: list[list[Transfer]]) -> None:
    tables = after(before, during)
    shift, held = tables.read("shift", "open"), held_now(tables.read)
    found = equation(shift["opening"], shift["terms"], held)
    for sku in Sku:
        assert list(found[sku]) == ["opening", *Term, "closing"]
        assert all(found[sku][term] >= 0 for term in Term), "a term counts, it is never netted"
        crossed = [move for moves in during for move in moves if move.sku is sku]
        came = sum(move.quantity for move in crossed if move.target in HELD and move.source not in HELD)
        went = sum(move.quantity for move in crossed if move.source in HELD and move.target not in HELD)
        assert sum(found[sku][term] for term in COMES_IN) == came
        assert sum(found[sku][term] for term in GOES_OUT) == went
        assert found[sku]["closing"] == found[sku]["opening"] + came - went


def test_every_account_is_held_or_has_its_terms() -> None:
    assert set(TERMS) == set(Account) - set(HELD)
    assert {term for terms in TERMS.values() for term in terms} == set(Term)
    assert all(comes in COMES_IN and goes in GOES_OUT for comes, goes in TERMS.values())
    assert set(COUNTED) < set(HELD)


@pytest.mark.parametrize(
    ("source", "target", "term"),
    [
        ("vault", "shift", "received"),
        ("shift", "vault", "returned"),
        ("in-machine", "printed", "printed"),
        ("in-machine", "spoiled", "spoiled"),
        ("bench", "factory-defect", "factory-defect"),
        ("spoiled", "bench", "taken-back"),
        ("hopper", "count-adjustment", "missing"),
        ("count-adjustment", "hopper", "found"),
        ("in-machine", "count-adjustment", "missing"),
    ],
)
def test_what_crosses_is_counted_under_one_term(source: str, target: str, term: str) -> None:
    tables = after([], [[Transfer(Sku.WNA, "L", Account(source), Account(target), 7)]])
    shift = tables.read("shift", "open")
    assert {name: blanks for name, blanks in shift["terms"]["wna"].items() if blanks} == {term: 7}
    assert not any(shift["terms"]["wni"].values())


def test_what_stays_within_is_no_term() -> None:
    within = [Transfer(Sku.WNI, "L", a, b, 3) for a in HELD for b in HELD if a is not b]
    shift = after([], [within]).read("shift", "open")
    assert not any(blanks for row in shift["terms"].values() for blanks in row.values())


def test_a_blank_that_is_nowhere_breaks_it() -> None:
    tables = after([], [[Transfer(Sku.WNI, "L", Account.VAULT, Account.SHIFT, 10)]])
    shift, held = tables.read("shift", "open"), held_now(tables.read)
    held["wni"]["shift"] -= 1
    with pytest.raises(ShiftError, match="does not balance"):
        equation(shift["opening"], shift["terms"], held)


def test_names_run_on() -> None:
    assert [name_of(n) for n in (1, 9_999, 10_000)] == ["S0001", "S9999", "S10000"]
    assert SHIFTS_KEPT == 60
