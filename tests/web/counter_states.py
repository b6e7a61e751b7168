"""What a clerk can meet where cards are handed over and people are called: a part of tests/web/states.py."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tests.station.test_handover import chip_of, tray
from tests.station.test_withdrawn import withdraw
from tests.web.states import State, find_nobody

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.office import Office
    from tests.web.conftest import Kiosk

SIGNATURE = ((0.2, 0.6), (0.3, 0.25), (0.38, 0.7), (0.5, 0.4), (0.55, 0.65), (0.68, 0.35), (0.82, 0.55))
SAID = {"taker": "holder", "verified": "kk", "old_card": "none", "strokes": "10,20 30,40;50,60"}
DAY = "2018-11-23"
PHONES = ("081234567890", "085239104477", "081338120055")


def at_the_counter(kiosk: Kiosk, jobs: list[str]) -> Iterator[State]:
    """`jobs`: four, with a finished card each."""
    yield State("printed", "/printed")
    yield State("printed, keyboard", "/printed", keys="#cari")
    yield State("printed, nothing found", "/printed", then=find_nobody)
    yield from laid_down(kiosk.office, jobs)
    yield from taken(jobs[0])
    yield from something_wrong(kiosk, jobs[1])
    yield taken_back(kiosk.office, jobs[2])
    yield from handed_over(kiosk.office, jobs[0])


def laid_down(office: Office, jobs: list[str]) -> Iterator[State]:
    """What the reader on the desk finds, ended by the right card."""
    counter, desk = office.station.counter, office.desk
    mine, other, broken, _ = jobs
    yield State("hand over", f"/hand-over/{mine}")
    counter.read_card(mine)
    yield State("hand over, chip unreadable", f"/hand-over/{mine}")
    desk.lay(tray(office, other))
    counter.read_card(mine)
    yield State("hand over, wrong card", f"/hand-over/{mine}")
    desk.lift()
    card = tray(office, broken)
    chip_of(card)._nv[0x6FF1] = bytearray(chip_of(tray(office, other)).content(0x6FF1))
    desk.lay(card)
    counter.read_card(broken)
    yield State("hand over, chip differs", f"/hand-over/{broken}")
    desk.lift()
    desk.lay(tray(office, mine))
    counter.read_card(mine)
    yield State("hand over, right card", f"/hand-over/{mine}")
    desk.lift()
    desk_reader = office.station._desk_reader
    named, desk_reader._name = desk_reader._name, str
    yield State("hand over, no reader", f"/hand-over/{mine}")
    desk_reader._name = named


def taken(job: str) -> Iterator[State]:
    def sign(page: Page) -> None:
        page.tap("label:has([value=sidik-jari])")
        box = page.locator("canvas[data-sign]").bounding_box()
        assert box
        points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in SIGNATURE]
        page.mouse.move(*points[0])
        page.mouse.down()
        for x, y in points[1:]:
            page.mouse.move(x, y, steps=6)
        page.mouse.up()

    def represent(page: Page) -> None:
        page.tap("label:has([value=representative])")

    yield State("take", f"/hand-over/{job}/take?chip=by-eye")
    yield State("take, signed", f"/hand-over/{job}/take?chip=read", then=sign)
    yield State("take, representative", f"/hand-over/{job}/take?chip=read", then=represent)
    yield State("take, keyboard", f"/hand-over/{job}/take?chip=read", keys="[name=name]", then=represent)


def taken_back(office: Office, job: str) -> State:
    withdraw(office, office.job(job)["ref"])
    return State("take, taken back", f"/hand-over/{job}/take?chip=by-eye")


def something_wrong(kiosk: Kiosk, job: str) -> Iterator[State]:
    path = f"/hand-over/{job}/problem"
    yield State("problem", path)
    yield State("problem, keyboard", path, keys="[name=pin]")
    for _ in range(3):
        kiosk.house.throttle.wrong("yosep")
    yield State("problem, wrong PIN", f"{path}?wrong=yosep")
    kiosk.house.throttle.right("yosep")


def handed_over(office: Office, job: str) -> Iterator[State]:
    given = office.station.counter.hand_over("op:maria", job, chip="by-eye", **SAID)
    yield State("printed, handed over", f"/printed?given={given['ref']}")
    yield State("refused, handed over", f"/hand-over/{job}")
    office.station._janitor.sweep(office.station.books.seq)
    yield State("problem, data gone", f"/hand-over/{job}/problem")


def to_be_called(office: Office) -> Iterator[State]:
    calls = office.station.callbacks
    calls._day = lambda: DAY
    waits, printed = office.residents[9], office.residents[2]
    strange = waits.fields.nik[:-1] + "9"
    numbers = [
        calls.add("op:maria", nik, phone, reason)
        for nik, phone, reason in zip(
            (strange, waits.fields.nik, printed.fields.nik), PHONES, ("no-record", "no-blank", "other"), strict=True
        )
    ]
    yield State("calls", "/calls")
    yield State("calls, number given", f"/calls?made={numbers[0]}")
    calls._book._path(numbers[0]).write_bytes(b"{}")
    yield State("calls, one damaged", "/calls")
    yield State("new call", "/calls/new")
    yield State("new call, keyboard", "/calls/new", keys="#nik")

    def type_wrongly(page: Page) -> None:
        page.tap("label:has([value=no-blank])")
        page.fill("#nik", strange[:-2])
        page.fill("#telepon", PHONES[0])
        page.tap(".foot .primary")
        page.wait_for_selector("#salah")

    yield State("new call, wrong", "/calls/new", then=type_wrongly)
