"""Something is wrong with a finished card: what, and then another one is made."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flask import Flask, redirect, render_template, request, url_for

from kiosk.core.reprint import ReprintReason
from kiosk.errors import Rejected
from kiosk.web.house import actor, done, house

if TYPE_CHECKING:
    from werkzeug.wrappers import Response


def register(app: Flask) -> None:
    app.add_url_rule("/hand-over/<job>/problem", view_func=card_problem)
    app.add_url_rule("/hand-over/<job>/reprint", view_func=reprint_card, methods=["POST"])


def card_problem(job: str) -> str:
    case = house().station.reprints.case(job)
    supervisors = [person for person in house().people.active() if house().station.access.may_approve(person)]
    wrong = request.args.get("wrong", "")
    wait_s = math.ceil(house().throttle.wait_s(wrong)) if wrong else 0
    return render_template(
        "problem.html", case=case, fields=house().station.roster.get(case["ref"]), supervisors=supervisors,
        wrong=wrong, wait_s=wait_s, lost=ReprintReason.LOST.value,
    )  # fmt: skip


def reprint_card(job: str) -> Response:
    """The first card is booked away, the second begins. A wrong PIN is asked again, slower each time."""
    reason, supervisor = request.form.get("reason", ""), request.form.get("supervisor", "")
    try:
        house().station.reprints.reprint(actor(), job, reason, supervisor, request.form.get("pin", ""))
    except Rejected as exc:
        if exc.reason not in ("approval-refused", "pin-wait"):
            raise
        return redirect(url_for("card_problem", job=job, wrong=supervisor), 303)
    return done("now")
