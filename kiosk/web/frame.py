"""What every screen shows around its one question: station, who, link, blanks, ribbon, devices; always true."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Flask, current_app, g, request
from markupsafe import Markup

from kiosk.core.accounts import Account
from kiosk.core.authority import Left
from kiosk.core.clock import Reading
from kiosk.core.equipment import TABLE, EquipmentRole
from kiosk.core.faults import by_weight
from kiosk.core.jobs import ASKED, JobState, Why
from kiosk.core.records import Fields, Sku
from kiosk.core.verdicts import question_of
from kiosk.reports.period import local
from kiosk.supply import EPOCH
from kiosk.web import supply_words, words
from kiosk.web.house import House, house
from kiosk.web.language import say
from kiosk.web.security import may_open
from kiosk.web.sessions import WARN_S
from kiosk.worker.halt import Halt

NOBODY: Mapping[str, Fields] = {}
"""The roster of those who may not see people's data."""
BLIND = frozenset({"count_blanks", "open_shift", "count_shift", "closing", "close_shift"})
"""Where blanks are counted: the bar shows no figure of the books."""
AT_DESK = ASKED - {Why.OUTCOME_UNKNOWN}
READER_FAULTS = frozenset({"reader-missing", "reader-busy", "reader-hung", "sam-missing"})


@dataclass(frozen=True)
class Bar:
    """The status bar. `link`: online, offline or none, `since_ms` when that began; `unsent_ms`: when the oldest fact
    that is not sent was written; Unix milliseconds. `reader`: ready, missing or unknown (not used yet).
    `stop`: why the printer waits for hands; empty while a card is in doubt, when what stopped it may be long over.
    `at_desk`: a card is waited for that is in somebody's hand. `plan`: of the next card.
    `battery_ms`: since when it is on battery; 0 if nothing tells.
    `warns`: what will stop the printer soon, the gravest first. `clock`: the time, and what is wrong with it.
    `left`: what may still be done without the centre. `shift`: the one that is open, None if none is; `shift_old`: it
    was opened on an earlier day."""

    station: str
    office: str
    link: str
    since_ms: float
    unsent: int
    unsent_ms: int | None
    alarm: str
    blanks: dict[str, int]
    ribbon: int | None
    printer: str
    reader: str
    stop: list[str]
    at_desk: bool
    battery_ms: int | None
    warns: list[str]
    plan: str
    job: dict[str, Any] | None
    waiting: int
    clock: Reading
    left: Left
    shift: str | None
    shift_old: bool

    @property
    def counts_down(self) -> bool:
        """While the centre is away and the end is near; not beside the stop for it. Until then *Kirim* tells."""
        return self.link != "online" and self.left.near and self.stop != ["offline-limit"]


def read_bar(place: House) -> Bar:
    """One consistent look; no device is touched, so it takes about a millisecond."""
    station = place.station
    worker, sync = station.worker, station.sync
    with station.books.look() as view:
        jobs = view.rows("jobs")
        current = next((dict(job) for job in jobs if job["state"].startswith("processing")), None)
        chosen = view.read(TABLE, EquipmentRole.PRINTER)
        shift = view.read("shift", "open")
        blanks = {sku.value: sum(view.places(sku, Account.HOPPER).values()) for sku in Sku}
    state = sync.state if sync else None
    status = station.printer_status
    holdup = worker.holdup if worker else None
    found = {each.serial for each in station.equipment.printers}
    battery, left = station.power.on_battery, station.authority.left
    other = status is None and chosen is not None and bool(found) and chosen["serial"] not in found
    return Bar(
        station=station.config.station.id,
        office=station.config.station.office,
        link="none" if state is None else "online" if state.online else "offline",
        since_ms=state.since * 1000 if state else 0,
        unsent=state.unsent if state else 0,
        unsent_ms=place.unsent.since_ms(station.books, state.acknowledged) if state and state.unsent else None,
        alarm=state.alarm if state else "",
        blanks=blanks,
        ribbon=status.counters.ribbon_left if status else None,
        printer="stopped" if holdup else "busy" if current else "ready" if status else "unknown",
        reader=_reader(place),
        stop=_stops(holdup) or ([] if holdup else _idle_stops(place, other=other, left=left, shift=shift)),
        at_desk=bool(holdup and AT_DESK & holdup.reasons),
        battery_ms=battery.since_ms if battery else None,
        warns=by_weight(status.warnings) if status else [],
        plan=station.equipment.plan.value,
        job=current,
        waiting=sum(job["state"] == JobState.PENDING for job in jobs),
        clock=station.books.time,
        left=left,
        shift=str(shift["shift"]) if shift else None,
        shift_old=shift is not None and local(shift["since"]).date() < station.books.today,
    )


