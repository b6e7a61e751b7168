"""How long a real station goes on without the centre, what it does at the end, and who lets it go further."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from drivers.sim.chip import Behaviour
from kiosk.authority import Authority
from kiosk.books import Books
from kiosk.config import Config, HubConfig, PrinterConfig
from kiosk.core.authority import DAY_MS, Caps
from kiosk.core.clock import Moment
from kiosk.core.frames import Frame
from kiosk.enrolment import enrol_station
from kiosk.errors import Rejected, UsageError
from kiosk.hub import stations
from kiosk.hub.app import create_app
from kiosk.hub.issue import issue
from kiosk.hub.keyring import HubKeys
from kiosk.hub.server import HubServer
from kiosk.hub.store import Store
from kiosk.journal import Clock
from kiosk.journal.clock import machine_clocks
from kiosk.people import Named, People, Role
from kiosk.station import Station
from tests.office import STATION, Office
from tests.office_centre import Centre

PIN, WRONG = "135791", "000000"
SUPERVISOR = Named("yosep", PIN)
CAP = HubConfig(offline_cards=2, offline_days=3)
LIMIT = {"offline-limit"}

pytestmark = pytest.mark.timeout(300)  # a busy machine fails none of them


def with_caps(office: Office, caps: HubConfig = CAP) -> Office:
    People(office.data).add("yosep", "Yosep Bria", Role.SUPERVISOR, PIN)
    People(office.data).add("maria", "Maria Taek", Role.OPERATOR, PIN)
    office.hub = caps
    office.restart()
    return office


def run(office: Office, count: int) -> list[str]:
    office.bring_records(count)
    return office.station.desk.run_jobs("test", count=count)


def states(office: Office, jobs: list[str]) -> list[str]:
    return [office.state(job) for job in jobs]


def lift(office: Office, named: Named | None = SUPERVISOR, **said: Any) -> Any:
    return office.station.ask("sync.lift", {"reason": "no-line", **said}, "cli:root", named)


def lifts(office: Office) -> list[tuple[str, dict[str, Any]]]:
    return [(frame.stamp.by, frame.data) for frame in office.frames() if frame.kind == "limit-lifted"]


def test_the_last_card_is_finished_the_next_not_begun_and_a_lift_lets_the_queue_go_on(office: Office) -> None:
    with_caps(office)
    jobs = run(office, 4)
    assert office.until_held_up() == LIMIT
    assert states(office, jobs) == ["completed", "completed", "pending", "pending"]
    assert len(office.world.output) == 2
    assert office.station.status()["authority"]["cards_left"] == 0
    assert lift(office, cards=1)["cards_left"] == 1
    office.until(lambda: office.state(jobs[2]) == "completed")
    assert office.until_held_up() == LIMIT
    assert lift(office, cards=2, days=1) == {"cards_left": 2, "days_left": 2}
    office.until(lambda: office.state(jobs[3]) == "completed")
    assert lifts(office) == [
        ("op:yosep", {"reason": "no-line", "more_cards": cards, "more_days": days})
        for cards, days in ((1, 0), (2, 1))
    ]
    office.agree()


def test_only_a_supervisor_with_the_pin_lifts_and_only_so_far(office: Office) -> None:
    with_caps(office)
    for named, reason in (
        (None, "not-permitted"), (Named("maria", PIN), "not-permitted"), (Named("yosep", WRONG), "pin-wrong"),
    ):  # fmt: skip
        with pytest.raises(Rejected) as refused:
            lift(office, named, cards=2)
        assert refused.value.reason == reason
    for said in ({}, {"cards": 3}, {"days": 4}, {"cards": -1}, {"cards": True}, {"cards": 1, "reason": "hurry"}):
        with pytest.raises(UsageError):
            lift(office, **said)
    with pytest.raises(Rejected, match="2 cards and 2 days are left"):
        lift(office, cards=2, days=2)
    assert lifts(office) == []
    assert office.station.status()["authority"]["cards_left"] == 2


def test_what_is_said_twice_is_granted_once(office: Office) -> None:
    with_caps(office)
    run(office, 2)
    office.until(lambda: office.station.authority.left.cards == 0)
    lift(office, cards=2)
    with pytest.raises(Rejected) as refused:
        lift(office, cards=2)
    assert refused.value.reason == "limit-far"
    assert len(lifts(office)) == 1


def test_a_restart_a_torn_frame_and_a_lost_receipt_give_nothing_back(office: Office) -> None:
    """Nothing of the count is kept, so nothing of it can be lost."""
    with_caps(office)
    jobs = run(office, 3)
    office.until_held_up()
    office.restart()
    assert office.until_held_up() == LIMIT
    office.station.close()
    newest = max((office.data / "journal").glob("seg-*"))
    with newest.open("r+b") as file:
        file.truncate(newest.stat().st_size - 20)
    office.reopen()
    assert office.until_held_up() == LIMIT
    lift(office, cards=1)
    office.until(lambda: office.state(jobs[2]) == "completed")
    office.restart()
    assert office.station.authority.left.cards == 0  # the lift is spent, not renewed
    office.agree()


def test_a_blank_that_was_refused_counts_as_well_and_one_that_did_not_come_in_does_not(office: Office) -> None:
    with_caps(office)
    office.spoil_chip(0, Behaviour(dead=True))
    [job] = run(office, 1)
    office.until(lambda: office.state(job) == "completed")
    assert office.station.authority.left.cards == 0
    lift(office, cards=2)
    blanks = office.world.empty_hopper()
    [second] = office.bring_more_and_run()
    assert office.until_held_up() == {"media-empty"}
    assert office.station.authority.left.cards == 2
    office.world.load(blanks)
    office.until(lambda: office.state(second) == "completed")
    assert office.station.authority.left.cards == 1


def test_an_answer_on_a_stick_renews_it_and_an_old_one_does_not(office: Office, tmp_path: Path) -> None:
    with_caps(office)
    centre = Centre(office, tmp_path / "hub")
    old, new = tmp_path / "old", tmp_path / "new"
    for stick in (old, new):
        stick.mkdir()
    sticks, authority = office.station.sticks, office.station.authority
    sticks.export("test", str(old))
    centre.visit(old)
    jobs = run(office, 4)
    assert office.until_held_up() == LIMIT
    sticks.take("test", str(old))
    assert authority.left.cards == 0  # it confirms what was before those cards
    sticks.export("test", str(new))
    centre.visit(new)
    sticks.take("test", str(new))
    office.until(lambda: states(office, jobs) == ["completed"] * 4)
    assert authority.left.cards == 0
    sticks.take("test", str(new))
    assert authority.left.cards == 0
    centre.store.close()


def test_what_a_stick_confirms_ends_a_lift_with_it(office: Office, tmp_path: Path) -> None:
    with_caps(office)
    centre, stick = Centre(office, tmp_path / "hub"), tmp_path / "stick"
    stick.mkdir()
    run(office, 1)
    office.until(lambda: office.station.authority.left.cards == 1)
    lift(office, cards=2)
    office.station.sticks.export("test", str(stick))
    centre.visit(stick)
    office.station.authority.caps = Caps(1, 3)
    office.station.sticks.take("test", str(stick))
    assert office.station.authority.left.cards == 1
    centre.store.close()


class Watched:
    """The books, and how often they were read on and on."""

    def __init__(self, books: Books) -> None:
        self._books, self.reads = books, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._books, name)

    def lines_after(self, seq: int, limit_bytes: int) -> list[bytes]:
        self.reads += limit_bytes > 1
        return self._books.lines_after(seq, limit_bytes)


def test_a_centre_that_lost_what_it_had_gives_and_takes_nothing_and_is_not_waited_for(office: Office) -> None:
    """Whatever it confirms in whatever order, the answer is that of one who has only just begun to count."""
    with_caps(office, HubConfig(offline_cards=4, offline_days=3))
    jobs = run(office, 3)
    office.until(lambda: states(office, jobs) == ["completed"] * 3)
    lift(office, cards=4)
    [last] = office.bring_more_and_run()
    office.until(lambda: office.state(last) == "completed")
    newest, books, confirmed = office.station.books.seq, Watched(office.station.books), [1]

    def counting() -> Authority:
        return Authority(books, lambda: confirmed[-1], HubConfig(offline_cards=2), lambda: None)  # type: ignore[arg-type]

    kept, found = counting(), set()
    for seq in [1, *range(newest, 0, -1), *range(1, newest + 1), 1]:
        confirmed.append(seq)
        fresh = counting().left.cards
        books.reads = 0
        assert kept.left.cards == fresh, seq
        assert not books.reads or seq == 1
        found.add(fresh)
    assert books.reads == 0
    assert found == {1, 2, 3}


def test_of_a_centre_that_loses_more_and_more_only_that_is_read(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_caps(office, HubConfig(offline_cards=4, offline_days=3))
    jobs = run(office, 3)
    office.until(lambda: states(office, jobs) == ["completed"] * 3)
    lift(office, cards=4)
    [last_job] = office.bring_more_and_run()
    office.until(lambda: office.state(last_job) == "completed")
    newest, books = office.station.books.seq, Watched(office.station.books)
    confirmed = [newest]

    def counting() -> Authority:
        return Authority(books, lambda: confirmed[-1], HubConfig(offline_cards=2), lambda: None)  # type: ignore[arg-type]

    for a_time in (2, 1 << 20):  # a frame, or more than there are
        monkeypatch.setattr("kiosk.authority.READ_BYTES", a_time)
        kept, last, found = counting(), newest, set()
        kept._catch_up(newest)
        for seq in (newest - 1, newest // 2, newest // 2, newest // 3, 1):
            confirmed.append(seq)
            fresh = counting().left.cards
            books.reads = 0
            assert kept.left.cards == fresh, seq
            assert books.reads == (last - seq if a_time == 2 else last > seq)
            last = seq
            found.add(fresh)
        assert len(found) > 1


class Machine:
    """The machine's clocks, `passed_ms` further on; `skew_ms` is what its wall clock is wrong by."""

    def __init__(self) -> None:
        self.passed_ms = self.skew_ms = self.slept_ms = 0
        self.boot = "aaaaaaaa"

    def __call__(self) -> Moment:
        real = machine_clocks()
        return Moment(
            real.wall_ms + self.passed_ms + self.skew_ms,
            self.boot,
            real.monotonic_ms + self.passed_ms - self.slept_ms,
        )


