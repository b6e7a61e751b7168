"""Which first card may be replaced, for which reason, and what becomes of it: the whole table."""

from itertools import product

import pytest

from kiosk.core.reprint import BOOKINGS, ReprintReason, body, fitting_reasons

STATES = ("waiting", "in-job", "printed", "issued", "card-missing", "unprintable")
CARD = {"job": "a", "ref": "b", "sku": "wni", "lot": "L"}

EXPECTED = {
    ("printed", "misprint"): ("printed", "spoiled", "misprint", False),
    ("printed", "damaged-at-hand-over"): ("printed", "spoiled", "damaged", False),
    ("printed", "lost-before-hand-over"): ("printed", "count-adjustment", "card-missing", True),
    ("printed", "wrong-data"): ("printed", "spoiled", "wrong-data", False),
    ("issued", "wrong-data"): ("issued", "spoiled", "wrong-data", False),
    ("issued", "misprint"): ("issued", "spoiled", "misprint", False),
    ("issued", "damaged-at-hand-over"): ("issued", "spoiled", "damaged", False),
    ("card-missing", "lost-before-hand-over"): (None, "count-adjustment", "card-missing", True),
}


@pytest.mark.parametrize(("state", "reason"), list(product(STATES, ReprintReason)))
def test_every_state_and_reason(state: str, reason: ReprintReason) -> None:
    expected = EXPECTED.get((state, reason.value))
    assert (reason in fitting_reasons(state)) == (expected is not None)
    if expected is None:
        with pytest.raises(KeyError):
            body(CARD, state, reason)
        return
    source, target, cause, supervised = expected
    assert BOOKINGS[state, reason].supervised == supervised
    moves = {"moves": [["wni", "L", source, target, 1]], "cause": cause}
    assert body(CARD, state, reason) == (moves if source else {})


def test_only_a_card_that_nobody_holds_needs_a_second_person() -> None:
    assert {reason for (_, reason), booking in BOOKINGS.items() if booking.supervised} == {ReprintReason.LOST}


def test_every_card_that_is_booked_leaves_the_accounts_of_good_cards() -> None:
    assert not {booking.target for booking in BOOKINGS.values()} & {"printed", "issued", "hopper", "vault", "shift"}
