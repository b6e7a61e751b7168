"""Until when blanks last: the walk, the pace, the range."""

from __future__ import annotations

import dataclasses
from itertools import cycle

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kiosk.core.forecast import (
    Backlog,
    Coming,
    Forecast,
    Lead,
    Range,
    Terms,
    backlog_now,
    ends,
    forecast,
    lead_of,
    walk,
)
from kiosk.core.pace import HALF_LIFE, SCARCE_DAYS, Pace, Served, measured, weekday

MONDAY = 20_000 - weekday(20_000)
WORKDAYS = (1.0,) * 5 + (0.0,) * 2
STEADY = Pace(100.0, WORKDAYS, 1.0, 1.0, 0.8, 1.25)
FRIDAY = MONDAY - 3
"""The evening before a whole week; `FRIDAY + 3` is a Monday."""
TERMS = Terms(Lead(7, 14), 28)


def past(weeks: int, used: int = 100, *, without: frozenset[int] = frozenset(), left: int = 9_999) -> list[Served]:
    """So many weeks of work up to FRIDAY, `used` on each day but those `without`."""
    days = [day for day in range(FRIDAY + 1 - 7 * weeks, FRIDAY + 1) if weekday(day) < 5]
    return [Served(day, used, left) for day in days if day not in without]


def known(rows: list[Served], holidays: frozenset[int] = frozenset()) -> Pace:
    pace = measured(rows, FRIDAY, holidays)
    assert pace is not None
    return pace


# The walk.


@pytest.mark.parametrize(
    ("stock", "last"),
    [(100, MONDAY), (101, MONDAY + 1), (500, MONDAY + 4), (501, MONDAY + 7), (1000, MONDAY + 11)],
)
def test_blanks_end_on_a_working_day(stock: int, last: int) -> None:
    assert walk(stock, FRIDAY, STEADY).ends == last


def test_a_holiday_uses_nothing() -> None:
    pace = dataclasses.replace(STEADY, holidays=frozenset({MONDAY, MONDAY + 1}))
    assert walk(300, FRIDAY, pace).ends == MONDAY + 4


def test_outages_of_the_usual_share_slow_it_down() -> None:
    assert walk(500, FRIDAY, dataclasses.replace(STEADY, at_work=0.5)).ends == MONDAY + 11


def test_what_never_ends_has_no_date() -> None:
    assert ends(1_000_000, FRIDAY, STEADY) == Range(None, None, None)


def test_a_range_goes_from_high_use_to_low_use() -> None:
    assert ends(1000, FRIDAY, STEADY) == Range(MONDAY + 9, MONDAY + 11, MONDAY + 16)


def test_an_office_that_is_sparing_lasts_longer_and_the_early_date_does_not_count_on_it() -> None:
    sparing = dataclasses.replace(STEADY, scarce=0.5)
    assert ends(1000, FRIDAY, sparing).early == ends(1000, FRIDAY, STEADY).early
    assert ends(1000, FRIDAY, sparing).likely == MONDAY + 17
    assert walk(100 * SCARCE_DAYS, FRIDAY, sparing).ends == MONDAY + 9


def test_a_quota_in_time_puts_it_off_and_a_late_one_leaves_a_gap() -> None:
    assert walk(500, FRIDAY, STEADY, coming=[Coming(500, MONDAY + 2)]) == (MONDAY + 11, 0)
    assert walk(500, FRIDAY, STEADY, coming=[Coming(500, MONDAY + 9)]) == (MONDAY + 15, 2)
    assert walk(0, FRIDAY, STEADY, coming=[Coming(100, FRIDAY - 9)]) == (MONDAY, 0)


def test_an_office_at_capacity_falls_to_those_who_come_when_nobody_waits() -> None:
    """300 wait and 50 come a day: six days at a hundred, then fifty."""
    assert walk(1100, FRIDAY, STEADY, backlog=Backlog(300, 50)).ends == MONDAY + 21
    assert walk(1100, FRIDAY, STEADY, backlog=Backlog(300, None)).ends == MONDAY + 14
    assert walk(1100, FRIDAY, STEADY, backlog=Backlog(300, 200)).ends == MONDAY + 14


def test_which_comes_first() -> None:
    def first(stock: int, *coming: Coming) -> Forecast:
        return forecast("wni", stock, FRIDAY, STEADY, TERMS, Backlog(1000, 0), coming)

    assert (first(600).backlog_ends, first(600).ends.likely, first(600).first) == (MONDAY + 11, MONDAY + 7, "blanks")
    assert first(5000).first == "backlog"
    late = first(500, Coming(2000, MONDAY + 9))
    assert (late.without, late.first, late.first_with_quota) == (2, "blanks", "backlog")
    assert (late.backlog_ends, late.backlog_ends_with_quota) == (MONDAY + 11, MONDAY + 15)


