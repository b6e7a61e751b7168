"""Each device, lost at each moment, and back: what is lost, when, and how long the station then takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from drivers.iso7816 import Ins
from drivers.sim.cards import Card
from kiosk.core.frames import Frame
from kiosk.core.plan import Step
from kiosk.worker import loop
from tests.heal.site import Site
from tests.heal.troubles import TROUBLES, Trouble

LIMIT_S = 5.0
STEPS = (Step.FEED, Step.IDENTIFY, Step.ENCODE, Step.VERIFY, Step.PRINT, Step.EJECT)
MOMENTS = ("before", "middle", "after")
"""Before the command of a step goes out; while the device carries it out; when its reply has come."""

NOT_NEEDED, ASKED = "not needed", ", asked"

UNDECIDED = frozenset({
    (Step.FEED, "before"), (Step.PRINT, "before"), (Step.PRINT, "after"),
    (Step.EJECT, "middle"), (Step.EJECT, "after"),
})  # fmt: skip
"""Where a person may have to be asked: a card that was fed, or a panel, may be uncounted; after a restart no count
tells whether the last panel had ended, until its answer is noted."""

MIDDLE_S = 1.0
"""Simulated seconds from the command of an eject on: the card is between two rollers then."""

COMMANDS: Mapping[Step, str] = MappingProxyType({Step.FEED: "Sic", Step.PRINT: "Se", Step.EJECT: "Sce"})


@dataclass(frozen=True)
class Cell:
    """`step` None: between two cards, and `moment` is "idle"."""

    trouble: str
    step: Step | None = None
    moment: str = "idle"

    def __str__(self) -> str:
        return "-".join([self.trouble, *([self.step] if self.step else []), self.moment])


@dataclass(frozen=True)
class Healed:
    """`seconds` from the device's return until the station was ready; None where it was ready all the time, as the
    card did not need that device any more. `asked`: how often a person had to say what became of the card."""

    seconds: float | None
    asked: int

    def __str__(self) -> str:
        if self.seconds is None:
            return NOT_NEEDED
        return f"{self.seconds:.1f} s{ASKED if self.asked else ''}"


def cells() -> Iterator[Cell]:
    for trouble in TROUBLES:
        yield Cell(trouble)
        yield from (Cell(trouble, step, moment) for step in STEPS for moment in MOMENTS)


class Strike:
    """Calls `act` once, at the moment of the cell, in the thread in which that moment is."""

    def __init__(self, site: Site, cell: Cell, act: Callable[[], object]) -> None:
        self._site = site
        self._cell = cell
        self._act = act
        self._step: Step | None = None
        self._begun = False
        self._apdus = 0
        self.struck = False
        site.committed = self._committed
        site.world.observe(self._happened)
        for chip in site.chips():
            chip.on_apdu(self._spoken_to)

    def _committed(self, frame: Frame) -> None:
        intent: dict[str, Any] = frame.data.get("intent") or {}
        if frame.kind == "step" and intent:
            self._step, self._begun, self._apdus = Step(intent["step"]), False, 0
            self._if(self._is("before"))

    def _spoken_to(self, apdu: bytes) -> None:
        self._begun = True
        self._apdus += 1
        writes = apdu[1] == Ins.UPDATE_BINARY
        self._if(self._is("middle") and self._apdus >= 3 and writes == (self._step is Step.ENCODE))

    def _happened(self, event: str, card: Card | None, detail: str) -> None:
        if event == "command" and self._begun:
            self._if(self._is("after"))
        if event == "command" and self._step is not None and detail == COMMANDS.get(self._step):
            self._begun = True
            if self._step is Step.EJECT and self._is("middle"):
                self._site.clock.after(MIDDLE_S, lambda: self._if(True))
        moves = (event, detail) == ("panel-started", "m") if self._step is Step.PRINT else event == "fed"
        self._if(moves and self._is("middle"))

    def _is(self, moment: str) -> bool:
        return (self._cell.step, self._cell.moment) == (self._step, moment)

    def _if(self, now: bool) -> None:
        if now and not self.struck:
            self.struck = True
            self._act()
            self._site.changed()


def run(site: Site, cell: Cell) -> Healed:
    """Carry the cell out on a new site: lose the device, bring it back, finish the card and make another."""
    trouble = TROUBLES[cell.trouble](site)
    site.until(lambda: site.station.printer_status is not None)
    first, second = site.bring_records(2)
    job, needed = lose(site, cell, trouble, first)
    trouble.restore()
    seconds, job = await_ready(site, trouble, job, first)
    asked = site.finish(job)
    [following] = site.station.desk.run_jobs("test", refs=[second])
    assert site.finish(following) == 0, "the next card is none of that trouble's"
    assert not asked or (cell.step, cell.moment) in UNDECIDED
    assert site.unrestarted
    site.check(jobs=2)
    return Healed(seconds if needed else None, asked)


def lose(site: Site, cell: Cell, trouble: Trouble, ref: str) -> tuple[str | None, bool]:
    """The job under way, if one is, and whether the station waits for the device.

    It has just looked in vain then, and waits as long as it ever does before it looks again; a silent one sees to its
    moment by itself.
    """
    job = None
    if cell.step is None:
        trouble.lose()
    else:
        strike = Strike(site, cell, trouble.lose)
        [job] = site.station.desk.run_jobs("test", refs=[ref])
        site.until(lambda: strike.struck)
    trouble.stay_away()
    if trouble.brief or (job is None and trouble.of_reader):
        return job, True
    site.until(lambda: site.misses(job) or (job is not None and site.is_settled(job)))
    if not site.misses(job):
        return job, False
    worker, looked = site.station.worker, site.faults
    assert worker is not None
    worker._look_s = loop.LONGEST_LOOK_S
    if not trouble.silent:
        site.until(lambda: site.faults > looked)
    return job, True


def await_ready(site: Site, trouble: Trouble, job: str | None, ref: str) -> tuple[float, str]:
    """Seconds until the card goes on or a person is asked. Between cards: until the printer is seen again; where
    nobody looks before the next card, until that one has told its UID."""
    back = time.monotonic()
    if job is not None:
        site.until(lambda: site.goes_on(job) if trouble.brief else not site.misses(job))
        return time.monotonic() - back, job
    unseen = trouble.of_reader or trouble.brief
    if not unseen:
        site.until(lambda: not site.misses(None))
        seconds = time.monotonic() - back
    [job] = site.station.desk.run_jobs("test", refs=[ref])
    if unseen:
        site.until(lambda: bool((site.job(job)["card"] or {}).get("uid")))
        seconds = time.monotonic() - back
    return seconds, job
