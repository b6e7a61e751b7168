"""The story of an office, day by day: people come, cards are made as far as record and blanks are here.

Two ways to come by a record. `AHEAD`: the centre leases each record when it is ready, and the station takes all of
them in each morning. `AT_PRINT`: a record is leased and fetched only when its holder's turn has come, as where the
data are pulled at the print; nothing of it is here before.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from kiosk.books import read_view
from kiosk.core.records import Reason, Sku
from kiosk.core.shift import COUNTED
from kiosk.core.workdays import office_day
from kiosk.reports.paper import Paper
from kiosk.reports.request import drafted
from kiosk.rig.residents import Resident
from kiosk.rig.rig import SKU
from kiosk.rig.scenario_plan import FETCHED_LATER
from kiosk.rig.story_office import CLOSES, GROUP, MARIA, OPENS, SPARE, YOSEP, StoryOffice, at

BAST = ("BAST-471.13/118/2018", "BAST-471.13/164/2018")
LETTER = "470/412/DKPS/2018"
GRANT = "471.13/9127/DUKCAPIL"
AT_COUNTER = 5
"""Counters of the office: so many people's turn comes at once."""
MOST_LATER = 4
"""Office days."""


class Fetch(StrEnum):
    AHEAD = "prefetch"
    AT_PRINT = "fetch-at-print"


@dataclass
class Person:
    """`came`, `fetches`: days of the plan; `fetches` counts from the day on which the card is there. `ref`: of the
    record, as soon as the centre has leased it."""

    resident: Resident
    came: int
    fetches: int
    ref: str = ""


class Story:
    """`tell` lives through all days. `handed`: cards that were handed over. `foreseen`: the blanks' forecast on the
    evening of the letter. `lines`: how many people wait on each evening. `on_day` is told each day that is over."""

    def __init__(self, office: StoryOffice, fetch: Fetch, on_day: Callable[[int], None]) -> None:
        self.office, self.plan, self._fetch, self._on_day = office, office.plan, fetch, on_day
        self.people: list[Person] = []
        self.left_at_letter = 0
        self.letter: Paper | None = None
        self.foreseen: dict[str, Any] = {}
        self.handed = 0
        self.lines: list[int] = []
        self._line: deque[Person] = deque()
        self._to_come: deque[list[Person]] = deque()
        self._uncollected: list[tuple[int, str, Reason]] = []
        self._rng = random.Random(f"{self.plan.seed}/people")  # noqa: S311  # a story must repeat, not be secret

    @property
    def uncollected(self) -> int:
        """Cards that lie ready."""
        return len(self._uncollected)

    def tell(self) -> None:
        office, plan = self.office, self.plan
        for day in range(min(plan.ahead, len(plan.days))):
            self._invent(day)
        for day in range(len(plan.days)):
            self._morning(day)
            self._serve(day)
            self._hand_over_late(day)
            self.lines.append(len(self._line))
            self._evening(day)
            self._on_day(day)
        office.call_centre()

    def _invent(self, day: int) -> None:
        """Who will come on that day. Where records are fetched ahead, theirs is ready now."""
        if day >= len(self.plan.days):
            return
        residents = self.office.rig.invent(self.plan.arrivals[day])
        people = [Person(each, day, self._fetches()) for each in residents]
        if self._fetch is Fetch.AHEAD:
            self._lease(people)
        self._to_come.append(people)
        self.people += people

    def _fetches(self) -> int:
        return self._rng.randint(1, MOST_LATER) if self._rng.random() < FETCHED_LATER else 0

    def _lease(self, people: list[Person]) -> None:
        refs = self.office.lease([each.resident for each in people])
        for person, ref in zip(people, refs, strict=True):
            person.ref = ref

    def _morning(self, day: int) -> None:
        office, plan = self.office, self.plan
        office.clock.set_on(at(plan.days[day], OPENS))
        self._invent(day + plan.ahead)
        if not plan.away(day):
            office.call_centre()
        if day == 0:
            office.ask("stock.figures", YOSEP, figures=dict(plan.figures))
            office.receive(plan.blanks, BAST[0], plan.days[0])
        if day == plan.receipt:
            office.receive(plan.granted, BAST[1], plan.days[day])
        if self._fetch is Fetch.AHEAD:
            office.ask("shift.open", MARIA)
        self._line += self._to_come.popleft()

    def _serve(self, day: int) -> None:
        """In the order in which they came, as many as the printer makes in a day and as have record and blank."""
        office, left = self.office, self.plan.most
        size = AT_COUNTER if self._fetch is Fetch.AT_PRINT else GROUP
        while left > 0:
            office.fill()
            most = min(left, size, max(0, len(office.world.hopper) - SPARE))
            group = self._next(day, most)
            if not group:
                return
            jobs = office.make([person.ref for person in group])
            office.empty_trays()
            for person in group:
                if person.fetches:
                    self._uncollected.append((day + person.fetches, jobs[person.ref]["id"], person.resident.reason))
                else:
                    self._hand_over(jobs[person.ref]["id"], person.resident.reason)
            left -= len(group)

    def _next(self, day: int, most: int) -> list[Person]:
        """The first ones in line whose record is here, or is fetched now; the others wait on."""
        if self._fetch is Fetch.AT_PRINT:
            group = [] if self.plan.away(day) else [self._line.popleft() for _ in range(min(most, len(self._line)))]
            if group:
                self._lease(group)
                self.office.station.call("sync.now")
            return group
        group = [person for person in self._line if person.ref in self.office.here][:most]
        for person in group:
            self._line.remove(person)
        return group

    def _hand_over(self, job: str, reason: Reason) -> None:
        first = reason is Reason.BARU
        verified, old = ("kk", "none") if first else ("ktp-lama", "taken")
        self.office.ask("jobs.hand-over", job=job, taker="holder", verified=verified, old_card=old)
        self.handed += 1

    def _hand_over_late(self, day: int) -> None:
        due = [each for each in self._uncollected if each[0] <= day]
        self._uncollected = [each for each in self._uncollected if each[0] > day]
        for _, job, reason in due:
            self._hand_over(job, reason)

    def _evening(self, day: int) -> None:
        """The line goes off with the lights; a supervisor writes the letter, or notes what came of it."""
        office, plan = self.office, self.plan
        office.hang_up()
        office.clock.set_on(at(plan.days[day], CLOSES))
        if self._fetch is Fetch.AHEAD:
            self._close_shift()
        if day == plan.letter:
            self.left_at_letter, self.letter = office.blanks, self._draft(day)
            self.foreseen = office.ask("stock.forecast", YOSEP)[SKU]
            office.ask("stock.request", YOSEP, sku=SKU, quantity=plan.asked, document=LETTER)
        if day == plan.granting:
            office.ask("stock.granted", YOSEP, document=LETTER, quantity=plan.granted, grant=GRANT)

    def _draft(self, day: int) -> Paper:
        """The letter as `keping report request-letter` would make it on that day."""
        data, today = self.office.rig.data, office_day(at(self.plan.days[day], CLOSES))
        view = read_view(data)
        return drafted(data, lambda: nullcontext(view), self.office.config, today, Sku.WNI, LETTER, self.plan.asked)

    def _close_shift(self) -> None:
        """Counted blindly, as the blanks lie there."""
        office = self.office
        there = {"shift": len(office.shift), "hopper": len(office.world.hopper), "bench": 0}
        counted = [
            [place.value, sku, there[place] if sku == SKU else 0] for place in COUNTED for sku in ("wni", "wna")
        ]
        office.ask("shift.count", MARIA, counted=counted)
        office.ask("shift.close", MARIA)
