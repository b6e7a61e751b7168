"""Before a blank is spent: one card large, or a run of cards side by side."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from flask import Flask, Response, abort, redirect, render_template, request, url_for

from kiosk.core.records import Sku, nik_warnings
from kiosk.core.service_order import OUT_OF_TURN, QUOTA_USED
from kiosk.errors import Rejected
from kiosk.render import draw_proof
from kiosk.web.house import actor, done, house
from kiosk.web.screens.queue import waiting_line

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse

RUN, LONG_RUN = 20, 50
MOVED_UP = frozenset({QUOTA_USED, OUT_OF_TURN})
"""Why somebody is not printed now who can be moved up."""
SIZES = {"large": 720, "small": 300}


def register(app: Flask) -> None:
    app.add_url_rule("/proof/<ref>/<size>.webp", view_func=proof)
    app.add_url_rule("/check/<ref>", view_func=check)
    app.add_url_rule("/run", view_func=run)
    app.add_url_rule("/jobs", view_func=make_jobs, methods=["POST"])


def proof(ref: str, size: str) -> Response:
    """The face as it will come out; drawn anew each time, in about 60 ms, and kept nowhere."""
    if size not in SIZES:
        abort(404)
    out = io.BytesIO()
    draw_proof(house().station.record(ref), SIZES[size]).save(out, "WEBP", quality=75)
    return Response(out.getvalue(), mimetype="image/webp")


def check(ref: str) -> str:
    station, why = house().station, ""
    with station.books.transaction() as view:
        record, state = view.get("records", ref), station.books.past.state(ref)
    fields = station.roster.get(ref)
    if state is None or fields is None:
        raise Rejected(f"record {ref}", "record-missing")
    if state != "waiting":
        raise Rejected(f"record {ref} is {state}", f"record-{state}")
    try:
        with station.books.transaction() as view:
            station.service.must_be_served(view, [ref])
    except Rejected as exc:
        if exc.reason not in MOVED_UP:
            raise
        why = exc.reason
    return render_template("check.html", ref=ref, record=record, fields=fields, odd=nik_warnings(fields), why=why)


def run() -> str | BaseResponse:
    """The next cards, to be looked over together; a tap leaves one out, another makes it a long run."""
    left_out = set(request.args.getlist("without"))
    line = waiting_line()
    waiting = [row for row in line.rows if row["ref"] not in left_out and row["ref"] not in line.why]
    long = request.args.get("long")
    records = waiting[: LONG_RUN if long else RUN]
    if not records and not left_out:
        return redirect(url_for("queue"), 303)
    blanks = {sku.value: sum(row["sku"] == sku for row in records) for sku in Sku}
    more = 0 if long or len(waiting) <= RUN else min(len(waiting), LONG_RUN)
    return render_template(
        "run.html", records=records, left_out=sorted(left_out), blanks=blanks, long=long, more=more
    )  # fmt: skip


def make_jobs() -> BaseResponse:
    """One card or a run; a second tap with the same key leads to the same page."""
    refs = request.form.getlist("ref")
    if not refs:
        abort(400, "ref")  # without one the desk would take who is next, whom nobody has looked at
    house().station.desk.run_jobs(actor(), refs=refs)
    return done("now")
