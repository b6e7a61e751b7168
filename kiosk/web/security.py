"""What every request must pass, and what every answer carries.

Whether a person may do it is asked here, once for every screen: kiosk.core.permissions has the table.

Threats answered here: a page in another tab (Origin, SameSite, CSRF token), DNS rebinding (Host), an injected script
(CSP without any inline source), a form sent twice (idempotency key). OWASP ASVS 4.0: V3, V4.2.2, V14.4, V14.5.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from flask import Flask, Response, abort, g, redirect, request, url_for

from kiosk.access import Access
from kiosk.core.permissions import ACTS, BEGINNING, EVERYBODY, ROUTES, Act
from kiosk.errors import Rejected
from kiosk.people import People, Person
from kiosk.web.sessions import Parked, Session, Sessions

if TYPE_CHECKING:
    from collections.abc import Mapping
    from threading import Lock

    from werkzeug.datastructures import Headers
    from werkzeug.wrappers import Response as BaseResponse

COOKIE = "keping"
LANGUAGE_COOKIE = "bahasa"
HOSTS = frozenset({"127.0.0.1", "localhost"})
MACHINES_OWN = frozenset({"127.0.0.1", "::1"})
OPEN = EVERYBODY
"""Endpoints for somebody who is not signed in."""
OWN_PIN, SECOND = "own_pin", "supervisor"
"""The fields in which a form carries the PIN of who sends it, and who the second person is."""
UNTYPED = frozenset({"csrf", "key", "again"})
"""Fields that no person fills in. A form of nothing else (stop, go on) is one tap: whoever comes back sees the page
anew, and taps again or not."""
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


def guard(
    app: Flask, sessions: Sessions, parked: Parked, people: People, access: Access, *,
    routes: Mapping[str, str] = ROUTES,
) -> None:  # fmt: skip
    """Install the checks on `app`. `routes`: endpoint -> act; what is not in it is open to nobody."""

    def check() -> BaseResponse | None:
        _check_origin()
        g.session = sessions.find(request.cookies.get(COOKIE), touch=_is_a_person())
        if request.endpoint in OPEN:
            return None
        if request.endpoint in BEGINNING:
            return None if _at_a_beginning(people) else redirect(url_for("sign_in"), 303)
        if g.session is None or not _is_still_here(sessions, people):
            return _to_sign_in(parked)
        led_to = _check_form(sessions, g.session) if request.method == "POST" else None
        if led_to is None:
            _check_act(access, routes)
        return led_to

    app.before_request(check)
    app.after_request(_harden)
    app.teardown_request(_end_turn)


def guard_nobody(app: Flask) -> None:
    """For an app that has nothing to protect but itself: no sign-in, the same answers to other pages and hosts."""
    app.before_request(_check_origin)
    app.after_request(_harden)


def _at_a_beginning(people: People) -> bool:
    """Nobody was ever added here, and whoever asks is at this machine: the first run is theirs."""
    return not people.all() and request.remote_addr in MACHINES_OWN


def _is_still_here(sessions: Sessions, people: People) -> bool:
    """Somebody who was deactivated is signed out by it; a changed role holds from the next touch on."""
    person = people.get(g.session.person.id)
    if person is None or not person.active:
        sessions.end(g.session.token)
        g.session = None
        return False
    g.session.person = person
    return True


def _check_act(access: Access, routes: Mapping[str, str]) -> None:
    """Rejected, naming who may. A grave act takes the PIN from the form, counted as at the sign-in; to look at its
    form does nothing yet, and asks for none."""
    if request.endpoint is None:
        return  # there is no such page, which is said next
    if request.endpoint not in routes:
        raise Rejected(f"{request.endpoint}: no act of the table", "not-permitted")
    act, person = ACTS[routes[request.endpoint]], current().person
    pin, second = request.form.get(OWN_PIN, ""), request.form.get(SECOND, "")
    sent = request.method == "POST"
    access.check(act, person, fresh=not sent or bool(pin), second=second)
    if sent and act.wants_pin(second):
        access.sign_in(person.id, pin)


def may_open(endpoint: str, person: Person, *, acting: bool = False) -> bool:
    """Whether a link there leads to a page, and not to a refusal."""
    act: Act = ACTS[ROUTES[endpoint]]
    return act.open_to(person.role, acting=acting)


def first_page(person: Person) -> str:
    """Where the day begins: at the queue, or for those who see no people at the blanks."""
    return "queue" if may_open("queue", person) else "supplies"


def _check_origin() -> None:
    if request.host.partition(":")[0] not in HOSTS:
        abort(400, "host")
    if request.method == "POST" and not _from_here(request.headers):
        abort(403, "origin")


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
        return origin.partition("://")[2] == request.host
    return headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"


def _to_sign_in(parked: Parked) -> BaseResponse:
    if request.endpoint in MACHINE:
        return Response(status=401)
    if request.method == "POST":
        if request.endpoint is None:
            abort(404)
        if not request.form.keys() - UNTYPED or request.endpoint == "search":
            return redirect(url_for("sign_in", next=_came_from()), 303)
        ticket = parked.put(request.path, request.form.to_dict(flat=False))
        return redirect(url_for("sign_in", parked=ticket), 303)
    return redirect(url_for("sign_in", next=request.full_path.rstrip("?")), 303)


def _came_from() -> str | None:
    """The page that the form stood on, without its query; None if the browser does not say."""
    page = request.headers.get("Referer", "").partition("://")[2].partition("?")[0]
    return page[page.find("/") :] if "/" in page else None


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
