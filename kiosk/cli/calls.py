"""calls: add, list, close."""

from __future__ import annotations

import click

from kiosk.cli.context import App, pass_app, table
from kiosk.core.callbacks import CallReason


@click.group()
def calls() -> None:
    """People who wait for a record or a blank, and are telephoned."""


@calls.command()
@click.option("--nik", prompt="NIK", help="16 digits; asked for without it.")
@click.option("--phone", prompt="Phone", help="8 to 15 digits; asked for without it.")
@click.option(
    "--reason", type=click.Choice([word.value for word in CallReason]), required=True, help="What is missing."
)
@pass_app
def add(app: App, nik: str, phone: str, reason: str) -> None:
    """Note one person; answers with the number to give them."""
    number = app.execute("calls.add", nik=nik, phone=phone, reason=reason)
    app.answer({"number": number}, lambda: number)


@calls.command("list")
@pass_app
def list_calls(app: App) -> None:
    """Open numbers, those who can be called first; nothing of the people."""
    rows = app.execute("calls.list")
    columns = ["number", "reason", "ready"]
    app.answer(rows, lambda: table([[row[name] for name in columns] for row in rows], columns))


@calls.command()
@click.argument("number")
@pass_app
def close(app: App, number: str) -> None:
    """The person was called: destroy their entry."""
    closed = app.execute("calls.close", number=number)
    app.answer({"number": closed}, lambda: f"{closed} is closed")
