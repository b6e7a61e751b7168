"""The technician's page: what a telephone needs, each device by one touch, and nothing while a card moves."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
import zxingcpp
from PIL import Image

from drivers.sim.cards import Card
from drivers.sim.chip import Chip
from kiosk.doctor import decode, six_lines
from kiosk.people import Role
from kiosk.web.examination import Examination, Kind
from tests.office import Office
from tests.technician.test_questions import a_card_in_the_machine
from tests.web.browser import screen_of
from tests.web.conftest import OTHER_PIN, PIN, Kiosk, Visitor, kiosk

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

__all__ = ["kiosk"]

FIRST_PAGE_MS = 60_000
"""The letters are cut for the first page of a run, which a busy machine takes its time for."""


@pytest.fixture
def technician(kiosk: Kiosk) -> Iterator[Visitor]:
    kiosk.house.people.add("tinus", "Tinus Lay", Role.TECHNICIAN, OTHER_PIN)
    somebody = Visitor(kiosk.url)
    assert somebody.sign_in("tinus", OTHER_PIN).status_code == 303
    yield somebody
    somebody.leave()


def examine(kiosk: Kiosk, visitor: Visitor, kind: Kind) -> Examination:
    """Touch the button, and wait as the page does: by the pulse."""
    answer = visitor.post("/technician/examine", visitor.form(what=kind.value))
    assert answer.headers["Location"] == "/technician", answer.text
    latest = kiosk.house.examinations.latest
    assert latest is not None
    pulse = kiosk.office.station.pulse
    while not latest.ended:
        known = pulse.count
        if not latest.ended:
            assert pulse.wait(known, 20) != known, "nothing more came"
    return latest


def shown(visitor: Visitor) -> str:
    return html.unescape(visitor.get("/technician").text)


def test_the_doctor_tells_each_finding_as_it_comes_then_six_lines(kiosk: Kiosk, technician: Visitor) -> None:
    found = examine(kiosk, technician, Kind.DOCTOR).found
    report = kiosk.house.examinations.report
    assert report is not None
    assert tuple(found) == report.findings
    page = shown(technician)
    assert all(line in page for line in six_lines(report))
    assert '<svg width=' in page  # fmt: skip
    assert str(kiosk.office.data) in page, "at the station itself the details are shown"


def test_the_page_shows_what_has_come_so_far(kiosk: Kiosk, technician: Visitor) -> None:
    examinations = kiosk.house.examinations
    examinations.latest = Examination(Kind.LATENCY, 0.0, [1.0, 2.0, 4.0])
    page = shown(technician)
    assert "Sedang diperiksa" in page
    assert "3 kali dibaca" in page
    examinations.latest.ended = True
    assert "Sedang diperiksa" not in shown(technician)


def test_the_printer_is_asked_by_the_worker(kiosk: Kiosk, technician: Visitor) -> None:
    [found] = examine(kiosk, technician, Kind.PRINTER).found
    assert (found["model"], found["position"], found["ribbon_left"]) == ("Primacy", "none", 200)
    assert "Primacy" in shown(technician)
    assert len(examine(kiosk, technician, Kind.LATENCY).found) == 50
    assert kiosk.office.print_one()["state"] == "completed"


def test_a_printer_that_is_away_is_said_in_words(kiosk: Kiosk, technician: Visitor) -> None:
    kiosk.office.line.cut()
    assert examine(kiosk, technician, Kind.PRINTER).failure == "not-started"
    assert "Printer tidak menjawab" in shown(technician)
    kiosk.office.line.restore()
    assert examine(kiosk, technician, Kind.PRINTER).failure == ""


def test_readers_and_chip(kiosk: Kiosk, technician: Visitor) -> None:
    office = kiosk.office
    found = examine(kiosk, technician, Kind.READERS).found
    assert [(each["used_as"], each["error"]) for each in found] == [
        ("reader.name", "chip-silent"), ("reader.desk", "chip-silent"),
    ]  # fmt: skip
    assert examine(kiosk, technician, Kind.CHIP).failure == "chip-silent"
    assert "Tidak ada chip yang menjawab" in shown(technician)
    card: Card = office.world.hopper[-1]
    assert isinstance(card.chip, Chip)
    office.antenna.enter(card.chip)
    [chip] = examine(kiosk, technician, Kind.CHIP).found
    assert chip["uid"] == card.chip.uid.hex().upper()
    office.antenna.leave()
    assert office.print_one()["state"] == "completed"


def test_while_a_card_moves_it_is_refused_in_a_word(kiosk: Kiosk, technician: Visitor) -> None:
    with a_card_in_the_machine(kiosk.office):
        answer = technician.post("/technician/examine", technician.form(what="printer"))
        assert (answer.status_code, "Sebuah kartu sedang dibuat" in answer.text) == (409, True)
        assert examine(kiosk, technician, Kind.DOCTOR).ended, "the doctor disturbs nobody"


def test_tapped_twice_is_once_and_two_at_a_time_are_refused(kiosk: Kiosk, technician: Visitor) -> None:
    examinations, form = kiosk.house.examinations, technician.form(what="printer")
    assert technician.post("/technician/examine", form).status_code == 303
    first = examinations.latest
    assert technician.post("/technician/examine", form).status_code == 303
    assert examinations.latest is first
    examinations.latest = Examination(Kind.DOCTOR, time.monotonic())
    answer = technician.post("/technician/examine", technician.form(what="printer"))
    assert (answer.status_code, "Pemeriksaan lain belum selesai" in answer.text) == (409, True)


def test_garbage_is_refused(technician: Visitor) -> None:
    assert technician.post("/technician/examine", technician.form(what="everything")).status_code == 400


def test_the_codes_of_what_has_stopped_the_work_are_there_without_asking(kiosk: Kiosk, technician: Visitor) -> None:
    office: Office = kiosk.office
    office.world.open_cover()
    office.bring_records(1)
    office.station.desk.run_jobs("test")
    office.until_held_up()
    assert re.search(r"berhenti dengan kode.*P-\d\d", shown(technician))


@pytest.mark.browser
@pytest.mark.timeout(180)
def test_photographed_from_the_touchscreen_it_is_the_result(browser: Browser, kiosk: Kiosk, tmp_path: Path) -> None:
    with screen_of(browser, kiosk.url) as screen:
        screen.page.context.set_default_timeout(FIRST_PAGE_MS)
        kiosk.office.station.staff.change_role("op:yosep", "maria", "technician")
        screen.sign_in(PIN)
        screen.open("/technician")
        screen.tap('[name=what][value="doctor"]')
        screen.page.wait_for_selector('[data-examined="doctor"]')
        screen.page.screenshot(path=tmp_path / "shown.png")
        assert screen.taps == 1
    with Image.open(tmp_path / "shown.png") as picture:
        photograph = picture.convert("L").rotate(4, expand=True, fillcolor=90).resize((820, 520))
        [found] = zxingcpp.read_barcodes(photograph)
    report = kiosk.house.examinations.report
    assert report is not None
    assert six_lines(decode(found.text)) == six_lines(report)


def test_a_test_card_says_its_cost_before_the_second_tap_and_tells_its_end(kiosk: Kiosk, technician: Visitor) -> None:
    office = kiosk.office
    page = technician.get("/technician/test-card").text
    assert "Kartu uji memakai 1 blangko" in page
    form = technician.form(sku="wni", plan="test-card")
    for _ in range(2):
        assert technician.post("/technician/test-card", form).headers["Location"] == "/technician"
    office.until(lambda: "ended" in (office.station.card_tests.last or {}))
    assert "Uji berhasil" in shown(technician)
    assert (office.accounts()["hopper"], office.accounts()["spoiled"]) == (11, 1)
    [asked] = [frame for frame in office.frames() if frame.kind == "test-card"]
    assert asked.stamp.by == "op:tinus"


def test_a_test_card_that_can_not_begin_is_taken_back(kiosk: Kiosk, technician: Visitor) -> None:
    office = kiosk.office
    office.world.open_cover()
    technician.post("/technician/test-card", technician.form(sku="wni", plan="test-print"))
    office.until_held_up()
    page = shown(technician)
    job = re.search(r'name="job" value="(\w+)"', page)
    assert job
    assert technician.post("/technician/test-card/cancel", technician.form(job=job[1])).status_code == 303
    assert "Batalkan" not in shown(technician)
    office.world.close_cover()
    assert office.print_one()["state"] == "completed"


def test_a_technician_says_what_became_of_it_and_of_no_other_card(kiosk: Kiosk, technician: Visitor) -> None:
    office = kiosk.office
    office.world.jam("print")
    job = office.station.card_tests.begin("test", "wni")
    office.until(lambda: "outcome-unknown" in (office.station.card_tests.last or {"reasons": []})["reasons"])
    page = shown(technician)
    assert 'name="answer" value="spoiled"' in page
    assert 'value="good"' not in page
    office.world.take_card()
    form = technician.form(job=job, answer="spoiled")
    for _ in range(2):
        assert technician.post("/technician/test-card/resolve", form).status_code == 303
    office.until(lambda: "ended" in (office.station.card_tests.last or {}))
    assert "Kartu rusak, sudah dicatat" in shown(technician)
    office.world.jam("print")
    office.bring_records(1)
    [other] = office.station.desk.run_jobs("test")
    office.until(lambda: "outcome-unknown" in office.reasons(other))
    form = technician.form(job=other, answer="spoiled")
    assert technician.post("/technician/test-card/resolve", form).status_code == 409
    assert office.state(other) == "processing-stopped"


def test_an_operator_sees_a_test_card_without_a_person(kiosk: Kiosk) -> None:
    maria = Visitor(kiosk.url)
    maria.sign_in()
    office = kiosk.office
    office.world.jam("print")
    office.station.card_tests.begin("test", "wni")
    office.until(lambda: "outcome-unknown" in (office.station.card_tests.last or {"reasons": []})["reasons"])
    page = maria.get("/now").text
    assert "Kartu UJI / TEST berhenti" in page
    assert 'value="good"' not in page
    assert "/proof/" not in page
    maria.leave()
