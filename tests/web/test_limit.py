"""How long the station may go on without the centre: said in time, told at the end, lifted by a supervisor."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from kiosk.core.authority import Caps
from kiosk.web.words import STOPS
from tests.web.conftest import OTHER_PIN, PIN, Kiosk, Visitor
from tests.web.states import set_link

REACHED = STOPS["offline-limit"]
LIFT = {"cards": "1", "days": "0", "reason": "no-line", "own_pin": OTHER_PIN}


@pytest.fixture
def supervisor(kiosk: Kiosk) -> Iterator[Visitor]:
    yosep = Visitor(kiosk.url)
    yosep.sign_in("yosep", OTHER_PIN)
    yield yosep
    yosep.leave()


def bar(visitor: Visitor) -> str:
    """What is counted down there, "" if nothing is."""
    found = re.search(r'id="limit">(.*?)</span>', visitor.get("/queue").text, re.DOTALL)
    return re.sub(r"<.*?>", "", found[1]).strip() if found else ""


def lifts(kiosk: Kiosk) -> list[str]:
    return [frame.stamp.by for frame in kiosk.office.frames() if frame.kind == "limit-lifted"]


def test_the_bar_counts_down_where_the_end_is_near_while_the_centre_is_away(kiosk: Kiosk, visitor: Visitor) -> None:
    office = kiosk.office
    assert bar(visitor) == ""
    set_link(office, online=False, unsent=3)
    assert bar(visitor) == ""  # its width belongs to what is urgent
    assert "Tanpa pusat cukup untuk 10.000 kartu atau 59 hari." in visitor.get("/outbox").text
    office.station.authority.caps = Caps(5, 1)
    office.print_one()
    assert bar(visitor) == ""
    office.station.authority.caps = Caps(5, 2)
    assert bar(visitor) == ""
    office.bring_records(3)
    jobs = office.station.desk.run_jobs("test", count=3)
    office.until(lambda: {office.state(job) for job in jobs} == {"completed"})
    assert bar(visitor) == "1 kartu atau 48 jam lagi"
    page = visitor.get("/queue").text
    assert "warn" in page.partition('id="limit"')[0].rpartition("<span")[2]
    assert "Tanpa pusat tinggal 1 kartu atau 48 jam" in visitor.get("/outbox").text
    visitor.post("/language", {"language": "en", "back": "/queue"})
    assert bar(visitor) == "1 cards or 48 hours left"
    office.station.sync = None  # a station that knows sticks alone
    assert bar(visitor) == "1 cards or 48 hours left"
    office.station.authority.caps = Caps(50, 2)
    assert bar(visitor) == ""
    set_link(office)
    office.station.authority.caps = Caps(5, 2)
    assert bar(visitor) == ""


def test_the_end_is_told_on_every_page_and_a_supervisor_lifts_it_by_touch(
    kiosk: Kiosk, visitor: Visitor, supervisor: Visitor
) -> None:
    office = kiosk.office
    office.station.authority.caps = Caps(1, 1)
    office.bring_records(3)
    first, second, third = office.station.desk.run_jobs("test", count=3)
    assert office.until_held_up() == {"offline-limit"}
    page = visitor.get("/now").text
    assert f"S-10</span> {REACHED}</h1>" in page
    assert "Sisanya 0 kartu atau 24 jam." in page
    assert 'href="/outbox"' in page.partition('class="acts"')[2]
    assert REACHED in visitor.get("/queue").text
    assert REACHED in visitor.get("/outbox").text
    assert "own_pin" not in visitor.get("/outbox").text
    assert visitor.post("/outbox/lift", visitor.form(**{**LIFT, "own_pin": PIN})).status_code == 403
    for wrong, status in (
        ({"own_pin": "000000"}, 403), ({"own_pin": ""}, 403), ({"cards": "2"}, 400), ({"cards": "one"}, 400),
        ({"cards": "0"}, 400), ({"reason": "hurry"}, 400),
    ):  # fmt: skip
        assert supervisor.post("/outbox/lift", supervisor.form(**{**LIFT, **wrong})).status_code == status, wrong
    assert lifts(kiosk) == []
    assert "own_pin" in supervisor.get("/outbox").text
    form = supervisor.form(**LIFT)
    for _ in range(2):  # two taps are one
        answer = supervisor.post("/outbox/lift", form)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/outbox")
    office.until(lambda: office.state(second) == "completed")
    assert office.until_held_up() == {"offline-limit"}
    assert lifts(kiosk) == ["op:yosep"]
    assert office.state(third) == "pending"
    supervisor.post("/outbox/lift", supervisor.form(**LIFT))
    office.until(lambda: office.state(third) == "completed")
    assert lifts(kiosk) == ["op:yosep"] * 2
    assert office.state(first) == "completed"


def test_without_a_job_the_bar_says_so_all_the_same(kiosk: Kiosk, visitor: Visitor, supervisor: Visitor) -> None:
    office = kiosk.office
    office.station.authority.caps = Caps(1, 1)
    office.print_one()
    assert f"{REACHED}</span>" in visitor.get("/queue").text
    supervisor.post("/outbox/lift", supervisor.form(**LIFT))
    assert REACHED not in visitor.get("/queue").text
    again = supervisor.post("/outbox/lift", supervisor.form(**LIFT))
    assert again.status_code == 409
    assert "Sisanya masih sebanyak itu" in again.text
