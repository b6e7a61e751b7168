"""After a power cut: what happened, whose card was in the machine, what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Flask, redirect, render_template, url_for

from kiosk.core import card_test
from kiosk.core.jobs import JobState, Why
from kiosk.web.house import house

if TYPE_CHECKING:
    from werkzeug.wrappers import Response


def register(app: Flask) -> None:
    app.add_url_rule("/interruption", view_func=interruption)


def interruption() -> Response | str:
    cut = house().station.interruption
    if cut is None:
        return redirect(url_for("queue"), 303)
    job = _find(cut.job)
    return render_template("interruption.html", cut=cut, job=job, became=what_became(job, cut.card))


def _find(ident: str | None) -> dict[str, Any] | None:
    if ident is None:
        return None
    with house().station.books.transaction() as view:
        rows = [*view.rows("jobs"), *view.rows("finished"), *view.rows(card_test.TABLE)]
        return next((dict(row) for row in rows if row["id"] == ident), None)


def what_became(job: dict[str, Any] | None, card: int) -> str:
    """Of the card that was in the machine: none, asked, stopped, goes-on, or the account where it ended.

    Read from the books each time, so the page stays true while the card goes on.
    """
    if job is None:
        return "none"
    ended = next((each["end"] for each in job["cards"] if each["n"] == card), None)
    if ended is not None:
        return str(ended)
    if Why.OUTCOME_UNKNOWN in job["reasons"]:
        return "asked"
    if {Why.DESK_CARD_WANTED, Why.CARD_TO_FEEDER} & set(job["reasons"]):
        return "wanted"
    return "stopped" if job["state"] == JobState.PROCESSING_STOPPED else "goes-on"
