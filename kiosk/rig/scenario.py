"""`keping scenario kupang`: the story told by two offices side by side, their papers, and whether it all adds up.

Both live through the same days, people, outages and accidents; one fetches records ahead, the other at the print.
Each is a process of its own with a station, a centre and a simulated printer; the first one's books are the result's.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from kiosk.books import read_view
from kiosk.core.usage import USABLE
from kiosk.core.within_a_day import share_within_a_day
from kiosk.core.workdays import office_day
from kiosk.errors import KepingError
from kiosk.hub.status import status as hub_status
from kiosk.journal import scan
from kiosk.rig.rig import SKU
from kiosk.rig.scenario_papers import write_papers
from kiosk.rig.scenario_plan import Plan
from kiosk.rig.story import Fetch, Story
from kiosk.rig.story_office import OPENS, StoryOffice, at
from kiosk.rig.world_check import count_world, differences
from kiosk.stock import balances
from kiosk.views import View

ZONE = "WITA-8"
"""As TZ has it: UTC+8, without a table of zones."""
ENDS_S = 60.0

Told = dict[str, Any]


@dataclass(frozen=True)
class Tale:
    """`papers`: the first office's are written. `compared`: the second office is told as well."""

    directory: Path
    plan: Plan
    papers: bool = True
    compared: bool = True


def tell(tale: Tale, progress: Callable[[int], None]) -> Told:
    """Blocks until both are told. KepingError if one could not be, with what it said."""
    begun = time.monotonic()
    context = multiprocessing.get_context("spawn")
    ways = list(Fetch) if tale.compared else [Fetch.AHEAD]
    offices, pipes = [], {}
    for way in ways:
        ours, theirs = context.Pipe(duplex=False)
        offices.append(context.Process(target=_office, args=(tale, way, theirs), daemon=True))
        pipes[ours] = way
        offices[-1].start()
        theirs.close()
    told = _hear(pipes, progress)
    for office in offices:
        office.join(ENDS_S)
    return _result(tale.plan, told) | {"seconds": round(time.monotonic() - begun, 1)}


def _hear(pipes: dict[Any, Fetch], progress: Callable[[int], None]) -> dict[Fetch, Told]:
    told: dict[Fetch, Told] = {}
    days = dict.fromkeys(pipes.values(), 0)
    while pipes:
        for pipe in wait(list(pipes)):
            assert isinstance(pipe, Connection)
            try:
                said = pipe.recv()
            except EOFError:
                raise KepingError(
                    f"the office with {pipes[pipe]} broke off; what it said last stands above"
                ) from None
            if isinstance(said, int):
                days[pipes[pipe]] = said
                progress(min(days.values()))
                continue
            told[pipes.pop(pipe)] = said
    return told


def _office(tale: Tale, way: Fetch, pipe: Connection) -> None:
    """In a process of its own."""
    os.environ["TZ"] = ZONE
    time.tzset()
    tale.directory.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(level=logging.WARNING, filename=tale.directory / f"{way.value}.log")
    with ExitStack() as closing:
        office = StoryOffice(tale.directory / way.value, tale.plan)
        closing.callback(office.close)
        story = Story(office, way, lambda day: pipe.send(day + 1))
        story.tell()
        found = found_in(story, office.station.stop())
        if tale.papers and way is Fetch.AHEAD:
            found["papers"] = write_papers(story, tale.directory / "papers")
    pipe.send(found)


def found_in(story: Story, code: int) -> Told:
    """What the books of one office say, held against its world. `code`: how its station ended."""
    office, plan = story.office, story.plan
    view, journal = read_view(office.rig.data), _read(office.rig.data / "journal")
    accounts, shelf = balances(view)[SKU], office.vault + office.shift
    received = -accounts.get("supplier", 0)
    problems = [*_wrong(story, accounts, journal), *_unfinished(view, code)]
    days = [office_day(at(day, OPENS)) for day in plan.days]
    served = [(days[person.came], journal.made.get(person.ref)) for person in story.people]
    return {
        "received": received,
        "printed": len(journal.made),
        "issued": journal.issued,
        "spoiled": accounts.get("spoiled", 0),
        "defective": accounts.get("factory-defect", 0),
        "left": sum(accounts.get(name, 0) for name in USABLE),
        "left_at_letter": story.left_at_letter,
        "people": len(story.people),
        "waiting": len(story.people) - len(journal.made),
        "lines": story.lines,
        "served_within_a_day": _rounded(share_within_a_day(served, days)),
        "unaccounted": received - sum(count_world(office.world, shelf).values()),
        "problems": problems,
        "frames": journal.frames,
        "power_cuts": office.station.starts - 1,
        "asked_of_a_person": len(office.operator.answers),
        "forecast_at_letter": {name: story.foreseen.get(name) for name in FORESEEN},
    }


@dataclass
class _Journal:
    """`made`: by record, the day on which its card was good."""

    made: dict[str, int] = field(default_factory=dict)
    issued: int = 0
    frames: int = 0


def _read(directory: Path) -> _Journal:
    read = _Journal()
    for frame in scan(directory):
        read.frames += 1
        read.issued += frame.kind == "handed-over"
        if frame.kind == "job-ended" and frame.data["state"] == "completed":
            read.made[frame.data["ref"]] = office_day(frame.stamp.time_ms)
    return read


def _wrong(story: Story, accounts: Mapping[str, int], journal: _Journal) -> Iterator[str]:
    """Where books, world, hands and centre differ."""
    office, hub = story.office, hub_status(story.office.rig.store)[0]
    yield from office.problems
    yield from differences(office.world, accounts, SKU, office.vault + office.shift)
    if journal.issued != story.handed:
        yield f"issued: books {journal.issued}, hands {story.handed}"
    here = {(SKU, name): number for name, number in accounts.items() if number}
    if hub.seq != journal.frames or {place: number for place, number in hub.stock.items() if number} != here:
        yield "the centre's ledger is not the station's"
    for alarm in hub.alarms:
        yield f"alarm at the centre: {alarm.kind} {alarm.detail}"


def _unfinished(view: View, code: int) -> Iterator[str]:
    if jobs := len(view.table("jobs")):
        yield f"{jobs} jobs are open"
    if code:
        yield f"the station ended with {code}"


FORESEEN = ("stock", "a_day", "ends", "backlog_ends", "first", "ask", "order_now")


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)


def _result(plan: Plan, told: Mapping[Fetch, Told]) -> Told:
    """The first office's books; of the second what differs."""
    ahead = dict(told[Fetch.AHEAD])
    other = told.get(Fetch.AT_PRINT)
    return {
        "seed": plan.seed,
        "scale": plan.scale,
        "days": len(plan.days),
        "first_day": plan.days[0].isoformat(),
        "last_day": plan.days[-1].isoformat(),
        "figures": dict(plan.figures),
        **ahead,
        "asked": plan.asked,
        "granted": plan.granted,
        "outage_days": sum(count for _, count in plan.outages),
        "outages": [[plan.days[first].isoformat(), count] for first, count in plan.outages],
        "served_within_a_day": {way.value: told[way]["served_within_a_day"] for way in told},
        "fetch_at_print": {name: other[name] for name in COMPARED} if other else None,
    }


COMPARED = ("printed", "issued", "spoiled", "left", "waiting", "lines", "unaccounted", "problems", "power_cuts")


def adds_up(result: Told) -> bool:
    """No blank is unaccounted for, and books, world and centre agree, in both offices."""
    parts: Sequence[Told] = [result, *([result["fetch_at_print"]] if result["fetch_at_print"] else [])]
    return all(not part["unaccounted"] and not part["problems"] for part in parts)
