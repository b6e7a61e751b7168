"""Two offices book one loan: paired by its paper, compared by SKU, whichever comes first."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.hub.lending import OPEN_DAYS, Entry, Loan, pair
from tests.hub.loans import NOW, out, taken

A, B, C, D = "alor-01", "belu-01", "ende-01", "sikka-01"

CASES: dict[str, tuple[list[Entry], list[tuple[str, str, tuple[str, ...]]]]] = {
    "agreed": ([out(A, B), taken(B, A)], [(A, B, ())]),
    "written by hand": ([out(A, " Belu-01 "), taken(B, "ALOR-01", document="ba - 1")], [(A, B, ())]),
    "fewer came": ([out(A, B), taken(B, A, 190)], [(A, B, ("loan-quantity",))]),
    "another sku": ([out(A, B), taken(B, A, sku="wna")], [(A, B, ("loan-sku",))]),
    "one sku is missing": (
        [out(A, B), out(A, B, 10, "wna"), taken(B, A, 150)], [(A, B, ("loan-quantity", "loan-sku"))]
    ),
    "in two boxes": ([out(A, B, 120), out(A, B, 80), taken(B, A)], [(A, B, ())]),
    "an office nobody knows": ([out(A, "kantor Atambua"), taken(B, A)], [(A, B, ("loan-partner",))]),
    "neither names the other": ([out(A, C), taken(B, D)], [(A, B, ("loan-partner",))]),
    "not yet there": ([out(A, B)], [(A, B, ())]),
    "nothing was lent yet": ([taken(B, A)], [(A, B, ())]),
    "open for long": ([out(A, B, day=99 - OPEN_DAYS)], [(A, B, ("loan-open",))]),
    "open, to nobody": ([out(A, "", day=1)], [(A, "", ("loan-open",))]),
    "on the last day": ([out(A, B, day=100 - OPEN_DAYS)], [(A, B, ())]),
    "two papers of one number": (
        [out(A, B), out(C, D, 50), taken(D, C, 50), taken(B, A)], [(A, B, ()), (C, D, ())]
    ),
    "one of two is named": (
        [out(A, "?"), out(C, "?", 50), taken(D, C, 50), taken(B, A)],
        [(A, B, ("loan-partner",)), (C, D, ("loan-partner",))],
    ),
    "which of two can't be known": (
        [out(A, "?"), out(C, "?"), taken(B, "?")], [(A, "?", ()), (C, "?", ()), ("?", B, ())]
    ),
    "there and back on one paper": ([out(A, B), taken(B, A), out(B, A), taken(A, B)], [(A, B, ()), (B, A, ())]),
    "lent to oneself": ([out(A, A), taken(A, A)], [(A, A, ()), (A, A, ())]),
    "other papers": ([out(A, B), taken(B, A, document="BA-2")], [(A, B, ()), (A, B, ())]),
}  # fmt: skip


def told(loans: list[Loan]) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(*loan.stations, tuple(map(str, loan.faults(NOW)))) for loan in loans]


@pytest.mark.parametrize("case", CASES)
def test_pairs(case: str) -> None:
    entries, wanted = CASES[case]
    assert sorted(told(pair(entries))) == sorted(wanted)


entries = st.lists(
    st.builds(
        Entry, station=st.sampled_from([A, B, C]), lent=st.booleans(), document=st.sampled_from(["1", "2", " 1"]),
        office=st.sampled_from([A, B, C, "?", A.upper()]), sku=st.sampled_from(["wni", "wna"]),
        quantity=st.integers(1, 500), at_ms=st.integers(0, NOW),
    ),
    max_size=9,
)  # fmt: skip


@given(entries, st.randoms())
def test_the_order_of_arrival_does_not_matter(booked: list[Entry], random: object) -> None:
    shuffled = list(booked)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert pair(shuffled) == pair(booked)


@given(entries)
def test_nothing_is_lost_or_counted_twice(booked: list[Entry]) -> None:
    loans = pair(booked)
    for lent in (True, False):
        sides = [side for loan in loans if (side := loan.lent if lent else loan.taken)]
        found = Counter({(side.station, sku): 0 for side in sides for sku in side.blanks})
        for side in sides:
            found.update({(side.station, sku): n for sku, n in side.blanks.items()})
        wanted: Counter[tuple[str, str]] = Counter()
        for entry in booked:
            if entry.lent is lent:
                wanted[entry.station, entry.sku] += entry.quantity
        assert found == wanted
    assert all(loan.is_open or loan.lent.station != loan.taken.station for loan in loans if loan.lent and loan.taken)