@pytest.fixture
def machine(office: Office) -> Machine:
    made = Machine()
    office.machine = Clock(office.data, made)
    with_caps(office, HubConfig(offline_cards=8, offline_days=3))
    return made


def wakes(office: Office, machine: Machine, boot: str, after_days: float, in_ms: int | None = None) -> None:
    """Switched off for so long; at `in_ms` by its own clock, without it at the true time."""
    office.station.close()
    machine.boot, off_ms = boot, int(after_days * DAY_MS)
    machine.passed_ms += off_ms
    machine.slept_ms += off_ms
    machine.skew_ms = 0
    if in_ms is not None:
        machine.skew_ms = in_ms - machine().wall_ms
    office.machine = Clock(office.data, machine)
    office.reopen()


def test_the_days_are_over_and_a_lift_of_days_lets_it_go_on(office: Office, machine: Machine) -> None:
    assert office.print_one()["state"] == "completed"
    wakes(office, machine, "bbbbbbbb", after_days=4)
    [job] = office.bring_more_and_run()
    assert office.until_held_up() == LIMIT
    assert office.station.authority.left[:2] == (7, 0)
    with pytest.raises(Rejected):
        lift(office, cards=5)  # of cards there are enough
    lift(office, days=2)
    office.until(lambda: office.state(job) == "completed")
    machine.passed_ms += DAY_MS
    assert office.station.authority.left.days == 0
    assert not office.station.authority.left.reached
    machine.passed_ms += DAY_MS
    assert office.station.authority.left.reached


