"""What stops the station is on the screen while it stands; when it is gone the work goes on without a tap."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from drivers.errors import Stopped
from drivers.printers.evolis_status import mask_of
from drivers.sim import status
from drivers.sim.cards import Place, Ribbon
from kiosk.core.authority import Caps
from kiosk.core.faults import FAULTS, by_weight
from kiosk.journal import Poisoned
from kiosk.journal.auditor import AuditState
from kiosk.rig.residents import invent
from kiosk.web.screens.faults import tell
from tests.office import Office
from tests.web.conftest import Kiosk, Visitor

Cure = Callable[[], object]
CARDS = 40


def cover(office: Office) -> Cure:
    office.world.open_cover()
    return office.world.close_cover


def hopper(office: Office) -> Cure:
    cards = office.world.empty_hopper()
    return lambda: office.world.load(cards)


def hopper_in_books(office: Office) -> Cure:
    count, stock = office.accounts()["hopper"], office.station.stock
    stock.move("test", "unload", "wni", count)
    return lambda: stock.move("test", "load", "wni", count)


def ribbon_used_up(office: Office) -> Cure:
    office.world.end_ribbon()
    return lambda: office.world.replace_ribbon(Ribbon())


def ribbon_out(office: Office) -> Cure:
    office.world.replace_ribbon(None)
    return lambda: office.world.replace_ribbon(Ribbon())


def trays(office: Office) -> Cure:
    world, usual = office.world, office.world.capacity
    world.capacity = replace(usual, output=0)
    return lambda: setattr(world, "capacity", usual)


def cable(office: Office) -> Cure:
    office.line.cut()
    return office.line.restore


def strange_card(office: Office) -> Cure:
    world = office.world
    with world.lock:
        world.path, world.place = world.hopper.pop(), Place.PRINT

    def take() -> None:
        card = world.take_card()
        world.by_hand.remove(card)
        world.hopper.append(card)

    return take


def another_printer(office: Office) -> Cure:
    usual, office.world.serial = office.world.serial, "KP000777"
    refit(office)
    return lambda: setattr(office.world, "serial", usual)


def refit(office: Office) -> None:
    assert office.station.worker
    office.station.worker.refit()


def unopened(opener: str, reason: str) -> Callable[[Office], Cure]:
    """Each attempt to open that device of the worker's fails so."""

    def lose(office: Office) -> Cure:
        devices = office.station._devices
        usual = getattr(devices, opener)

        def gone() -> None:
            raise Stopped("as in the test", frozenset({reason}))

        setattr(devices, opener, gone)
        refit(office)
        return lambda: setattr(devices, opener, usual)

    return lose


reader = partial(unopened, "_open_encoder")
queue = partial(unopened, "_open_printer")
"""The printer is behind a queue that is refused so each time it is opened."""


def says(word: str, name: str) -> Callable[[Office], Cure]:
    """The printer raises that bit of its status, for a cause that the simulated machine has not."""
    place = {"inf": "information", "war": "warnings"}[word]

    def raise_it(office: Office) -> Cure:
        usual = getattr(status, place)
        setattr(status, place, lambda *args, **more: usual(*args, **more) | mask_of(word, name))
        return lambda: setattr(status, place, usual)

    return raise_it


def shift(office: Office) -> Cure:
    shifts: Any = office.station.shifts
    shifts.required = True
    return lambda: setattr(shifts, "required", False)


def disk(office: Office) -> Cure:
    reserve: Any = office.station.books._reserve
    size, reserve._size, reserve.held = reserve._size, 1 << 60, False
    return lambda: setattr(reserve, "_size", size)


def guard(name: str, bad: object, good: object) -> Callable[[Office], Cure]:
    def stop(office: Office) -> Cure:
        whose: Any = office.station._guard if name != "state" else office.station._guard._auditor
        setattr(whose, name, bad)
        return lambda: setattr(whose, name, good)

    return stop


def gap(office: Office) -> Cure:
    patch = pytest.MonkeyPatch()
    patch.setattr("kiosk.guard.gap.is_open", lambda read: True)
    return patch.undo


