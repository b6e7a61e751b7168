"""Errors as application/problem+json (RFC 9457); `reason` is the keyword that a station acts on."""

from __future__ import annotations

import json
import logging
from typing import Any

from flask import Flask, Response, request
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

BUSY_RETRY_S = 5

_log = logging.getLogger(__name__)


class Problem(Exception):
    """Ends the request with `status`. Further members go into the document as they are."""

    def __init__(self, status: int, reason: str, detail: str, **members: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.reason = reason
        self.members = members


def _document(status: int, reason: str, detail: str, members: dict[str, Any]) -> Response:
    body = {
        "type": f"urn:keping:problem:{reason}", "title": reason.replace("-", " "), "status": status,
        "detail": detail, "reason": reason, **members,
    }  # fmt: skip
    return Response(json.dumps(body), status, content_type="application/problem+json")


def _log_refusal(status: int, reason: str, detail: str) -> None:
    """Whoever tries something leaves a line. Quoted: what they sent can't make a line of its own."""
    who, what = request.remote_addr, f"{request.method} {request.path}"
    _log.warning("refused %r from %s: %d %s %r", what[:200], who, status, reason, detail[:200])


def register(app: Flask) -> None:
    """Let every error of `app` leave as a problem document, also those of Flask itself."""

    @app.errorhandler(Problem)
    def problem(error: Problem) -> Response:
        _log_refusal(error.status, error.reason, str(error))
        response = _document(error.status, error.reason, str(error), error.members)
        if error.status == 401:
            response.headers["WWW-Authenticate"] = f'Bearer error="invalid_token", error_description="{error.reason}"'
        if error.status == 503:
            response.headers["Retry-After"] = str(BUSY_RETRY_S)
        return response

    @app.errorhandler(OperationalError)
    def busy(_error: OperationalError) -> Response:
        response = _document(503, "busy", "the centre's data base does not answer", {})
        response.headers["Retry-After"] = str(BUSY_RETRY_S)
        return response

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        name = (error.name or "error").lower().replace(" ", "-")
        _log_refusal(error.code or 500, name, "")
        return _document(error.code or 500, name, error.description or name, {})
