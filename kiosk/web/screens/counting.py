"""Counting a place blindly, the movements by hand, and taking back one that was wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Flask, redirect, render_template, request, url_for

from kiosk.core.movements import COUNTABLE, HAND_MOVEMENTS
from kiosk.core.records import Sku
from kiosk.errors import Rejected, UsageError
from kiosk.reports.period import Period
from kiosk.stock import entries as entries_of
from kiosk.web import stock_words
from kiosk.web.house import actor, house
from kiosk.web.screens.holdings import who
from kiosk.web.screens.movements import Wrong, refused, second_person, supervisors, typed
from kiosk.web.screens.supplies import WHOLE

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

SHOWN = 10


def register(app: Flask) -> None:
    app.add_url_rule("/supplies/count", view_func=count_blanks, methods=["GET", "POST"])
    app.add_url_rule("/supplies/entries", view_func=entries)
    app.add_url_rule("/supplies/reverse", view_func=reverse_entry, methods=["GET", "POST"])


def count_blanks() -> str | Response | tuple[str, int]:
    """One place after the other, without the figures of the books, also in the status bar. A difference is asked for
    again, with a reason and a second person."""
    place = request.values.get("place", "")
    if request.method == "GET":
        return _count_form(place, {}, None)
    try:
        found = _count(place)
    except (Rejected, UsageError) as exc:
        wrong = refused(exc)
        return _count_form(place, typed(), wrong), wrong.status
    if found["moves"]:
        where = url_for("account", account="count-adjustment", sku=found["differences"][0][1])
    else:
        where = url_for("count_blanks", counted=place)
    house().sessions.spend(request.form["key"], where)
    return redirect(where, 303)


def _count(place: str) -> dict[str, Any]:
    amounts = {sku: request.form.get(sku.value, "").strip() for sku in Sku}
    if not all(WHOLE.fullmatch(amount) for amount in amounts.values()):
        raise UsageError("counted: a whole number from 0, for each kind of blank")
    rows: list[list[str | int]] = [[place, sku.value, int(amount)] for sku, amount in amounts.items()]
    said = {name: request.form.get(name, "").strip() for name in ("document", "reason")}
    second = second_person() if request.form.get("supervisor") else {}
    return house().station.stock.count(actor(), rows, **said, **second)


def _count_form(place: str, said: dict[str, Any], wrong: Wrong | None) -> str:
    return render_template(
        "count.html", place=place if place in list(COUNTABLE) else "", places=_places(), said=said, wrong=wrong,
        supervisors=supervisors(), counted=request.args.get("counted", ""),
        month=f"{house().station.books.today:%Y-%m}",
    )  # fmt: skip


def _places() -> dict[str, dict[str, Any] | None]:
    """Place -> when it was counted last this month, and by whom: the older of its two kinds. What is left is None;
    once nothing is, the month's stock opname is done."""
    books = house().station.books
    begin_ms = Period.month(books.today.year, books.today.month).begin_ms
    with books.look() as view:
        found = {place.value: [view.read("counts", f"{place}/{sku}") for sku in Sku] for place in COUNTABLE}
    last = {place: min((row for row in rows if row), key=_time, default=None) for place, rows in found.items()}
    return {
        place: {**row, "by": who(row["by"])} if row and all(found[place]) and _time(row) >= begin_ms else None
        for place, row in last.items()
    }  # fmt: skip


def _time(row: dict[str, Any]) -> int:
    return int(row["time"])


def entries() -> str:
    """The last movements by hand, newest first: each can be taken back while its blanks have not moved on."""
    start = request.args.get("from", "")
    first = int(start) if WHOLE.fullmatch(start) else 0
    with house().station.books.look() as view:
        rows = entries_of(view)
    shown = [{**row, "by": who(row["by"]), "can_go_back": _can_go_back(row)} for row in rows[first : first + SHOWN]]
    older = first + SHOWN if len(rows) > first + SHOWN else None
    return render_template("entries.html", rows=shown, older=older, told=stock_words)


def _can_go_back(row: dict[str, Any]) -> bool:
    return not row["reversed"] and bool(row["moves"]) and HAND_MOVEMENTS[row["movement"]].reversible


def reverse_entry() -> str | Response | tuple[str, int]:
    """The counter-entry of one movement, with a reason and a second person."""
    number = request.values.get("entry", "")
    with house().station.books.look() as view:
        entry = next((row for row in entries_of(view) if str(row["seq"]) == number), None)
    if request.method == "GET":
        return _reverse_form(entry, {}, None)
    try:
        if entry is None:
            raise Rejected(f"no entry {number} among the last movements by hand", "not-reversible")
        house().station.stock.reverse(actor(), entry["seq"], request.form.get("reason", ""), **second_person())
    except (Rejected, UsageError) as exc:
        wrong = refused(exc)
        return _reverse_form(entry, typed(), wrong), wrong.status
    where = url_for("entries")
    house().sessions.spend(request.form["key"], where)
    return redirect(where, 303)


def _reverse_form(entry: dict[str, Any] | None, said: dict[str, Any], wrong: Wrong | None) -> str:
    row = {**entry, "by": who(entry["by"]), "can_go_back": _can_go_back(entry)} if entry else None
    return render_template(
        "reverse.html", entry=row, said=said, wrong=wrong, told=stock_words, supervisors=supervisors()
    )  # fmt: skip
