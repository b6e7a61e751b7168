"""The first run: from a station that knows nobody to one with a supervisor, codes and blanks; once, and only here."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import httpx
import pytest

from kiosk.core.permissions import BEGINNING, Role
from kiosk.errors import Rejected
from kiosk.people import CODES
from kiosk.web import House, WebServer, create_app
from tests.office import Office
from tests.web.browser import LAYOUT_FAULTS, SMALL_TARGETS, Screen, screen_of
from tests.web.conftest import PIN, Kiosk, Visitor
from tests.web.test_pages import axe

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

NEW = {"called": "YOSEP BRIA", "ident": "YOSEP", "new_pin": PIN, "new_again": PIN}
STOCK = {"wni": "100", "wna": "20", "document": "BAST-9", "dated": "28-11-2026"}


class Bare(Office):
    """As it comes out of the box: enrolled, no blanks, nobody."""

    booked = ()


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Kiosk]:
    office = Bare(tmp_path, blanks=0)
    made = Kiosk(office)
    (office.data / "keys" / "people.json").unlink()
    yield made
    made.close()
    office.close()


@pytest.fixture
def somebody(bare: Kiosk) -> Iterator[Visitor]:
    visitor = Visitor(bare.url)
    yield visitor
    visitor.http.close()


def hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(csrf|key)" value="([^"]*)"', page))


def begin_as(visitor: Visitor, **fields: str) -> httpx.Response:
    form = hidden(visitor.get("/begin/supervisor").text)
    return visitor.post("/begin/supervisor", {**form, **NEW, **fields})


def added(kiosk: Kiosk) -> list[tuple[str, str, str]]:
    return [
        (frame.data["person"], frame.data["change"], frame.stamp.by)
        for frame in kiosk.office.frames()
        if frame.kind == "people"
    ]


BEGUN = [("yosep", "added", "op:yosep"), ("yosep", "codes", "op:yosep")]


def test_from_nobody_to_the_first_receipt(bare: Kiosk, somebody: Visitor) -> None:
    assert somebody.get("/queue").headers["Location"].startswith("/sign-in")
    assert somebody.get("/sign-in").headers["Location"] == "/begin"
    page = somebody.get("/begin").text
    for said in (bare.office.station.config.station.office, "kupang-01", "config.yaml"):
        assert said in page
    assert "KP000123" in somebody.get("/begin/devices").text
    assert begin_as(somebody).headers["Location"] == "/people/codes/shown"
    codes = re.findall(r"<li class=\"number\">([A-Z0-9-]{14})</li>", somebody.get("/people/codes/shown").text)
    assert len(set(codes)) == CODES
    assert codes[0] in somebody.get("/people/codes/shown").text, "a page that is loaded again loses nothing"
    assert somebody.post("/people/codes/shown", somebody.form()).headers["Location"] == "/begin/stock"
    assert codes[0] not in somebody.get("/people/codes/shown").text
    assert somebody.post("/begin/stock", somebody.form(**STOCK)).headers["Location"] == "/supplies"
    assert added(bare) == BEGUN
    receipts = [frame for frame in bare.office.frames() if frame.kind == "stock"]
    assert [(frame.stamp.by, frame.data["moves"]) for frame in receipts] == [
        ("op:yosep", [["wni", "BAST-9", "supplier", "vault", 100]]),
        ("op:yosep", [["wna", "BAST-9", "supplier", "vault", 20]]),
    ]
    assert somebody.get("/begin/stock").headers["Location"] == "/supplies", "only while nothing ever came"
    assert bare.office.station.staff.recover("op:yosep", "yosep", codes[3], "112358")["left"] == CODES - 1


def test_once_there_is_somebody_no_page_of_it_is_left(bare: Kiosk, somebody: Visitor) -> None:
    begin_as(somebody)
    stranger = Visitor(bare.url)
    before = len(bare.office.frames())
    for path in ("/begin", "/begin/devices", "/begin/supervisor"):
        for answer in (stranger.get(path), stranger.post(path, {**NEW, "ident": "agnes"})):
            assert (answer.status_code, answer.headers.get("Location")) in ((303, "/sign-in"), (404, None)), path
    assert len(bare.office.frames()) == before
    with pytest.raises(Rejected) as refused:
        bare.office.station.staff.begin("agnes", "Agnes", PIN)
    assert refused.value.reason == "begun-before"
    stranger.http.close()


def test_of_two_tabs_one_wins_and_two_taps_are_one(bare: Kiosk, somebody: Visitor) -> None:
    form = hidden(somebody.get("/begin/supervisor").text)
    other = hidden(somebody.get("/begin/supervisor").text)
    sent = [{**NEW, **form}, {**NEW, **form}, {**NEW, **other, "ident": "agnes"}]
    begin, answers, taps = threading.Barrier(3), [], []

    def send(fields: dict[str, str]) -> None:
        with httpx.Client(base_url=bare.url, timeout=None, verify=False) as http:
            begin.wait()
            answer = http.post("/begin/supervisor", data=fields)
        answers.append(answer)
        taps.append((fields["ident"].lower(), answer.status_code))

    threads = [threading.Thread(target=send, args=(fields,)) for fields in sent]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    people = bare.house.people.all()
    assert len(people) == 1
    assert len(added(bare)) == 2, "one supervisor, one set of codes"
    won = [answer for answer in answers if "Set-Cookie" in answer.headers]
    assert len(won) == 1
    assert {status for ident, status in taps if ident == people[0].id} == {303}, "the second tap is no refusal"
    assert {answer.status_code for answer in answers} <= {303, 409}


def test_after_a_lost_disk_it_does_not_come_back(bare: Kiosk, somebody: Visitor) -> None:
    """People are known by then, and nobody of them has a PIN."""
    begin_as(somebody)
    known = bare.house.people.all()
    (bare.office.data / "keys" / "people.json").unlink()
    bare.house.people.bring_back(known)
    assert not bare.house.people.has_supervisor
    stranger = Visitor(bare.url)
    assert stranger.get("/begin/supervisor").headers["Location"] == "/sign-in"
    stranger.http.close()
    with pytest.raises(Rejected) as refused:
        bare.office.station.staff.begin("agnes", "Agnes", PIN)
    assert refused.value.reason == "begun-before"


@pytest.mark.parametrize("address", ["10.0.0.7", "::ffff:10.0.0.7", "127.0.0.1.evil", ""])
def test_from_another_machine_nobody_begins(bare: Kiosk, address: str) -> None:
    client = bare.app.test_client()
    for endpoint in ("/begin", "/begin/devices", "/begin/supervisor"):
        answer = client.get(endpoint, environ_base={"REMOTE_ADDR": address})
        assert (answer.status_code, answer.location) == (303, "/sign-in")
    assert client.get("/begin", environ_base={"REMOTE_ADDR": "127.0.0.1"}).status_code == 200, "the control"


WRONG = [
    ({"new_again": "112358"}, 409), ({"new_pin": "111111", "new_again": "111111"}, 400), ({"ident": "1"}, 400),
    ({"called": " "}, 400), ({"ident": "yosep bria"}, 400), ({"called": "x" * 61}, 400),
    ({"new_pin": "", "new_again": ""}, 400),
]  # fmt: skip


def test_what_is_typed_wrong_stays_but_for_the_pin_and_adds_nobody(bare: Kiosk, somebody: Visitor) -> None:
    for change, status in WRONG:
        answer = begin_as(somebody, **change)
        assert answer.status_code == status, change
        assert PIN not in answer.text
        assert ('value="YOSEP BRIA"' in answer.text) is ("called" not in change)
    assert added(bare) == []
    assert begin_as(somebody).status_code == 303


# Where the power may go.


def again(kiosk: Kiosk) -> Visitor:
    """The station after a power cut, on what was durable; nobody is signed in."""
    kiosk.server.close()
    kiosk.office.restart()
    kiosk.house = House(kiosk.office.station, type(kiosk.house.people)(kiosk.office.data))
    kiosk.app = create_app(kiosk.house)
    kiosk.server = WebServer(kiosk.app, 0)
    return Visitor(kiosk.url)


def test_it_goes_on_where_the_power_went(bare: Kiosk, somebody: Visitor) -> None:
    office = bare.office
    visitor = again(bare)
    assert visitor.get("/sign-in").headers["Location"] == "/begin"
    assert begin_as(visitor).status_code == 303
    (office.data / "keys" / "codes.json").unlink()  # the power went before they were written
    visitor.http.close()

    visitor = again(bare)
    assert visitor.sign_in("yosep", PIN).headers["Location"] == "/people/codes"
    assert visitor.post("/people/codes", visitor.form(own_pin=PIN)).headers["Location"] == "/people/codes/shown"
    visitor.http.close()  # and before they were written down

    visitor = again(bare)
    assert visitor.sign_in("yosep", PIN).headers["Location"] == "/begin/stock"
    form = visitor.form(**STOCK)
    office.station.stock.move("op:yosep", "receive", "wni", 100, "BAST-9", dated="2026-11-28")  # and after the first
    assert visitor.post("/begin/stock", form).status_code == 303
    assert office.station.stock.balance("test") == {
        "wni": {"supplier": -100, "vault": 100},
        "wna": {"supplier": -20, "vault": 20},
    }
    visitor.leave()


def test_an_id_that_was_cut_off_is_spent_and_another_begins(bare: Kiosk, somebody: Visitor) -> None:
    begin_as(somebody)
    (bare.office.data / "keys" / "people.json").unlink()
    visitor = again(bare)
    refused = begin_as(visitor)
    assert (refused.status_code, "sudah pernah dipakai" in refused.text) == (409, True)
    assert begin_as(visitor, ident="yosep2").status_code == 303
    assert [person.id for person in bare.house.people.all()] == ["yosep2"]
    visitor.leave()


def test_only_a_supervisor_is_led_to_the_stock(bare: Kiosk) -> None:
    bare.house.people.add("maria", "Maria", Role.OPERATOR, PIN)
    visitor = Visitor(bare.url)
    assert visitor.sign_in("maria", PIN).headers["Location"] == "/queue"
    assert visitor.get("/begin/stock").status_code == 403
    visitor.leave()


def test_the_pages_are_listed() -> None:
    assert {"begin", "begin_devices", "begin_supervisor"} == BEGINNING


# In the browser.


def clean(screen: Screen) -> None:
    assert axe(screen) == []
    assert screen.page.evaluate(LAYOUT_FAULTS) == []
    assert screen.page.evaluate(SMALL_TARGETS, "body")["found"] == []


def fill(screen: Screen, **fields: str) -> None:
    for name, text in fields.items():
        screen.page.fill(f"#f-{name}", text)


@pytest.mark.browser
def test_a_journey_from_the_empty_station_to_the_first_card(browser: Browser, bare: Kiosk) -> None:
    with screen_of(browser, bare.url) as screen:
        screen.open()
        screen.page.wait_for_selector("text=Stasiun baru")
        clean(screen)
        screen.tap("text=Benar, lanjut")
        screen.page.wait_for_selector("text=KP000123")
        clean(screen)
        screen.tap("text=Lanjut")
        screen.page.wait_for_selector("text=Siapa penyelia pertama?")
        clean(screen)
        fill(screen, **NEW)
        screen.tap(".primary")
        screen.page.wait_for_selector("text=Tulis kode ini sekarang")
        clean(screen)
        screen.tap(".foot .primary")
        screen.page.wait_for_selector("text=Berapa blangko di gudang sekarang?")
        clean(screen)
        fill(screen, **{**STOCK, "wna": "0"})
        screen.tap(".foot .primary")
        screen.page.wait_for_url("**/supplies")
        put_into_the_printer(bare)
        bare.office.bring_records(1)
        screen.open("/queue")
        screen.tap("text=Cetak berikutnya")
        screen.page.wait_for_selector("text=Benar orangnya?")
        screen.tap(".foot .primary")
        screen.page.wait_for_selector(".note.done")
    [card] = [frame for frame in bare.office.frames() if frame.kind == "job-created"]
    assert card.stamp.by == "op:yosep"


def put_into_the_printer(kiosk: Kiosk) -> None:
    """By a hand, and booked."""
    from random import Random

    from kiosk.rig.devices import new_blanks

    kiosk.office.world.hopper.extend(new_blanks(5, Random(3)))
    kiosk.office.station.stock.move("op:yosep", "release", "wni", 5)
    kiosk.office.station.stock.move("op:yosep", "load", "wni", 5)
