"""stock: one command for each movement by hand, and count, reverse, old cards, list, balance."""

from __future__ import annotations

import click

from kiosk.books import read_view
from kiosk.cli import supply
from kiosk.cli.context import App, pass_app, table
from kiosk.core.movements import COUNT, HAND_MOVEMENTS, MARKS, Detail, Movement
from kiosk.core.records import Sku
from kiosk.stock import Moves, balances, entries, old_cards

DETAILS = {
    Detail.DATED: "The day on the paper, as 2026-11-28.",
    Detail.BOXES: "How many boxes came.",
    Detail.CARRIERS: "The offices of those who fetched them, never their names.",
    Detail.OFFICE: "Which office: the name of its station at the centre.",
    Detail.WITNESSES: "The offices that looked on, never names: those stand on the paper.",
    Detail.METHOD: "How.",
    Detail.REASON: "Why, without a person's name.",
    Detail.MARKS: f"What was done to them: {', '.join(MARKS)}.",
}
SECOND = click.Option(["--second"], default="", help="The id of the supervisor who approves.")
PIN = click.Option(["--pin"], default="", help="The supervisor's PIN; asked for without it.")
FAMILIES = ("out", "in")


@click.group()
def stock() -> None:
    """Blanks, by double entry."""


def asked(second: str, pin: str) -> dict[str, str]:
    """Who approves; nothing if nobody was named, for the station to say whether that will do."""
    if second and not pin:
        pin = click.prompt("PIN", hide_input=True)
    return {"second": second, "pin": pin} if second else {}


def _shown(moves: Moves) -> str:
    return "\n".join(f"{m[4]} {m[0]} of lot {m[1]}: {m[2]} -> {m[3]}" for m in moves) or "nothing moved"


def _movement(row: Movement, name: str) -> click.Command:
    options = [
        click.Option(["--sku"], type=click.Choice([sku.value for sku in Sku]), required=True, help="Which blank."),
        click.Option(["--qty"], type=click.IntRange(1), required=True, help="How many blanks."),
        click.Option(
            ["--document"], default="", required=bool(row.paper),
            help=f"The number of its {row.paper}." if row.paper else "Number of a paper that goes with it.",
        ),
    ]  # fmt: skip
    if len(row.sources) > 1:
        places = click.Choice([place.value for place in row.sources])
        options.append(click.Option(["--from", "source"], type=places, required=True, help="Where they are now."))
    if row.causes:
        causes = click.Choice(sorted(str(cause) for cause in row.causes))
        options.append(click.Option(["--cause"], type=causes, required=True, help="What is wrong with them."))
    options += [
        click.Option([f"--{detail}"], required=detail in row.needs, help=DETAILS[detail])
        for detail in (*row.needs, *row.takes)
    ]
    options += [SECOND, PIN] if row.second else []

    @pass_app
    def carry_out(app: App, /, sku: str, qty: int, document: str, **said: str | None) -> None:
        approval = asked(said.pop("second", "") or "", said.pop("pin", "") or "")
        given = {key: value for key, value in said.items() if value} | approval
        moves = app.execute("stock.move", movement=row.name, sku=sku, quantity=qty, document=document, **given)
        app.answer(moves, lambda: _shown(moves))

    whence = ", ".join(row.sources[:-1]) + " or " * (len(row.sources) > 1) + row.sources[-1]
    approved = " A second person approves." if row.second else ""
    return click.Command(
        name, params=list(options), callback=carry_out, help=f"Move blanks from {whence} to {row.target}.{approved}"
    )


def _add(row: Movement) -> None:
    """`loan-out` is `stock loan out`; what has no way back of the same name stands by itself."""
    family, _, way = row.name.rpartition("-")
    if way not in FAMILIES:
        stock.add_command(_movement(row, row.name))
        return
    group = stock.commands.setdefault(family, click.Group(family, help=f"{family.capitalize()}: out and in."))
    assert isinstance(group, click.Group)
    group.add_command(_movement(row, way))


for each in HAND_MOVEMENTS.values():
    if each.name != COUNT:
        _add(each)


for command in supply.COMMANDS:
    stock.add_command(command)


class Counted(click.ParamType[list[str | int]]):
    name = "place/sku=n"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> list[str | int]:
        place, _, rest = value.partition("/")
        sku, _, blanks = rest.partition("=")
        if not (place and sku and blanks.isdecimal()):
            self.fail(f"{value!r}: write PLACE/SKU=NUMBER, as vault/wni=1200", param, ctx)
        return [place, sku, int(blanks)]


@stock.command(params=[SECOND, PIN])
@click.argument("counted", nargs=-1, required=True, type=Counted())
@click.option("--document", default="", help="Number of the paper that was written.")
@click.option("--reason", default="", help="Why it differs; needed if it does.")
@pass_app
def count(app: App, /, counted: tuple[list[str | int], ...], second: str, pin: str, **said: str) -> None:
    """Book what was counted, as vault/wni=1200, place by place; zero is counted too.

    A difference needs a reason and a second person. Count before you look at the balance.
    """
    found = app.execute("stock.count", counted=list(counted), **said, **asked(second, pin))
    rows = found["differences"]
    app.answer(found, lambda: table(rows, ["place", "sku", "difference"]) if rows else "as in the books")


@stock.command(params=[SECOND, PIN])
@click.argument("entry", type=click.IntRange(1))
@click.option("--reason", required=True, help="Why, without a person's name.")
@pass_app
def reverse(app: App, entry: int, reason: str, second: str, pin: str) -> None:
    """Book the counter-entry of a movement, by its number in `stock list`. A second person approves."""
    moves = app.execute("stock.reverse", entry=entry, reason=reason, **asked(second, pin))
    app.answer(moves, lambda: _shown(moves))


@stock.command("destroy-old-cards", params=[SECOND, PIN])
@click.option("--qty", type=click.IntRange(1), required=True, help="How many old cards.")
@click.option("--document", required=True, help="The number of its berita acara.")
@click.option("--witnesses", required=True, help=DETAILS[Detail.WITNESSES])
@click.option("--method", required=True, help=DETAILS[Detail.METHOD])
@pass_app
def destroy_old_cards(app: App, /, qty: int, second: str, pin: str, **said: str) -> None:
    """Take destroyed old cards out of their register. A second person approves."""
    left = app.execute("stock.destroy-old-cards", quantity=qty, **said, **asked(second, pin))
    app.answer({"old_cards": left}, lambda: f"{left} old cards are left")


@stock.command("old-cards")
@pass_app
def show_old_cards(app: App) -> None:
    """Old cards that were taken and not destroyed yet. Read from the journal, beside a running station."""
    held = old_cards(read_view(app.data))
    app.answer({"old_cards": held}, lambda: f"{held} old cards")


@stock.command("list")
@pass_app
def list_entries(app: App) -> None:
    """The last movements by hand, newest first. Read from the journal, beside a running station."""
    found = entries(read_view(app.data))
    rows = [
        [row["seq"], row["movement"], sum(move[4] for move in row["moves"]), row["document"], row["by"],
         row["reversed"] or ""]
        for row in found
    ]  # fmt: skip
    app.answer(found, lambda: table(rows, ["entry", "movement", "blanks", "document", "by", "reversed by"]))


@stock.command()
@pass_app
def balance(app: App) -> None:
    """All accounts by SKU. Read from the journal, beside a running station."""
    found = balances(read_view(app.data))
    rows = [[sku, account, quantity] for sku, accounts in found.items() for account, quantity in accounts.items()]
    app.answer(found, lambda: table(rows, ["sku", "account", "blanks"]))
