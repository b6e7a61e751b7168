"""What every screen shows around its one question: station, who, link, blanks, ribbon, devices; always true."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import Any

from flask import Flask, g, request
from markupsafe import Markup

from kiosk.core.accounts import Account
from kiosk.core.jobs import JobState, Why
from kiosk.core.records import Sku
from kiosk.web import words
from kiosk.web.house import House, house

ENDED = frozenset({JobState.COMPLETED, JobState.ABORTED, JobState.CANCELED})


@dataclass(frozen=True)
class Bar:
    """The status bar. `link`: online, offline or none. `unsent_s`: age of the oldest unsent fact."""

    station: str
    office: str
    link: str
    unsent: int
    alarm: str
    blanks: dict[str, int]
    ribbon: int | None
    printer: str
    stop: list[str]
    job: dict[str, Any] | None
    waiting: int


def read_bar(place: House) -> Bar:
    """One consistent look; no device is touched, so it takes about a millisecond."""
    station = place.station
    worker, sync = station.worker, station.sync
    with station.books.transaction() as view:
        jobs = view.rows("jobs")
        current = next((dict(job) for job in jobs if job["state"].startswith("processing")), None)
        waiting = sum(job["state"] == JobState.PENDING for job in jobs)
        blanks = {sku.value: sum(view.places(sku, Account.HOPPER).values()) for sku in Sku}
    state = sync.state if sync else None
    status = station.printer_status
    holdup = worker.holdup if worker else None
    return Bar(
        station=station.config.station.id,
        office=station.config.station.office,
        link="none" if state is None else "online" if state.online else "offline",
        unsent=state.unsent if state else 0,
        alarm=state.alarm if state else "",
        blanks=blanks,
        ribbon=status.counters.ribbon_left if status else None,
        printer="stopped" if holdup else "busy" if current else "ready" if status else "unknown",
        stop=sorted(holdup.reasons - {Why.OUTCOME_UNKNOWN.value}) if holdup else [],
        job=current,
        waiting=waiting,
    )


def install(app: Flask) -> None:
    """Filters and values that every template has."""
    app.jinja_env.filters["nik"] = group_nik
    app.jinja_env.filters["number"] = lambda value: f"{value:,}".replace(",", ".")
    app.jinja_env.filters["since"] = since
    app.jinja_env.globals["words"] = words

    @app.context_processor
    def values() -> dict[str, Any]:
        session = g.get("session")
        return {
            "bar": read_bar(house()) if session else None,
            "session": session,
            "roster": house().station.roster,
            "language": g.get("language", "id"),
            "here": request.endpoint,
            "form_fields": lambda: form_fields(session.csrf) if session else "",
            "pulse": house().station.pulse.count,
        }


def form_fields(csrf: str) -> Markup:
    """CSRF token, and a key that makes a second tap the same tap."""
    pattern = '<input type="hidden" name="csrf" value="{}"><input type="hidden" name="key" value="{}">'
    return Markup(pattern).format(csrf, secrets.token_urlsafe(12))  # noqa: S704  # constant markup, values escaped


def group_nik(nik: str) -> str:
    return " ".join(nik[at : at + 4] for at in range(0, len(nik), 4))


def since(time_ms: int) -> str:
    """Minutes, hours or days ago, short."""
    minutes = max(0, int(time.time() - time_ms / 1000) // 60)
    if minutes < 60:
        return f"{minutes} mnt"
    return f"{minutes // 60} jam" if minutes < 48 * 60 else f"{minutes // 1440} hari"
