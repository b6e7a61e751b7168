"""demo and sim: the whole station on simulated devices, and single devices for one's own experiments."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import click

from kiosk.cli.context import App, pass_app, set_up_logging
from kiosk.errors import UsageError
from kiosk.rig.demo import Plan, rehearse, succeeded
from kiosk.rig.devices import choose_link
from kiosk.rig.faults import parse_fault


@click.command()
@click.option("--cards", type=click.IntRange(1, 100_000), default=1, show_default=True)
@click.option("--speed", type=click.FloatRange(0.1, 1000), default=20.0, show_default=True, help="Of the mechanics.")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option(
    "--fault", "faults", multiple=True, metavar="SPEC", help="For example jam@5, hub-down@8-20, kill@12:print."
)
@click.option("--link", type=click.Choice(["pcsc", "in-process"]), help="How the chip is reached; pcsc if it can be.")
@click.option(
    "--dir", "directory", type=click.Path(path_type=Path), help="Where it all goes; a new directory without."
)
@pass_app
def demo(
    app: App, cards: int, speed: float, seed: int, faults: tuple[str, ...], link: str | None, directory: Path | None
) -> None:
    """Print invented residents' cards on simulated devices, centre and all, and check the books against the world."""
    set_up_logging("warning")
    parsed = [parse_fault(text) for text in faults]
    chosen, reason = choose_link(link)
    place = directory or Path(tempfile.mkdtemp(prefix="keping-demo-"))
    if directory and directory.exists() and any(directory.iterdir()):
        raise UsageError(f"--dir {directory}: not empty")
    if not app.as_json:
        click.echo(f"chip link: {chosen}" + (f" ({reason})" if reason and not link else ""))
    plan = Plan(place, cards, speed, seed, chosen, parsed)
    with click.progressbar(length=cards, label="cards", file=sys.stderr) as bar:
        result = rehearse(plan, lambda done: bar.update(done - bar.pos))
    app.answer(result, lambda: _report(result, place))
    if not succeeded(result):
        raise click.exceptions.Exit(1)


def _report(result: dict[str, Any], place: Path) -> str:
    lines = [
        f"printed {result['printed']} of {result['requested']}, {result['seconds']} s; cards in {place / 'cards'}"
    ]
    for sku, accounts in result["balance"].items():
        lines += [f"  {sku} {account:<15} {quantity:>6}" for account, quantity in accounts.items()]
    lines.append("books and world agree" if result["balanced"] else "\n".join(result["problems"]))
    return "\n".join(lines)


@click.group()
def sim() -> None:
    """Single simulated devices."""
