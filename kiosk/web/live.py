"""Live screens: one stream tells that something changed, the page then asks for its own fragment again.

Streams are few (MOST_STREAMS), each beats every 2 s so that a dead browser is noticed; the next one is told 503 and
polls instead. The browser never holds a state that the server does not.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator

from flask import Flask, Response

from kiosk.station import Station
from kiosk.web.house import house

MOST_STREAMS = 6
BEAT_S = 2.0


class Streams:
    """The places for streams on one station."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._places = threading.BoundedSemaphore(MOST_STREAMS)

    def live(self) -> Response:
        """`text/event-stream` of the pulse, or 503 when all places are taken."""
        if not self._places.acquire(blocking=False):
            return Response("all streams are taken; poll", 503, {"Retry-After": "2"})
        return Response(self._beats(), mimetype="text/event-stream", headers={"X-Accel-Buffering": "no"})

    def _beats(self) -> Iterator[str]:
        pulse = self._station.pulse
        known = pulse.count
        try:
            yield f"retry: 1000\ndata: {known}\n\n"
            while not self._station.closing:
                count = pulse.wait(known, BEAT_S)
                yield f"data: {count}\n\n" if count != known else ": still here\n\n"
                known = count
        finally:
            self._places.release()


def register(app: Flask) -> None:
    app.add_url_rule("/live", "live", Streams(app.extensions["house"].station).live)
    app.add_url_rule("/glance", view_func=glance)


def glance() -> dict[str, int]:
    """The count alone, for a page that polls."""
    return {"pulse": house().station.pulse.count}
