"""report: the office's papers, on the screen, in a file, on a stick, or on the office's printer."""

from __future__ import annotations

import json
import sys
import time
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from kiosk.books import read_view
from kiosk.cli.context import App, pass_app
from kiosk.config import Config
from kiosk.core.records import Sku
from kiosk.core.workdays import office_day
from kiosk.durable import replace_file
from kiosk.errors import Unavailable, UsageError
from kiosk.reports.catalogue import CATALOGUE, Entry, papers
from kiosk.reports.events import EVENTS, Look
from kiosk.reports.out import as_pdf, name_of, on_paper
from kiosk.reports.paper import Paper
from kiosk.reports.period import Period
from kiosk.reports.request import drafted
from kiosk.reports.text import as_csv, as_text
from kiosk.sticks import mounted
from kiosk.sync.stick import on_medium

DAY = click.DateTime(["%Y-%m-%d"])
WHEN = [
    click.Option(["--date", "day"], type=DAY, help="One day, as 2026-11-28; today without any of these."),
    click.Option(["--month"], type=click.DateTime(["%Y-%m"]), help="A whole month, as 2026-11."),
    click.Option(["--from", "first"], type=DAY, help="First day; without --until up to today."),
    click.Option(["--until", "last"], type=DAY, help="Last day, included."),
]
WAYS = [
    click.Option(["--to"], type=click.Path(path_type=Path), help="A new file, or a directory, where it gets a name."),
    click.Option(["--stick"], is_flag=True, help="Write it on the stick that is mounted."),
    click.Option(["--print", "on_paper"], is_flag=True, help="Print it on the office's printer (CUPS)."),
    click.Option(["--printer"], default="", help="Which one; the default one of CUPS without it."),
    click.Option(
        ["--format", "form"], type=click.Choice(["pdf", "csv"]), default="pdf", show_default=True,
        help="Of the file. Without a file CSV goes to standard output, and a PDF is shown as text.",
    ),
]  # fmt: skip


@dataclass(frozen=True)
class Way:
    """Where a paper goes, and as what."""

    to: Path | None
    stick: bool
    on_paper: bool
    printer: str
    form: str

    def __post_init__(self) -> None:
        if sum([self.to is not None, self.stick, self.on_paper]) > 1:
            raise UsageError("--to, --stick, --print: choose one")
        if self.on_paper and self.form != "pdf":
            raise UsageError("--print takes no --format")


@click.group()
def report() -> None:
    """The office's papers. Read from the journal, beside a running station; each says from which frames it is."""


def period_of(day: datetime | None, month: datetime | None, first: datetime | None, last: datetime | None) -> Period:
    """UsageError if two of them say different things."""
    today = datetime.now().astimezone().date()
    if sum([day is not None, month is not None, first is not None or last is not None]) > 1:
        raise UsageError("--date, --month, --from and --until: one day, one month, or from a day to a day")
    if month is not None:
        return Period.month(month.year, month.month)
    if first is None and last is not None:
        raise UsageError("--until needs --from")
    begin: date = first.date() if first else day.date() if day else today
    end: date = last.date() if last else today if first else begin
    if end < begin:
        raise UsageError("the last day comes before the first")
    return Period(begin, end)


def give(app: App, paper: Paper, way: Way) -> None:
    """On its way out; says where it is."""
    if way.on_paper:
        answer = on_paper(app.config, paper, way.printer)
        app.answer({"printed": answer}, lambda: answer)
    elif way.to is None and not way.stick:
        _show(app, paper, way.form)
    else:
        content = _content(app.config, paper, way.form)
        path = write(app.config, way, name_of(app.config, paper.name, paper.stamp, way.form), content)
        app.answer({"file": str(path), "bytes": len(content)}, lambda: str(path))


def write(config: Config, way: Way, name: str, content: bytes) -> Path:
    """Durable on return: a stick may be pulled. As `place_of`; StickRefused, StickGone."""
    path = place_of(config, way, name)
    with on_medium(path.parent):
        replace_file(path, content)
    return path


def place_of(config: Config, way: Way, name: str) -> Path:
    """Where it is written: `name` in a directory. UsageError if another file is there already."""
    directory = stick_of(config) if way.stick else way.to
    assert directory is not None
    path = directory / name if directory.is_dir() else directory
    if path == directory and path.exists():
        raise UsageError(f"{path}: is there already; give another name, or a directory")
    return path


