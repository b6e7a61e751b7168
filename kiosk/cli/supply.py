"""stock figures, request, granted, forecast: what the office says and asks for, and until when everything lasts."""

from __future__ import annotations

import csv
import time
from pathlib import Path
from typing import Any

import click

from kiosk.books import read_view
from kiosk.cli.context import App, pass_app, table
from kiosk.core.records import Sku
from kiosk.core.supply import Figure
from kiosk.core.workdays import office_day
from kiosk.errors import UsageError
from kiosk.supply import outlook, told

MEANING = {
    Figure.PRINTED_BEFORE: "Cards that were printed before this station began.",
    Figure.HOLDERS: "People who hold a card.",
    Figure.WITHOUT_CARD: "People who wait for their card.",
    Figure.NEW_A_DAY: "How many more come for a card on a usual working day.",
    Figure.RIBBONS: "Ribbons that were not begun.",
    Figure.FILMS: "Rolls of film that were not begun.",
    Figure.CLEANINGS: "Cleaning sets that were not begun.",
}
DASH = "-"


def _from_file(path: Path) -> dict[str, int]:
    """Rows of name and number."""
    found = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        for place, row in enumerate(csv.reader(file), start=1):
            if len(row) != 2 or row[0] not in set(Figure) or not row[1].strip().isdecimal() or row[0] in found:
                raise UsageError(f"{path}:{place}: write NAME,NUMBER once each, NAME one of {', '.join(Figure)}")
            found[row[0]] = int(row[1])
    return found


@click.command(
    params=[click.Option([f"--{name}"], type=click.IntRange(0), help=text) for name, text in MEANING.items()]
)
@click.option(
    "--from", "path", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A CSV file with rows of NAME,NUMBER, the names as the options are called.",
)  # fmt: skip
@pass_app
def figures(app: App, /, path: Path | None, **given: int | None) -> None:
    """Tell what was counted elsewhere; what is not named stays as it was told before."""
    named = {name.replace("_", "-"): value for name, value in given.items() if value is not None}
    found = app.execute("stock.figures", figures=(_from_file(path) if path else {}) | named)
    app.answer(found, lambda: "\n".join(f"{name} {value}" for name, value in found.items()))


@click.command()
@click.option("--sku", type=click.Choice([sku.value for sku in Sku]), required=True, help="Which blank.")
@click.option("--qty", type=click.IntRange(1), required=True, help="How many blanks.")
@click.option("--document", required=True, help="The number of the letter (surat permohonan).")
@pass_app
def request(app: App, sku: str, qty: int, document: str) -> None:
    """Note that a letter went out that asks for blanks. The next blanks received are counted to the oldest one."""
    row = app.execute("stock.request", sku=sku, quantity=qty, document=document)
    app.answer(row, lambda: f"{row['asked']} {row['sku']} asked for in {row['document']}")


@click.command()
@click.option("--document", required=True, help="The number of the letter that it answers.")
@click.option("--qty", type=click.IntRange(0), required=True, help="How many blanks are given; 0 if it is refused.")
@click.option("--grant", default="", help="The number of the paper that says so.")
@pass_app
def granted(app: App, document: str, qty: int, grant: str) -> None:
    """Note what was granted of a letter, often less than was asked. Said again, the last one counts."""
    row = app.execute("stock.granted", document=document, quantity=qty, grant=grant)
    app.answer(row, lambda: f"{row['granted']} of {row['asked']} {row['sku']} granted of {row['document']}")


@click.command("forecast")
@pass_app
def show_forecast(app: App) -> None:
    """Until when blanks and supplies last, when the backlog ends, and when to ask for how many.

    Dates are those of the usual use, with the range of the past; --json has the same with the quota that was asked.
    Read from the journal, beside a running station.
    """
    found = told(outlook(read_view(app.data).read, app.config.supply, office_day(round(time.time() * 1000))))
    app.answer(found, lambda: "\n".join([_shown(found), *_backlog(found["wni"])]))


def _shown(found: dict[str, Any]) -> str:
    heads = ["of", "left", "a day", "ends", "early", "late", "with quota", "reorder at", "ask by", "ask for"]
    rows = [
        [
            what, row["stock"], DASH if row["a_day"] is None else round(row["a_day"]),
            *(row["ends"][part] or DASH for part in ("likely", "early", "late")),
            (row["with_quota"] or {}).get("likely") or DASH, row["reorder_level"],
            "now" if row["order_now"] else row["order_by"] or DASH, row["ask"],
        ]
        for what, row in found.items()
    ]  # fmt: skip
    return table(rows, heads)


def _backlog(row: dict[str, Any]) -> list[str]:
    """As a supervisor says it: which comes first, with and without the quota."""
    if row["waiting"] is None:
        return []
    lines = [_said("", row["backlog_ends"], row["ends"]["likely"], row["first"])]
    if row["with_quota"]:
        quota = f"with the {row['coming']} that are to come: "
        lines.append(
            _said(quota, row["backlog_ends_with_quota"], row["with_quota"]["likely"], row["first_with_quota"])
        )
        lines += [f"{row['without']} working days without blanks before they come"] if row["without"] else []
    return lines


def _said(before: str, backlog: str | None, blanks: str | None, first: str) -> str:
    return f"{before}backlog ends {backlog or DASH}; blanks end {blanks or DASH}; first: {first or DASH}"


COMMANDS = (figures, request, granted, show_forecast)
