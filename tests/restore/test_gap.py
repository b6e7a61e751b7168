"""The rules of the gap by themselves: from what is held and counted to movements; whether a card may be missing."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.core.accounts import Account, Place, Transfer, post
from kiosk.core.gap import ENDS, SOURCES, GapError, booked, unsettled
from kiosk.core.movements import check_card_moves
from kiosk.core.records import Sku

WNI, WNA = Sku.WNI, Sku.WNA
HOPPER, SHIFT, MACHINE = Account.HOPPER, Account.SHIFT, Account.IN_MACHINE
GAP = {"fed": 10, "printer": "K1"}


def said(**more: Any) -> dict[str, Any]:
    return {"fed": None, "printer": None, "put_back": 0, "unexplained": {}, **more}


def test_a_card_takes_the_blank_that_is_gone_from_the_machine_first() -> None:
    held = {(WNI, MACHINE): {"A": 1}, (WNI, HOPPER): {"A": 1, "B": 4}}
    moves = booked(held, {(WNI, HOPPER): 3}, [(WNI, Account.PRINTED), (WNI, Account.PRINTED), (WNI, Account.SPOILED)])
    assert moves == [
        Transfer(WNI, "A", MACHINE, Account.PRINTED), Transfer(WNI, "A", HOPPER, Account.PRINTED),
        Transfer(WNI, "B", HOPPER, Account.SPOILED),
    ]  # fmt: skip
    assert unsettled(moves, GAP, said()) == ""


def test_what_changed_its_place_is_no_card() -> None:
    moves = booked({(WNI, SHIFT): {"A": 5}, (WNI, HOPPER): {"A": 1}}, {(WNI, SHIFT): 2, (WNI, HOPPER): 4}, [])
    assert moves == [
        Transfer(WNI, "A", SHIFT, Account.COUNT_ADJUSTMENT, 3),
        Transfer(WNI, "A", Account.COUNT_ADJUSTMENT, HOPPER, 3),
    ]  # fmt: skip
    assert unsettled(moves, GAP, said()) == ""


def test_a_blank_of_one_kind_is_no_card_of_the_other() -> None:
    held = {(WNI, HOPPER): {"A": 1}, (WNA, SHIFT): {"B": 1}}
    with pytest.raises(GapError, match="more wna cards than blanks are gone"):
        booked(held, {(WNI, HOPPER): 0, (WNA, SHIFT): 1}, [(WNA, Account.PRINTED)])
    moves = booked(held, {(WNI, HOPPER): 0, (WNA, SHIFT): 1}, [])
    assert unsettled(moves, GAP, said()) == "1 wni blanks are gone, and no card was found for them"
    assert "1 wni" in unsettled(moves, GAP, said(unexplained={"wna": 1}))
    assert unsettled(moves, GAP, said(unexplained={"wni": 1})) == ""
    assert "more than there can be" in unsettled(moves, GAP, said(unexplained={"wni": 2}))


@pytest.mark.parametrize(
    ("fed", "printer", "put_back", "settled"),
    [(12, "K1", 0, True), (13, "K1", 0, False), (13, "K1", 1, True), (11, "K1", 0, True), (99, "K2", 0, True),
     (None, None, 0, True)],
)  # fmt: skip
def test_the_counter_of_the_same_printer_counts_no_more(
    fed: int | None, printer: str | None, put_back: int, settled: bool
) -> None:
    """Fewer is no contradiction: a printer may forget its last counts when the power goes."""
    moves = [Transfer(WNI, "A", HOPPER, Account.PRINTED, 2), Transfer(WNI, "A", MACHINE, Account.SPOILED)]
    assert (unsettled(moves, GAP, said(fed=fed, printer=printer, put_back=put_back)) == "") is settled


piles = st.dictionaries(
    st.tuples(st.sampled_from(list(Sku)), st.sampled_from(SOURCES)),
    st.dictionaries(st.sampled_from(["A", "B"]), st.integers(1, 6), min_size=1),
)
ends = st.lists(st.tuples(st.sampled_from(list(Sku)), st.sampled_from(ENDS)), max_size=6)


@given(piles, st.data(), ends)
def test_books_are_what_was_counted_and_each_end_got_its_card(held: Any, data: st.DataObject, wanted: Any) -> None:
    counted = {pile: data.draw(st.integers(0, 8)) for pile in held if pile[1] is not MACHINE}
    try:
        moves = booked(held, counted, wanted)
    except GapError:
        return
    check_card_moves("gap-closed", moves)
    before = Counter({Place(sku, lot, at): n for (sku, at), lots in held.items() for lot, n in lots.items()})
    after = before | Counter()
    after.update({place: quantity - before[place] for place, quantity in post(before.__getitem__, moves).items()})
    for (sku, at), _ in held.items():
        assert sum(n for place, n in after.items() if (place.sku, place.account) == (sku, at)) == counted.get(
            (sku, at), 0
        )
    got = Counter((move.sku, move.target) for move in moves if move.target in ENDS for _ in range(move.quantity))
    assert got == Counter(wanted)
