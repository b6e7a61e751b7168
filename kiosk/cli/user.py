"""user: add, list, reset-pin."""

from __future__ import annotations

import click

from kiosk.cli.context import App, pass_app, table
from kiosk.people import People, Role

PIN = click.option("--pin", prompt="PIN (6 digits)", hide_input=True, confirmation_prompt=True, help="Six digits.")


@click.group()
def user() -> None:
    """Who may use the touchscreen."""


@user.command()
@click.argument("ident")
@click.option("--name", required=True, help="As the sign-in page shows it.")
@click.option(
    "--role", type=click.Choice([role.value for role in Role]), default=Role.OPERATOR.value, help="What for."
)
@PIN
@pass_app
def add(app: App, ident: str, name: str, role: str, pin: str) -> None:
    """Add a person. Works beside a running station."""
    person = People(app.data).add(ident, name, Role(role), pin)
    app.answer({"id": person.id, "name": person.name, "role": person.role}, lambda: f"{person.id} added")


@user.command("list")
@pass_app
def list_people(app: App) -> None:
    """Everybody, without PINs."""
    people = People(app.data).all()
    rows = [{"id": person.id, "name": person.name, "role": person.role.value} for person in people]
    app.answer(rows, lambda: table([list(row.values()) for row in rows], ["id", "name", "role"]))


@user.command("reset-pin")
@click.argument("ident")
@PIN
@pass_app
def reset_pin(app: App, ident: str, pin: str) -> None:
    """Give a person a new PIN."""
    People(app.data).reset_pin(ident, pin)
    app.answer({"id": ident}, lambda: f"{ident} has a new PIN")