def test_an_answer_of_the_centre_renews_the_days_and_no_card(office: Office, machine: Machine) -> None:
    """Idle and connected nothing is written that a receipt could confirm."""
    assert office.print_one()["state"] == "completed"
    machine.passed_ms += 4 * DAY_MS
    assert office.station.authority.left[:2] == (7, 0)
    office.station.books.clock.heard(machine().wall_ms)
    assert (office.station.authority.left.cards, office.station.authority.left.days) == (7, 2)


def test_a_clock_at_2000_neither_locks_the_station_nor_gives_it_days_without_end(
    office: Office, machine: Machine
) -> None:
    wakes(office, machine, "bbbbbbbb", after_days=30, in_ms=946_684_800_000)
    assert office.print_one()["state"] == "completed"
    assert office.station.authority.left.days == 2
    for _ in range(3):
        assert not office.station.authority.left.reached
        machine.passed_ms += DAY_MS
    [job] = office.bring_more_and_run()
    assert office.until_held_up() == LIMIT
    wakes(office, machine, "cccccccc", after_days=1, in_ms=946_684_800_000)
    assert office.until_held_up() == LIMIT
    lift(office, days=1)
    office.until(lambda: office.state(job) == "completed")
    wakes(office, machine, "dddddddd", after_days=2)  # somebody has set it right
    assert office.station.authority.left.reached


