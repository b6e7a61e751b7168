"""Data that are wrong, by touch: held at the check or at the counter, given back; what is destroyed by age."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from kiosk.people import Role
from tests.station.test_handover import printed
from tests.web.browser import screen_of
from tests.web.conftest import OTHER_PIN, Kiosk, Visitor
from tests.web.test_pages import LANGUAGES
from tests.web.test_service import Walk

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def kinds(kiosk: Kiosk) -> list[str]:
    return [frame.kind for frame in kiosk.office.frames()]


def test_held_at_the_check_and_given_back_by_a_supervisor(kiosk: Kiosk, visitor: Visitor, yosep: Visitor) -> None:
    [ref] = kiosk.office.bring_records(1)
    fields = kiosk.office.station.roster.get(ref)
    assert fields
    assert f'href="/wrong/{ref}"' in visitor.get(f"/check/{ref}").text
    nothing = visitor.post(f"/wrong/{ref}", visitor.form())
    assert (nothing.status_code, "Isian itu belum lengkap" in nothing.text) == (400, True)
    form = visitor.form(wrong=["name", "portrait"])
    for _ in range(2):
        answer = visitor.post(f"/wrong/{ref}", form)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/held")
    again = visitor.post(f"/wrong/{ref}", visitor.form(wrong=["name"]))
    assert (again.status_code, "Data orang ini ditahan karena salah" in again.text) == (409, True)
    page = visitor.get("/held").text
    assert fields.nama in page
    assert "Nama, Foto" in page
    assert f"/held/{ref}/give-back" not in page
    assert visitor.post(f"/held/{ref}/give-back", visitor.form()).status_code == 403
    assert fields.nama not in visitor.get("/queue").text
    found = visitor.post("/search/queue", visitor.form(q=fields.nik)).headers["Location"]
    assert "Ditahan: data salah" in visitor.get(found).text
    assert visitor.get(f"/check/{ref}").status_code == 409
    assert visitor.post("/jobs", visitor.form(ref=ref)).status_code == 409
    form = yosep.form()
    assert yosep.post(f"/held/{ref}/give-back", form).status_code == 303
    assert yosep.post(f"/held/{ref}/give-back", form).status_code == 303
    assert yosep.post(f"/held/{ref}/give-back", yosep.form()).status_code == 409
    [released] = [frame for frame in kiosk.office.frames() if frame.kind == "released"]
    assert (released.stamp.by, released.data["said"]) == ("op:yosep", "data salah: Nama, Foto")


def test_it_was_right_after_all(kiosk: Kiosk, visitor: Visitor) -> None:
    [ref] = kiosk.office.bring_records(1)
    visitor.post(f"/wrong/{ref}", visitor.form(wrong="birth"))
    assert visitor.post(f"/held/{ref}/free", visitor.form()).status_code == 303
    assert visitor.get(f"/check/{ref}").status_code == 200
    assert visitor.post(f"/held/{ref}/free", visitor.form()).status_code == 409


def test_a_card_of_wrong_data_at_the_counter(kiosk: Kiosk, visitor: Visitor) -> None:
    [job] = printed(kiosk.office)
    assert f'href="/hand-over/{job}/wrong"' in visitor.get(f"/hand-over/{job}/problem").text
    assert "dibukukan rusak" in visitor.get(f"/hand-over/{job}/wrong").text
    assert visitor.post(f"/hand-over/{job}/wrong", visitor.form()).status_code == 400
    assert visitor.post(f"/hand-over/{job}/wrong", visitor.form(wrong="address")).status_code == 303
    assert kiosk.office.accounts()["spoiled"] == 1
    assert kinds(kiosk).count("job-created") == 1
    assert visitor.post(f"/hand-over/{job}/wrong", visitor.form(wrong="address")).status_code == 409
    what = visitor.post("/search/printed", visitor.form(q="")).status_code
    assert what == 303


def test_what_goes_by_age_is_seen_by_everybody_who_works_and_names_nobody(kiosk: Kiosk, yosep: Visitor) -> None:
    before = kinds(kiosk)
    page = yosep.get("/retention").text
    assert "730 hari" in page
    kiosk.house.people.add("umi", "Umi Lay", Role.AUDITOR, "112233")
    auditor = Visitor(kiosk.url)
    auditor.sign_in("umi", "112233")
    assert auditor.get("/retention").status_code == 200
    assert auditor.get("/held").status_code == 403
    kiosk.office.station._janitor.now = lambda: None
    assert "Waktu belum pasti" in yosep.get("/retention").text
    assert kinds(kiosk) == before
    auditor.leave()


@pytest.mark.long
@pytest.mark.browser
@pytest.mark.timeout(300)
def test_the_pages_in_a_browser(browser: Browser, kiosk: Kiosk) -> None:
    """In a language drawn by lot."""
    office = kiosk.office
    [job] = printed(office)
    [ref] = office.bring_records(1)
    with screen_of(browser, kiosk.url) as screen:
        walk = Walk(screen, random.choice(LANGUAGES))
        screen.sign_in(OTHER_PIN, "yosep")
        screen.open(f"/check/{ref}")
        walk.see(f"a[href='/wrong/{ref}']", "check")
        screen.tap(f"a[href='/wrong/{ref}']")
        walk.see("[name=wrong]", "wrong")
        screen.tap("label:has([value=name])")
        screen.tap("label:has([value=portrait])")
        screen.tap("#catat .primary")
        walk.see(".held > li form", "held")
        screen.open(f"/hand-over/{job}/problem")
        walk.see(f"a[href='/hand-over/{job}/wrong']", "problem")
        screen.open("/retention")
        walk.see("table", "retention")
    assert not walk.look.faults, "\n".join(walk.look.faults)
    assert [frame.data["wrong"] for frame in office.frames() if frame.kind == "record-held"] == [["name", "portrait"]]