def stick_of(config: Config) -> Path:
    """The one that is mounted. Unavailable if there is none, UsageError if there are two."""
    found = mounted(config.stick)
    if not found:
        raise Unavailable(f"no stick is mounted under {', '.join(config.stick) or 'any place (stick)'}")
    if len(found) > 1:
        raise UsageError(f"which stick? --to {' or --to '.join(place.path for place in found)}")
    return Path(found[0].path)


def _show(app: App, paper: Paper, form: str) -> None:
    if app.as_json:
        click.echo(json.dumps(asdict(paper), ensure_ascii=False, default=str))
    elif form == "csv":
        sys.stdout.buffer.write(as_csv(paper))
    else:
        click.echo(as_text(paper))


def _content(config: Config, paper: Paper, form: str) -> bytes:
    return as_csv(paper) if form == "csv" else as_pdf(config, paper)


def _of_period(name: str, entry: Entry) -> click.Command:
    @pass_app
    def make(app: App, /, day: Any, month: Any, first: Any, last: Any, **way: Any) -> None:
        chosen = Way(**way)
        [paper] = papers(app.data, period_of(day, month, first, last), (name,), app.config.supply)
        give(app, paper, chosen)

    return click.Command(name, params=[*WHEN, *WAYS], callback=make, help=entry.what)


for each, entry in CATALOGUE.items():
    report.add_command(_of_period(each, entry))


@report.command("audit-pack", params=[*WHEN, *WAYS[:2]])
@pass_app
def audit_pack(app: App, /, day: Any, month: Any, first: Any, last: Any, to: Path | None, stick: bool) -> None:
    """One zip for an auditor: journal, signatures, balances, every paper of the period, the independent verifier.

    Nothing of a resident is in it. It is verified by what is in it before it gets its name; that takes minutes for a
    million frames.
    """
    from kiosk.reports import pack

    if (to is None) == (not stick):
        raise UsageError("--to or --stick: choose one")
    period = period_of(day, month, first, last)
    name = name_of(app.config, "audit", period.stamp, "zip")
    path = place_of(app.config, Way(to, stick, False, "", "zip"), name)
    with on_medium(path.parent):
        packed = pack.write(path, app.data, period, lambda paper: as_pdf(app.config, paper), app.config.supply)
    found = {"file": str(path), **asdict(packed)}
    app.answer(found, lambda: f"{path}: {packed.files} files, to frame {packed.seq}, verified; head {packed.head}")


@report.command("shift-slip", params=[*WAYS])
@click.argument("name", default="", required=False)
@pass_app
def shift_slip(app: App, /, name: str, **way: Any) -> None:
    """The slip of a closed shift, as S0017, with its signed checkpoint as a QR code; the last one without a name."""
    give(app, EVENTS["shift-slip"].make(app.data, _look(app), app.config, name), Way(**way))


@report.command("request-letter", params=[*WAYS])
@click.option("--sku", type=click.Choice([sku.value for sku in Sku]), required=True, help="Which blank.")
@click.option("--qty", type=click.IntRange(1), help="How many; without it what the forecast advises.")
@click.option("--document", default="", help="The number of the letter, if it has one already.")
@pass_app
def request_letter(app: App, /, sku: str, qty: int | None, document: str, **way: Any) -> None:
    """A draft of the letter that asks for blanks: stock, use, spoilage, backlog, the trip; ready to be signed."""
    chosen, today = Way(**way), office_day(round(time.time() * 1000))
    view = read_view(app.data)
    give(app, drafted(app.data, lambda: nullcontext(view), app.config, today, Sku(sku), document, qty), chosen)


@report.command("berita-acara", params=[*WAYS])
@click.argument("entry", type=click.IntRange(1))
@pass_app
def berita_acara(app: App, /, entry: int, **way: Any) -> None:
    """The paper to a movement by hand, by its number in `stock list`, ready to be signed.

    Of a receipt, a loan, blanks sent back, a destruction. One that was reversed says so.
    """
    chosen = Way(**way)
    give(app, EVENTS["berita-acara"].make(app.data, _look(app), app.config, str(entry)), chosen)


def _look(app: App) -> Look:
    return lambda: nullcontext(read_view(app.data))
