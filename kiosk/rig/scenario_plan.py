"""What happens in the story of Kota Kupang, and on which day: drawn from a seed, before anything is done. Pure.

The figures are those that the press reported of the office in 2018: 200 cards a day, a reach of three months, letters
for 20,000 blanks, and grants of less. A scale of 10 makes a tenth of each.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from math import ceil

from kiosk.core.supply import Figure

FIRST_DAY = date(2018, 7, 2)
HOLIDAYS = (date(2018, 8, 17), date(2018, 8, 22), date(2018, 9, 11))
"""Independence Day, Idul Adha, 1 Muharram."""
BLANKS, A_DAY, LOW, ASKED = 10_000, 200, 1_000, 20_000
GRANTS = (14_000, 10_000, 4_000)
"""What came of letters for 20,000 in 2018."""
FIGURES = {Figure.PRINTED_BEFORE: 42_000, Figure.HOLDERS: 200_000, Figure.WITHOUT_CARD: 60_000}
SPOILED = 0.0088
"""Of all blanks used: 53 of 6,000 in Cirebon, 2017."""
WEEKDAYS = (1.15, 1.05, 1.0, 0.95, 0.85)
MOST = 1.25
"""What a printer makes in a day at most, against a usual day's cards: 250 were called nominal."""
AHEAD = 5
"""Office days between a record's being ready at the centre and its person at the counter."""
OUTAGES = (2, 3, 7)
"""Office days for which the centre is away, three times, in an order that is drawn."""
ANSWERED, JOURNEY, AFTER = 2, 4, 2
"""Office days from the letter to the grant, to the blanks in the vault, and from there to the end."""
CUTS = ("print", "encode")
"""In which step of a card the power goes, each time once."""
FETCHED_LATER = 0.08
"""Share of the people who fetch their card on another day than the one on which it is made."""


@dataclass(frozen=True)
class Plan:
    """Counts are of blanks and people; days are numbered from 0, all of them days on which the office is open.

    `arrivals`: how many people come on each day. `outages`: first day without the centre, and how many. `letter`,
    `granting`, `receipt`: on which day each comes. `jams`, `cuts`: by the number of the blank, as they are fed from 1
    on; it jams under the head, or the power goes in that step. `most`: cards a day. `ahead`: see AHEAD.
    """

    seed: int
    scale: int
    blanks: int
    most: int
    days: tuple[date, ...]
    arrivals: tuple[int, ...]
    outages: tuple[tuple[int, int], ...]
    letter: int
    granting: int
    receipt: int
    asked: int
    granted: int
    jams: frozenset[int]
    cuts: Mapping[int, str]
    figures: Mapping[str, int] = field(default_factory=dict)
    ahead: int = AHEAD

    def away(self, day: int) -> bool:
        """Whether the centre can't be reached on that day."""
        return any(first <= day < first + count for first, count in self.outages)


def kupang(scale: int, seed: int) -> Plan:
    """The story with a `scale`-th of its blanks and people."""
    rng = random.Random(seed)  # noqa: S311  # a story must repeat, not be secret
    blanks, low = BLANKS // scale, LOW // scale
    days, arrivals = _arrivals(rng, A_DAY / scale, blanks, low)
    letter = len(days) - 1
    for _ in range(JOURNEY + AFTER):
        days.append(next_open(days[-1]))
        arrivals.append(_come(rng, A_DAY / scale, days[-1]))
    plan = Plan(
        seed=seed, scale=scale, blanks=blanks, most=ceil(MOST * A_DAY / scale), days=tuple(days),
        arrivals=tuple(arrivals), outages=_outages(rng, letter), letter=letter, granting=letter + ANSWERED,
        receipt=letter + JOURNEY, asked=ASKED // scale, granted=rng.choice(GRANTS) // scale,
        jams=frozenset(), cuts={},
        figures={name.value: number // scale for name, number in FIGURES.items()},
    )  # fmt: skip
    return _with_trouble(plan, rng)


def _arrivals(rng: random.Random, a_day: float, blanks: int, low: int) -> tuple[list[date], list[int]]:
    """Until as few blanks are left as make the office write its letter."""
    day, days, arrivals = FIRST_DAY, [FIRST_DAY], [_come(rng, a_day, FIRST_DAY)]
    while sum(arrivals) * (1 + SPOILED) < blanks - low:
        day = next_open(day)
        days.append(day)
        arrivals.append(_come(rng, a_day, day))
    return days, arrivals


def _come(rng: random.Random, a_day: float, day: date) -> int:
    return max(1, round(a_day * WEEKDAYS[day.weekday()] * rng.uniform(0.9, 1.1)))


def next_open(day: date) -> date:
    day += timedelta(days=1)
    while day.weekday() > 4 or day in HOLIDAYS:
        day += timedelta(days=1)
    return day


def _outages(rng: random.Random, letter: int) -> tuple[tuple[int, int], ...]:
    """One in each third of the days before the letter, and its aftermath in it too."""
    lengths, third = rng.sample(OUTAGES, len(OUTAGES)), letter // len(OUTAGES)
    return tuple(
        (number * third + rng.randint(1, max(1, third - length - 3)), length)
        for number, length in enumerate(lengths)
    )  # fmt: skip


def _with_trouble(plan: Plan, rng: random.Random) -> Plan:
    """Which blanks jam, and in whose life the power goes: a blank that is cut in its print is spoiled as well."""
    used = plan.blanks - LOW // plan.scale
    spoiled = max(1, round(SPOILED * used))
    numbers = rng.sample(range(3, used), spoiled + len(CUTS) - 1)
    cuts = dict(zip(numbers, CUTS, strict=False))
    return replace(plan, jams=frozenset(numbers[len(CUTS) :]), cuts=cuts)