def battery(office: Office) -> Cure:
    office.station.power.battery("cli:nut")
    return lambda: office.station.power.mains("cli:nut")


def limit(office: Office) -> Cure:
    authority = office.station.authority
    usual, authority.caps = authority.caps, Caps(0, 0)
    return lambda: setattr(authority, "caps", usual)


CAUSES: dict[str, Callable[[Office], Cure]] = {
    "media-empty": hopper,
    "media-needed": says("war", "WAIT_CARD"),
    "cover-open": cover,
    "interlock-open": says("war", "PRINTER_LOCKED"),
    "input-tray-missing": says("war", "FEEDER_OPEN"),
    "output-area-full": trays,
    "marker-supply-empty": ribbon_used_up,
    "marker-supply-missing": ribbon_out,
    "connecting-to-device": cable,
    "card-in-path": strange_card,
    "other": says("inf", "UPDATING_FIRMWARE"),
    "printer-unknown": another_printer,
    "queue-unsafe": queue("queue-unsafe"),
    "paused": queue("paused"),
    "reader-missing": reader("reader-missing"),
    "reader-busy": reader("reader-busy"),
    "reader-hung": reader("reader-hung"),
    "sam-missing": reader("sam-missing"),
    "shift-not-open": shift,
    "spool-area-full": disk,
    "gap-open": gap,
    "superseded": guard("_is_closed", bad=True, good=False),
    "journal-damaged": guard("state", AuditState(damage="seg-000000000001.jsonl:4: checksum differs"), AuditState()),
    "hopper-empty-in-books": hopper_in_books,
    "on-battery": battery,
    "offline-limit": limit,
}
WARNINGS = {
    "marker-supply-low": says("inf", "RIBBON_LOW"),
    "cleaner-life-over": says("inf", "CLEANING_REQUIRED"),
    "cleaner-life-almost-over": says("inf", "CLEANING"),
}


def jam(office: Office) -> Cure:
    office.world.jam("print", 2)
    return office.world.take_card


def heat(office: Office) -> Cure:
    """Noticed when the head is to print."""
    office.world.head_hot = True

    def cool() -> None:
        office.world.head_hot = False
        office.world.take_card()

    return cool


ASKS = {"media-jam": jam, "fuser-over-temp": heat}
"""A card is under way, and what became of it a person says."""
BY_HAND = {"card-seen-before", "store-failed"}
"""They do not go on by themselves: each has a test of its own."""


