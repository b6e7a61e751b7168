"""Withdrawn old cards are no blanks: a register that hand-overs fill and destructions empty."""

from __future__ import annotations

from typing import Any

import pytest

from kiosk.core.change import Change
from kiosk.core.collection import OLD_CARDS
from kiosk.errors import Rejected, UsageError
from kiosk.stock import balances, old_cards
from tests.stock.ledger import BY, SECOND, Ledger, stocked

SAID = {"document": "BA-9", "witnesses": "Satpol PP", "method": "burned"}


@pytest.fixture
def ledger() -> Ledger:
    """Five old cards were taken."""
    made = stocked(4)
    made.view.apply(len(made.frames), [Change("tally", OLD_CARDS, {"count": 5})])
    return made


def test_what_is_destroyed_leaves_the_register_and_no_account(ledger: Ledger) -> None:
    before = balances(ledger.view)
    assert ledger.stock.destroy_old_cards(BY, 3, **SAID, **SECOND) == 2
    assert (old_cards(ledger.view), balances(ledger.view)) == (2, before)
    with pytest.raises(Rejected, match="2 old cards were taken"):
        ledger.stock.destroy_old_cards(BY, 3, **SAID, **SECOND)
    assert ledger.stock.destroy_old_cards(BY, 2, **SAID, **SECOND) == 0


@pytest.mark.parametrize("missing", SAID)
def test_it_is_asked_for_like_the_destruction_of_blanks(ledger: Ledger, missing: str) -> None:
    with pytest.raises(UsageError, match=missing):
        ledger.stock.destroy_old_cards(BY, 1, **{**SAID, missing: ""}, **SECOND)
    with pytest.raises(Rejected, match="approve"):
        ledger.stock.destroy_old_cards(BY, 1, **SAID)


@pytest.mark.parametrize(
    "change",
    [
        {"old_cards": 0},
        {"old_cards": True},
        {"old_cards": 6},
        {"witnesses": ""},
        {"approved": "op:maria"},
        {"moves": [["wni", "BAST-1", "spoiled", "destroyed", 1]]},
    ],
)
def test_a_frame_says_all_of_it_or_is_refused(ledger: Ledger, change: dict[str, Any]) -> None:
    body = {**SAID, "old_cards": 5, "approved": "op:yosep", "moves": []}
    with pytest.raises(Rejected):
        ledger.write("destroy-old-cards", **{**body, **change})
    ledger.write("destroy-old-cards", **body)
    with pytest.raises(Rejected, match="no entry"):
        ledger.stock.reverse(BY, len(ledger.frames), "x", **SECOND)
