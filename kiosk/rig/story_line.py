"""The line between a story's station and its centre: frames travel in bunches, and it is known when nothing moves."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from kiosk.rig.story_clock import StoryClock

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

BUNCH_S = 0.25
"""For so long what the station sends is under way. Meanwhile the frames behind it gather, as on a slow line: answered
at once, each would be a request of its own, for a card here takes a fraction of a second."""


class StoryLine:
    """WSGI before the centre's. `answered_s`: the story's time when it last gave an answer, `busy`: it is at one."""

    def __init__(self, clock: StoryClock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._under_way = threading.Event()
        self._open = 0
        self.answered_s = 0.0

    @property
    def busy(self) -> bool:
        return self._open > 0

    def before(self, app: WSGIApplication) -> WSGIApplication:
        def carried(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            with self._lock:
                self._open += 1
            try:
                if environ["REQUEST_METHOD"] == "POST":
                    self._under_way.wait(BUNCH_S)
                return [_whole(app(environ, start_response))]
            finally:
                with self._lock:
                    self._open -= 1
                    self.answered_s = self._clock.now_s()

        return carried


def _whole(answer: Any) -> bytes:
    try:
        return b"".join(answer)
    finally:
        getattr(answer, "close", lambda: None)()
