"""Every screen in every state that a clerk can meet, one after the other in one office.

`tests/web/captions.py` names them all; who looks at them is `test_pages.py` (is it right?) and `gallery.py`
(pictures of it).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from drivers.sim.chip import Behaviour
from kiosk.core.frames import Frame
from kiosk.core.jobs import FINAL
from kiosk.core.records import Reason
from kiosk.core.release import Withdrawal
from kiosk.outbox import Inbox
from kiosk.rig.residents import invent
from kiosk.sync.intake import Accepted, Withdrawn, judge
from kiosk.sync.loop import SyncState
from tests.web.browser import enter
from tests.web.captions import CAPTIONS
from tests.web.conftest import PIN, Kiosk, Visitor

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.office import Office

ONLINE = SyncState(True, 0.0, 0, 0, None, "", "")
WRONG_PIN = "123456"
USUAL_S = 31.0


@dataclass(frozen=True)
class State:
    """`path` shows it; `then` is what a finger does there. `keys`: the field that the page's keyboard is opened for.

    `within`: the part of the page that can be touched in it. `supervisor`: it is not for an operator.
    """

    name: str
    path: str
    keys: str = ""
    signed_in: bool = True
    then: Callable[[Page], None] | None = None
    within: str = "body"
    supervisor: bool = False

    def __post_init__(self) -> None:
        assert self.name in CAPTIONS, f"no caption for {self.name}"

    def reach(self, page: Page) -> None:
        """From the freshly opened page to this state."""
        if self.then:
            self.then(page)
        if self.keys:
            page.tap(self.keys)
            page.wait_for_selector(".keys")

    @property
    def person(self) -> str:
        """Who sees it, "" if nobody is signed in."""
        return ("yosep" if self.supervisor else "maria") if self.signed_in else ""

    @property
    def touched(self) -> str:
        return ".keys" if self.keys else self.within


class Link:
    """Stands for the sync thread: only what the screens look at."""

    def __init__(self, state: SyncState) -> None:
        self.state = state

    def wake(self, *, now: bool = False) -> None:
        """Nothing to wake."""

    def stop(self) -> bool:
        return True


class Pause:
    """Holds the worker right after it has written that it will do `step`: a card in mid-course."""

    def __init__(self, office: Office, step: str) -> None:
        self.reached, self.go_on = threading.Event(), threading.Event()
        self.books, self.told, self.step = office.station.books, office.station.books.on_commit, step
        self.books.on_commit = self.heard

    def heard(self, frame: Frame) -> None:
        self.told(frame)
        if frame.data.get("intent", {}).get("step") == self.step and not self.reached.is_set():
            self.reached.set()
            assert self.go_on.wait(60)


@contextmanager
def paused(office: Office, step: str, make: Callable[[], list[str]]) -> Iterator[list[str]]:
    """The jobs that `make` makes, the first of them about to do `step`; all of them done afterwards."""
    pause = Pause(office, step)
    jobs = make()
    try:
        assert pause.reached.wait(120), office.describe()
        yield jobs
    finally:
        pause.books.on_commit = pause.told
        pause.go_on.set()
    finish(office, jobs)


def finish(office: Office, jobs: list[str]) -> None:
    office.until(lambda: all(office.state(job) in FINAL for job in jobs))


def set_link(office: Office, **changes: Any) -> None:
    """What the screens see of the centre; without changes it is there and has everything."""
    state = replace(ONLINE, **{"acknowledged": office.station.books.seq, "since": time.time() - 3 * 3600, **changes})
    office.station.sync = Link(state)  # type: ignore[assignment]


def states(kiosk: Kiosk) -> Iterator[State]:
    """While one is looked at, it stays as it is. Takes 18 blanks."""
    from tests.web.counter_states import at_the_counter, to_be_called
    from tests.web.desk_states import at_desk
    from tests.web.stick_states import the_stick
    from tests.web.technician_states import examining
    from tests.web.trouble_states import another_printer, not_certain, printer_away, stopped, the_link

    office = kiosk.office
    set_link(office)
    yield from nothing_yet(kiosk)
    yield from at_the_gate(kiosk)
    yield from people_waiting(kiosk)
    yield from kept_forms(kiosk)
    jobs = yield from printing(office)
    yield from at_the_counter(kiosk, jobs)
    yield from to_be_called(office)
    yield from stopped(office)
    yield from not_certain(office)
    yield from at_desk(office)
    yield from the_link(office)
    yield from the_stick(office)
    yield from examining(kiosk)
    yield from another_printer(office)
    yield from printer_away(office)


def nothing_yet(kiosk: Kiosk) -> Iterator[State]:
    yield State("sign-in", "/sign-in", signed_in=False)
    people = kiosk.office.data / "keys" / "people.json"
    aside = people.rename(people.with_suffix(".aside"))
    yield State("first run", "/begin", signed_in=False)
    aside.rename(people)
    for name in ("queue", "now", "printed", "calls"):
        yield State(f"{name}, empty", f"/{name}")
    yield State("help", "/help")
    yield State("people", "/people", supervisor=True)
    yield State("not found", "/nothing")


def at_the_gate(kiosk: Kiosk) -> Iterator[State]:
    def type_wrongly(page: Page) -> None:
        kiosk.house.throttle.right("yosep")
        type_again(page)

    def type_too_often(page: Page) -> None:
        for _ in range(3):
            kiosk.house.throttle.wrong("yosep")
        type_again(page)

    def type_again(page: Page) -> None:
        enter(page, WRONG_PIN, "yosep")
        page.wait_for_selector('#salah:text-matches("PIN|[0-9]")')

    yield State("sign-in, wrong PIN", "/sign-in", signed_in=False, then=type_wrongly)
    yield State("sign-in, must wait", "/sign-in", signed_in=False, then=type_too_often)
    kiosk.house.throttle.right("yosep")


def find_nobody(page: Page) -> None:
    page.fill("#cari", "zzzz")
    page.press("#cari", "Enter")
    page.wait_for_selector(".rows .empty:not(:has(h2))")


def people_waiting(kiosk: Kiosk) -> Iterator[State]:
    office = kiosk.office
    odd = office.residents[10]
    [foreign] = invent(5, 1, issued=date(2018, 8, 14), wna_share=1.0)
    office.residents[10] = replace(
        odd, fields=replace(odd.fields, tanggal_lahir="29-02-1988"), reason=Reason.LUAR_DOMISILI, priority=40
    )
    office.residents[11] = replace(foreign, priority=50)
    refs = office.bring_records(12)
    yield State("queue", "/queue")
    yield State("queue, keyboard", "/queue", keys="#cari")
    yield State("queue, nothing found", "/queue", then=find_nobody)
    yield taken_back(office)
    yield State("check", f"/check/{refs[4]}")
    yield State("check, odd NIK", f"/check/{refs[10]}")
    yield State("check, no blank", f"/check/{refs[11]}")
    yield State("run", "/run")
    yield State("run, one left out", f"/run?without={refs[4]}")
    yield from about_to_lock(kiosk)


def taken_back(office: Office) -> State:
    """One more person, whom the queue does not show."""
    [person] = invent(6, 1, issued=date(2018, 8, 14))
    came = judge(office.token(person)[1], office.station.config.station.id, [office.hub_key])
    assert isinstance(came, Accepted)
    for item in (came, Withdrawn(came.ref, Withdrawal.WRONG_DATA)):
        Inbox(office.station.books, office.station.vault).accept([item], "1")

    def find(page: Page) -> None:
        page.fill("#cari", person.fields.nik)
        page.press("#cari", "Enter")
        page.wait_for_url("**/queue?find=*")  # the queue itself has bad rows too
        page.wait_for_selector(".rows .bad")

    return State("queue, taken back", "/queue", then=find)


def about_to_lock(kiosk: Kiosk) -> Iterator[State]:
    def wait(page: Page) -> None:
        kiosk.clock.advance(575)
        kiosk.office.station.pulse.beat()
        page.wait_for_selector("#idle[open]")

    def lose(page: Page) -> None:
        page.evaluate("document.querySelector('#lost').hidden = false")

    yield State("queue, about to lock", "/queue", then=wait, within="#idle")
    yield State("queue, station lost", "/queue", then=lose)


def kept_forms(kiosk: Kiosk) -> Iterator[State]:
    late = Visitor(kiosk.url)
    late.sign_in("maria", PIN)
    ref = next(iter(kiosk.office.station.roster.find(kiosk.office.residents[4].fields.nik)))
    form = late.form(ref=ref)
    late.http.cookies.clear()
    ticket = late.post("/jobs", form).headers["Location"].partition("parked=")[2]
    late.leave()
    yield State("sign-in, form kept", f"/sign-in?parked={ticket}", signed_in=False)
    yield State("resume", f"/resume/{ticket}")
    said = {
        "taker": "representative", "name": "ANTON TAEK", "verified": "kk", "old_card": "taken", "chip": "read",
        "strokes": "10,20 30,40;50,60", "key": "k",
    }  # fmt: skip
    ticket = kiosk.house.parked.put("/hand-over/1", {name: [value] for name, value in said.items()})
    yield State("resume, hand-over", f"/resume/{ticket}")
    lost = {"reason": ["lost-before-hand-over"], "supervisor": ["yosep"], "pin": [""], "key": ["k"]}
    ticket = kiosk.house.parked.put("/hand-over/1/reprint", lost)
    yield State("resume, PIN asked", f"/resume/{ticket}")


def printing(office: Office) -> Iterator[State]:
    """Returns the jobs of three finished cards."""
    desk = office.station.desk
    office.station.pace._took.extend([USUAL_S] * 20)  # simulated devices take no time
    with paused(office, "encode", lambda: desk.run_jobs("test", count=1)) as first:
        yield State("now, chip", "/now")
    with paused(office, "print", lambda: desk.run_jobs("test", count=4)) as jobs:
        yield State("now, printing", "/now")
        yield State("locked, printing", "/sign-in", signed_in=False)
        for job in jobs[2:]:
            desk.hold_job("test", job)
        yield State("now, two held", "/now")
        for job in jobs[2:]:
            desk.cancel_job("test", job)
    yield State("now, done", "/now")
    office.spoil_chip(0, Behaviour(dead=True))
    with paused(office, "print", lambda: desk.run_jobs("test", count=1)) as second:
        yield State("now, second card", "/now")
    ref = office.job(first[0])["ref"]
    yield State("refused", f"/check/{ref}")
    return [*first, *jobs[:2], *second]
