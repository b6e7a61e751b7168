"""Live screens: one stream tells that something changed, the page then asks for its own fragment again.

Streams are few (MOST_STREAMS) and end within LOOK_S with their reader, their session or the station; the next one is
told 503 and polls instead. The browser never holds a state that the server does not.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

from flask import Flask, Response, request

from kiosk.web.house import House, house
from kiosk.web.security import current

MOST_STREAMS = 6
LOOK_S = 0.25


class Streams:
    """The places for streams on one station."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._places = threading.BoundedSemaphore(MOST_STREAMS)

    def live(self) -> Response:
        """`text/event-stream` of the pulse, or 503 when all places are taken."""
        if not self._places.acquire(blocking=False):
            return Response("all streams are taken; poll", 503, {"Retry-After": "2"})
        gone = request.environ.get("waitress.client_disconnected", lambda: False)
        stream = Response(self._beats(current().token, gone), mimetype="text/event-stream")
        stream.call_on_close(self._places.release)
        return stream

    def _beats(self, token: str, gone: Callable[[], bool]) -> Iterator[str]:
        pulse = self._house.station.pulse
        known = pulse.count
        yield f"retry: 1000\ndata: {known}\n\n"
        while self._goes_on(token) and not gone():
            count = pulse.wait(known, LOOK_S)
            if count != known:
                known = count
                yield f"data: {known}\n\n"

    def _goes_on(self, token: str) -> bool:
        house = self._house
        ended = house.station.closing or house.leaving.is_set()
        return not ended and house.sessions.find(token, touch=False) is not None


def register(app: Flask) -> None:
    app.add_url_rule("/live", "live", Streams(app.extensions["house"]).live)
    app.add_url_rule("/glance", view_func=glance)
    app.add_url_rule("/stay", "stay", glance)


def glance() -> dict[str, float]:
    """The count, and the seconds until the session ends by itself. Asked for as `/stay` it is a person's touch."""
    return {"pulse": house().station.pulse.count, "left_s": house().sessions.left_s(current())}
