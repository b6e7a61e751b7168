"""run, enrol and the page that waits for the station."""

from __future__ import annotations

import faulthandler
import logging
import resource
import sys
import threading
from pathlib import Path

import click

from kiosk import runtime
from kiosk.cli.context import App, pass_app, set_up_logging, stop_signal
from kiosk.config import WebConfig
from kiosk.enrolment import enrol_station
from kiosk.errors import KepingError, Unavailable, UsageError
from kiosk.gate import wait_for_passphrase
from kiosk.notify import notify
from kiosk.people import People
from kiosk.station import Station
from kiosk.web import House, WebServer, create_app, create_broken_app
from kiosk.web.serve import serve
from kiosk.web.waiting import waiting_page

log = logging.getLogger(__name__)


@click.command()
@click.option("--safe", is_flag=True, help="Only look: no driver, no device, nothing written. Also on damaged books.")
@pass_app
def run(app: App, safe: bool) -> None:
    """Run the station: worker, link to the centre, control socket. SIGTERM ends it after the card in the machine."""
    set_up_logging(app.config.log.level)
    runtime.settle()
    faulthandler.enable()  # the watchdog's SIGABRT leaves in the log where each thread stood
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # no picture of memory, where keys and names are, on the disk
    stopping = stop_signal()
    passphrase = None
    if app.config.vault.unlock == "passphrase":
        log.info("the vault is locked: keping vault unlock")
        notify("STATUS=The vault is locked: keping vault unlock")
        passphrase = wait_for_passphrase(app.data, stopping)
        if passphrase is None:
            return
    (_look_only if safe else _serve)(app, stopping, passphrase)


def _serve(app: App, stopping: threading.Event, passphrase: str | None) -> None:
    ended = serve(Station(app.config, app.data, "station", passphrase), stopping)
    if ended:
        click.echo(f"keping: the station stopped: {ended.why}; restart it after the cause is gone", err=True)
        sys.exit(ended.code)


def _look_only(app: App, stopping: threading.Event, passphrase: str | None) -> None:
    """Safe mode: the touchscreen over what the books say, or over why they can't be opened."""
    station = None
    try:
        station = Station(app.config, app.data, "station", passphrase, safe=True)
        station.begin_roster()
        served = create_app(House(station, People(app.data)))
    except Unavailable:
        raise
    except (KepingError, OSError) as exc:
        log.critical("the books can't be opened: %s", exc)
        served = create_broken_app(app.config, app.data, str(exc))
    web = WebServer(served, app.config.web.port)
    log.info("safe mode, touchscreen at http://127.0.0.1:%d", web.port)
    try:
        stopping.wait()
    finally:
        web.close()
        if station:
            station.close()


@click.command("enrol")
@click.option("--hub", "url", help="Address of the centre; the config's hub.url without it.")
@click.option("--code", required=True, help="The one-time code that the centre gave out.")
@click.option("--fingerprint", required=True, help="Fingerprint of the centre's key, as the centre shows it.")
@click.option("--ca", type=click.Path(path_type=Path), help="The authority, a PEM file; hub.ca without it.")
@pass_app
def enrol_command(app: App, url: str | None, code: str, fingerprint: str, ca: Path | None) -> None:
    """Register this station with the centre, pin the centre's keys, begin the journal."""
    config = app.at_centre(url, ca)
    incarnation = enrol_station(config, app.data, config.hub.url, code, fingerprint, app.by)
    answer = {"station": app.config.station.id, "incarnation": incarnation}
    app.answer(answer, lambda: f"{app.config.station.id} is enrolled, incarnation {incarnation}")


@click.command("waiting-page")
@pass_app
def waiting_page_command(app: App) -> None:
    """Print the page that the touchscreen's browser starts on: a file that waits for the station, then goes to it.

    Needs no station and no data, only web.port of the config; one that can't be read is told of, and the usual port
    taken. Redirect it to a file.
    """
    try:
        port = app.config.web.port
    except UsageError as exc:  # a screen that says whom to call is better than a black one
        click.echo(f"keping: {exc}", err=True)
        port = WebConfig().port
    page = waiting_page(port)
    app.answer({"page": page}, lambda: page)
