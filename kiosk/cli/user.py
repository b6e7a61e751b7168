"""user: who works here; each change is on record."""

from __future__ import annotations

from datetime import date
from typing import Any

import click

from kiosk.cli.context import App, pass_app, table
from kiosk.people import CODES, Role

NEW_PIN = click.option(
    "--pin", prompt="New PIN (6 digits)", hide_input=True, confirmation_prompt=True, help="Six digits."
)
ROLE = click.Choice([role.value for role in Role])


class _Day(click.ParamType[str]):
    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return date.fromisoformat(str(value)).isoformat()
        except ValueError:
            self.fail(f"{value!r}: write it as 2026-11-25", param, ctx)


@click.group()
def user() -> None:
    """Who may use the station, and as what. Changes are a supervisor's (keping --as ID), and on record."""


@user.command()
@click.argument("ident")
@click.option("--name", required=True, help="As the sign-in page shows it; it stays on this station.")
@click.option("--role", type=ROLE, default=Role.OPERATOR.value, show_default=True, help="What for.")
@NEW_PIN
@pass_app
def add(app: App, ident: str, name: str, role: str, pin: str) -> None:
    """Add a person. The first supervisor is added by whoever sets the station up, and gets the one-time codes."""
    found = app.execute("user.add", person=ident, name=name, role=role, pin=pin)
    app.answer(found, lambda: "\n".join([f"{found['id']} added", *_shown(found.get("codes", []))]))


def _shown(codes: list[str]) -> list[str]:
    if not codes:
        return []
    return [
        "", "One-time codes: each lets a supervisor in once who lost the PIN (keping user recover).",
        "They are shown this once. Print them, put them in an envelope, into the safe.", *codes,
    ]  # fmt: skip


@user.command("list")
@pass_app
def list_people(app: App) -> None:
    """Everybody who ever was, without PINs."""
    rows = app.execute("user.list")
    app.answer(rows, lambda: table([list(row.values()) for row in rows], list(rows[0]) if rows else ["id"]))


@user.command()
@click.argument("ident")
@click.argument("role", type=ROLE)
@pass_app
def role(app: App, ident: str, role: str) -> None:
    """Give a person another role."""
    found = app.execute("user.role", person=ident, role=role)
    app.answer({"id": ident, "role": found}, lambda: f"{ident} is {found}")


def _simple(name: str, said: str, doing: str) -> click.Command:
    @click.command(name, help=doing)
    @click.argument("ident")
    @pass_app
    def command(app: App, ident: str) -> None:
        app.execute(f"user.{name}", person=ident)
        app.answer({"id": ident}, lambda: f"{ident} {said}")

    return command


user.add_command(_simple("deactivate", "can't sign in any more", "Somebody left. Their id is never given out again."))
user.add_command(_simple("activate", "can sign in again", "Somebody who left is back, with the same id and PIN."))


@user.command("reset-pin")
@click.argument("ident")
@NEW_PIN
@pass_app
def reset_pin(app: App, ident: str, pin: str) -> None:
    """Give somebody else a new PIN."""
    app.execute("user.reset-pin", person=ident, pin=pin)
    app.answer({"id": ident}, lambda: f"{ident} has a new PIN")


@user.command("pin")
@NEW_PIN
@pass_app
def change_pin(app: App, pin: str) -> None:
    """Change your own PIN (keping --as ID)."""
    ident = app.execute("user.pin", pin=pin)
    app.answer({"id": ident}, lambda: f"{ident} has a new PIN")


@user.command()
@click.argument("ident")
@click.option("--from", "first", type=_Day(), help="First day, the office's date.")
@click.option("--to", "last", type=_Day(), help="Last day, included; it ends by itself.")
@click.option("--document", default="", help="Number of the paper that appoints them.")
@click.option("--end", is_flag=True, help="End it now instead.")
@pass_app
def acting(app: App, ident: str, first: str | None, last: str | None, document: str, end: bool) -> None:
    """Appoint an acting supervisor (Plh) for some days, or end it."""
    found = app.execute("user.acting", person=ident, first=first or "", last=last or "", document=document, end=end)
    said = "acts no more" if end else f"is acting supervisor from {found['from']} to {found['to']}"
    app.answer(found, lambda: f"{ident} {said}")


@user.command()
@pass_app
def codes(app: App) -> None:
    """Make new one-time codes for supervisors who lose their PIN; all earlier ones are void."""
    made = app.execute("user.codes")
    app.answer({"codes": made}, lambda: "\n".join(_shown(made)).strip())


@user.command()
@click.argument("ident")
@click.option("--code", prompt="One-time code", help="Asked for without it.")
@NEW_PIN
@pass_app
def recover(app: App, ident: str, code: str, pin: str) -> None:
    """Let a supervisor in again with a one-time code and a new PIN. Needs nobody else, and no link."""
    found = app.execute("user.recover", person=ident, code=code, pin=pin)
    left = f"{found['left']} of {CODES} codes are left"
    app.answer(found, lambda: f"{ident} has a new PIN; {left}")
