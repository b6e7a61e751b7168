"""The centre's one page, for its own people: an app that only reads, on loopback.

Why so: docs/adr/0040-the-centres-page-is-not-public.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from flask import Flask, Response, abort, render_template, request

from kiosk.core.records import Sku
from kiosk.hub.overview import overview
from kiosk.hub.page_words import ALARMS, DAYS, MONTHS
from kiosk.hub.register import ZONES
from kiosk.hub.store import Store
from kiosk.pages import pages_app

REFRESH_S = 60
MOST_LISTED = 6
HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def create_page(store: Store, zone: str, now: Callable[[], float]) -> Flask:
    """`zone`: a key of `ZONES`, in which days begin and times are told. `now`: Unix seconds."""
    app = pages_app("keping-hub", "hub")
    ahead = timedelta(hours=ZONES[zone])

    def local(ms: int) -> datetime:
        return datetime.fromtimestamp(ms / 1000, UTC) + ahead

    app.jinja_env.filters |= {
        "number": lambda n: f"{n:,}".replace(",", "."),
        "time": lambda ms: _date(local(ms)) + f" {local(ms):%H.%M}",
        "day": lambda number: _date(datetime.fromtimestamp(number * 86_400, UTC)),
        "age": _age,
    }

    app.before_request(_only_from_here)
    app.after_request(_harden)

    @app.get("/")
    def page() -> str:
        now_ms = int(now() * 1000)
        found = overview(store, now_ms, ZONES[zone])
        return render_template(
            "page.html", found=found, now=now_ms, zone=f"{zone.upper()} (UTC+{ZONES[zone]})", refresh=REFRESH_S,
            words=ALARMS, most=MOST_LISTED, skus=[sku.value for sku in Sku],
        )  # fmt: skip

    return app


def _only_from_here() -> None:
    """A page from elsewhere, under a name that was made to point here, gets nothing (DNS rebinding)."""
    if re.sub(r":\d*\Z", "", request.host) not in HOSTS:
        abort(403)


def _harden(response: Response) -> Response:
    response.headers.update(HEADERS)
    return response


def _date(moment: datetime) -> str:
    return f"{DAYS[moment.weekday()]} {moment.day} {MONTHS[moment.month - 1]}"


def _age(ms: int) -> str:
    """How long, as short as a table wants it: the same letters in both languages."""
    minutes = ms // 60_000
    if minutes < 60:
        return f"{minutes} m"
    return f"{minutes // 60} j" if minutes < 48 * 60 else f"{minutes // 1440} h"
