"""The papers, by their keywords: of a period, with names; those of one event are in kiosk.reports.events."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from kiosk import lineage
from kiosk.config import SupplyConfig
from kiosk.core.frames import Frame
from kiosk.journal.extract import extract
from kiosk.reports.backlog import BacklogReport
from kiosk.reports.invalid import InvalidReport
from kiosk.reports.named import Ekspedisi, NamedReport, People, UncollectedNames, Whose
from kiosk.reports.opname import OpnameReport
from kiosk.reports.paper import Paper
from kiosk.reports.period import Period
from kiosk.reports.pictures import PicturesReport
from kiosk.reports.production import ProductionReport
from kiosk.reports.reading import Report, read
from kiosk.reports.stock import StockReport
from kiosk.reports.trail import TrailReport
from kiosk.reports.uncollected import UncollectedReport


@dataclass(frozen=True)
class Entry:
    """`what`: one line for the help. `title`: on the button that makes it; papers are Indonesian, and so is that.

    `foresees`: it has the forecast, which goes by the office's settings.
    """

    make: Callable[..., Report]
    what: str
    title: str
    foresees: bool = False

    def begin(self, settings: SupplyConfig | None) -> Report:
        return self.make(settings) if self.foresees else self.make()


CATALOGUE: Mapping[str, Entry] = {
    "stock": Entry(StockReport, "Blanks by account: opening, in, out, closing.", "Persediaan blangko"),
    "production": Entry(ProductionReport, "What became of each card, one by one.", "Catatan produksi"),
    "invalid": Entry(
        InvalidReport, "Spoiled and defective cards by cause, and the registers where they wait.", "Kartu invalid"
    ),
    "backlog": Entry(
        BacklogReport, "Who waits for a card, and how long those waited who were served.", "Antrean dan waktu tunggu"
    ),
    "opname": Entry(OpnameReport, "Blanks as they were counted, place by place, beside the books.", "Stock opname"),
    "uncollected": Entry(
        UncollectedReport, "Finished cards that nobody has fetched yet, without names.", "Belum diambil, tanpa nama"
    ),
    "pictures": Entry(
        PicturesReport,
        "Blanks left and foreseen, cards a day, causes, served within a day: pictures.",
        "Gambar",
        foresees=True,
    ),
}
"""Of a period, without a person: what any reader of the journal can make."""


@dataclass(frozen=True)
class Named:
    """A paper with personal data. `of_person`: it is of one person's records, else of a kelurahan or of all."""

    make: Callable[[People, Whose], NamedReport]
    title: str
    of_person: bool = False


NAMED: Mapping[str, Named] = {
    "ekspedisi": Named(Ekspedisi, "Ekspedisi / tanda terima"),
    "uncollected-names": Named(UncollectedNames, "Belum diambil, dengan nama"),
    "trail": Named(TrailReport, "Riwayat pemrosesan data", of_person=True),
}
"""In no audit pack, and made by no shell: docs/adr/0057-papers-with-names.md."""


def frames_of(data: Path) -> Iterator[Frame]:
    """Every frame of the station's journals, oldest first; memory holds one. DamagedData, UsageError as `lineage`."""
    return lineage.history(lineage.of_data(data), lambda volume: extract(volume.directory))


def papers(data: Path, period: Period, names: tuple[str, ...], settings: SupplyConfig | None = None) -> list[Paper]:
    """Those of `names`, from one reading of the journal, without a lock. Half a minute for a million frames."""
    reports = [CATALOGUE[name].begin(settings) for name in names]
    basis = read(frames_of(data), period, reports)
    return [report.paper(period, basis) for report in reports]


def named_paper(data: Path, period: Period, name: str, people: People, whose: Whose) -> tuple[Paper, list[str]]:
    """As `papers`, and the records whose people are on it. Whoever calls this writes down that it was made."""
    report = NAMED[name].make(people, whose)
    paper = report.paper(period, read(frames_of(data), period, [report]))
    return paper, report.named
