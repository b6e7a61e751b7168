"""waitress on one listening socket, its loop in a thread of this process: what the station's and the centre's doors
have in common."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING, Any

from waitress import create_server, wasyncore  # type: ignore[import-untyped, unused-ignore]

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

STOP_S = 10.0


class Serving:
    """Listens from construction to `end`. `port` 0 takes a free one. `channel`: of each connection, waitress's own by
    default. `settings`: waitress's adjustments. OSError if the port is taken."""

    def __init__(
        self, app: WSGIApplication, host: str, port: int, name: str, *, channel: type | None = None, **settings: Any
    ) -> None:
        # Bound here: when waitress finds the port taken, its workers are running already and stay.
        listening = socket.create_server((host, port))
        self._sockets: dict[int, Any] = {}
        self._server: Any = create_server(app, map=self._sockets, sockets=[listening], **settings)
        if channel:
            self._server.channel_class = channel
        self.port = int(self._server.effective_port)
        self._thread = threading.Thread(target=self._server.run, name=name, daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def end(self) -> None:
        """Let requests under way finish, then drop every connection and the port. Idempotent, <= 10 s."""
        if not self.alive:
            return
        # Workers first: a worker that wakes a loop whose pipe is closed would write to a stranger's file.
        self._server.task_dispatcher.shutdown(timeout=STOP_S / 2)
        # The sockets belong to the loop's thread; without any left, its loop returns. Under the lock, for a worker's
        # last pull may have woken it already, and it would close the pipe before this pull is written.
        with self._server.trigger.lock:
            self._server.trigger.thunks.append(self._drop)
            self._server.pull_trigger()
        self._thread.join(STOP_S / 2)

    def _drop(self) -> None:
        """In the loop's thread. A worker that was waited for in vain wakes nobody: its pipe's number may soon be that
        of another file."""
        wasyncore.close_all(self._sockets, ignore_all=True)
        self._server.trigger.trigger = -1
