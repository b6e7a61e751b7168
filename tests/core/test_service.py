"""The share served within a day, on weeks with holes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.core.within_a_day import share_within_a_day, within_a_day

FRIDAY, MONDAY, TUESDAY = 4, 7, 8
OPEN = (0, 1, 2, 3, FRIDAY, MONDAY, TUESDAY)


@pytest.mark.parametrize(
    ("came", "made", "in_time"),
    [
        (0, 0, True),
        (0, 1, True),
        (0, 2, False),
        (0, None, False),
        (FRIDAY, MONDAY, True),  # the next day on which the office was open
        (FRIDAY, TUESDAY, False),
        (5, MONDAY, True),  # somebody wrote on a Saturday
        (TUESDAY, TUESDAY, True),
        (TUESDAY, TUESDAY + 1, False),  # no day is known after it
    ],
)
def test_in_time(came: int, made: int | None, in_time: bool) -> None:
    assert within_a_day(came, made, OPEN) is in_time


def test_of_the_last_day_nothing_is_known_yet() -> None:
    assert share_within_a_day([(0, 0), (1, 3), (TUESDAY, None)], OPEN) == 0.5
    assert share_within_a_day([(TUESDAY, TUESDAY)], OPEN) is None
    assert share_within_a_day([], ()) is None


DAYS = st.integers(0, 40)


@given(st.lists(st.tuples(DAYS, st.none() | DAYS)), st.sets(DAYS, min_size=1))
def test_an_earlier_card_never_lowers_it(people: list[tuple[int, int | None]], days: set[int]) -> None:
    sooner = [(came, came if made is None else min(came, made)) for came, made in people]
    share, best = (share_within_a_day(each, sorted(days)) for each in (people, sooner))
    assert (share is None) == (best is None)
    assert share is None or best is None or share <= best == 1.0
