"""vault: unlock, passphrase, retention."""

from __future__ import annotations

import click

from kiosk.cli.context import App, pass_app, table
from kiosk.control import call
from kiosk.core.retention import Rule
from kiosk.crypto.keyfile import needs_passphrase
from kiosk.gate import UNLOCK, key_path, set_passphrase


@click.group()
def vault() -> None:
    """What opens the personal records here."""


@vault.command()
@click.option("--passphrase", prompt=True, hide_input=True, help="Asked for without it.")
@pass_app
def unlock(app: App, passphrase: str) -> None:
    """Give the passphrase to the station that was just started; it begins to serve then."""
    call(app.data, UNLOCK, {"passphrase": passphrase})
    app.answer({"unlocked": True}, lambda: "the vault is open")


@vault.command()
@click.option("--remove", is_flag=True, help="No passphrase from now on.")
@pass_app
def passphrase(app: App, remove: bool) -> None:
    """Set or change the passphrase, while no station runs; then set vault.unlock in the config to match.

    Nobody can open the records without it, but the centre has them still.
    """
    locked = needs_passphrase(key_path(app.data))
    old = click.prompt("Passphrase until now", hide_input=True) if locked else None
    new = None if remove else click.prompt("New passphrase", hide_input=True, confirmation_prompt=True)
    set_passphrase(app.data, old, new)
    wanted = "file" if remove else "passphrase"
    app.answer({"unlock": wanted}, lambda: f"done; vault.unlock must be {wanted!r} at the next start")


def _days(rule: Rule) -> click.Option:
    return click.Option([f"--{rule}"], type=click.IntRange(1, 3650), help="Other days than the config has now.")


@vault.command(params=[_days(rule) for rule in (Rule.AUDIT_TERM, Rule.RELEASED_TERM, Rule.CALL_TERM)])
@pass_app
def retention(app: App, /, **days: int | None) -> None:
    """A dry run: what would be destroyed now, by which rule, and nothing is. Other terms than those of the config can
    be tried; a running station is asked by its config, or by the terms that are given.
    """
    found = app.execute("vault.retention", **{name: each for name, each in days.items() if each})
    rows = [[rule, found["terms"].get(rule, "-"), len(items)] for rule, items in found["rules"].items()]
    note = "" if found["certain"] else "\nthe time is not certain: nothing goes by age until it is"
    app.answer(found, lambda: table(rows, ["rule", "days", "would go now"]) + note)
