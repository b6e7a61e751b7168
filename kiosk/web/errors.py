"""One place where an error becomes a page: what happened, whether anything is lost, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask, Response, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from kiosk.errors import KepingError, Rejected, UsageError
from kiosk.web.screens.sign_in import pin_again
from kiosk.web.security import OPEN
from kiosk.web.words import FAILURES, REFUSALS

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse


STATUS = ((Rejected, 409), (UsageError, 400))
PIN_REASONS = frozenset({"pin-needed", "pin-wrong", "pin-wait"})
FORBIDDEN = PIN_REASONS | {"not-permitted"}
"""Reasons that are about who somebody is."""


def install(app: Flask) -> None:
    @app.errorhandler(KepingError)
    def refused(error: KepingError) -> Response:
        reason = error.reason if isinstance(error, Rejected) else ""
        if reason in PIN_REASONS and request.endpoint not in OPEN:
            return make_response(pin_again(REFUSALS[reason]), 403)
        page = render_template("refused.html", title=REFUSALS.get(reason, ""), detail=str(error), reason=reason)
        status = next((status for kind, status in STATUS if isinstance(error, kind)), 503)
        return make_response(page, 403 if reason in FORBIDDEN else status)

    @app.errorhandler(HTTPException)
    def failed(error: HTTPException) -> BaseResponse:
        page = render_template(
            "refused.html", title=FAILURES.get(error.code or 500, ""), detail=f"{error.code} {error.name}"
        )
        return make_response(page, error.code or 500)
