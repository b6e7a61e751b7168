"""Panggil: people who could not be served, those who can come now on top."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask, redirect, render_template, request, url_for

from kiosk.core.callbacks import CallError, CallReason, parse_call
from kiosk.web.house import actor, done, house

if TYPE_CHECKING:
    from werkzeug.wrappers import Response


def register(app: Flask) -> None:
    app.add_url_rule("/calls", view_func=calls)
    app.add_url_rule("/calls/new", view_func=new_call)
    app.add_url_rule("/calls/new", view_func=add_call, methods=["POST"])
    app.add_url_rule("/calls/close", view_func=close_call, methods=["POST"])


def calls() -> str:
    rows = house().station.callbacks.waiting()
    made = request.args.get("made", "")
    return render_template("calls.html", rows=rows, made=made if any(row.number == made for row in rows) else "")


def new_call() -> str:
    return render_template("new_call.html", typed={}, wrong="")


def add_call() -> Response | str:
    """What is no NIK or number is shown again as it was typed."""
    typed = {name: request.form.get(name, "") for name in ("nik", "phone", "reason")}
    try:
        parse_call(typed["nik"], typed["phone"])
    except CallError as exc:
        return render_template("new_call.html", typed=typed, wrong=str(exc).partition(":")[0])
    number = house().station.callbacks.add(actor(), **{**typed, "reason": typed["reason"] or CallReason.OTHER})
    where = url_for("calls", made=number)
    house().sessions.spend(request.form["key"], where)
    return redirect(where, 303)


def close_call() -> Response:
    house().station.callbacks.close(actor(), request.form.get("number", ""))
    return done("calls")