def _idle_stops(place: House, *, other: bool, left: Left, shift: Mapping[str, Any] | None) -> list[str]:
    """What would stop the next card, while no job waits that could be stopped."""
    found = {
        "printer-unknown": other, "on-battery": place.station.power.on_battery,
        "shift-not-open": place.station.shifts.required and shift is None, "offline-limit": left.reached,
    }  # fmt: skip
    return [reason for reason, stops in found.items() if stops][:1]


def _stops(holdup: Halt | None) -> list[str]:
    return sorted(holdup.reasons) if holdup and not ASKED & holdup.reasons else []


def _reader(place: House) -> str:
    worker = place.station.worker
    if worker and worker.holdup and READER_FAULTS & worker.holdup.reasons:
        return "missing"
    return "ready" if place.station.reader_open else "unknown"


def install(app: Flask) -> None:
    """Filters and values that every template has."""
    app.jinja_env.filters["nik"] = group_nik
    app.jinja_env.filters["number"] = number
    app.jinja_env.filters["day"] = day
    app.jinja_env.filters["since"] = since
    app.jinja_env.filters["clock"] = clock
    app.jinja_env.filters["countdown"] = countdown
    app.jinja_env.globals["words"] = words
    app.jinja_env.globals["question_of"] = question_of

    @app.before_request
    def begin() -> None:
        # Before anything is read: what happens while the page is made is then news to it, and it asks again.
        g.pulse = house().station.pulse.count

    @app.context_processor
    def values() -> dict[str, Any]:
        session = g.get("session")

        def opens(endpoint: str) -> bool:
            acting = house().station.access.is_acting(session.person) if session else False
            return session is not None and may_open(endpoint, session.person, acting=acting)

        return {
            "bar": read_bar(house()) if session else None,
            "session": session,
            "roster": house().station.roster if opens("queue") else NOBODY,
            "may_open": opens,
            "language": g.get("language", "id"),
            "here": request.endpoint,
            "blind": request.endpoint in BLIND,
            "form_fields": lambda: form_fields(session.csrf) if session else "",
            "left_s": house().sessions.left_s(session) if session else 0,
            "warn_s": WARN_S,
            "safe": house().station.safe,
            "pulse": g.get("pulse", 0),
        }


def form_fields(csrf: str) -> Markup:
    """CSRF token, and a key that makes a second tap the same tap."""
    pattern = '<input type="hidden" name="csrf" value="{}"><input type="hidden" name="key" value="{}">'
    return Markup(pattern).format(csrf, secrets.token_urlsafe(12))  # noqa: S704  # constant markup, values escaped


def group_nik(nik: str) -> str:
    return " ".join(nik[at : at + 4] for at in range(0, len(nik), 4))


def number(value: int) -> str:
    return f"{value:,}".replace(",", ".")


def day(number: int) -> str:
    """A day of `office_day` in words, "14 Maret"; with the year if it is not this one."""
    then = date.fromordinal(EPOCH + number)
    said = f"{then.day} {say(current_app, supply_words.MONTHS[then.month])}"
    return said if then.year == house().station.books.today.year else f"{said} {then.year}"


def since(time_ms: int) -> str:
    """Minutes, hours or days ago, short, in the language of the page."""
    minutes = max(0, house().station.books.time.time_ms - time_ms) // 60_000
    if minutes < 60:
        count, unit = minutes, "mnt"
    else:
        count, unit = (minutes // 60, "jam") if minutes < 48 * 60 else (minutes // 1440, "hari")
    return f"{count} {say(current_app, words.UNITS[unit])}"


def countdown(left: Left) -> str:
    """Cards, and days or under two of them hours, in the language of the page."""
    count, unit = (left.hours, "jam") if left.days < 2 else (left.days, "hari")
    return say(current_app, words.COUNTDOWN[unit]) % {"cards": number(left.cards), "count": count}


def clock(time_ms: float) -> str:
    """Time of day at the station; with the date if it was not today."""
    then, today = (time.localtime(ms / 1000) for ms in (time_ms, house().station.books.time.time_ms))
    return time.strftime("%H.%M" if then[:3] == today[:3] else "%d-%m-%Y %H.%M", then)
