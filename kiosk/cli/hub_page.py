"""hub: page, stock-line, alarms, clear-alarm. What people at the centre look at."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path

import click

from kiosk.cli.context import App, pass_app, set_up_logging, stop_signal, table
from kiosk.hub import alarms
from kiosk.hub.page import create_page
from kiosk.hub.register import ZONES
from kiosk.hub.server import HubServer
from kiosk.hub.stockline import stock_line
from kiosk.hub.store import Store

DATABASE_VARIABLE = "KEPING_HUB_DATABASE"
ZONE = click.option(
    "--zone", type=click.Choice(list(ZONES)), default="wita", show_default=True, help="In which a day begins."
)


def open_store(app: App) -> Store:
    directory: Path = app.data
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Store.open(directory, click.get_current_context().meta[DATABASE_VARIABLE])


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8441, show_default=True, help="On 127.0.0.1.")
@ZONE
@pass_app
def page(app: App, port: int, zone: str) -> None:
    """Serve the centre's page to people on this machine, until SIGTERM. It reads only; from elsewhere: ssh -L."""
    set_up_logging(app.config.log.level)
    stopping = stop_signal()
    store = open_store(app)
    server = HubServer(create_page(store, zone, time.time), port)
    click.echo(server.url)
    stopping.wait()
    server.stop()
    store.close()


@click.command("stock-line")
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="A day that is past; today without it.")
@ZONE
@pass_app
def show_stock_line(app: App, day: datetime | None, zone: str) -> None:
    """The public figure of a day: one Indonesian sentence, to be read out."""
    store = open_store(app)
    try:
        found = stock_line(store, int(time.time() * 1000), zone, day.date() if day else None)
    finally:
        store.close()
    app.answer(found.plain, lambda: found.sentence)


@click.command("alarms")
@click.option("--all", "also_cleared", is_flag=True, help="Those that were cleared too.")
@pass_app
def list_alarms(app: App, also_cleared: bool) -> None:
    """What somebody must look at, the newest first."""
    store = open_store(app)
    with store.snapshot() as connection:
        found = [each for each in alarms.read(connection, int(time.time() * 1000)) if also_cleared or each.is_open]
    store.close()
    rows = [[each.id, each.station, each.kind, each.times, each.detail, each.cleared_by or ""] for each in found]
    heads = ["id", "station", "kind", "times", "detail", "cleared by"]
    app.answer([{"id": each.id, **vars(each)} for each in found], lambda: table(rows, heads) if rows else "none")


@click.command("clear-alarm")
@click.argument("alarm")
@click.option("--by", required=True, help="Who looked at it.")
@click.option("--reason", required=True, help="What came of it, without a resident's name.")
@pass_app
def clear_alarm(app: App, alarm: str, by: str, reason: str) -> None:
    """Note that somebody looked at it. If it comes again, it is open again."""
    store = open_store(app)
    try:
        found = alarms.clear(store, alarm, by, reason, int(time.time() * 1000))
    finally:
        store.close()
    app.answer({"id": found.id, **vars(found)}, lambda: f"cleared: {found.station}, {found.kind}")
