"""What a clerk can meet when a card stops, the centre is away or the power was: a part of tests/web/states.py."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from drivers.sim.chip import Behaviour
from kiosk.core.authority import Caps
from kiosk.core.clock import Moment
from kiosk.interruption import Interruption
from kiosk.journal import Clock
from kiosk.journal.journal import NEVER
from tests.web.states import State, finish, set_link

if TYPE_CHECKING:
    from tests.office import Office

MINUTE_MS = 60_000
IN_2000_MS = 946_685_220_000


def stopped(office: Office) -> Iterator[State]:
    desk = office.station.desk
    office.world.open_cover()
    jobs = desk.run_jobs("test", count=2)
    office.until_held_up()
    yield State("now, cover open", "/now")
    yield State("locked, cover open", "/sign-in", signed_in=False)
    yield State("faults", "/faults")
    yield State("fault page", "/faults/media-jam")
    yield State("fault page, supervisor", "/faults/reader-missing", supervisor=True)
    office.world.close_cover()
    finish(office, jobs)
    for index in range(3):
        office.spoil_chip(index, Behaviour(dead=True))
    jobs = desk.run_jobs("test", count=1)
    office.until_held_up()
    yield State("now, refused in a row", "/now")
    desk.resume_job("test", jobs[0])
    finish(office, jobs)


def not_certain(office: Office) -> Iterator[State]:
    """A jam while printing, and what a cut leaves of that card."""
    desk = office.station.desk
    office.world.jam("print", 2)
    [job] = desk.run_jobs("test")
    office.until(lambda: "outcome-unknown" in office.reasons(job))
    yield State("unresolved, jam", "/now")
    yield State("unresolved, contradicted", "/now?against=not-all-printed&answer=good", supervisor=True)
    yield State("locked, unresolved", "/sign-in", signed_in=False)
    now_ms = int(time.time() * 1000)
    cut = Interruption(now_ms - 10 * MINUTE_MS, now_ms - MINUTE_MS, job, 1)
    office.station.interruption = cut
    yield State("interruption, asked", "/interruption")
    office.world.take_card()
    desk.resolve_job("test", job, "spoiled")
    finish(office, [job])
    yield State("interruption, spoiled", "/interruption")
    office.station.interruption = replace(cut, card=2)
    yield State("interruption, printed", "/interruption")
    office.station.interruption = replace(cut, job=None)
    yield State("interruption, no card", "/interruption")
    yield from not_found(office)


def not_found(office: Office) -> Iterator[State]:
    """A jam on the way out of a card that then can't be found."""
    desk = office.station.desk
    office.world.jam("eject")
    [job] = desk.run_jobs("test")
    office.until(lambda: "outcome-unknown" in office.reasons(job))
    yield State("unresolved, way out", "/now")
    office.world.take_card()
    desk.resolve_job("test", job, "not-there")
    finish(office, [job])
    yield State("now, not made", "/now")
    yield State("printed, one missing", "/printed")
    yield State("supplies", "/supplies")
    yield State("request letter", "/supplies/request?sku=wni", supervisor=True)
    yield State("supplies, keyboard", "/supplies", keys="#jumlah")


def the_link(office: Office) -> Iterator[State]:
    offline = {"online": False, "unsent": 37, "acknowledged": 3}
    kinds: dict[str, dict[str, Any]] = {
        "offline": {**offline, "last_error": "Connection refused"},
        "alarm": {**offline, "online": True, "alarm": "the centre holds another journal of this station"},
        "all sent": {},
    }
    for name, changes in kinds.items():
        set_link(office, **changes)
        yield State(f"outbox, {name}", "/outbox")
        if changes:
            yield State(f"queue, {name}", "/queue")
    yield from the_clock(office)
    yield from the_limit(office)
    office.station.sync = None
    yield State("outbox, no centre", "/outbox")
    set_link(office)


def the_limit(office: Office) -> Iterator[State]:
    """Reached by the cards that were made until now."""
    authority = office.station.authority
    usual, authority.caps = authority.caps, Caps(5, 60)
    set_link(office, online=False, unsent=37, acknowledged=3, last_error="Connection refused")
    yield State("outbox, limit", "/outbox", supervisor=True)
    authority.caps = usual


def the_clock(office: Office) -> Iterator[State]:
    """It wakes in 2000 without a link; then the centre is reached."""
    usual = office.station.books.clock
    woken = Moment(IN_2000_MS, "5e28ef1b", 420_000)
    office.station.books.clock = Clock(office.data, lambda: woken)
    set_link(office, online=False, unsent=37, acknowledged=3, last_error="Connection refused")
    yield State("queue, clock doubtful", "/queue")
    yield State("outbox, clock doubtful", "/outbox")
    set_link(office)
    office.station.books.clock.heard(usual.read(NEVER).time_ms)
    yield State("outbox, clock wrong", "/outbox")
    office.station.books.clock = usual


def another_printer(office: Office) -> Iterator[State]:
    yield State("devices", "/devices", supervisor=True)
    usual, office.world.serial = office.world.serial, "KP000777"
    [job] = office.station.desk.run_jobs("test")
    office.station.worker.refit()
    office.until_held_up()
    yield State("now, another printer", "/now", supervisor=True)
    yield State("devices, another printer", "/devices", supervisor=True)
    office.world.serial = usual
    finish(office, [job])


def printer_away(office: Office) -> Iterator[State]:
    """The last that can be shown: the station looks for its printer at growing intervals."""
    office.line.cut()
    jobs = office.station.desk.run_jobs("test", count=2)
    office.until_held_up()
    yield State("now, printer silent", "/now")
    for job in jobs:
        office.station.desk.cancel_job("test", job)
    office.line.restore()
