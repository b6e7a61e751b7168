"""What every request must pass, and what every answer carries.

Threats answered here: a page in another tab (Origin, SameSite, CSRF token), DNS rebinding (Host), an injected script
(CSP without any inline source), a form sent twice (idempotency key). OWASP ASVS 4.0: V3, V4.2.2, V14.4, V14.5.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask, Response, abort, g, redirect, request, url_for

from kiosk.web.sessions import Parked, Session, Sessions

if TYPE_CHECKING:
    from threading import Lock

    from werkzeug.datastructures import Headers
    from werkzeug.wrappers import Response as BaseResponse

COOKIE = "keping"
LANGUAGE_COOKIE = "bahasa"
HOSTS = frozenset({"127.0.0.1", "localhost"})
OPEN = frozenset({"static", "font", "sign_in", "choose_language", "healthz"})
"""Endpoints for somebody who is not signed in."""
PASSIVE = frozenset({"live", "glance"})
"""Endpoints that a page asks for by itself: they keep nobody signed in."""
MACHINE = PASSIVE | {"stay"}
"""Endpoints that are asked by script: they are told 401, a person is shown the way to the sign-in."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def guard(app: Flask, sessions: Sessions, parked: Parked) -> None:
    """Install the checks on `app`."""

    def check() -> BaseResponse | None:
        return _check(sessions, parked)

    app.before_request(check)
    app.after_request(_harden)
    app.teardown_request(_end_turn)


def _check(sessions: Sessions, parked: Parked) -> BaseResponse | None:
    if request.host.partition(":")[0] not in HOSTS:
        abort(400, "host")
    if request.method == "POST" and not _from_here(request.headers):
        abort(403, "origin")
    g.session = sessions.find(request.cookies.get(COOKIE), touch=_is_a_person())
    if request.endpoint in OPEN:
        return None
    if g.session is None:
        return _to_sign_in(parked)
    return _check_form(sessions, g.session) if request.method == "POST" else None


def _is_a_person() -> bool:
    """What a page loads with itself or asks for by itself is no touch: pictures change while nobody is there."""
    loaded = request.headers.get("Sec-Fetch-Dest", "document") not in ("document", "empty")
    return not loaded and request.endpoint not in PASSIVE and "X-Refresh" not in request.headers


def _harden(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint not in {"static", "font"}:
        response.headers["Cache-Control"] = "no-store"
    return response


def current() -> Session:
    """The session of this request; only behind `guard`."""
    session: Session = g.session
    return session


def _from_here(headers: Headers) -> bool:
    origin = headers.get("Origin")
    if origin is not None:
        return urlsplit(origin).netloc == request.host
    return headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"


def _to_sign_in(parked: Parked) -> BaseResponse:
    if request.endpoint in MACHINE:
        return Response(status=401)
    if request.method == "POST":
        if request.endpoint is None:
            abort(404)
        ticket = parked.put(request.path, request.form.to_dict(flat=False))
        return redirect(url_for("sign_in", parked=ticket), 303)
    return redirect(url_for("sign_in", next=request.full_path.rstrip("?")), 303)


def _check_form(sessions: Sessions, session: Session) -> BaseResponse | None:
    """Check and remember as one: a second POST of the session waits until the first has its answer."""
    if not hmac.compare_digest(request.form.get("csrf", "").encode(), session.csrf.encode()):
        abort(403, "csrf")
    key = request.form.get("key", "")
    if not key:
        abort(400, "key")
    g.turn = session.turn
    g.turn.acquire()
    led_to = sessions.spent(key)
    return redirect(led_to, 303) if led_to else None


def _end_turn(error: BaseException | None) -> None:
    turn: Lock | None = g.pop("turn", None)
    if turn:
        turn.release()


def set_cookie(response: BaseResponse, session: Session) -> None:
    """Loopback is plain http, so no Secure; HttpOnly and SameSite=Strict."""
    response.set_cookie(COOKIE, session.token, httponly=True, samesite="Strict", path="/")
