"""The same at the printer's own speed, where one that is back is not ready at once: it starts, or is still taking the
picture that it was being sent."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from drivers.sim.cards import Card
from kiosk.core.plan import Step
from tests.heal.matrix import Cell, await_ready, lose
from tests.heal.site import Site
from tests.heal.troubles import TROUBLES

REPLY_TIMEOUT_S = 30.0
PACED = tuple(Cell(trouble, Step.PRINT, "middle") for trouble in ("pty-hung-up", "power-cycled"))


@dataclass(frozen=True)
class Paced:
    """Seconds from the device's return until the printer could answer again, and until the station was ready."""

    printer_s: float
    station_s: float

    @property
    def late_s(self) -> float:
        return self.station_s - self.printer_s


class Watch:
    """`ready_at`: when the printer has started, and has the whole of the picture that was on its way."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.ready_at = 0.0
        site.world.observe(self._happened)

    def _happened(self, event: str, card: Card | None, detail: str) -> None:
        takes = {"download-finished": 0.0, "power-on": self._site.world.timings.boot}
        if event in takes:
            self.ready_at = time.monotonic() + takes[event]


def run_paced(cell: Cell) -> Paced:
    """About a minute. AssertionError if the card is not accounted for."""
    kind = type(cell.trouble, (TROUBLES[cell.trouble],), {"reply_timeout_s": REPLY_TIMEOUT_S})
    with (
        tempfile.TemporaryDirectory(prefix="keping-") as directory,
        closing(Site(Path(directory), kind, None, speed=1.0)) as site,
    ):
        trouble = kind(site)
        site.until(lambda: site.station.printer_status is not None)
        [ref] = site.bring_records(1)
        job, _ = lose(site, cell, trouble, ref)
        watch = Watch(site)
        trouble.restore()
        back = time.monotonic()
        seconds, job = await_ready(site, trouble, job, ref)
        measured = Paced(max(0.0, watch.ready_at - back), seconds)
        site.finish(job)
        site.check(jobs=1)
        return measured


def told(found: Mapping[Cell, Paced | str]) -> list[str]:
    """The lines of the table."""
    head = "| lost in the middle of a panel | the printer can answer after | the station is ready after |"
    return [head, "|---|---|---|", *(f"| {cell.trouble} | {_row(found[cell])} |" for cell in PACED)]


def _row(found: Paced | str) -> str:
    return f"{found} | {found}" if isinstance(found, str) else f"{found.printer_s:.1f} s | {found.station_s:.1f} s"
