"""shift: open, count, close, show."""

from __future__ import annotations

from typing import Any

import click

from kiosk.cli.context import App, pass_app, table
from kiosk.cli.stock import PIN, SECOND, Counted, asked
from kiosk.cli.telling import local_time
from kiosk.core.slip import as_text


@click.group()
def shift() -> None:
    """The people at work, and the blanks that they answer for. Everybody in their own name: keping --as ID."""


@shift.command("open", params=[SECOND, PIN])
@click.argument("counted", nargs=-1, type=Counted())
@click.option("--reason", default="", help="Why count and books differ; needed if they do.")
@pass_app
def open_shift(app: App, counted: tuple[list[str | int], ...], reason: str, second: str, pin: str) -> None:
    """Take over what shift stock, hopper, bench and machine hold in the books.

    With what you counted there beforehand, as hopper/wni=87: shift, hopper and bench, with both kinds of blanks. A
    difference is booked first, with a reason and a second person.
    """
    said = {"counted": list(counted), "reason": reason, **asked(second, pin)} if counted else {}
    found = app.execute("shift.open", **said)
    app.answer(found, lambda: f"{found['shift']} is open\n{_opening(found)}")


def _opening(found: dict[str, Any]) -> str:
    moved = found["moved_since"]
    text = table(found["opening"], ["place", "sku", "blanks"])
    return f"{text}\nmoved while no shift was open:\n{table(moved, ['place', 'sku', 'blanks'])}" if moved else text


@shift.command()
@click.argument("counted", nargs=-1, required=True, type=Counted())
@pass_app
def count(app: App, counted: tuple[list[str | int], ...]) -> None:
    """Put on record what you counted, as hopper/wni=87, before you look at any book; all at once or place by place.

    Shift, hopper and bench are counted, with both kinds of blanks; zero is counted too.
    """
    found = app.execute("shift.count", counted=list(counted))
    left = ", ".join(f"{place}/{sku}" for place, sku in found["left"])
    app.answer(found, lambda: f"still to count: {left}" if left else "all is counted: keping shift close")


@shift.command(params=[SECOND, PIN])
@click.option("--reason", default="", help="Why count and books differ; needed if they do.")
@pass_app
def close(app: App, reason: str, second: str, pin: str) -> None:
    """Close it with what was counted, and show the slip. A difference needs a reason and a second person."""
    slip = app.execute("shift.close", reason=reason, **asked(second, pin))
    app.answer(slip, lambda: as_text(slip, local_time))


@shift.command()
@click.argument("name", default="", required=False)
@pass_app
def show(app: App, name: str) -> None:
    """The slip of a closed shift, as S0017; without a name the open shift, else the last one."""
    found = app.execute("shift.show", shift=name)
    app.answer(found, lambda: as_text(found, local_time) if "equation" in found else _still_open(found))


def _still_open(found: dict[str, Any]) -> str:
    left = ", ".join(f"{place}/{sku}" for place, sku in found["left"])
    text = f"{found['shift']} is open since {local_time(found['since'])}, {found['by']}"
    return f"{text}\nstill to count: {left}" if left else f"{text}\nall is counted"
