"""The papers of a period, by their keywords."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from kiosk import lineage
from kiosk.core.frames import Frame
from kiosk.journal.extract import extract
from kiosk.reports.backlog import BacklogReport
from kiosk.reports.invalid import InvalidReport
from kiosk.reports.paper import Paper
from kiosk.reports.period import Period
from kiosk.reports.production import ProductionReport
from kiosk.reports.reading import Report, read
from kiosk.reports.stock import StockReport
from kiosk.reports.uncollected import UncollectedReport


@dataclass(frozen=True)
class Entry:
    """`what`: one line for the help."""

    make: Callable[[], Report]
    what: str


CATALOGUE: Mapping[str, Entry] = {
    "stock": Entry(StockReport, "Blanks by account: opening, in, out, closing."),
    "production": Entry(ProductionReport, "What became of each card, one by one."),
    "invalid": Entry(InvalidReport, "Spoiled and defective cards by cause, and the registers where they wait."),
    "backlog": Entry(BacklogReport, "Who waits for a card, and how long those waited who were served."),
    "uncollected": Entry(UncollectedReport, "Finished cards that nobody has fetched yet, without names."),
}


def frames_of(data: Path) -> Iterator[Frame]:
    """Every frame of the station's journals, oldest first; memory holds one. DamagedData, UsageError as `lineage`."""
    return lineage.history(lineage.of_data(data), lambda volume: extract(volume.directory))


def papers(data: Path, period: Period, names: tuple[str, ...]) -> list[Paper]:
    """Those of `names`, from one reading of the journal, without a lock. Half a minute for a million frames."""
    reports = [CATALOGUE[name].make() for name in names]
    basis = read(frames_of(data), period, reports)
    return [report.paper(period, basis) for report in reports]
