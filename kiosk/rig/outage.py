"""Trouble on the way to the centre, as WSGI around it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


class Outage:
    """While `failing`, each request is carried out and then answered with 500: the reply is lost after the commit."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        self.failing = False

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if not self.failing:
            return self._app(environ, start_response)
        for _ in self._app(environ, _ignored):
            pass
        start_response("500 Internal Server Error", [("Content-Type", "text/plain")])
        return [b"the answer was lost"]


def _ignored(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
    return lambda data: None
