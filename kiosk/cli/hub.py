"""hub: run, add-station, issue, withdraw, declare-lost, import, export, status, set-aside, alarms."""

from __future__ import annotations

import random
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from kiosk import runtime
from kiosk.cli.context import App, pass_app, set_up_logging, stop_signal, table
from kiosk.cli.hub_keys import retire_keys, rotate_keys
from kiosk.cli.hub_page import DATABASE_VARIABLE, ZONE, clear_alarm, list_alarms, open_store, page, show_stock_line
from kiosk.core.release import Withdrawal
from kiosk.errors import UsageError
from kiosk.hub import aside, leases
from kiosk.hub.app import create_app
from kiosk.hub.issue import issue as issue_records
from kiosk.hub.keyring import HubKeys
from kiosk.hub.server import HubServer
from kiosk.hub.stations import add_station as new_station
from kiosk.hub.stations import declare_lost as declare
from kiosk.hub.status import StationStatus
from kiosk.hub.status import status as hub_status
from kiosk.hub.sticks import MOST_RECORDS, Sticks, Taken, Told
from kiosk.hub.store import Store
from kiosk.hub.succession import allow_restore as allow
from kiosk.rig.office_list import OfficeList
from kiosk.rig.residents import invent


@click.group()
@click.option(
    "--database", metavar="URL", default="", envvar=DATABASE_VARIABLE,
    help="postgresql://USER@HOST/NAME instead of a file in --data. With a password, by KEPING_HUB_DATABASE.",
)  # fmt: skip
@click.pass_context
def hub(context: click.Context, database: str) -> None:
    """The centre's side. --data is the centre's own directory here: its keys, and its data base unless that is in
    PostgreSQL. Several of `hub run` may share one PostgreSQL, with the same keys."""
    context.meta[DATABASE_VARIABLE] = database


def _open(app: App) -> tuple[Store, HubKeys]:
    return open_store(app), HubKeys.open(app.data)


@hub.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8440, show_default=True, help="On 127.0.0.1.")
@ZONE
@pass_app
def run(app: App, port: int, zone: str) -> None:
    """Serve the centre until SIGTERM."""
    set_up_logging(app.config.log.level)
    stopping = stop_signal()
    store, keys = _open(app)
    server = HubServer(create_app(store, keys, time.time, zone), port)
    runtime.keep()
    click.echo(f"{server.url} fingerprint {keys.fingerprint}")
    stopping.wait()
    server.stop()
    store.close()


@hub.command("add-station")
@click.argument("station")
@pass_app
def add_station(app: App, station: str) -> None:
    """Prepare an enrolment: prints the one-time code and the fingerprint to give to the technician."""
    store, keys = _open(app)
    code = new_station(store, station)
    store.close()
    found = {"station": station, "code": code, "fingerprint": keys.fingerprint}
    app.answer(found, lambda: f"code {code}\nfingerprint {keys.fingerprint}")


@hub.command("allow-restore")
@click.argument("station")
@pass_app
def allow_restore(app: App, station: str) -> None:
    """Let a station that lost its disk go on in a new journal: prints the one-time code for `keping restore`.

    Only when nobody can start it from the old disk any more: that one is refused as soon as the new one is open, but
    prints what it holds as long as it can't reach the centre.
    """
    store, keys = _open(app)
    code = allow(store, station)
    store.close()
    found = {"station": station, "code": code, "fingerprint": keys.fingerprint}
    app.answer(found, lambda: f"code {code}\nfingerprint {keys.fingerprint}")


@hub.command()
@click.option("--station", required=True, help="The station they are leased to.")
@click.option(
    "--from", "listed", type=click.Path(path_type=Path, dir_okay=False), help="A list as in docs/office-list.md."
)
@click.option(
    "--photos", type=click.Path(path_type=Path, file_okay=False, exists=True), help="Folder of its pictures."
)
@click.option("--invented", type=click.IntRange(1), help="How many residents to invent instead.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed invents the same people.")
@pass_app
def issue(app: App, station: str, listed: Path | None, photos: Path | None, invented: int | None, seed: int) -> None:
    """Sign records and lease them to a station: an office's own list, or invented residents of Kota Kupang.

    A list is judged whole before anything is signed: each fault with its line and column, all rows at once.
    """
    if (listed is None) == (invented is None) or (listed is None) != (photos is None):
        raise UsageError("give --from FILE with --photos DIR, or --invented COUNT")
    store, keys = _open(app)
    if listed is not None and photos is not None:
        office = OfficeList(listed, photos)
        office.check()
        residents = office.residents()
    else:
        residents = invent(seed, invented or 0, issued=datetime.now(UTC).date())
    refs = issue_records(store, keys, residents, station, now_s=time.time(), rng=random.SystemRandom())
    store.close()
    app.answer(refs, lambda: f"{len(refs)} records leased to {station}")


