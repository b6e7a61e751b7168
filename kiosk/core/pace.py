"""How many blanks, or cards, an office uses on a working day, measured from the days on which it worked. Pure.

As a supervisor would do it on paper: what a usual day of late used (each day before counts for a little less),
whether a Monday is busier than a Friday, on how many working days the link or the machine was away, and by how much
this same reckoning, made on each day of the past, would have been too high or too low. The last is the spread.

A day without service is no day without demand: it is left out where blanks were missing, and counted apart, as an
outage, where they were not. A day on which the blanks ended, or nearly, shows what was left, not what was wanted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

WINDOW = 84
"""Days from which weekdays and outages are known: twelve weeks."""
KEPT = 250
"""Days of work that are looked at: a year."""
HALF_LIFE = 8
"""Days of work after which a day counts for half."""
MOST_OF_A_DAY = 2.5
"""A day beyond so many usual ones counts as so many: one visit to a village is no new pace."""
SCARCE_DAYS = 4
"""With blanks for fewer usual days than this an office rations them."""
AHEAD = 12
"""Working days over which the spread is measured: two weeks or so, a journey for blanks."""
LOW, HIGH = 0.08, 0.92
"""Quantiles of the spread."""
GUESSED = (0.75, 0.9, 1.0, 1.1, 1.3)
"""What a station that has no past takes for it: how actual use may compare with what was reckoned."""
NOTICED = 2
"""Fewer days of work than this say nothing."""


class Served(NamedTuple):
    """A day on which cards were made: `used` are blanks of one kind gone for good, spoiled and dead ones too; `left`
    are those that could be used in the evening. `day`: days since 1970 at the office."""

    day: int
    used: int
    left: int


def weekday(day: int) -> int:
    """0 is Monday: 1 January 1970 was a Thursday."""
    return (day + 3) % 7


@dataclass(frozen=True)
class Pace:
    """`a_day`: of a usual working day on which the office can work. `shape`: by weekday, as a share of it; 0 if it is
    closed. `at_work`: share of the working days on which link, machine and power were there. `scarce`: what share
    of its usual use the office allows itself when blanks are scarce. `low`, `high`: by what factor the use of some
    weeks may differ. `holidays`: days that are known to be free."""

    a_day: float
    shape: tuple[float, ...]
    at_work: float
    scarce: float
    low: float
    high: float
    holidays: frozenset[int] = frozenset()

    def on(self, day: int) -> float:
        """What is likely used on that day, outages of the usual share taken off."""
        return 0.0 if day in self.holidays else self.a_day * self.shape[weekday(day)] * self.at_work

    def opens(self, day: int) -> bool:
        return self.on(day) > 0


MONDAY_TO_FRIDAY = (1.0,) * 5 + (0.0,) * 2


def measured(rows: Sequence[Served], today: int, holidays: frozenset[int] = frozenset()) -> Pace | None:
    """From the days with service, oldest first, up to this evening. None while they are too few to say anything."""
    rows = [row for row in rows if row.day <= today][-KEPT:]
    if len(rows) < NOTICED:
        return None
    most = MOST_OF_A_DAY * median([row.used for row in rows if row.used] or [0])
    shape = _shape(rows, today, holidays, most)
    levels = _levels(rows, shape, most)
    at_work, open_days = _at_work(rows, shape, today, holidays)
    low, high = _spread(rows, shape, levels, at_work, open_days)
    return Pace(levels[-1], shape, at_work, _scarce(rows, shape, levels), low, high, holidays)


def _shape(rows: Sequence[Served], today: int, holidays: frozenset[int], most: float) -> tuple[float, ...]:
    """Each weekday against a usual day. Where cards are seldom made, the days on which none were count as well."""
    begin = max(rows[0].day, today - WINDOW + 1)
    recent = [row for row in rows if row.day >= begin and row.day not in holidays]
    days = range(begin, today + 1)
    there = [sum(weekday(day) == number and day not in holidays for day in days) for number in range(7)]
    served = [[min(row.used, most) for row in recent if weekday(row.day) == number] for number in range(7)]
    regular = [len(served[number]) * 2 >= there[number] > 0 for number in range(7)]
    usual = [used for number in range(7) if regular[number] for used in served[number]]
    if not usual or not sum(usual):
        return MONDAY_TO_FRIDAY
    mean = sum(usual) / len(usual)
    shape = []
    for number in range(7):
        counted = len(served[number]) if regular[number] else there[number]
        known = 1.0 if regular[number] else 0.0
        shape.append((sum(served[number]) / mean + 3 * known) / (counted + 3))
    return tuple(shape)


def _levels(rows: Sequence[Served], shape: tuple[float, ...], most: float) -> list[float]:
    """What a usual day used, as it was known on the evening of each row."""
    keep = 0.5 ** (1 / HALF_LIFE)
    total = weight = 0.0
    levels: list[float] = []
    for row in rows:
        share = shape[weekday(row.day)]
        if share >= 0.3:  # else a day that is seldom worked on: its use is in the shape
            usual = row.used / share
            if levels and weight > 3:
                before = levels[-1]
                usual = min(usual, max(most, MOST_OF_A_DAY * before))
                if row.left + row.used < SCARCE_DAYS * before:
                    usual = max(usual, before)
            total, weight = total * keep + usual, weight * keep + 1
        levels.append(total / weight if weight else float(row.used))
    return levels


def _scarce(rows: Sequence[Served], shape: tuple[float, ...], levels: list[float]) -> float:
    """Use against the usual on the days that began with few blanks, yet ended with some."""
    shares = []
    for row, before in zip(rows[1:], levels, strict=False):
        usual = before * shape[weekday(row.day)]
        if usual and row.left and row.used + row.left < SCARCE_DAYS * before:
            shares.append(row.used / usual)
    return min(1.0, (sum(shares) + 1) / (len(shares) + 1))


def _at_work(
    rows: Sequence[Served], shape: tuple[float, ...], today: int, holidays: frozenset[int]
) -> tuple[float, list[int]]:
    """Share of the working days with service, and those days. While no blanks were there nothing is counted."""
    open_days: list[int] = []
    for row, after in zip(rows, [*(row.day for row in rows[1:]), today + 1], strict=True):
        until = after if row.left else row.day + 1
        open_days += [day for day in range(row.day, until) if day not in holidays and shape[weekday(day)] >= 0.3]
    recent = [day for day in open_days if day > today - WINDOW]
    worked = {row.day for row in rows}
    served = sum(day in worked for day in recent)
    return (served + 20) / (len(recent) + 20.5), open_days


def _spread(
    rows: Sequence[Served], shape: tuple[float, ...], levels: list[float], at_work: float, open_days: list[int]
) -> tuple[float, float]:
    """The same reckoning on each evening of the past, against what the AHEAD working days after it really used."""
    used = {row.day: float(row.used) for row in rows}
    level_on = dict(zip((row.day for row in rows), levels, strict=True))
    ratios = list(GUESSED)
    for place in range(5, len(open_days) - AHEAD):
        day, last = open_days[place], open_days[place + AHEAD]
        level = level_on.get(day)
        if not level or last - day > 3 * AHEAD:
            continue
        reckoned = sum(level * shape[weekday(each)] * at_work for each in open_days[place + 1 : place + AHEAD + 1])
        actual = sum(used.get(each, 0.0) for each in range(day + 1, last + 1))
        ratios.append(actual / reckoned)
    ratios.sort()
    low, high = (ratios[round(share * (len(ratios) - 1))] for share in (LOW, HIGH))
    return min(low, 1.0), max(high, 1.0)
