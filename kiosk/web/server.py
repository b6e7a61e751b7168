"""waitress on loopback, in threads of the station's process."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from waitress import create_server  # type: ignore[import-untyped, unused-ignore]

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

THREADS = 12
"""Of which `live.MOST_STREAMS` may be held by streams: some always remain for pages."""


class WebServer:
    """Serves from construction to `close`. OSError if the port is taken."""

    def __init__(self, app: WSGIApplication, port: int, host: str = "127.0.0.1") -> None:
        self._server: Any = create_server(app, host=host, port=port, threads=THREADS, ident="keping")
        self.port = int(self._server.effective_port)
        self._thread = threading.Thread(target=self._server.run, name="web", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening; streams end within their heartbeat."""
        self._server.close()
        self._server.task_dispatcher.shutdown(timeout=5)
