"""power: battery, mains, show; for the hooks of a UPS's daemon (docs/technician.md)."""

from __future__ import annotations

from typing import Any

import click

from kiosk.cli.context import App, pass_app
from kiosk.cli.telling import local_time
from kiosk.control import NotRunning, call


@click.group()
def power() -> None:
    """What the UPS says: on battery no new card is begun, on mains the work goes on. With or without a station."""


@power.command()
@pass_app
def battery(app: App) -> None:
    """The mains went: the card in the machine is finished, none is begun."""
    _answer(app, "battery")


@power.command()
@pass_app
def mains(app: App) -> None:
    """The mains are back, or the last word of the UPS is an old one: cards are begun again."""
    _answer(app, "mains")


@power.command()
@pass_app
def show(app: App) -> None:
    """What was said last, when and by whom."""
    _answer(app, "show")


def _answer(app: App, said: str) -> None:
    found = _done(app, f"power.{said}")
    app.answer(found, lambda: _text(found))


def _done(app: App, command: str) -> dict[str, Any]:
    """Without a station the note alone: a hook must not wait for a passphrase, nor for what a station opens."""
    if app.person is not None:
        return dict(app.execute(command))
    try:
        return dict(call(app.data, command, {}))
    except NotRunning:
        from kiosk.power import Power  # and what it stands on: only where no station runs

        return dict(Power(app.data).commands[command](by=app.by))


def _text(found: dict[str, Any]) -> str:
    if found["power"] == "mains":
        return "on mains"
    by = f", {found['by']}" if found["by"] else ""
    return f"on battery since {local_time(found['since_ms'])}{by}"
