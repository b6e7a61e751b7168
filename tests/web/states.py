"""Every screen in every state that a clerk can meet, one after the other in one office."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kiosk.core.frames import Frame
from kiosk.interruption import Interruption
from kiosk.sync.loop import SyncState
from tests.web.conftest import PIN, Kiosk, Visitor

if TYPE_CHECKING:
    from tests.office import Office

OFFLINE = SyncState(False, 1_543_000_000.0, 3, 37, 1_543_000_000.0, "Connection refused", "")


@dataclass(frozen=True)
class State:
    """`path` shows it. `keys`: the field that the page's keyboard is opened for."""

    name: str
    path: str
    keys: str = ""
    signed_in: bool = True


class Link:
    """Stands for the sync thread: only what the screens look at."""

    def __init__(self, state: SyncState) -> None:
        self.state = state

    def wake(self, *, now: bool = False) -> None:
        """Nothing to wake."""

    def stop(self) -> bool:
        return True


class Pause:
    """Holds the worker right after it has written that it will print: a card in mid-course."""

    def __init__(self, office: Office) -> None:
        self.reached, self.go_on = threading.Event(), threading.Event()
        told = office.station.books.on_commit

        def heard(frame: Frame) -> None:
            told(frame)
            if frame.data.get("intent", {}).get("step") == "print":
                self.reached.set()
                assert self.go_on.wait(60)

        office.station.books.on_commit = heard


def states(kiosk: Kiosk) -> Iterator[State]:
    """While one is looked at, it stays as it is."""
    office = kiosk.office
    yield from nothing_yet()
    yield from people_waiting(kiosk)
    yield from printing(office)
    yield from stopped(office)
    yield from the_link(office)
    yield from after_a_cut(office)


def nothing_yet() -> Iterator[State]:
    yield State("sign-in", "/sign-in", signed_in=False)
    for name in ("queue", "now", "printed", "supplies", "outbox", "help", "nothing"):
        yield State(f"{name}, empty", f"/{name}")


def people_waiting(kiosk: Kiosk) -> Iterator[State]:
    ref = kiosk.office.bring_records(12)[4]
    yield State("queue", "/queue")
    yield State("queue, keyboard", "/queue", keys="#cari")
    yield State("queue, nothing found", "/queue?q=zzzz")
    yield State("check", f"/check/{ref}")
    yield State("run", "/run")
    yield State("run, one left out", f"/run?without={ref}")
    yield State("supplies, keyboard", "/supplies", keys="#jumlah")
    late = Visitor(kiosk.url)
    late.sign_in("maria", PIN)
    form = late.form(ref=ref)
    late.http.cookies.clear()
    ticket = late.post("/jobs", form).headers["Location"].partition("parked=")[2]
    late.leave()
    yield State("sign-in, form kept", f"/sign-in?parked={ticket}", signed_in=False)
    yield State("resume", f"/resume/{ticket}")


def printing(office: Office) -> Iterator[State]:
    pause = Pause(office)
    jobs = office.station.desk.run_jobs("test", count=3)
    try:
        assert pause.reached.wait(20)
        yield State("now, printing", "/now")
        yield State("locked, printing", "/sign-in", signed_in=False)
    finally:
        pause.go_on.set()
    office.until(lambda: all(office.state(job) == "completed" for job in jobs))
    yield State("now, done", "/now")
    yield State("printed", "/printed")
    yield State("hand over", f"/hand-over/{jobs[0]}")
    yield State("take", f"/hand-over/{jobs[0]}/take?chip=by-eye")
    yield State("problem", f"/hand-over/{jobs[0]}/problem")
    yield State("calls", "/calls")
    yield State("new call", "/calls/new")
    yield State("refused", f"/check/{office.job(jobs[0])['ref']}")


def stopped(office: Office) -> Iterator[State]:
    office.world.open_cover()
    jobs = office.station.desk.run_jobs("test", count=2)
    office.until_held_up()
    yield State("now, cover open", "/now")
    yield State("locked, cover open", "/sign-in", signed_in=False)
    office.station.desk.hold_job("test", jobs[1])
    yield State("now, one held", "/now")
    office.world.close_cover()
    office.station.desk.release_job("test", jobs[1])
    office.until(lambda: all(office.state(job) == "completed" for job in jobs))
    office.world.jam("print", 2)
    [job] = office.station.desk.run_jobs("test")
    office.until(lambda: "outcome-unknown" in office.reasons(job))
    yield State("unresolved", "/now")
    yield State("locked, unresolved", "/sign-in", signed_in=False)
    office.world.take_card()
    office.station.desk.resolve_job("test", job, "spoiled")
    office.until(lambda: office.state(job) == "completed")


def the_link(office: Office) -> Iterator[State]:
    station = office.station
    for name, state in {
        "offline": OFFLINE,
        "alarm": replace(OFFLINE, online=True, alarm="the centre holds another journal of this station"),
        "all sent": replace(OFFLINE, online=True, unsent=0, acknowledged=station.books.seq),
    }.items():
        station.sync = Link(state)  # type: ignore[assignment]
        yield State(f"outbox, {name}", "/outbox")
        yield State(f"queue, {name}", "/queue")
    station.sync = None


def after_a_cut(office: Office) -> Iterator[State]:
    last = max((row["id"] for row in office.jobs()), key=lambda job: office.job(job)["ended"])
    for card in (1, 2):
        office.station.interruption = Interruption(1_543_000_000_000, 1_543_000_540_000, last, card)
        yield State(f"interruption, card {card}", "/interruption")
