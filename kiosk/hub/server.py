"""Serve the centre with waitress in a thread of this process."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from waitress.channel import HTTPChannel  # type: ignore[import-untyped, unused-ignore]

from kiosk.serving import Serving

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

_log = logging.getLogger(__name__)

HOST = "127.0.0.1"
THREADS = 4
REQUEST_S = 120.0
"""In which a request must have arrived: 4 MiB at 35 KB/s."""
CONNECTIONS = 1000
RECEIVED = 64 << 10
"""Bytes that are taken of a connection at once: a station's request is a quarter of a MiB."""


class HubServer:
    """Listens from construction on until `stop`. `port` 0 takes a free one and keeps it over a pause.

    OSError if the port is taken.
    """

    def __init__(self, app: WSGIApplication, port: int = 0, host: str = HOST) -> None:
        self._app = app
        self._host = host
        self.port = port
        self._running: Serving | None = None
        self.resume()

    @property
    def url(self) -> str:
        return f"http://{self._host}:{self.port}"

    @property
    def listening(self) -> bool:
        return self._running is not None

    def pause(self) -> None:
        """Let requests under way finish their work, then drop every connection and the port. <= 10 s.

        A reply that is not sent by then is lost, as when the line drops.
        """
        if self._running is not None:
            self._running.end()
            self._running = None

    def resume(self) -> None:
        """Listen again on the same port. Does nothing while listening."""
        if self._running is None:
            self._running = Serving(
                self._app, self._host, self.port, "hub", channel=_Channel, threads=THREADS, ident=None,
                max_request_body_size=8 << 20, channel_timeout=60, connection_limit=CONNECTIONS,
                recv_bytes=RECEIVED, asyncore_use_poll=True,
            )  # fmt: skip
            self.port = self._running.port

    def stop(self) -> None:
        """As `pause`, for good. Idempotent."""
        self.pause()


class _Channel(HTTPChannel):  # type: ignore[misc, unused-ignore]
    """Ends a connection whose request does not arrive in time. Waitress ends those that are silent; by a byte a
    second all `CONNECTIONS` could be held for ever."""

    _since: float | None = None

    def received(self, data: bytes) -> bool:
        before = self.request
        taken = bool(super().received(data))
        if self.request is not before:
            self._since = None if self.request is None else time.monotonic()
        return taken

    def readable(self) -> bool:
        if self._since is not None and time.monotonic() - self._since > REQUEST_S:
            _log.warning("refused a request from %s: not here after %.0f s", self.addr[0], REQUEST_S)
            self._since, self.will_close = None, True
        return bool(super().readable())
