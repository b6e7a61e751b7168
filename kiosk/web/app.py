"""Application factory: one app on one station, everything it needs given to it."""

from __future__ import annotations

from flask import Flask, Response, abort

from kiosk.pages import pages_app
from kiosk.web import errors, frame, language, live, safe, security
from kiosk.web.fonts import WEIGHTS, woff
from kiosk.web.house import House, house
from kiosk.web.screens import (
    asking,
    at_desk,
    begin,
    books,
    calls,
    check,
    correcting,
    counting,
    devices,
    faults,
    hand_over,
    help,
    holdings,
    interruption,
    life,
    movements,
    now,
    outbox,
    papers,
    people,
    printed,
    problem,
    queue,
    recovery,
    serving,
    shifts,
    sign_in,
    supplies,
    technician,
)

MOST_FORM_BYTES = 64 << 10
SCREENS = (
    live,
    sign_in,
    begin,
    queue,
    serving,
    correcting,
    check,
    now,
    at_desk,
    printed,
    hand_over,
    problem,
    calls,
    outbox,
    supplies,
    holdings,
    movements,
    counting,
    asking,
    shifts,
    books,
    life,
    papers,
    devices,
    faults,
    interruption,
    people,
    recovery,
    help,
    technician,
)


def create_app(house: House) -> Flask:
    """No state of its own beyond sessions; a second app on the same station would show the same."""
    app = pages_app("keping", "kiosk")
    app.config.update(MAX_CONTENT_LENGTH=MOST_FORM_BYTES, SEND_FILE_MAX_AGE_DEFAULT=3600)
    app.extensions["house"] = house
    language.install(app)
    security.guard(app, house.sessions, house.parked, house.people, house.station.access)
    frame.install(app)
    errors.install(app)
    app.add_url_rule("/font/<weight>.woff", "font", _font)
    app.add_url_rule("/healthz", view_func=healthz)
    if house.station.safe:
        safe.install(app)
    for part in SCREENS:
        part.register(app)
    return app


def healthz() -> tuple[dict[str, bool], dict[str, str]]:
    """Nothing but whether it works. The one answer that a page from elsewhere may see: the waiting page is a file."""
    return {"ok": house().station.failed is None}, {"Cross-Origin-Resource-Policy": "cross-origin"}


def _font(weight: str) -> Response:
    if weight not in WEIGHTS:
        abort(404)
    station = house().station
    answer = Response(woff(weight, station.data / "cache", keep=not station.safe), mimetype="font/woff")
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return answer
