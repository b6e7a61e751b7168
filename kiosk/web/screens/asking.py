"""What the office tells of itself, what it asks the ministry for, and what it is given, by touch.

A letter goes by its number: the same one twice is refused by the books, and whatever else is sent again says the same
again. So no key is kept in these frames.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from flask import Flask, redirect, render_template, request, url_for

from kiosk.core import supply
from kiosk.core.records import Sku
from kiosk.core.supply import Figure
from kiosk.core.usage import USABLE
from kiosk.core.workdays import office_day
from kiosk.errors import Rejected, UsageError
from kiosk.supply import Supply, letter
from kiosk.web import supply_words
from kiosk.web.house import actor, house
from kiosk.web.screens.movements import Wrong, refused, typed

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    Answer = str | Response | tuple[str, int]

NUMBER = re.compile("[0-9]{1,8}")
SHOWN = 8


def register(app: Flask) -> None:
    app.add_url_rule("/supplies/figures", view_func=office_figures, methods=["GET", "POST"])
    app.add_url_rule("/supplies/requests", view_func=requests)
    app.add_url_rule("/supplies/request", view_func=request_blanks, methods=["GET", "POST"])
    app.add_url_rule("/supplies/granted", view_func=grant_blanks, methods=["GET", "POST"])


def _supply() -> Supply:
    return Supply(house().station.books, house().station.config)


def _number(name: str) -> int:
    text = request.form.get(name, "").strip()
    if not NUMBER.fullmatch(text):
        raise UsageError(f"{name}: a whole number")
    return int(text)


def _done(where: str) -> Response:
    house().sessions.spend(request.form["key"], where)
    return redirect(where, 303)


def office_figures() -> Answer:
    """What is left empty stays as it was told before, with the day on which it was counted."""
    if request.method == "GET":
        return _figures_form({}, None)
    try:
        given = [name.value for name in Figure if request.form.get(name, "").strip()]
        _supply().tell(actor(), {name: _number(name) for name in given})
    except (Rejected, UsageError) as exc:
        wrong = refused(exc)
        return _figures_form(typed(), wrong), wrong.status
    return _done(url_for("supplies"))


def _figures_form(said: dict[str, Any], wrong: Wrong | None) -> str:
    with house().station.books.look() as view:
        known = supply.figures(view.read)
    return render_template("figures.html", known=known, said=said, wrong=wrong, told=supply_words)


def requests() -> str:
    """The last letters, newest first, and what became of each."""
    with house().station.books.look() as view:
        rows = [dict(row) for row in reversed(supply.requests(view.read))][:SHOWN]
    for row in rows:
        row |= {"received": supply.received(row), "outstanding": supply.outstanding(row)}
    return render_template("requests.html", rows=rows, noted=request.args.get("noted", ""))


def request_blanks() -> Answer:
    """The draft of a letter, all sums made; and once it was sent, its number and how many it asks for."""
    sku = request.values.get("sku", "")
    chosen = Sku(sku) if sku in list(Sku) else Sku.WNI
    if request.method == "GET":
        return _request_form(chosen, {}, None)
    try:
        row = _supply().request(actor(), sku, _number("quantity"), request.form.get("document", ""))
    except (Rejected, UsageError) as exc:
        wrong = refused(exc)
        return _request_form(chosen, typed(), wrong), wrong.status
    return _done(url_for("requests", noted=row["document"]))


def _request_form(sku: Sku, said: dict[str, Any], wrong: Wrong | None) -> str:
    station = house().station
    with station.books.look() as view:
        draft = letter(view, station.config, office_day(station.books.time.time_ms), sku)
    said = {"quantity": draft.quantity or "", **said}
    return render_template(
        "request.html", sku=sku.value, draft=draft, said=said, wrong=wrong, told=supply_words, usable=USABLE
    )


def grant_blanks() -> Answer:
    """The answer to a letter, often less than was asked: the forecast is made anew with it."""
    document = request.values.get("document", "")
    with house().station.books.look() as view:
        row = next((dict(row) for row in supply.requests(view.read) if row["document"] == document), None)
    if request.method == "GET":
        return _grant_form(row, {}, None)
    try:
        _supply().grant(actor(), document, _number("quantity"), request.form.get("grant", ""))
    except (Rejected, UsageError) as exc:
        wrong = refused(exc)
        return _grant_form(row, typed(), wrong), wrong.status
    return _done(url_for("requests", noted=document))


def _grant_form(row: dict[str, Any] | None, said: dict[str, Any], wrong: Wrong | None) -> str:
    if row:
        row["received"] = supply.received(row)
    return render_template("granted.html", row=row, said=said, wrong=wrong, told=supply_words)
