"""A day's work, by which records are fetched ahead."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.core.change import Document
from kiosk.core.frames import ZERO_HEAD, Stamp, make_frame
from kiosk.core.workdays import DAY_MS, FLOOR, KEPT, card_made, cards_a_day


def follow(days: list[int]) -> Document:
    """A card on each of `days`, in their order."""
    table: Document = {}
    for seq, day in enumerate(days, start=1):
        frame = make_frame(seq, "job-ended", Stamp(day * DAY_MS + 5, "b", seq, "station"), {}, ZERO_HEAD)
        [change] = card_made(frame, lambda _, key: table.get(key))
        table[change.key] = change.document
    return table


@given(st.lists(st.integers(0, 30), max_size=60).map(sorted))
def test_the_last_days_with_work_are_counted_and_no_more(days: list[int]) -> None:
    rows = follow(days).get("self", {"days": []})["days"]
    last = sorted(set(days))[-KEPT:]
    assert rows == [{"day": day, "cards": Counter(days)[day]} for day in last]


@pytest.mark.parametrize(
    ("days", "cards"),
    [([], FLOOR), ([1] * 3, FLOOR), ([1] * (FLOOR + 40) + [2], FLOOR + 40), ([1] * 900 + [*range(2, 9)], FLOOR)],
)
def test_a_busy_day_raises_it_and_a_quiet_one_does_not_lower_it(days: list[int], cards: int) -> None:
    table = follow(days)
    assert cards_a_day(lambda _, key: table.get(key)) == cards