@hub.command("import")
@click.argument("directory", type=click.Path(path_type=Path))
@pass_app
def import_(app: App, directory: Path) -> None:
    """Take what stations wrote on a stick, by the same checks as over the link. Then answer it: keping hub export.

    Exits with 1 if something was refused, and says why; it is an alarm of that station too.
    """
    set_up_logging(app.config.log.level)
    store, keys = _open(app)
    taken = Sticks(store, keys, int(time.time() * 1000)).take(directory)
    store.close()
    app.answer([vars(each) for each in taken], lambda: "\n".join(map(_told, taken)))
    if any(each.reason for each in taken):
        sys.exit(1)


def _told(taken: Taken) -> str:
    if taken.reason:
        return f"{taken.station}: refused, {taken.reason}: {taken.detail}; frame {taken.held} is held"
    return f"{taken.station}: {taken.fresh or 'nothing'} new, frame {taken.held} is held"


@hub.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--station", help="For this one, all that is leased to it; else for those whose frames are there.")
@pass_app
def export(app: App, directory: Path, station: str | None) -> None:
    """Write receipt and new records to a stick, sealed for the station. Older answers to it there are replaced."""
    store, keys = _open(app)
    sticks = Sticks(store, keys, int(time.time() * 1000))
    asked = [Told(station, "", MOST_RECORDS)] if station else sticks.told(directory)
    if not asked:
        raise UsageError(f"{directory}: no station's frames are here; name one with --station")
    written = [sticks.answer(directory, told) for told in asked]
    store.close()
    found = [{"station": each.station, "acknowledged": each.acknowledged, **vars(each.written)} for each in written]
    app.answer(found, lambda: table([list(row.values()) for row in found], list(found[0])))


@hub.command()
@click.argument("ref")
@click.option("--reason", type=click.Choice([each.value for each in Withdrawal]), required=True)
@pass_app
def withdraw(app: App, ref: str, reason: str) -> None:
    """Take a record back that is not printed yet. It may be leased anew when the station has released it.

    If its card is made already, the station says so, and an alarm stands in `hub status`. To correct a record, issue
    another with `replaces`: the station then lets go of the first by itself.
    """
    store, keys = _open(app)
    station = leases.withdraw(store, keys, ref, Withdrawal(reason), time.time())
    store.close()
    app.answer({"ref": ref, "station": station}, lambda: f"{station} is asked to release {ref}")


@hub.command("declare-lost")
@click.argument("station")
@click.option("--yes", is_flag=True, help="Do it; without this, only say what would happen.")
@pass_app
def declare_lost(app: App, station: str, yes: bool) -> None:
    """A person's decree that a station is gone for ever: burnt, stolen, sunk. It can't be taken back.

    Its keys open nothing any more, and its records that are not printed may be leased to others. If it is not gone
    but only silent, it goes on printing them until it next reaches the centre, and people get two cards.
    """
    store, _ = _open(app)
    with store.snapshot() as connection:
        free = leases.unprinted(connection, station)
    if yes:
        free = declare(store, station, int(time.time() * 1000))
    store.close()
    would = "are free" if yes else "would be free; nothing is changed without --yes"
    name = f"station {station} {'is declared' if yes else 'is not yet'} lost"
    app.answer({"station": station, "lost": yes, "records": free}, lambda: f"{name}: {free} records {would}")


@hub.command()
@pass_app
def status(app: App) -> None:
    """Each station: last contact, acknowledged frame, records, stock."""
    store, _ = _open(app)
    found = [_plain(row) for row in hub_status(store)]
    store.close()
    shown = ["station", "incarnation", "seq", "records", "stock"]
    app.answer(found, lambda: table([[row[name] for name in shown] for row in found], shown))


@hub.command("set-aside")
@click.option("--apply", "again", is_flag=True, help="Read them again, in their order; after an upgrade.")
@pass_app
def set_aside(app: App, again: bool) -> None:
    """Frames of stations that this release can't read: they are kept, and missing in stock and records."""
    store, _ = _open(app)
    read, _left = aside.apply(store, int(time.time() * 1000)) if again else (0, 0)
    with store.snapshot() as connection:
        waiting = [vars(each) for each in aside.listed(connection)]
    store.close()
    shown = ["station", "incarnation", "seq", "kind", "reason", "detail"]
    lines = table([[row[name] for name in shown] for row in waiting], shown) if waiting else "nothing waits"
    app.answer({"read": read, "waiting": waiting}, lambda: f"{read} read now\n{lines}" if again else lines)


def _plain(row: StationStatus) -> dict[str, Any]:
    stock: dict[str, dict[str, int]] = {}
    for (sku, account), quantity in sorted(row.stock.items()):
        stock.setdefault(sku, {})[account] = quantity
    return {
        **vars(row),
        "records": dict(row.records),
        "stock": stock,
        "alarms": [vars(alarm) for alarm in row.alarms],
    }


for each in (page, show_stock_line, list_alarms, clear_alarm, rotate_keys, retire_keys):
    hub.add_command(each)
