"""Data that are wrong: the record is held, a card that was made of it booked away, and it goes back to the centre."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask, redirect, render_template, request, url_for

from kiosk.errors import Rejected, UsageError
from kiosk.web import service_words
from kiosk.web.house import actor, done, house
from kiosk.web.screens.movements import Wrong, refused

if TYPE_CHECKING:
    from werkzeug.wrappers import Response


def register(app: Flask) -> None:
    app.add_url_rule("/held", view_func=held)
    app.add_url_rule("/wrong/<ref>", view_func=wrong_data, methods=["GET", "POST"])
    app.add_url_rule("/hand-over/<job>/wrong", view_func=wrong_card, methods=["GET", "POST"])
    app.add_url_rule("/held/<ref>/free", view_func=free_record, methods=["POST"])
    app.add_url_rule("/held/<ref>/give-back", view_func=give_back_record, methods=["POST"])


def held() -> str:
    return render_template("held.html", rows=house().station.corrections.held(), told=service_words)


def wrong_data(ref: str) -> str | Response | tuple[str, int]:
    """Before a card is made of it."""
    if request.method == "GET":
        return _form(ref, url_for("check", ref=ref), None)
    try:
        house().station.corrections.hold(actor(), ref, request.form.getlist("wrong"))
    except UsageError as exc:
        return _form(ref, url_for("check", ref=ref), refused(exc)), 400
    return _held()


def wrong_card(job: str) -> str | Response | tuple[str, int]:
    """Of a card that is in somebody's hand: it goes to the spoiled ones, and the record is held."""
    case, back = house().station.reprints.case(job), url_for("card_problem", job=job)
    if request.method == "GET":
        return _form(case["ref"], back, None, job)
    wrong = request.form.getlist("wrong")
    try:
        house().station.reprints.reprint(actor(), job, "wrong-data", wrong=wrong)
    except UsageError as exc:
        return _form(case["ref"], back, refused(exc), job), 400
    return _held()


def _held() -> Response:
    where = url_for("held")
    house().sessions.spend(request.form["key"], where)
    return redirect(where, 303)


def _form(ref: str, back: str, wrong: Wrong | None, job: str = "") -> str:
    fields = house().station.roster.get(ref)
    if fields is None:
        raise Rejected(f"record {ref}", "record-missing")
    return render_template("wrong.html", fields=fields, back=back, job=job, wrong=wrong, told=service_words)


def free_record(ref: str) -> Response:
    """It was right after all."""
    house().station.corrections.free(actor(), ref)
    return done("held")


def give_back_record(ref: str) -> Response:
    """Back to the centre, which issues the corrected one."""
    row = next((row for row in house().station.corrections.held() if row["ref"] == ref), None)
    if row is None:
        raise Rejected(f"record {ref} is not held", "not-held")
    said = "data salah: " + ", ".join(service_words.WRONG[part] for part in row["held"]["wrong"])
    house().station.desk.execute("sync.release", {"refs": [ref], "reason": said}, actor())
    return done("held")
