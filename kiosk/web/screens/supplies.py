"""Stok: the equation of every blank on one line, what may be booked, and loading and unloading the hopper."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flask import Flask, render_template, request

from kiosk.core.accounts import equation
from kiosk.core.records import Sku
from kiosk.errors import UsageError
from kiosk.stock import balances
from kiosk.web import stock_words, supply_words
from kiosk.web.house import actor, done, house
from kiosk.web.screens.ahead import foreseen

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

WHOLE = re.compile("[0-9]{1,6}")
BY_OPERATOR = frozenset({"load", "unload"})
FORMS = (
    "receive", "release", "return", "set-aside", "put-back", "spoil", "defect", "mobile-out", "mobile-in", "loan-out",
    "loan-in", "destroy", "destroy-old-cards", "send-back",
)  # fmt: skip
"""Movements that have a form of their own, in the order in which they are offered."""


def register(app: Flask) -> None:
    app.add_url_rule("/supplies", view_func=supplies)
    app.add_url_rule("/supplies/move", view_func=move_supplies, methods=["POST"])


def supplies() -> str:
    with house().station.books.transaction() as view:
        held = balances(view)
    equations = {sku.value: equation(held[sku]) for sku in Sku if sku in held}
    return render_template(
        "supplies.html", equations=equations, forms=FORMS, told=stock_words, ahead=foreseen(),
        supply_told=supply_words,
    )  # fmt: skip


def move_supplies() -> Response:
    movement, amount = request.form.get("movement", ""), request.form.get("quantity", "").strip()
    if movement not in BY_OPERATOR or not WHOLE.fullmatch(amount):
        raise UsageError("jumlah: angka bulat dari 1")
    # In the books, not in memory: the answer may have been lost with the station.
    key = request.form["key"]
    house().station.stock.move(actor(), movement, request.form.get("sku", ""), int(amount), key=key)
    return done("supplies")
