"""A few of the offices that never were (`benchmarks.forecast`), on seeds of no other use."""

from __future__ import annotations

import statistics
from itertools import pairwise

import pytest

from benchmarks.forecast import judged
from benchmarks.offices import History, office
from kiosk.core.forecast import Lead, lead_of

SEEDS = range(20_000, 20_006)


@pytest.fixture(scope="module")
def histories() -> list[History]:
    return [office(seed) for seed in SEEDS]


def test_it_is_in_time_and_nearer_than_the_average_of_thirty_days(histories: list[History]) -> None:
    rows = [judged(history) for history in histories]
    in_time, early = ([row["forecast"][name] for row in rows] for name in ("in_time", "far_too_early"))
    error, naive = (statistics.median(row[who]["error"] for row in rows) for who in ("forecast", "naive"))
    assert sum(in_time) >= 5
    assert sum(in_time) > sum(row["naive"]["in_time"] for row in rows)
    assert sum(early) <= 1
    assert error < naive


def test_who_always_cries_is_found_out(histories: list[History]) -> None:
    longest = [lead_of(history.leads, Lead(*history.told)).longest for history in histories]
    ways = [history.end - history.received for history in histories]
    assert sum(way > 2 * most + 7 for way, most in zip(ways, longest, strict=True)) >= 5


def test_an_office_is_the_same_each_time_and_its_blanks_add_up(histories: list[History]) -> None:
    again = office(SEEDS[0])
    assert again.rows == histories[0].rows
    for history in histories:
        way = [row for row in history.rows if row.day > history.received]
        assert way[-1].left == 0
        assert way[-1].day == history.end
        assert all(row.left == before.left - row.used for before, row in pairwise(way))
