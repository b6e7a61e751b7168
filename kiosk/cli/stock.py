"""stock: receive, release, return, load, unload, balance."""

from __future__ import annotations

import click

from kiosk.books import read_view
from kiosk.cli.context import App, pass_app, table
from kiosk.core.records import Sku
from kiosk.desk import MOVEMENTS, balances


@click.group()
def stock() -> None:
    """Blanks, by double entry."""


def _movement(name: str) -> click.Command:
    source, target = MOVEMENTS[name]

    @click.command(name, help=f"Move blanks from {source} to {target}.")
    @click.option("--sku", type=click.Choice([sku.value for sku in Sku]), required=True, help="Which blank.")
    @click.option("--qty", type=click.IntRange(1), required=True, help="How many blanks.")
    @click.option("--document", default="", help="Number of the paper that goes with it; a receipt needs one.")
    @pass_app
    def command(app: App, sku: str, qty: int, document: str) -> None:
        moves = app.execute("stock.move", movement=name, sku=sku, quantity=qty, document=document)
        app.answer(moves, lambda: "\n".join(f"{m[4]} {m[0]} of lot {m[1]}: {m[2]} -> {m[3]}" for m in moves))

    return command


for movement in MOVEMENTS:
    stock.add_command(_movement(movement))


@stock.command()
@pass_app
def balance(app: App) -> None:
    """All accounts by SKU. Read from the journal, beside a running station."""
    found = balances(read_view(app.data))
    rows = [[sku, account, quantity] for sku, accounts in found.items() for account, quantity in accounts.items()]
    app.answer(found, lambda: table(rows, ["sku", "account", "blanks"]))
