"""Safe mode: every page can be read, no act is done. The second wall is the books', which take no frame then."""

from __future__ import annotations

from flask import Flask, request

from kiosk.errors import Rejected

HARMLESS = frozenset({"sign_in", "sign_out", "choose_language", "search", "examine", "check_books"})
"""Forms that write nothing."""


def install(app: Flask) -> None:
    """After the guard: who may not do it anyway is told so first."""

    @app.before_request
    def refuse() -> None:
        if request.method == "POST" and request.endpoint and request.endpoint not in HARMLESS:
            raise Rejected("safe mode: nothing is written; restart without --safe", "safe-mode")
