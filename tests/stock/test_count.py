"""Blanks are counted place by place, blindly; a difference is booked with a reason and a second person."""

from __future__ import annotations

import re
from typing import Any

import pytest

from kiosk.core.accounts import Account
from kiosk.core.change import Change
from kiosk.errors import Rejected, UsageError
from kiosk.stock import balances
from tests.stock.ledger import BY, SECOND, Ledger, stocked


def count(ledger: Ledger, **places: int) -> dict[str, Any]:
    rows: list[list[str | int]] = [[place, "wni", blanks] for place, blanks in places.items()]
    return ledger.stock.count(BY, rows, document="SO-1", reason="recount", **SECOND)


def test_what_is_as_in_the_books_is_on_record_without_a_second_person() -> None:
    ledger = stocked(4)
    before = balances(ledger.view)
    assert ledger.stock.count(BY, [["vault", "wni", 4], ["vault", "wna", 0]]) == {"differences": [], "moves": []}
    assert ledger.frames[-1].data["counted"] == [["vault", "wni", 4, 4], ["vault", "wna", 0, 0]]
    assert balances(ledger.view) == before


def test_a_difference_is_refused_blindly_without_reason_or_second() -> None:
    ledger = stocked(41)
    for said in ({}, {"reason": "x"}, {**SECOND}):
        with pytest.raises(Rejected, match="vault of wni: not as in the books") as caught:
            ledger.stock.count(BY, [["vault", "wni", 40], ["bench", "wni", 41]], **said)
        assert caught.value.reason == "count-differs"
        assert not re.search(r"\d", str(caught.value))
    with pytest.raises(Rejected, match="another person"):
        ledger.stock.count(BY, [["vault", "wni", 40]], reason="x", second="maria", pin="1")


def test_missing_blanks_leave_the_oldest_lots_and_come_back_to_them() -> None:
    ledger = Ledger()
    for name in ("B-9", "B-10"):
        ledger.move("receive", 5, document=name)
    assert count(ledger, vault=3)["differences"] == [["vault", "wni", -7]]
    assert ledger.view.places("wni", Account.VAULT) == {"B-10": 3}
    found = count(ledger, vault=9)
    assert found["moves"] == [
        ["wni", "B-9", "count-adjustment", "vault", 5],
        ["wni", "B-10", "count-adjustment", "vault", 1],
    ]


def test_what_lies_in_another_place_than_booked_is_the_same_lot() -> None:
    ledger = stocked(4)
    ledger.move("receive", 9, document="NEW")
    ledger.move("release", 13)
    ledger.move("return", 4)
    found = count(ledger, shift=ledger.held(Account.SHIFT) + 2, vault=ledger.held(Account.VAULT) - 2)
    assert {move[1] for move in found["moves"]} == {"BAST-1"}
    assert ledger.held(Account.COUNT_ADJUSTMENT) == 0


def test_more_than_ever_were_there_are_of_the_newest_lot() -> None:
    ledger = stocked(4)
    ledger.move("receive", 9, document="NEW")
    assert count(ledger, vault=14)["moves"] == [["wni", "NEW", "count-adjustment", "vault", 1]]
    assert count(ledger, bench=5)["moves"] == [["wni", "BAST-1", "count-adjustment", "bench", 1]]
    assert ledger.held(Account.COUNT_ADJUSTMENT) == -2
    with pytest.raises(Rejected, match="no wna blank was ever received"):
        ledger.stock.count(BY, [["vault", "wna", 1]], reason="x", **SECOND)


def test_the_hopper_is_not_counted_while_a_blank_is_on_its_way() -> None:
    ledger = stocked(4)
    card = {"sku": "wni", "card": {"done": [], "lot": "BAST-1"}}
    ledger.view.apply(len(ledger.frames), [Change("jobs", "j", card)])
    with pytest.raises(Rejected, match="count the hopper when it is finished"):
        count(ledger, hopper=3)
    with pytest.raises(Rejected, match="1 blanks too few"):
        ledger.move("unload", 4)
    ledger.move("unload", 3)


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [["vault", "wni", 1], ["vault", "wni", 2]],
        [["vault", "wni", -1]],
        [["vault", "wni", True]],
        [["vault", "wni", 10**7]],
        [["vault", "blue", 1]],
        [["printed", "wni", 1]],
        [["in-machine", "wni", 1]],
        [["vault", "wni"]],
        ["vault"],
        [[["vault"], "wni", 1]],
    ],
)
def test_what_is_no_count_is_refused(rows: Any) -> None:
    ledger = stocked(4)
    before = len(ledger.frames)
    with pytest.raises(UsageError):
        ledger.stock.count(BY, rows, reason="x", **SECOND)
    assert len(ledger.frames) == before
