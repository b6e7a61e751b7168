"""The outbox: what the centre has, what it has not, and why."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from flask import Flask, render_template

from kiosk.web.house import done, house

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

SHOWN = 40
LINE_BYTES = 1024


def register(app: Flask) -> None:
    app.add_url_rule("/outbox", view_func=outbox)
    app.add_url_rule("/outbox/retry", view_func=retry_outbox, methods=["POST"])


def outbox() -> str:
    station = house().station
    state = station.sync.state if station.sync else None
    lines = station.books.lines_after(state.acknowledged if state else 0, SHOWN * LINE_BYTES)[:SHOWN]
    return render_template("outbox.html", state=state, frames=[json.loads(line)["r"] for line in lines])


def retry_outbox() -> Response:
    """Look at the centre at once, whatever the back-off says."""
    sync = house().station.sync
    if sync:
        sync.wake(now=True)
    return done("outbox")
