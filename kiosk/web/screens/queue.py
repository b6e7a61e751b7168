"""The queue: who waits, in order of service; one search box."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import Flask, abort, redirect, render_template, request, url_for

from kiosk.core.correction import STATE
from kiosk.core.records import Fields, Reason
from kiosk.core.release import RELEASED
from kiosk.core.service_order import Line
from kiosk.web import service_words, words
from kiosk.web.house import house
from kiosk.web.security import current, first_page

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

SHOWN = 30
NOT_HERE = frozenset({RELEASED, STATE})
SEARCHED = frozenset({"queue", "printed"})


@dataclass(frozen=True)
class Row:
    ref: str
    fields: Fields
    record: dict[str, Any]


def register(app: Flask) -> None:
    app.add_url_rule("/", view_func=home)
    app.add_url_rule("/queue", view_func=queue)
    app.add_url_rule("/search/<page>", view_func=search, methods=["POST"])


def home() -> Response:
    return redirect(url_for(first_page(current().person)), 303)


def search(page: str) -> Response:
    """The same list, fewer rows. Its key is not spent: a page that is gone back to may search again."""
    if page not in SEARCHED:
        abort(404)
    text, reason = request.form.get("q", "").strip(), request.form.get("reason", "")
    number = current().searches.note(text) if text else None
    return redirect(url_for(page, find=number, reason=reason or None), 303)


def searched() -> str:
    """What is looked for on this page, empty if nothing."""
    return current().searches.text(request.args.get("find", ""))


def queue() -> str:
    text, reason = searched(), request.args.get("reason", "")
    line = waiting_line()
    records = [row for row in line.rows if reason in ("", row["reason"])]
    total = len(records)
    hits: set[str] = set()
    if text:
        hits = house().station.roster.find(text) | {text.casefold()}
        records = [record for record in records if record["ref"] in hits]
    ready = next((record["ref"] for record in records if record["ref"] not in line.why), None)
    return render_template(
        "queue.html", rows=_rows(records[:SHOWN]), total=total, found=len(records), q=text, reason=reason,
        ready=ready, why=line.why, gone=_rows(_gone(hits)), told=service_words,
        reasons={each.value: words.REASONS[each.value] for each in Reason},
    )  # fmt: skip


def _gone(hits: set[str]) -> list[dict[str, Any]]:
    """Of those that are looked for, records that went back to the centre, or are held; not of somebody who has
    another one."""
    station = house().station
    with station.books.look() as view:
        found = [row for ref in sorted(hits) if (row := view.read("records", ref)) and row["state"] in NOT_HERE]
        return [row for row in found if not any(view.read("records", other) for other in _others(row["ref"], found))]


def _others(ref: str, gone: list[dict[str, Any]]) -> set[str]:
    return house().station.roster.same_person(ref) - {row["ref"] for row in gone}


def waiting_line() -> Line:
    """Everybody who waits, in order of service."""
    place = house()
    return place.waiting.line(place.station.books, place.station.service)


def _rows(records: list[dict[str, Any]]) -> list[Row]:
    roster = house().station.roster
    named = ((record, roster.get(record["ref"])) for record in records)
    return [Row(record["ref"], fields, record) for record, fields in named if fields is not None]
