"""How a paper leaves the station: as a PDF with the letterhead of the config, or on the office's printer."""

from __future__ import annotations

from kiosk.config import Config
from kiosk.reports.office_printer import OfficePrinter
from kiosk.reports.paper import Paper


def as_pdf(config: Config, paper: Paper) -> bytes:
    """With the letterhead of the config."""
    from kiosk.reports.pdf import Letterhead, render  # a second, which nothing else waits for

    said = config.paper
    return render(paper, Letterhead(config.station.office, said.address, said.city, said.head))


def on_paper(config: Config, paper: Paper, printer: str = "") -> str:
    """What CUPS answered. Blocks and refuses as `OfficePrinter.put_out`."""
    return OfficePrinter(printer).put_out(as_pdf(config, paper), paper.title)


def name_of(config: Config, paper: str, stamp: str, form: str) -> str:
    """Of its file."""
    return f"keping-{config.station.id}-{paper}-{stamp}.{form}"
