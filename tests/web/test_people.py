"""People by touch: who comes, changes, is locked, acts, and gets back in; each with the PIN of who does it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.docs.pages import ROOT
from tests.web.browser import LAYOUT_FAULTS, SMALL_TARGETS, screen_of
from tests.web.conftest import OTHER_PIN, PIN, Kiosk, Visitor
from tests.web.test_pages import axe

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NEW_PIN = "112358"
PINS = {"new_pin": NEW_PIN, "new_again": NEW_PIN, "own_pin": OTHER_PIN}
DEWI = {"called": "Dewi Ludji", "ident": "Dewi", "role": "operator", **PINS}


def send(visitor: Visitor, path: str, **fields: Any) -> httpx.Response:
    return visitor.post(path, visitor.form(**{"own_pin": OTHER_PIN, **fields}))


def changes(kiosk: Kiosk) -> list[tuple[str, str]]:
    return [(frame.data["person"], frame.data["change"]) for frame in kiosk.office.frames() if frame.kind == "people"]


def test_somebody_comes_changes_is_locked_and_comes_back(kiosk: Kiosk, yosep: Visitor) -> None:
    assert send(yosep, "/people/new", **DEWI).headers["Location"] == "/people/dewi"
    assert send(yosep, "/people/dewi/role", role="technician").status_code == 303
    day = kiosk.office.station.books.today.strftime("%d/%m/%Y")
    assert send(yosep, "/people/dewi/acting", first=day, last=day, paper="SP-1").status_code == 303
    assert f"Sampai {day.replace('/', '-')}" in yosep.get("/people/dewi").text
    assert send(yosep, "/people/dewi/acting/end").status_code == 303
    assert send(yosep, "/people/dewi/lock").status_code == 303
    assert "Terkunci" in yosep.get("/people").text
    dewi = Visitor(kiosk.url)
    assert dewi.sign_in("dewi", NEW_PIN).status_code == 403
    assert send(yosep, "/people/dewi/unlock").status_code == 303
    assert dewi.sign_in("dewi", NEW_PIN).status_code == 303
    changed = dewi.post("/pin", dewi.form(new_pin="246801", new_again="246801", own_pin=NEW_PIN))
    assert "PIN Anda sudah diganti" in dewi.get(changed.headers["Location"]).text
    assert send(yosep, "/people/dewi/pin", **PINS).status_code == 303
    assert [change for _, change in changes(kiosk)] == [
        "added", "role", "acting", "acting-ended", "deactivated", "activated", "own-pin", "new-pin",
    ]  # fmt: skip
    dewi.leave()


def test_a_wrong_own_pin_gives_the_form_back_and_it_is_sent_by_its_pins_alone(kiosk: Kiosk, yosep: Visitor) -> None:
    form = yosep.form(**{**DEWI, "own_pin": "000000"})
    page = yosep.post("/people/new", form)
    assert (page.status_code, "<h1>PIN salah</h1>" in page.text) == (403, True)
    assert not [pin for pin in (NEW_PIN, "000000", OTHER_PIN) if pin in page.text]
    asked = re.findall(r'form="kirim" name="(\w+)" type="password"', page.text)
    assert asked == ["new_pin", "new_again", "own_pin"]
    kept = dict(
        re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text.partition('id="kirim"')[2])
    )
    assert (kept["called"], kept["key"]) == ("Dewi Ludji", form["key"])
    assert changes(kiosk) == []
    assert yosep.post("/people/new", {**kept, **PINS}).headers["Location"] == "/people/dewi"
    for _ in range(3):
        yosep.post("/people/dewi/lock", yosep.form(own_pin="000000"))
    assert "Coba lagi dalam" in send(yosep, "/people/dewi/lock").text
    assert changes(kiosk) == [("dewi", "added")]


WRONG = [
    ("/people/new", {**DEWI, "ident": "maria"}, "ID itu sudah pernah dipakai"),
    ("/people/new", {**DEWI, "new_again": PIN}, "Kedua PIN baru tidak sama"),
    ("/people/new", {**DEWI, "role": "king"}, "belum lengkap"),
    ("/people/yosep/lock", {}, "Ini penyelia terakhir"),
    ("/people/yosep/role", {"role": "auditor"}, "Ini penyelia terakhir"),
    (
        "/people/yosep/acting",
        {"first": "28-11-2099", "last": "29-11-2099", "paper": "SP-1"},
        "Pelaksana harian adalah",
    ),
    ("/people/maria/acting", {"first": "kemarin", "last": "29-11-2099", "paper": "SP-1"}, "belum lengkap"),
    ("/people/maria/acting", {"first": "28-11-2099", "last": "29-11-2099"}, "belum lengkap"),
    ("/people/maria/acting/end", {}, "bukan pelaksana harian"),
    ("/people/maria/unlock", {}, "sudah bisa masuk"),
    ("/people/nobody/lock", {}, "Petugas itu tidak ada"),
]


def test_what_can_not_be_is_said_in_words_and_changes_nothing(kiosk: Kiosk, yosep: Visitor) -> None:
    for path, fields, said in WRONG:
        answer = send(yosep, path, **fields)
        assert (answer.status_code in (400, 409), said in answer.text) == (True, True), path
        assert NEW_PIN not in answer.text
    assert changes(kiosk) == []


def test_a_supervisor_is_let_in_again_by_a_code_once(kiosk: Kiosk) -> None:
    first, second, *_ = kiosk.office.station.staff.make_codes("op:yosep")
    stranger = Visitor(kiosk.url)
    page = stranger.get("/recover").text
    assert ('value="yosep"' in page, 'value="maria"' in page) == (True, False)
    fields = {"ident": "yosep", "new_pin": NEW_PIN, "new_again": NEW_PIN}
    wrong = stranger.post("/recover", {**fields, "code": "AAAA-AAAA-AAAA", "key": "1"})
    assert (wrong.status_code, "Kode itu salah" in wrong.text) == (409, True)
    for _ in range(2):
        assert stranger.post("/recover", {**fields, "code": first, "key": "2"}).headers["Location"] == "/sign-in"
    assert stranger.post("/recover", {**fields, "code": first, "key": "3"}).status_code == 409
    assert stranger.post("/recover", {**fields, "ident": "maria", "code": second, "key": "4"}).status_code == 409
    assert kiosk.house.people.codes_left() == 7
    assert stranger.sign_in("yosep", NEW_PIN).status_code == 303
    stranger.leave()


SHOWS_PEOPLE = frozenset({"see-people", "call-backs", "disclose", "hand-over", "reprint"})


def test_each_page_that_shows_a_person_says_whether_the_look_is_recorded(kiosk: Kiosk) -> None:
    from kiosk.core.permissions import ROUTES

    table = (ROOT / "docs" / "personal-data.md").read_text(encoding="utf-8").partition("## Who looked")[2]
    told = set(re.findall(r"`(\w+)`", table.partition("\n## ")[0]))
    shown = {name for name, act in ROUTES.items() if act in SHOWS_PEOPLE} | {"trace", "find_life", "read_any_card"}
    assert shown - told == set()


@pytest.mark.browser
def test_no_page_of_people_has_a_fault(browser: Browser, kiosk: Kiosk) -> None:
    faults = []
    with screen_of(browser, kiosk.url) as screen:
        screen.open("/recover")
        faults += axe(screen)
        screen.sign_in(OTHER_PIN, "yosep")
        for path in ("/people", "/people/new", "/people/maria", "/people/maria/acting", "/people/codes", "/pin"):
            screen.open(path)
            faults += [*axe(screen), *screen.page.evaluate(LAYOUT_FAULTS)]
            faults += screen.page.evaluate(SMALL_TARGETS, "body")["found"]
        screen.open("/people/codes")
        screen.page.fill("#f-own_pin", "000000")
        screen.tap(".foot .primary")
        screen.page.wait_for_selector("text=PIN salah")
        faults += axe(screen)
        screen.page.fill("#f-own_pin", OTHER_PIN)
        screen.tap(".foot .primary")
        screen.page.wait_for_selector("text=Tulis kode ini sekarang")
        faults += axe(screen)
    assert faults == []
