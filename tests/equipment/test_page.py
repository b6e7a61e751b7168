"""Perangkat: another printer or reader is in use by one touch there, booked once, without a restart."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from drivers.sim.chiplink import SocketAntenna
from kiosk.equipment_choice import LOOK_S
from tests.conftest import Measured
from tests.office import Office
from tests.web.browser import screen_of
from tests.web.conftest import OTHER_PIN, PIN, Kiosk, Visitor, kiosk, office
from tests.web.states import paused

if TYPE_CHECKING:
    from playwright.sync_api import Browser

__all__ = ["kiosk", "office"]

ANOTHER = "KP000777"


@pytest.fixture
def supervisor(kiosk: Kiosk) -> Iterator[Visitor]:
    visitor = Visitor(kiosk.url)
    assert visitor.sign_in("yosep", OTHER_PIN).status_code == 303
    yield visitor
    visitor.leave()


def choose(visitor: Visitor, role: str, name: str) -> int:
    return visitor.post("/devices/use", visitor.form(role=role, name=name)).status_code


def choices(office: Office, role: str) -> list[str]:
    frames = [frame for frame in office.frames() if frame.kind == "equipment" and frame.data["role"] == role]
    return [f"{frame.data.get('serial') or frame.data['name']} by {frame.stamp.by}" for frame in frames]


def change_printer(office: Office) -> str:
    """Another one is in its place, and a job waits for it; nothing moves."""
    office.world.serial = ANOTHER
    assert office.station.worker is not None
    office.station.worker.refit()
    [job] = office.station.desk.run_jobs("test", refs=office.bring_records(1))
    assert office.until_held_up() == {"printer-unknown"}
    assert office.world.odometer.cards_fed == 0
    return job


@pytest.fixture
def new_reader(office: Office) -> Iterator[Path]:
    """Call it another model: it is there in the old one's place, under a name that the config does not know."""
    office.antenna.close()
    antenna = SocketAntenna(office.directory / "model2.sock")
    office.world.antenna = antenna  # type: ignore[assignment]
    yield office.directory / "model2.sock"
    antenna.close()


def test_another_printer_is_booked_once_however_often_it_is_tapped(office: Office, supervisor: Visitor) -> None:
    job = change_printer(office)
    assert ANOTHER in supervisor.get("/devices").text
    assert [choose(supervisor, "printer", ANOTHER) for _ in range(2)] == [303, 303]
    office.until(lambda: office.state(job) == "completed")
    assert choices(office, "printer") == ["KP000123 by station", f"{ANOTHER} by op:yosep"]
    office.agree()


def test_another_reader_is_used_for_the_card_that_waits(
    office: Office, supervisor: Visitor, new_reader: Path
) -> None:
    [job] = office.station.desk.run_jobs("test", refs=office.bring_records(1))
    assert "reader-missing" in office.until_held_up()
    page = supervisor.get("/devices").text
    assert str(new_reader) in page
    assert "Tidak ditemukan" in page
    assert choose(supervisor, "reader", str(new_reader)) == 303
    office.until(lambda: office.state(job) == "completed")
    assert choices(office, "reader") == [f"{new_reader} by op:yosep"]
    office.agree()


def test_while_a_card_is_made_nothing_is_asked(office: Office, supervisor: Visitor, tmp_path: Path) -> None:
    def look() -> bool:
        assert supervisor.post("/devices/look", supervisor.form()).status_code == 303
        return "third.sock" in supervisor.get("/devices").text

    office.bring_records(1)
    with paused(office, "print", lambda: office.station.desk.run_jobs("test")):
        antenna = SocketAntenna(tmp_path / "third.sock")
        began = time.monotonic()
        assert not look()
        assert time.monotonic() - began < LOOK_S, "nor waited for"
    assert look()
    antenna.close()


def test_what_is_gone_by_then_is_not_booked(office: Office, supervisor: Visitor) -> None:
    assert choose(supervisor, "printer", ANOTHER) == choose(supervisor, "reader", "/gone.sock") == 409
    assert choices(office, "printer") == ["KP000123 by station"]


def test_it_is_said_before_a_card_is_wanted(office: Office, supervisor: Visitor) -> None:
    """And no longer once it is chosen."""
    assert office.station.worker is not None
    office.world.serial = ANOTHER
    office.station.equipment.seen = office.station.worker.on_change
    office.station.worker.refit()
    office.until(lambda: ANOTHER in {each.serial for each in office.station.equipment.printers})
    assert "Printer lain terpasang" in supervisor.get("/supplies").text
    choose(supervisor, "printer", ANOTHER)
    office.until(lambda: office.station.printer_status is not None)
    assert "Printer lain terpasang" not in supervisor.get("/supplies").text


def test_an_operator_sees_who_may(kiosk: Kiosk) -> None:
    visitor = Visitor(kiosk.url)
    visitor.sign_in("maria", PIN)
    change_printer(kiosk.office)
    assert "Perangkat" in visitor.get("/now").text
    assert 'href="/devices"' not in visitor.get("/now").text
    assert choose(visitor, "printer", ANOTHER) == 403
    assert choices(kiosk.office, "printer") == ["KP000123 by station"]
    visitor.leave()


@pytest.mark.browser
def test_from_the_stopped_page_it_takes_two_taps(
    browser: Browser, kiosk: Kiosk, new_reader: Path, measured: Measured
) -> None:
    office, taps = kiosk.office, []
    with screen_of(browser, kiosk.url) as screen:
        screen.sign_in(OTHER_PIN, "yosep")
        job = change_printer(office)
        for name, said in ((ANOTHER, "Dipakai"), (new_reader.name, "di printer")):
            screen.open("/now")
            screen.taps = 0
            screen.tap(".acts .button")
            with screen.page.expect_navigation():
                screen.tap(f"li:has-text('{name}') >> button >> nth=0")
            screen.page.wait_for_selector(f"li:has-text('{name}') >> :text('{said}'):not(button *)")
            taps.append(screen.taps)
            office.until(lambda: "reader-missing" in office.reasons(job) or office.state(job) == "completed")
    office.until(lambda: office.state(job) == "completed")
    office.agree()
    measured(f"another printer, another reader model, from the stopped page: {taps} taps")
    assert taps == [2, 2]