def test_a_backlog_is_less_what_was_made_since_it_was_counted() -> None:
    rows = past(1)
    assert backlog_now(2000, 40.0, FRIDAY - 7, rows, STEADY, FRIDAY) == Backlog(1700.0, 40.0)
    assert backlog_now(2000, None, FRIDAY - 7, rows, STEADY, FRIDAY) == Backlog(1500.0, None)
    assert backlog_now(690, None, FRIDAY - 7, rows, STEADY, FRIDAY) is None


def test_it_is_asked_for_in_time_for_the_longest_journey_at_the_highest_use() -> None:
    """Two weeks of ten days at 125."""
    at, above = (forecast("wni", stock, FRIDAY, STEADY, TERMS) for stock in (1250, 1251))
    assert at.reorder_level == above.reorder_level == 1250
    assert (at.order_now, above.order_now) == (True, False)
    assert at.order_by == FRIDAY
    assert at.ask == 2500  # forty-two days at the high use, less what is here


def test_what_is_on_its_way_silences_the_alarm_as_far_as_it_goes() -> None:
    some, enough = (forecast("wni", 100, FRIDAY, STEADY, TERMS, None, [Coming(n, MONDAY)]) for n in (500, 2000))
    assert (some.order_now, enough.order_now) == (True, False)
    assert some.ask == 3200


def test_the_journeys_of_late_count_beside_what_is_told() -> None:
    assert lead_of([], Lead(7, 21)) == Lead(7, 21)
    assert lead_of([10, 12, 40], Lead(7, 21)) == Lead(11, 40)
    assert lead_of([40, 1, 1, 1, 1, 1, 1], Lead(7, 21)) == Lead(1, 21)


def test_without_a_past_there_are_no_dates() -> None:
    assert measured([], FRIDAY) is None
    assert measured(past(1)[:1], FRIDAY) is None
    said = forecast("wni", 500, FRIDAY, None, TERMS)
    assert (said.stock, said.a_day, said.ends, said.order_now) == (500, None, Range(None, None, None), False)


# The pace.


def test_a_steady_office() -> None:
    pace = known(past(12))
    assert (round(pace.a_day), [round(share, 2) for share in pace.shape]) == (100, [1.0] * 5 + [0.0] * 2)
    assert pace.scarce == 1.0
    assert pace.at_work > 0.97
    assert pace.low <= 1 <= pace.high < 1.11


def test_mondays_are_busier() -> None:
    rows = [row._replace(used=200 if weekday(row.day) == 0 else 75) for row in past(12)]
    pace = known(rows)
    assert pace.on(MONDAY) > 2 * pace.on(MONDAY + 1)
    assert 470 < sum(pace.on(MONDAY + day) for day in range(7)) < 510


def test_a_saturday_now_and_then_counts_with_the_saturdays_on_which_nobody_came() -> None:
    visits = [Served(FRIDAY + 1 - 28 * each, 200, 9_999) for each in (1, 2)]
    rows = sorted([*past(12), *visits])
    assert 0.1 < known(rows).shape[5] < 0.5


def test_an_outage_is_no_day_without_demand() -> None:
    """A week without the link, two weeks ago: as many a day as before, on fewer days."""
    away = frozenset(range(FRIDAY - 18, FRIDAY - 11))
    pace = known(past(12, without=away))
    assert round(pace.a_day) == 100
    assert 0.9 < pace.at_work < known(past(12)).at_work
    named = known(past(12, without=away), away)
    assert named.at_work == pytest.approx(known(past(12)).at_work, abs=0.001)  # a feast that was known is no outage


def test_weeks_without_blanks_say_nothing() -> None:
    away = frozenset(range(FRIDAY - 27, FRIDAY - 6))
    rows = past(12, without=away)
    before = max(row.day for row in rows if row.day < min(away))
    rows = [row._replace(left=0) if row.day == before else row for row in rows]
    pace = known(rows)
    assert round(pace.a_day) == 100
    assert pace.at_work == pytest.approx(known(past(12)).at_work, abs=0.01)


def test_the_day_on_which_blanks_ran_out_does_not_lower_the_pace() -> None:
    rows = past(12)
    rows[-1] = rows[-1]._replace(used=5, left=0)
    assert round(known(rows).a_day) == 100
    rows[-1] = rows[-1]._replace(used=5, left=9_999)
    assert round(known(rows).a_day) < 96


def test_how_sparing_an_office_was_is_known() -> None:
    rows = past(12)
    for place in (-20, -19, -40, -39):
        rows[place] = rows[place]._replace(used=50, left=100)
    assert 0.5 < known(rows).scarce < 0.65