class Linked(Office):
    """With a centre that can be away: then nobody answers there but a proxy that knows of none."""

    def __init__(self, directory: Path) -> None:
        self.store, self.keys, self.away = Store.open(directory / "hub"), HubKeys.generate(), False
        app = create_app(self.store, self.keys, time.time)

        def reached(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
            if self.away:
                start_response("503 Service Unavailable", [("Content-Length", "0")])
                return [b""]
            return app(environ, start_response)

        self.server = HubServer(reached)
        self.hub = HubConfig(self.server.url, poll=1.0, offline_cards=2, offline_days=3)
        super().__init__(directory, blanks=12)
        People(self.data).add("yosep", "Yosep Bria", Role.SUPERVISOR, PIN)

    def _enrol(self) -> None:
        code = stations.add_station(self.store, STATION)
        enrol_station(Config(), self.data, self.server.url, code, self.keys.fingerprint, "test")

    def _open(self) -> Station:
        printer = PrinterConfig(port=self.line.path, reply_timeout=1.0)
        return Station(Config(hub=self.hub, printer=printer, reader=self.reader()), self.data, "test")

    def _listen(self) -> None:
        super()._listen()
        acknowledged = self.station._ends.acknowledged
        inner = acknowledged._on_ack

        def heard(seq: int) -> None:
            inner(seq)
            with self._changed:
                self._changed.notify_all()

        acknowledged._on_ack = heard

    def asks(self) -> None:
        assert self.station.sync
        self.station.sync.wake(now=True)

    def fetches(self, count: int) -> list[str]:
        """New records."""
        refs = issue(self.store, self.keys, [next(self._others) for _ in range(count)], STATION, now_s=time.time())
        self.asks()
        self.until(lambda: self.station.books.past.state(refs[-1]) == "waiting")
        return refs

    def close(self) -> None:
        super().close()
        self.server.stop()
        self.store.close()


@pytest.fixture
def linked(tmp_path: Path) -> Iterator[Linked]:
    place = Linked(tmp_path)
    yield place
    place.close()


def test_a_centre_that_goes_and_comes_back(linked: Linked) -> None:
    """While it is there the limit is far however many cards are made; the queue goes on when it is back."""
    jobs = linked.station.desk.run_jobs("test", refs=linked.fetches(3))
    linked.until(lambda: states(linked, jobs) == ["completed"] * 3)
    authority, sticks = linked.station.authority, linked.station.sticks
    linked.asks()
    linked.until(lambda: sticks.acknowledged == linked.station.books.seq)
    assert authority.left.cards == 2
    refs = linked.fetches(4)
    linked.away = True
    jobs = linked.station.desk.run_jobs("test", refs=refs)
    assert linked.until_held_up() == LIMIT
    assert sorted(states(linked, jobs)) == ["completed", "completed", "pending", "pending"]
    linked.restart()
    assert linked.until_held_up() == LIMIT
    lift(linked, cards=1)
    linked.until(lambda: states(linked, jobs).count("completed") == 3)
    assert linked.until_held_up() == LIMIT
    linked.away = False
    linked.asks()
    linked.until(lambda: states(linked, jobs) == ["completed"] * 4)
    assert not (linked.data / "sync" / "closed.json").exists()
    linked.agree()


def test_frames_may_be_told_of_in_any_order_and_a_centre_may_lose_some(office: Office) -> None:
    with_caps(office, HubConfig(offline_cards=8))
    told = office.station.books.on_commit
    held: list[Frame] = []

    def hold(frame: Frame) -> None:
        held.append(frame)
        with office._changed:
            office._changed.notify_all()

    office.station.books.on_commit = hold
    authority = office.station.authority
    assert authority.left.cards == 8
    jobs = run(office, 3)
    office.until(lambda: states(office, jobs) == ["completed"] * 3)
    for frame in reversed(held):
        told(frame)
    assert authority.left.cards == 5
    ends = office.station._ends.acknowledged
    position = ends.position
    ends.position = replace(position, seq=office.station.books.seq)
    assert authority.left.cards == 8
    ends.position = position
    assert authority.left.cards == 5


def test_a_receipt_that_is_lost_from_the_disk_is_counted_against_the_station(office: Office, tmp_path: Path) -> None:
    """It can't know what the centre has; a supervisor may know."""
    with_caps(office)
    centre, stick = Centre(office, tmp_path / "hub"), tmp_path / "stick"
    stick.mkdir()
    run(office, 2)
    office.until(lambda: office.station.authority.left.cards == 0)
    office.station.sticks.export("test", str(stick))
    centre.visit(stick)
    office.station.sticks.take("test", str(stick))
    assert office.station.authority.left.cards == 2
    ack = office.data / "sync" / "ack.json"
    assert json.loads(ack.read_bytes())["seq"]
    ack.unlink()
    office.restart()
    assert office.station.authority.left.cards == 0
    assert lift(office, cards=2)["cards_left"] == 2
    centre.store.close()
