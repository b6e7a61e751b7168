"""What a technician looks at: a part of tests/web/states.py. They are whoever is signed in, for that long."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kiosk.web.examination import Examination, Kind
from tests.web.states import State

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.web.conftest import Kiosk

TIMES_MS = (3.1, 3.3, 3.4, 3.4, 3.6, 3.9, 4.2, 7.5, 9.1, 41.0)


def touch(kind: Kind) -> State:
    def examined(page: Page) -> None:
        page.tap(f'[name=what][value="{kind.value}"]')
        page.wait_for_selector(f'[data-examined="{kind.value}"]')

    return State(f"technician, {kind.value}", "/technician", then=examined)


def examining(kiosk: Kiosk) -> Iterator[State]:
    office = kiosk.office
    office.station.staff.change_role("op:yosep", "maria", "technician")
    yield State("technician, nothing yet", "/technician")
    for kind in (Kind.DOCTOR, Kind.PRINTER, Kind.READERS, Kind.CHIP):
        yield touch(kind)
    measured = Examination(Kind.LATENCY, 0.0, list(TIMES_MS))
    kiosk.house.examinations.latest = measured
    yield State("technician, latency", "/technician")
    measured.ended = True
    yield State("technician, test card asked", "/technician/test-card")
    office.station.card_tests.begin("op:maria", "wni")
    office.until(lambda: (office.station.card_tests.last or {}).get("ended") is not None)
    yield State("technician, test card made", "/technician")
    office.world.jam("print")
    job = office.station.card_tests.begin("op:maria", "wni")
    office.until(lambda: "outcome-unknown" in (office.station.card_tests.last or {"reasons": []})["reasons"])
    yield State("technician, test card in doubt", "/technician")
    office.world.take_card()
    office.station.desk.resolve_job("test", job, "spoiled")
    office.until(lambda: (office.station.card_tests.last or {}).get("ended") is not None)
    office.station.safe = True
    yield State("technician, safe mode", "/technician")
    office.station.staff.change_role("op:yosep", "maria", "operator")
    yield State("queue, safe mode", "/queue")
    yield State("sign-in, safe mode", "/sign-in", signed_in=False)
    office.station.safe = False
