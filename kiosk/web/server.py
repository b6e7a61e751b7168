"""waitress on loopback, in threads of the station's process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kiosk.serving import Serving

if TYPE_CHECKING:
    from flask import Flask

    from kiosk.web.house import House

HOST = "127.0.0.1"
THREADS = 12
"""Of which `live.MOST_STREAMS` may be held by streams: some always remain for pages."""


class WebServer:
    """Serves an app from construction to `close`, which ends its streams. OSError if the port is taken."""

    def __init__(self, app: Flask, port: int) -> None:
        self._house: House | None = app.extensions.get("house")
        self._serving = Serving(
            app, HOST, port, "web", threads=THREADS, ident="keping",
            channel_request_lookahead=1,  # or a reader who has gone is noticed at the next write only
        )  # fmt: skip
        self.port = self._serving.port

    def close(self) -> None:
        """End streams, let requests under way finish, drop every connection and the port. Idempotent, <= 10 s."""
        if self._house and self._serving.alive:
            self._house.leave()
        self._serving.end()
