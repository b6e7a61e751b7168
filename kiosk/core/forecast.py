"""Until when blanks and supplies last, when the backlog ends, when and how much must be asked for. Pure.

`kiosk.core.pace` says what a working day uses. Here the days to come are walked through one by one: each takes its
use away, free days take nothing, what is promised comes when a journey usually ends. It is done three times, with the
high, the usual and the low use of the past, so an answer is a range. An office that works off a backlog prints what
its machines can, until nobody waits; from then on as many as come. Why so, and why no trend is carried on:
docs/adr/0047-a-forecast-that-can-be-done-on-paper.md.

Days are numbers since 1970 at the office, as `kiosk.core.workdays.office_day` counts them. Means "on that day".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, inf
from statistics import median
from typing import NamedTuple

from kiosk.core.pace import SCARCE_DAYS, Pace, Served

HORIZON = 3 * 365
"""Days that are looked ahead. What lasts longer has no date."""
LAST_JOURNEYS = 6
FEW_WAIT = 2
"""Who waits for no more than so many days of work is in the queue of any office: no backlog."""
ASKED_IN = 100
"""What is asked for is a multiple of it."""


class Range(NamedTuple):
    """Days on which something ends: `early` with the high use, `late` with the low one. None: not within HORIZON."""

    early: int | None
    likely: int | None
    late: int | None


class Lead(NamedTuple):
    """Days from the letter to the blanks in the vault: usually, and at the longest."""

    usual: int
    longest: int


NO_DATE = Range(None, None, None)


@dataclass(frozen=True)
class Terms:
    """Of asking: `lead`, and `cover_days`, for which a quantity should last from the day on which it is here."""

    lead: Lead
    cover_days: int


@dataclass(frozen=True)
class Backlog:
    """`waiting`: people without their card now. `new_a_day`: how many more come on a usual working day; None: nobody
    has said, then nobody comes, and the pace stays what it is when the last has a card."""

    waiting: float
    new_a_day: float | None = None


@dataclass(frozen=True)
class Coming:
    """What was asked for and is not here: what was granted, once that is known. `day`: when it is likely here."""

    quantity: int
    day: int


@dataclass(frozen=True)
class Forecast:
    """Of one kind of blank, or of a supply in cards (`what`: `wni`, `wna`, `ribbon`, `film`, `cleaning`).

    `stock` in the evening of `today`; `a_day` on a usual working day (None: too little is known, then there are no
    dates), `least_a_day`, `most_a_day`: the range of some weeks. `ends`: when it is used up if nothing comes;
    `with_quota`: the same with all that is `coming`, and `without` the working days on which there will be none
    before that. `backlog_ends`: when nobody waits any more, if blanks last; `first`: `backlog` or `blanks`.
    `reorder_level`: what may be used before something asked for now is here; `order_now`: that is all that is left,
    with what is coming; `order_by`: the last day for the letter; `ask`: enough until the next letter.
    """

    what: str
    today: int
    stock: int
    a_day: float | None = None
    least_a_day: float | None = None
    most_a_day: float | None = None
    ends: Range = NO_DATE
    coming: int = 0
    with_quota: Range | None = None
    without: int = 0
    waiting: int | None = None
    backlog_ends: int | None = None
    backlog_ends_with_quota: int | None = None
    first: str = ""
    first_with_quota: str = ""
    lead: Lead | None = None
    reorder_level: int = 0
    order_now: bool = False
    order_by: int | None = None
    ask: int = 0


class Walk(NamedTuple):
    """`ends`: the day on which it is used up for good; `without`: working days before that with nothing to print
    on."""

    ends: int | None
    without: int


class _Queue:
    """People before the machines."""

    def __init__(self, backlog: Backlog, pace: Pace) -> None:
        self.waiting, self._new = backlog.waiting, backlog.new_a_day
        self._usual = pace.a_day or 1.0

    def served(self, able: float) -> float:
        """How many get a card on a day on which the machines are able to make so many."""
        if self._new is None:
            self.waiting -= able
            return able
        self.waiting += self._new * able / self._usual
        done = min(able, self.waiting)
        self.waiting -= done
        return done


def walk(
    stock: float, today: int, pace: Pace, factor: float = 1.0, backlog: Backlog | None = None,
    coming: Sequence[Coming] = (), *, rationed: bool = True,
) -> Walk:  # fmt: skip
    """The days after `today`. `rationed`: an office that is sparing when blanks are scarce will be so again."""
    arrivals: dict[int, int] = {}
    for each in coming:
        arrivals[max(each.day, today + 1)] = arrivals.get(max(each.day, today + 1), 0) + each.quantity
    queue = _Queue(backlog, pace) if backlog else None
    line, last, left, without = SCARCE_DAYS * pace.a_day, max(arrivals, default=0), float(stock), 0
    for day in range(today + 1, today + HORIZON + 1):
        left += arrivals.get(day, 0)
        need = pace.on(day) * factor
        if need and left < 1:
            without += 1
            continue
        if queue:
            need = queue.served(need)
        if rationed:
            plenty = max(0.0, min(need, left - line))
            need = plenty + (need - plenty) * pace.scarce
        left = max(0.0, left - need)
        if left < 1 and last <= day:
            return Walk(day, without)
    return Walk(None, without)


def ends(
    stock: float, today: int, pace: Pace, backlog: Backlog | None = None, coming: Sequence[Coming] = ()
) -> Range:
    """More stock never ends earlier, and early <= likely <= late.

    Where blanks and the people who wait for them end together, a slower walk may end sooner by a blank: so in order.
    """
    early = walk(stock, today, pace, pace.high, backlog, coming, rationed=False).ends
    likely, late = (walk(stock, today, pace, factor, backlog, coming).ends for factor in (1.0, pace.low))
    return Range(*sorted((early, likely, late), key=lambda day: inf if day is None else day))


def lead_of(journeys: Sequence[int], told: Lead) -> Lead:
    """From the days that the last journeys took, and what the office says of them. The longest that either knows."""
    last = journeys[-LAST_JOURNEYS:]
    return Lead(round(median([*last, told.usual])), max([*last, told.longest, told.usual]))


def backlog_now(
    waiting: int, new_a_day: float | None, counted_on: int, rows: Sequence[Served], pace: Pace, today: int
) -> Backlog | None:
    """What is left of a backlog that was counted some days ago. None if it is worked off."""
    done = sum(row.used for row in rows if row.day > counted_on)
    open_days = sum(pace.opens(day) for day in range(counted_on + 1, today + 1))
    left = waiting - done + (new_a_day or 0.0) * open_days
    return Backlog(left, new_a_day) if left > FEW_WAIT * pace.a_day else None


def forecast(
    what: str,
    stock: int,
    today: int,
    pace: Pace | None,
    terms: Terms,
    backlog: Backlog | None = None,
    coming: Sequence[Coming] = (),
) -> Forecast:
    """All that is to be said of one kind. `stock`: usable ones this evening; `pace`: None if it is not known."""
    expected = sum(each.quantity for each in coming)
    lead = terms.lead
    if pace is None:
        return Forecast(what, today, stock, coming=expected, lead=lead)
    alone = ends(stock, today, pace, backlog)
    plenty = _cleared(today, pace, backlog) if backlog else None
    quota = ends(stock, today, pace, backlog, coming) if coming else None
    without = walk(stock, today, pace, backlog=backlog, coming=coming).without if coming else 0
    held_up = _later(plenty, without, pace) if coming else None
    level = ceil(_used(today, lead.longest, pace, backlog))
    need = _used(today, lead.longest + terms.cover_days, pace, backlog) - stock - expected
    return Forecast(
        what, today, stock, pace.a_day, pace.a_day * pace.low, pace.a_day * pace.high, alone, expected, quota,
        without, round(backlog.waiting) if backlog else None, plenty, held_up,
        _first(plenty, alone.likely), _first(held_up, quota.likely) if quota else "",
        lead, level, stock + expected <= level, _last_day(alone.early, lead, today),
        max(0, ceil(need / ASKED_IN) * ASKED_IN),
    )  # fmt: skip


def _used(today: int, days: int, pace: Pace, backlog: Backlog | None) -> float:
    """What those days may use at the most."""
    queue = _Queue(backlog, pace) if backlog else None
    needs = (pace.on(day) * pace.high for day in range(today + 1, today + days + 1))
    return sum(queue.served(need) if queue else need for need in needs)


def _cleared(today: int, pace: Pace, backlog: Backlog) -> int | None:
    """The day on which nobody waits any more, if there are blanks for everybody."""
    queue = _Queue(backlog, pace)
    for day in range(today + 1, today + HORIZON + 1):
        queue.served(pace.on(day))
        if queue.waiting < 1:
            return day
    return None


def _later(day: int | None, working_days: int, pace: Pace) -> int | None:
    """So many working days after that one."""
    while day is not None and working_days > 0:
        day += 1
        working_days -= pace.opens(day)
    return day


def _first(backlog_ends: int | None, blanks_end: int | None) -> str:
    if backlog_ends is None and blanks_end is None:
        return ""
    return "backlog" if backlog_ends is not None and (blanks_end is None or backlog_ends < blanks_end) else "blanks"


def _last_day(early: int | None, lead: Lead, today: int) -> int | None:
    return None if early is None else max(today, early - lead.longest)
