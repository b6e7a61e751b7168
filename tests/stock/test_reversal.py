"""A wrong entry is never changed: it is reversed once, by a linked counter-entry that a second person approves."""

from __future__ import annotations

import pytest

from kiosk.core.accounts import Account
from kiosk.core.movements import HAND_MOVEMENTS
from kiosk.core.stock import ENTRIES_KEPT
from kiosk.errors import Rejected, UsageError
from kiosk.stock import balances
from tests.stock.ledger import BY, SECOND, Ledger, stocked


def reverse(ledger: Ledger, entry: int | None = None, reason: str = "a slip") -> None:
    ledger.stock.reverse(BY, entry or len(ledger.frames), reason, **SECOND)


@pytest.mark.parametrize("name", HAND_MOVEMENTS)
def test_every_movement_by_hand_can_be_taken_back(name: str) -> None:
    ledger = stocked()
    before, causes = balances(ledger.view), ledger.view.select("causes")
    if name == "count":
        ledger.stock.count(BY, [["vault", "wni", 9]], reason="looked twice", **SECOND)
    else:
        ledger.move(name, 3)
    assert balances(ledger.view) != before
    entry = len(ledger.frames)
    reverse(ledger)
    assert (balances(ledger.view), ledger.view.select("causes")) == (before, causes)
    body = ledger.frames[-1].data
    assert (body["reverses"], body["approved"], body["reason"]) == (entry, "op:yosep", "a slip")
    assert ledger.stock.entries(BY)[0]["reversed"] == entry + 1


def test_once_and_never_a_reversal() -> None:
    ledger = stocked()
    ledger.move("release", 3)
    reverse(ledger)
    with pytest.raises(Rejected, match="was reversed by frame") as caught:
        reverse(ledger, len(ledger.frames) - 1)
    assert caught.value.reason == "not-reversible"
    with pytest.raises(Rejected, match="no entry"):
        reverse(ledger)


def test_not_when_the_blanks_have_moved_on() -> None:
    ledger = Ledger()
    ledger.move("receive", 10, document="B-1")
    ledger.move("release", 1)
    with pytest.raises(Rejected, match="vault holds 9 wni of lot B-1") as caught:
        reverse(ledger, 1)
    assert caught.value.reason == "insufficient-stock"
    reverse(ledger, 2)
    reverse(ledger, 1)
    assert balances(ledger.view) == {}


def test_a_receipt_that_was_reversed_may_be_booked_right() -> None:
    ledger = Ledger()
    ledger.move("receive", 100, document="B-1")
    ledger.move("receive", 7, document="B-2")
    reverse(ledger, 1)
    ledger.move("receive", 10, document="B-1")
    assert list(ledger.view.places("wni", Account.VAULT).items()) == [("B-2", 7), ("B-1", 10)]


def test_a_lot_whose_receipt_was_reversed_may_have_blanks_by_a_count() -> None:
    ledger = Ledger()
    ledger.move("receive", 1, document="B-1")
    ledger.stock.count(BY, [["vault", "wni", 2]], reason="one more", **SECOND)
    reverse(ledger, 1)
    assert balances(ledger.view) == {"wni": {"vault": 1, "count-adjustment": -1}}
    assert ledger.move("release", 1) == [["wni", "B-1", "vault", "shift", 1]]
    with pytest.raises(Rejected, match="book its receipt"):
        ledger.stock.count(BY, [["bench", "wni", 1]], reason="one more", **SECOND)


def test_it_needs_a_reason_and_another_person() -> None:
    ledger = stocked()
    with pytest.raises(UsageError, match="reason"):
        reverse(ledger, reason="  ")
    with pytest.raises(Rejected, match="approve"):
        ledger.stock.reverse(BY, len(ledger.frames), "a slip")
    with pytest.raises(Rejected, match="another person"):
        ledger.stock.reverse(BY, len(ledger.frames), "a slip", second="maria", pin="1")


@pytest.mark.parametrize(
    ("moves", "match"),
    [
        ([["wni", "BAST-1", "shift", "vault", 2]], "exactly the same"),
        ([["wni", "BAST-1", "vault", "shift", 3]], "exactly the same"),
        ([], "exactly the same"),
    ],
)
def test_a_frame_that_takes_back_something_else_is_refused(moves: list[list[str | int]], match: str) -> None:
    ledger = stocked()
    ledger.move("release", 3)
    body = {"reverses": len(ledger.frames), "reason": "x", "approved": "op:yosep"}
    with pytest.raises(Rejected, match=match):
        ledger.write("reverse", moves, **body)
    good: list[list[str | int]] = [["wni", "BAST-1", "shift", "vault", 3]]
    for missing in ("reason", "approved"):
        with pytest.raises(Rejected):
            ledger.write("reverse", good, **{name: value for name, value in body.items() if name != missing})
    ledger.write("reverse", good, **body)


def test_the_hopper_keeps_one_kind_of_blanks() -> None:
    ledger = stocked(5)
    ledger.move("unload", 5)
    entry = len(ledger.frames)
    ledger.move("receive", 5, "wna", document="W")
    ledger.move("release", 5, "wna")
    ledger.move("load", 5, "wna")
    with pytest.raises(Rejected, match="hopper holds wna"):
        reverse(ledger, entry)


def test_only_so_many_entries_are_kept_and_the_oldest_goes_first() -> None:
    ledger = Ledger()
    ledger.move("receive", 5, document="B-1")
    for _ in range(ENTRIES_KEPT // 2):
        ledger.move("release", 1)
        ledger.move("return", 1)
    listed = ledger.stock.entries(BY)
    assert [row["seq"] for row in listed] == list(range(ENTRIES_KEPT + 1, 1, -1))
    with pytest.raises(Rejected, match=f"no entry 1 among the last {ENTRIES_KEPT}"):
        reverse(ledger, 1)
    reverse(ledger, 2 + ENTRIES_KEPT // 2 * 2 - 1)
