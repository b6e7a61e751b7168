"""The outbox: what the centre has, what it has not, and why; and the stick that carries it where there is no link."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from flask import Flask, render_template, request

from kiosk.core import workdays
from kiosk.core.authority import Caps
from kiosk.errors import UsageError
from kiosk.web import stick_words
from kiosk.web.house import actor, done, house

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

SHOWN = 40
LINE_BYTES = 1024
WEEK = 5
"""Working days."""


def register(app: Flask) -> None:
    app.add_url_rule("/outbox", view_func=outbox)
    app.add_url_rule("/outbox/retry", view_func=retry_outbox, methods=["POST"])
    app.add_url_rule("/outbox/stick", view_func=use_stick, methods=["POST"])
    app.add_url_rule("/outbox/lift", view_func=lift_limit, methods=["POST"])


def outbox() -> str:
    station = house().station
    state, sticks = station.sync.state if station.sync else None, station.sticks
    lines = station.books.lines_after(sticks.acknowledged, SHOWN * LINE_BYTES)[:SHOWN]
    return render_template(
        "outbox.html", state=state, frames=[json.loads(line)["r"] for line in lines], work=sticks.latest,
        places=sticks.places, offered=sticks.offered, refusal=stick_words.refusal, offer=_offer(),
    )  # fmt: skip


def _offer() -> Caps:
    """A working week, or what a station may do at all without the centre if that is less."""
    station = house().station
    caps = station.authority.caps
    with station.books.look() as view:
        a_day = workdays.cards_a_day(view.read)
    return Caps(min(caps.cards, WEEK * a_day), min(caps.days, WEEK))


def lift_limit() -> Response:
    """A supervisor lets the station go on beyond its limit; the PIN that came with it was asked for at the door."""
    said = request.form
    try:
        cards, days = int(said.get("cards", "0")), int(said.get("days", "0"))
    except ValueError as exc:
        raise UsageError(f"cards and days: whole numbers ({exc})") from exc
    house().station.authority.lift(actor(), said.get("reason", ""), cards, days)
    return done("outbox")


def retry_outbox() -> Response:
    """Look at the centre at once, whatever the back-off says."""
    sync = house().station.sync
    if sync:
        sync.wake(now=True)
    return done("outbox")


def use_stick() -> Response:
    """Write a stick or read it, in the background; a second tap meanwhile does nothing."""
    house().station.sticks.begin(actor(), request.form.get("verb", ""), request.form.get("place", ""))
    return done("outbox")
