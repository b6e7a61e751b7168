"""waitress on loopback, in threads of the station's process."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING, Any

from waitress import create_server, wasyncore  # type: ignore[import-untyped, unused-ignore]

if TYPE_CHECKING:
    from flask import Flask

    from kiosk.web.house import House

HOST = "127.0.0.1"
THREADS = 12
"""Of which `live.MOST_STREAMS` may be held by streams: some always remain for pages."""
STOP_S = 10.0


class WebServer:
    """Serves an app from construction to `close`, which ends its streams. OSError if the port is taken."""

    def __init__(self, app: Flask, port: int) -> None:
        # Bound here: when waitress finds the port taken, its workers are running already and stay.
        listening = socket.create_server((HOST, port))
        self._house: House | None = app.extensions.get("house")
        self._sockets: dict[int, Any] = {}
        self._server: Any = create_server(
            app, map=self._sockets, sockets=[listening], threads=THREADS, ident="keping",
            channel_request_lookahead=1,  # or a reader who has gone is noticed at the next write only
        )  # fmt: skip
        self.port = int(self._server.effective_port)
        self._thread = threading.Thread(target=self._server.run, name="web", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End streams, let requests under way finish, drop every connection and the port. Idempotent, <= 10 s."""
        if not self._thread.is_alive():
            return
        if self._house:
            self._house.leave()
        # Workers first: a worker that wakes a loop whose pipe is closed would write to a stranger's file.
        self._server.task_dispatcher.shutdown(timeout=STOP_S / 2)
        # The sockets belong to the loop's thread; without any left, its loop returns. Under the lock, for a worker's
        # last pull may have woken it already, and it would close the pipe before this pull is written.
        with self._server.trigger.lock:
            self._server.trigger.thunks.append(lambda: wasyncore.close_all(self._sockets, ignore_all=True))
            self._server.pull_trigger()
        self._thread.join(STOP_S / 2)