def test_a_new_pace_is_followed_and_one_day_is_not() -> None:
    rows = past(12)
    changed = [row._replace(used=200) if place >= 60 - 2 * HALF_LIFE else row for place, row in enumerate(rows)]
    assert known(changed).a_day > 170
    once = [*rows[:-1], rows[-1]._replace(used=5_000)]
    assert known(once).a_day < 115


def test_what_is_seldom_used_is_known_too() -> None:
    """Orange blanks: three on every tenth day of work."""
    rows = [row._replace(used=3 if place % 10 == 4 else 0) for place, row in enumerate(past(24))]
    pace = known(rows)
    assert 0.1 < pace.a_day < 0.6
    assert known(past(12, used=0)).a_day == 0
    assert ends(5, FRIDAY, known(past(12, used=0))) == Range(None, None, None)


def test_a_restless_office_has_the_wider_range() -> None:
    restless = [row._replace(used=180 if place // 15 % 2 else 60) for place, row in enumerate(past(20))]
    calm, wild = known(past(20)), known(restless)
    assert wild.high > calm.high + 0.2
    assert wild.low < calm.low - 0.1


# What holds for every office.

shares = st.tuples(*[st.floats(0.3, 2) for _ in range(5)], st.floats(0, 0.5), st.just(0.0))
paces = st.builds(
    Pace, st.floats(1, 500), shares, st.floats(0.5, 1), st.floats(0.3, 1), st.floats(0.5, 1), st.floats(1, 1.8),
    st.frozensets(st.integers(FRIDAY, FRIDAY + 60), max_size=9),
)  # fmt: skip
backlogs = st.none() | st.builds(Backlog, st.floats(1, 5_000), st.none() | st.floats(0, 400))
quotas = st.lists(st.builds(Coming, st.integers(1, 5_000), st.integers(FRIDAY - 5, FRIDAY + 90)), max_size=2)


def day(value: int | None) -> float:
    return float("inf") if value is None else value


@given(st.integers(0, 20_000), st.integers(0, 3_000), paces, backlogs, quotas)
def test_more_stock_never_ends_earlier(
    stock: int, more: int, pace: Pace, backlog: Backlog | None, coming: list[Coming]
) -> None:
    less, plenty = (ends(each, FRIDAY, pace, backlog, coming) for each in (stock, stock + more))
    assert all(day(a) <= day(b) for a, b in zip(less, plenty, strict=True))


@given(st.integers(0, 20_000), paces, backlogs, quotas)
@example(
    334, Pace(105.0, (1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0), 0.5, 0.4375, 0.5, 1.0, frozenset()), Backlog(2518.0, 0.0),
    [Coming(1595, FRIDAY + 5)],
)  # fmt: skip
def test_ranges_nest(stock: int, pace: Pace, backlog: Backlog | None, coming: list[Coming]) -> None:
    early, likely, late = map(day, ends(stock, FRIDAY, pace, backlog, coming))
    assert early <= likely <= late


@given(st.integers(0, 20_000), paces, st.floats(1, 3), backlogs)
@example(401, dataclasses.replace(STEADY, scarce=0.3), 1.01, None)
def test_more_use_never_ends_later(stock: int, pace: Pace, busier: float, backlog: Backlog | None) -> None:
    first, second = (walk(stock, FRIDAY, pace, factor, backlog).ends for factor in (1.0, busier))
    assert day(second) <= day(first)


@given(st.lists(st.integers(0, 300), min_size=1, max_size=12), st.integers(2, 4), st.integers(0, 8_000))
def test_an_office_that_uses_a_multiple_never_lasts_longer(used: list[int], times: int, stock: int) -> None:
    rows = [row._replace(used=use) for row, use in zip(past(8), cycle(used), strict=False)]
    once, often = (known([row._replace(used=row.used * n) for row in rows]) for n in (1, times))
    assert often.a_day == pytest.approx(once.a_day * times)
    if once.a_day:
        assert day(walk(stock, FRIDAY, often).ends) <= day(walk(stock, FRIDAY, once).ends)


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400), st.integers(0, 5_000)), max_size=12))
def test_any_past_gives_a_pace_that_can_be_walked(days: list[tuple[int, int, int]]) -> None:
    rows = [Served(FRIDAY - back, used, left) for back, used, left in sorted({d[0]: d for d in days}.values())[::-1]]
    pace = measured(rows, FRIDAY)
    assert (pace is None) == (len(rows) < 2)
    if pace is not None:
        assert 0 <= pace.low <= 1 <= pace.high
        assert pace.a_day >= 0
        assert 0 < pace.at_work <= 1
        early, likely, late = map(day, ends(1_000, FRIDAY, pace))
        assert early <= likely <= late
