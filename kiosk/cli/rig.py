"""demo and sim: the whole station on simulated devices, and single devices for one's own experiments."""

from __future__ import annotations

import os
import sys
import tempfile
import webbrowser
from pathlib import Path
from typing import Any

import click

from kiosk.cli.context import App, pass_app, set_up_logging, stop_signal
from kiosk.errors import UsageError
from kiosk.rig.console.training import Training
from kiosk.rig.demo import Plan, rehearse, succeeded
from kiosk.rig.devices import choose_link
from kiosk.rig.faults import parse_fault
from kiosk.rig.rig import OPERATORS
from kiosk.rig.scenario import Tale, adds_up, tell
from kiosk.rig.scenario_plan import kupang as plan_of_kupang
from kiosk.rig.single import run_chip, run_printer

REHEARSAL_SPEED, TRAINING_SPEED = 20.0, 3.0


@click.command()
@click.option(
    "--cards", type=click.IntRange(1, 100_000), help="Rehearse so many; without it, touchscreen and console."
)
@click.option(
    "--speed", type=click.FloatRange(0.1, 1000), help="Of the mechanics; 20 for a rehearsal, 3 for a touchscreen."
)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed invents the same people.")
@click.option(
    "--fault", "faults", multiple=True, metavar="SPEC", help="In a rehearsal: jam@5, hub-down@8-20, kill@12:print."
)
@click.option("--link", type=click.Choice(["pcsc", "in-process"]), help="How the chip is reached; pcsc if it can be.")
@click.option(
    "--dir", "directory", type=click.Path(path_type=Path), help="Where it all goes; a new directory without."
)
@pass_app
def demo(
    app: App, cards: int | None, speed: float | None, seed: int, faults: tuple[str, ...], link: str | None,
    directory: Path | None,
) -> None:  # fmt: skip
    """Invented residents' cards on simulated devices, centre and all.

    With --cards a rehearsal that prints them and checks the books against the world. Without, a touchscreen to work
    at and a console that shows the world and makes trouble, until Ctrl-C.
    """
    set_up_logging("warning")
    parsed = [parse_fault(text) for text in faults]
    if parsed and cards is None:
        raise UsageError("--fault needs --cards: the console has a button for each")
    chosen, reason = choose_link(link)
    place = _new_place(directory, "keping-demo-")
    if not app.as_json:
        click.echo(f"chip link: {chosen}" + (f" ({reason})" if reason and not link else ""))
    if cards is None:
        _train(app, Training(place, speed or TRAINING_SPEED, seed, chosen))
        return
    plan = Plan(place, cards, speed or REHEARSAL_SPEED, seed, chosen, parsed)
    with click.progressbar(length=cards, label="cards", file=sys.stderr) as bar:
        result = rehearse(plan, lambda done: bar.update(done - bar.pos))
    app.answer(result, lambda: _report(result, place))
    if not succeeded(result):
        raise click.exceptions.Exit(1)


def _new_place(directory: Path | None, prefix: str) -> Path:
    if directory and directory.exists() and any(directory.iterdir()):
        raise UsageError(f"--dir {directory}: not empty")
    return directory or Path(tempfile.mkdtemp(prefix=prefix))


def _train(app: App, training: Training) -> None:
    stopping = stop_signal()
    with training:
        addresses = {"touchscreen": training.kiosk_url, "console": training.console_url}
        text = "\n".join([
            f"touchscreen  {training.kiosk_url}",
            *(f"             {person.name}, PIN {person.pin}" for person in OPERATORS),
            f"console      {training.console_url}",
            "Ctrl-C ends it.",
        ])  # fmt: skip
        app.answer(addresses, lambda: text)
        if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
            for address in addresses.values():
                webbrowser.open(address)
        training.watch(stopping.wait)
        if not app.as_json:
            click.echo("finishing the card in the machine")


def _report(result: dict[str, Any], place: Path) -> str:
    lines = [
        f"printed {result['printed']} of {result['requested']}, {result['seconds']} s; cards in {place / 'cards'}"
    ]
    for sku, accounts in result["balance"].items():
        lines += [f"  {sku} {account:<15} {quantity:>6}" for account, quantity in accounts.items()]
    lines.append("books and world agree" if result["balanced"] else "\n".join(result["problems"]))
    return "\n".join(lines)


@click.group()
def scenario() -> None:
    """Stories of an office, told by the real program on simulated devices."""


@scenario.command()
@click.option("--scale", type=click.IntRange(1, 100), default=10, show_default=True, help="10 makes a tenth of it.")
@click.option("--seed", type=int, default=2018, show_default=True, help="The same seed tells the same story.")
@click.option(
    "--dir", "directory", type=click.Path(path_type=Path), help="Where it all goes; a new directory without."
)
@pass_app
def kupang(app: App, scale: int, seed: int, directory: Path | None) -> None:
    """Kota Kupang, July to September 2018: 10,000 blanks, 200 people a day, outages, power cuts, a letter for more.

    Told twice at once, with records fetched ahead and with records fetched at the print. Writes the office's papers.
    Ends with 1 if a blank is unaccounted for, or books, centre and simulated world differ.
    """
    plan, place = plan_of_kupang(scale, seed), _new_place(directory, "keping-scenario-")
    with click.progressbar(length=len(plan.days), label="days", file=sys.stderr) as bar:
        result = tell(Tale(place, plan), lambda done: bar.update(done - bar.pos))
    app.answer(result, lambda: _story(result))
    if not adds_up(result):
        raise click.exceptions.Exit(1)


def _story(result: dict[str, Any]) -> str:
    names = (
        "received", "printed", "issued", "spoiled", "left", "asked", "granted", "outage_days", "unaccounted"
    )  # fmt: skip
    lines = [f"{name:<12} {result[name]:>7}" for name in names]
    lines += [f"served within a day, {way}: {share:.1%}" for way, share in result["served_within_a_day"].items()]
    return "\n".join([*lines, *result["problems"], *result["papers"]])


@click.group()
def sim() -> None:
    """Single simulated devices."""


@sim.command()
@click.option("--pty", type=click.Path(path_type=Path), help="Name of a link to the pty that a host opens.")
@click.option("--tcp", metavar="HOST:PORT", help="Listen there instead.")
@click.option("--blanks", type=click.IntRange(0, 100), default=50, show_default=True, help="In the hopper.")
@click.option("--speed", type=click.FloatRange(0.1, 1000), default=1.0, show_default=True, help="Of the mechanics.")
@click.option(
    "--cards", type=click.Path(path_type=Path), default=Path("cards"), show_default=True, help="Where pictures go."
)
def printer(pty: Path | None, tcp: str | None, blanks: int, speed: float, cards: Path) -> None:
    """A simulated card printer until Ctrl-C; each card that comes out is drawn as a PNG."""
    if (pty is None) == (tcp is None):
        raise UsageError("give --pty PATH or --tcp HOST:PORT")
    where = pty or _address(tcp or "")
    click.echo(f"a printer with {blanks} blanks is at {pty or tcp}; cards go to {cards}")
    run_printer(where, blanks, speed, cards, stop_signal().wait)


@sim.command()
@click.option("--vpcd", type=click.IntRange(1, 65535), required=True, help="The port of the virtual reader.")
def chip(vpcd: int) -> None:
    """A simulated blank chip on a virtual reader until Ctrl-C."""
    run_chip(vpcd, stop_signal().wait)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise UsageError(f"--tcp {text!r}: write HOST:PORT")
    return host, int(port)
