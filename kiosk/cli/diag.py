"""diag: one device at a time, while the station stands still."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import click

from kiosk import diagnosis
from kiosk.cli.context import App, pass_app
from kiosk.config import Config
from kiosk.control import NotRunning, call
from kiosk.core.faults import with_codes
from kiosk.core.plan import Plan
from kiosk.equipment import open_encoder, open_printer
from kiosk.equipment_choice import as_chosen
from kiosk.errors import Unavailable, UsageError

BAR = 40


def _config(app: App) -> Config:
    """With the readers that are used; before a station is there, those of the config."""
    return as_chosen(app.config, app.data)


@click.group()
def diag() -> None:
    """One device at a time. The station must stand still: it owns them, and DATA is locked meanwhile."""


@diag.command()
@pass_app
def readers(app: App) -> None:
    """Each reader, and what the chip or SAM on it says of itself."""
    with diagnosis.alone(app.data):
        found = list(diagnosis.readers(_config(app).reader))
    app.answer(found, lambda: "\n".join(map(_reader, found)) or "pcscd knows no reader")


def _reader(found: dict[str, Any]) -> str:
    used = f"  ({found['used_as']})" if found["used_as"] else ""
    return f"{found['name']}{used}\n{_atr(found)}"


def _atr(found: dict[str, Any]) -> str:
    if "error" in found:
        return f"  {found['error']}"
    able = [name for name in ("chaining", "extended") if found[name]]
    return "\n".join([
        f"  ATR {found['atr']}",
        f"  {found['convention']} convention, {', '.join(found['protocols'])}",
        f"  historical bytes {found['historical'] or 'none'} {found['text']!r}",
        f"  long commands: {', '.join(able) or 'none'}",
    ])  # fmt: skip


_SKU = click.option("--sku", default="wni", show_default=True, help="Which blank a test spends: wni or wna.")
_YES = click.option("--yes", is_flag=True, help="Spend the blank without asking again.")


def _spend(app: App, plan: str, sku: str, sure: bool) -> None:
    """Have the running station make a test card: it alone moves cards, and books them."""
    if not sure:
        click.confirm(f"This uses 1 {sku} blank, booked spoiled. Go on", abort=True, err=True)
    try:
        job = call(app.data, "jobs.test-card", {"sku": sku, "plan": plan}, app.named)
    except NotRunning as exc:
        raise Unavailable("a test card is made by the station, which does not run: keping run") from exc
    app.answer({"job": job}, lambda: f"job {job}: keping jobs show {job}")


@diag.command()
@click.option("--test-card", is_flag=True, help="Have the running station print a test face on one blank.")
@_SKU
@_YES
@pass_app
def printer(app: App, test_card: bool, sku: str, yes: bool) -> None:
    """Model, firmware, serial, counters, ribbon and state, and how long 50 readings of the state take."""
    if test_card:
        _spend(app, Plan.TEST_PRINT, sku, yes)
        return
    with diagnosis.alone(app.data), closing(open_printer(app.config.printer)) as opened:
        found = diagnosis.printer(opened)
        times_ms = list(diagnosis.reading_times(opened))
    found |= {"status_ms": diagnosis.summary(times_ms), "histogram": diagnosis.histogram(times_ms)}
    app.answer(found, lambda: _printer(found))


def _printer(found: dict[str, Any]) -> str:
    ribbon = "not readable" if found["ribbon_left"] is None else f"{found['ribbon_left']} cards left"
    times = ", ".join(f"{name} {value}" for name, value in found["status_ms"].items())
    most = max(count for _, count in found["histogram"])
    return "\n".join([
        f"{found['model']}, firmware {found['firmware']}, serial {found['serial']}",
        f"cards {found['cards_fed']}, panels {found['panels_printed']}, ribbon {ribbon}",
        f"card in the path: {found['position']}{', restarted since the last card' if found['restarted'] else ''}",
        f"stopped by: {with_codes(found['stopping']) or 'nothing'}",
        f"warns of: {with_codes(found['warnings']) or 'nothing'}",
        f"state read in ms: {times}",
        *(f"  <= {high:>8g} ms  {count:>3} {'#' * round(BAR * count / most)}" for high, count in found["histogram"]),
    ])  # fmt: skip


@diag.command()
@click.option("--test-encode", is_flag=True, help="Have the running station write and read back one blank's chip.")
@_SKU
@_YES
@pass_app
def chip(app: App, test_encode: bool, sku: str, yes: bool) -> None:
    """What lies on the reader: UID, and whether it holds data. Writes nothing without --test-encode."""
    if test_encode:
        _spend(app, Plan.TEST_CHIP, sku, yes)
        return
    with diagnosis.alone(app.data), closing(open_encoder(_config(app).reader)) as encoder:
        found = diagnosis.chip(encoder)
    holds = "holds data" if found["holds_data"] else "shows no data"
    app.answer(found, lambda: f"UID {found['uid']}, {holds}\n{_atr(found)}")


@diag.command()
@click.argument("commands", metavar="HEX...", nargs=-1, required=True)
@click.option(
    "--on", type=click.Choice(["name", "desk", "sam"]), default="name", show_default=True,
    help="Which reader of the config.",
)  # fmt: skip
@click.option("--allow-write", is_flag=True, help="Send also what is not known to change nothing.")
@pass_app
def apdu(app: App, commands: tuple[str, ...], on: str, allow_write: bool) -> None:
    """Send command APDUs to one chip, in this order, and show what it answers, as it answers it.

    Without --allow-write only what reads by ISO/IEC 7816-4: SELECT, READ, SEARCH, GET DATA, GET RESPONSE, GET
    CHALLENGE. What is shown may be a person's data; nothing of it is kept.
    """
    name = getattr(_config(app).reader, on)
    if not name:
        raise UsageError(f"reader.{on} is empty in the config")
    raw = [_hex(text) for text in commands]
    with diagnosis.alone(app.data):
        found = diagnosis.apdu(_config(app).reader, name, raw, allow_write=allow_write)
    app.answer(found, lambda: "\n".join(f"> {each['sent']}\n< {each['data']} {each['sw']}" for each in found))


def _hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as exc:
        raise UsageError(f"{text!r}: not hexadecimal") from exc
