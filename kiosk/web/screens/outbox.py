"""The outbox: what the centre has, what it has not, and why; and the stick that carries it where there is no link."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from flask import Flask, render_template, request

from kiosk.web import stick_words
from kiosk.web.house import actor, done, house

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

SHOWN = 40
LINE_BYTES = 1024


def register(app: Flask) -> None:
    app.add_url_rule("/outbox", view_func=outbox)
    app.add_url_rule("/outbox/retry", view_func=retry_outbox, methods=["POST"])
    app.add_url_rule("/outbox/stick", view_func=use_stick, methods=["POST"])


def outbox() -> str:
    station = house().station
    state, sticks = station.sync.state if station.sync else None, station.sticks
    lines = station.books.lines_after(sticks.acknowledged, SHOWN * LINE_BYTES)[:SHOWN]
    return render_template(
        "outbox.html", state=state, frames=[json.loads(line)["r"] for line in lines], work=sticks.latest,
        places=sticks.places, offered=sticks.offered, refusal=stick_words.refusal,
    )  # fmt: skip


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
