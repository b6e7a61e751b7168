"""Offices that never were: day by day, people who apply, what is printed, and the blanks that run down. Seeded.

The world that the forecast is tried on (`benchmarks.forecast`). It is a queue of people before machines that print
so many cards a day, with what befalls an office; it knows nothing of weekday factors, levels or quantiles, and the
forecast is told what a station's books would hold, never the numbers that this page draws.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field

DAY0 = 19_700
"""Some days since 1970: a year or so is drawn from there on."""
SATURDAY, SUNDAY = 5, 6


def weekday(day: int) -> int:
    """0 is Monday; 1 January 1970 was a Thursday."""
    return (day + 3) % 7


@dataclass
class Row:
    """One day on which the office made cards: `used` counts spoiled and dead blanks too; `left` in the evening."""

    day: int
    used: int
    left: int


@dataclass(frozen=True)
class Figure:
    """What somebody counted and wrote down on an evening: who waits for a card, how many more come in a workday."""

    day: int
    waiting: int
    new_a_day: float


@dataclass
class History:
    """`received`: the evening of the last grant; from there nothing comes until the blanks end, on the day `end`.

    `leads`: days that the journeys before took; `lead`: the one that would be made now. `told`: what the office says
    of journeys, usual and longest. `holidays`: those that the office knows beforehand.
    """

    seed: int
    rows: list[Row] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    leads: list[int] = field(default_factory=list)
    holidays: frozenset[int] = frozenset()
    told: tuple[int, int] = (0, 0)
    received: int = 0
    end: int = 0
    lead: int = 0
    traits: list[str] = field(default_factory=list)


class Office:
    """`live` plays one office to the evening on which its last blank is gone."""

    def __init__(self, seed: int) -> None:
        self.chance = chance = random.Random(seed)  # noqa: S311 - a world, no secret
        self.history = History(seed)
        self.applicants = math.exp(chance.uniform(math.log(25), math.log(240)))
        self.capacity = self.applicants * chance.uniform(1.15, 2.6)
        self.shape = [chance.uniform(1.0, 1.6), 1.0, chance.uniform(0.8, 1.1), 1.0, chance.uniform(0.5, 1.0)]
        self.saturdays = chance.random() < 0.15
        self.drift = chance.uniform(-0.35, 0.5) / 365
        self.season = chance.choice([0.0, chance.uniform(0.1, 0.4)])
        self.spoils = chance.uniform(0.002, 0.02)
        self.rations = chance.choice([0.0, chance.uniform(1.5, 7)])  # begins with blanks for so many days
        self.rationed = chance.uniform(0.35, 0.8)
        self.visits_every = chance.choice([0, 0, chance.randint(12, 45)])
        self.link_fails = chance.choice([1 / 120, 1 / 50, 1 / 25])
        self.journey = chance.uniform(4, 14), chance.uniform(0.2, 0.45)
        self.mood = 0.0
        self.waiting = self.applicants * chance.uniform(0, 2)
        self.stock = 0
        self.down = self.broken = self.bad_ribbon = self.surge = 0
        self.surged = 1.0
        self.days = chance.randint(70, 420)
        self._calendar()

    def _calendar(self) -> None:
        chance, last = self.chance, DAY0 + 1200
        feasts = {DAY0 + 365 * year + day for year in range(4) for day in (0, 120, 151, 228, 358)}
        for year in range(4):
            begins = DAY0 + 365 * year + chance.randint(60, 300)
            feasts |= set(range(begins, begins + chance.randint(4, 9)))
            feasts |= {DAY0 + 365 * year + chance.randrange(365) for _ in range(7)}
        surprises = {chance.randrange(DAY0, last) for _ in range(chance.randint(0, 5))}
        self.closed = feasts | surprises
        self.history.holidays = frozenset(feasts) if chance.random() < 0.8 else frozenset()

    def live(self) -> History:
        """The years before, a last grant, and the way down."""
        chance, history = self.chance, self.history
        day = DAY0 + chance.randrange(365)
        begin = day
        if chance.random() < 0.45:  # years without blanks: a mountain that is worn down by the time that is played
            spare = max(0.1, self.capacity * 0.92 - self.applicants)
            self.waiting += spare * 0.7 * (self.days + 60) * chance.uniform(0.4, 1.3)
            history.traits.append("backlog")
        typical = self.journey[0]
        history.told = (
            max(2, round(typical * chance.uniform(0.8, 1.25))),
            round(typical * math.exp(1.65 * self.journey[1]) * chance.uniform(0.9, 1.3)),
        )
        self.stock = self._grant()
        asked_until = 0
        while day < begin + self.days or asked_until:
            self._work(day)
            if asked_until == day:
                self.stock += self._grant()
                asked_until = 0
            elif not asked_until and self.stock < self._cards_a_day() * self.journey[0] * chance.uniform(0.1, 1.6):
                asked_until = day + self._journey()
                history.leads.append(asked_until - day)
            day += 1
        return self._last_time(day)

    def _last_time(self, day: int) -> History:
        history = self.history
        history.lead = self._journey()
        need = history.lead + self.chance.uniform(8, 90)
        self.stock += round(self._cards_a_day() * need * 5 / 7)
        history.received = day - 1
        while self.stock > 0:
            self._work(day)
            day += 1
        history.end = day - 1
        return history

    def _journey(self) -> int:
        typical, spread = self.journey
        return max(2, round(typical * math.exp(self.chance.gauss(0, spread))))

    def _cards_a_day(self) -> float:
        return min(self.capacity, self.applicants if self.waiting < 3 * self.applicants else self.capacity)

    def _grant(self) -> int:
        asked = self._cards_a_day() * self.chance.uniform(15, 70)
        return round(asked * self.chance.choice([1.0, 0.7, 0.5, 0.2]))

    def _work(self, day: int) -> None:
        chance = self.chance
        visit = bool(self.visits_every) and chance.random() < 1 / self.visits_every
        opens = weekday(day) < SATURDAY or (weekday(day) == SATURDAY and self.saturdays)
        if day in self.closed or weekday(day) == SUNDAY or not (opens or visit):
            return
        self._befalls()
        if opens:
            self.waiting += self._come(day)
        wanted = min(self.waiting, self._able(day))
        if visit and not self.down:
            guests = self.applicants * chance.uniform(0.5, 2.2)
            self.waiting += guests * 0.5
            wanted += guests
        self._print(day, round(wanted))
        self._count(day)

    def _able(self, day: int) -> float:
        """Cards that machines, link and whoever is sparing with blanks let through on that day."""
        chance = self.chance
        able = self.capacity * chance.uniform(0.82, 1.0)
        if weekday(day) == SATURDAY:
            able *= 0.5
        if self.broken:
            able *= 0.5
        if self.down:
            able *= 0.0 if self.down > 1 else chance.uniform(0.1, 0.9)
        if self.stock < self.rations * self._cards_a_day():
            able = min(able, self.applicants * self.rationed * chance.uniform(0.85, 1.15))
        return able

    def _count(self, day: int) -> None:
        """Once in four weeks somebody writes down who waits; while it is many, every fortnight."""
        chance = self.chance
        if day % 28 == 0 or (self.waiting > 8 * self.applicants and day % 14 == 0):
            waiting = round(self.waiting * chance.uniform(0.93, 1.07))
            self.history.figures.append(Figure(day, waiting, self._mean() * chance.uniform(0.9, 1.1)))

    def _print(self, day: int, wanted: int) -> None:
        chance = self.chance
        spoil = self.spoils * (6 if self.bad_ribbon else 1)
        good = used = 0
        while good < wanted and used < self.stock:
            used += 1
            good += chance.random() >= spoil
        self.waiting = max(0.0, self.waiting - good)
        self.stock -= used
        if used:
            self.history.rows.append(Row(day, used, self.stock))

    def _mean(self) -> float:
        return self.applicants * (sum(self.shape) / 5) * (self.surged if self.surge else 1.0)

    def _come(self, day: int) -> float:
        chance = self.chance
        self.mood = 0.7 * self.mood + chance.gauss(0, 0.09)
        busy = self.shape[min(weekday(day), 4)] * (0.5 if weekday(day) == SATURDAY else 1.0)
        season = 1 + self.season * max(0.0, math.sin(2 * math.pi * (day - DAY0 - 90) / 365))
        surged = self.surged if self.surge else 1.0
        self.applicants *= 1 + self.drift
        mean = self.applicants * busy * season * surged * math.exp(self.mood)
        return max(0.0, chance.gauss(mean, math.sqrt(mean) * 1.3))

    def _befalls(self) -> None:
        """Links, machines, ribbons, elections."""
        chance = self.chance
        for name in ("down", "broken", "bad_ribbon", "surge"):
            setattr(self, name, max(0, getattr(self, name) - 1))
        if not self.down and chance.random() < self.link_fails:
            self.down = 1 + min(12, int(chance.expovariate(1 / 2.5)))
        if not self.broken and chance.random() < 1 / 150:
            self.broken = chance.randint(2, 15)
        if not self.bad_ribbon and chance.random() < 1 / 100:
            self.bad_ribbon = chance.randint(1, 4)
        if not self.surge and chance.random() < 0.8 / 250:
            self.surge, self.surged = chance.randint(8, 28), chance.uniform(1.3, 2.1)
            self.history.traits.append("surge")


def office(seed: int) -> History:
    return Office(seed).live()
