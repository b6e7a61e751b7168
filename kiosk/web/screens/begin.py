"""The first run: what the config says, the devices, the first supervisor and their codes, the blanks that are here.

Each step that changes anything is a frame of its own, and where it goes on is read from the books: whoever comes back
after a power cut is led to what is still to do. docs/adr/0054-the-first-run-ends-with-a-name.md.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from flask import Flask, redirect, render_template, request, url_for

from kiosk.core.equipment import EquipmentRole
from kiosk.core.records import Sku
from kiosk.errors import Rejected, UsageError
from kiosk.web.house import actor, house
from kiosk.web.screens.devices import printer_rows, reader_rows
from kiosk.web.screens.movements import Wrong, day_of, refused, typed
from kiosk.web.screens.people import new_pin, still_to_do
from kiosk.web.screens.supplies import WHOLE
from kiosk.web.security import set_cookie

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

NOBODY_YET = "screen"
"""Who chose a device before anybody was known, as the journal names them."""


def register(app: Flask) -> None:
    app.add_url_rule("/begin", view_func=begin)
    app.add_url_rule("/begin/devices", view_func=begin_devices, methods=["GET", "POST"])
    app.add_url_rule("/begin/supervisor", view_func=begin_supervisor, methods=["GET", "POST"])
    app.add_url_rule("/begin/stock", view_func=opening_stock, methods=["GET", "POST"])


def begin() -> str:
    station = house().station
    return render_template("begin.html", config=station.config, data=station.data, bar=None)


def begin_devices() -> str | Response:
    """Takes a device into use, or looks again (blocks <= 4 s); without one it can be gone on as well."""
    equipment = house().station.equipment
    if request.method == "POST":
        if role := request.form.get("role", ""):
            equipment.use(NOBODY_YET, role, request.form.get("name", ""))
        else:
            equipment.look()
        return redirect(url_for("begin_devices"), 303)
    ready = (
        bool(equipment.booked(EquipmentRole.PRINTER)) and equipment.name_of(EquipmentRole.READER) in equipment.readers
    )
    return render_template(
        "begin_devices.html", printers=printer_rows(equipment), readers=reader_rows(equipment), ready=ready, bar=None
    )


def begin_supervisor() -> str | Response | tuple[str, int]:
    """The first supervisor, who is signed in by it, and their codes. Of two who send it at once one is the first."""
    if request.method == "GET":
        return _supervisor(None)
    with house().one_by_one:
        key = request.form.get("key", "")
        if where := house().sessions.spent(key):
            return redirect(where, 303)
        try:
            ident = request.form.get("ident", "").strip().lower()
            made = house().station.staff.begin(ident, request.form.get("called", ""), new_pin())
        except (Rejected, UsageError) as exc:
            wrong = refused(exc)
            return _supervisor(wrong), wrong.status
        session = house().sessions.begin(house().people.find(made["id"]))
        session.codes = tuple(made["codes"])
        where = url_for("codes_shown")
        house().sessions.spend(key, where)
    answer = redirect(where, 303)
    set_cookie(answer, session)
    return answer


def _supervisor(wrong: Wrong | None) -> str:
    return render_template(
        "begin_supervisor.html", wrong=wrong, said=typed() if wrong else {}, bar=None, key=secrets.token_urlsafe(12)
    )


def opening_stock() -> str | Response | tuple[str, int]:
    """What lies in the vault, by its paper, both kinds at once: each is a receipt, in the name of who counted it."""
    if request.method == "GET":
        return _stock(None) if still_to_do() else redirect(url_for("supplies"), 303)
    try:
        _receive()
    except (Rejected, UsageError) as exc:
        wrong = refused(exc)
        return _stock(wrong), wrong.status
    where = url_for("supplies")
    house().sessions.spend(request.form["key"], where)
    return redirect(where, 303)


def _receive() -> None:
    """A kind that this paper brought already is left as it is: a form that was cut short may be sent again."""
    document, dated = request.form.get("document", "").strip(), day_of(request.form.get("dated", ""))
    amounts = {sku: request.form.get(sku.value, "").strip() for sku in Sku}
    if not all(WHOLE.fullmatch(amount) for amount in amounts.values()) or not any(map(int, amounts.values())):
        raise UsageError("quantity: a whole number from 0 for each kind of blank, and at least one blank")
    for sku, amount in amounts.items():
        with house().station.books.transaction() as view:
            if int(amount) and view.read("lots", f"{sku}/{document}") is None:
                house().station.stock.move(actor(), "receive", sku.value, int(amount), document, dated=dated)


def _stock(wrong: Wrong | None) -> str:
    return render_template("opening_stock.html", wrong=wrong, said=typed() if wrong else {})