class Stage:
    """`stops`: every set of reasons with which the worker has stood still."""

    def __init__(self, kiosk: Kiosk, visitor: Visitor) -> None:
        self.kiosk, self.office, self.visitor = kiosk, kiosk.office, visitor
        self.stops: list[frozenset[str]] = []
        worker = self.office.station.worker
        assert worker
        told, self.worker = worker.on_change, worker

        def changed() -> None:
            if worker.holdup:
                self.stops.append(worker.holdup.reasons)
            told()

        worker.on_change = changed

    def run(self, cause: Callable[[Office], Cure]) -> tuple[str, Cure]:
        """A job that the worker sees when the cause is there already."""
        with self.office.station.books.transaction():
            [job] = self.office.station.desk.run_jobs("test", count=1)
            return job, cause(self.office)

    def stands(self, reason: str) -> bool:
        return self.worker.holdup is not None and reason in self.worker.holdup.reasons

    def cetak(self) -> str:
        return self.visitor.get("/now").text


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One office for all of them: after each it works as before."""
    office = Office(Path(tmp_path_factory.mktemp("stops")), blanks=CARDS)
    office.residents = list(invent(3, CARDS, issued=date(2018, 8, 14)))
    office.bring_records(CARDS)
    kiosk = Kiosk(office)
    visitor = Visitor(kiosk.url)
    visitor.sign_in()
    yield Stage(kiosk, visitor)
    visitor.leave()
    kiosk.close()
    office.agree()
    office.close()


def test_every_fault_is_tried() -> None:
    assert CAUSES.keys() | WARNINGS.keys() | ASKS.keys() | BY_HAND == FAULTS.keys()


@pytest.mark.parametrize("reason", CAUSES)
def test_the_screen_says_why_and_when_it_is_gone_the_card_is_made_without_a_tap(stage: Stage, reason: str) -> None:
    office, told = stage.office, tell(reason)
    job, cure = stage.run(CAUSES[reason])
    try:
        office.until(lambda: stage.stands(reason))
        page = stage.cetak()
        assert told.code in page
        assert f"{told.heading}</h1>" in page
        assert f'printer.svg#{told.place}"' in page
        assert all(act.text in page for act in told.acts)
        assert stage.visitor.get("/sign-in").status_code == 200
    finally:
        cure()
    office.until(lambda: office.state(job) == "completed")
    page = stage.cetak()
    assert told.heading not in page
    assert "Ada di baki printer" in page
    assert [stop for stop in stage.stops if not by_weight(stop)] == [], "it stood still and said nothing"


@pytest.mark.parametrize("reason", WARNINGS)
def test_a_warning_stops_nothing(stage: Stage, reason: str) -> None:
    job, cure = stage.run(WARNINGS[reason])
    try:
        stage.office.until(lambda: stage.office.state(job) == "completed")
        assert not any(reason in stop for stop in stage.stops)
    finally:
        cure()


@pytest.mark.parametrize("reason", ASKS)
def test_where_a_card_is_in_doubt_one_question_is_answered_and_the_rest_goes_on(stage: Stage, reason: str) -> None:
    office, told = stage.office, tell(reason)
    job, cure = stage.run(ASKS[reason])
    office.until(lambda: stage.stands("outcome-unknown"))
    for change in (cure, lambda: None):  # the card taken out, it is asked as before
        page = stage.cetak()
        assert f'<b class="number">{told.code}</b> {told.heading}. {told.acts[0].text}' in page
        assert f'printer.svg#{told.place}"' in page
        assert "Yang mana?" in page
        change()
    office.station.desk.resolve_job("test", job, "spoiled")
    office.until(lambda: office.state(job) == "completed")
    assert told.heading not in stage.cetak()


def test_cards_that_a_person_holds_are_called_held_on_the_screen(stage: Stage) -> None:
    with stage.office.station.books.transaction():
        [job] = stage.office.station.desk.run_jobs("test", count=1)
        stage.office.station.desk.hold_job("test", job)
    assert "1 kartu ditahan sampai Lanjutkan ditekan." in stage.cetak()
    stage.visitor.post("/now/go-on", stage.visitor.form())
    stage.office.until(lambda: stage.office.state(job) == "completed")
    assert "ditahan" not in stage.cetak()


def test_after_a_restart_the_screen_says_it_before_any_device_was_asked(stage: Stage) -> None:
    """The job's own reasons stand in for the worker's, which has not looked yet."""
    office = stage.office
    job, cure = stage.run(reader("reader-missing"))
    try:
        office.until(lambda: "reader-missing" in office.reasons(job))
        stage.worker._holdup = None
        assert tell("reader-missing").code in stage.cetak()
    finally:
        cure()
    office.until(lambda: office.state(job) == "completed")


def test_a_card_that_came_in_again_waits_for_a_tap(stage: Stage) -> None:
    office, told = stage.office, tell("card-seen-before")
    job, _ = stage.run(jam)
    office.until(lambda: stage.stands("outcome-unknown"))
    office.world.put_back(office.world.take_card())
    office.station.desk.resolve_job("test", job, "spoiled")
    office.until(lambda: stage.stands("card-seen-before"))
    page = stage.cetak()
    assert f"{told.code}</span> {told.heading}</h1>" in page
    assert "Lanjutkan 1 kartu" in page
    stage.visitor.post("/now/go-on", stage.visitor.form())
    office.until(lambda: office.state(job) == "completed")
    assert told.heading not in stage.cetak()


def test_a_store_that_failed_is_told_though_no_card_waits(kiosk: Kiosk, visitor: Visitor) -> None:
    worker, told = kiosk.office.station.worker, tell("store-failed")
    assert worker
    assert told.heading not in visitor.get("/now").text
    worker.failure = Poisoned("as in the test")
    assert f"{told.code}</span> {told.heading}</h1>" in visitor.get("/now").text
