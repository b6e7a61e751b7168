"""Who is served next, as the touchscreen says it: the quota of a day, and somebody whom two people move up."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from kiosk.config import QuotaConfig, ServiceConfig
from kiosk.people import Role
from tests.office import Office
from tests.web.browser import LAYOUT_FAULTS, SIZES, SMALL_TARGETS, Screen, screen_of
from tests.web.conftest import OTHER_PIN, PIN, Kiosk, Visitor
from tests.web.test_pages import LANGUAGES, Look, axe

if TYPE_CHECKING:
    from playwright.sync_api import Browser

USED = "Kuota hari ini habis"
APPROVED = {"reason": "ill", "supervisor": "yosep", "pin": OTHER_PIN, "own_pin": PIN}


@pytest.fixture
def rationed(office: Office) -> Iterator[Kiosk]:
    """Two replacements a day; three people wait for one, and one for a first card."""
    office.service = ServiceConfig(quota=QuotaConfig(hilang_rusak=2))
    office.restart()
    made = Kiosk(office)
    yield made
    made.close()


@pytest.fixture
def maria(rationed: Kiosk) -> Iterator[Visitor]:
    somebody = Visitor(rationed.url)
    assert somebody.sign_in().status_code == 303
    yield somebody
    somebody.leave()


def name_of(kiosk: Kiosk, ref: str) -> str:
    fields = kiosk.office.station.roster.get(ref)
    assert fields is not None
    return fields.nama


def rows(page: str) -> list[tuple[str, str]]:
    """Name, and what is said beside it."""
    found = re.findall(r'class="name">(.*?)</span>.*?class="(?:quiet |bad )?small">(.*?)</span>', page, re.DOTALL)
    return [(name, said) for name, said in found]


def test_whoever_is_beyond_the_quota_stands_behind_and_says_why(rationed: Kiosk, maria: Visitor) -> None:
    *late, new = rationed.office.bring_for(*["hilang-rusak"] * 3, "baru")
    names = [name_of(rationed, ref) for ref in (new, *late)]
    page = maria.get("/queue").text
    assert rows(page) == list(zip(names, ["Baru", *["Hilang atau rusak"] * 2, USED], strict=True))
    assert f'class="first">\n    <a href="/check/{new}"' in page
    run = maria.get("/run").text
    assert [ref for ref in (new, *late) if f'name="ref" value="{ref}"' in run] == [new, *late[:2]]
    assert maria.post("/jobs", maria.form(ref=[new, *late[:2]])).status_code == 303
    page = maria.get("/queue").text
    assert rows(page) == [(names[3], USED)]
    assert "Tidak ada giliran lagi hari ini" in page
    assert "Cetak berikutnya" not in page
    page = maria.get(f"/check/{late[2]}").text
    assert "Kuota hilang atau rusak terpakai." in page
    assert f'href="/jump/{late[2]}"' in page
    assert 'action="/jobs"' not in page
    refused = maria.post("/jobs", maria.form(ref=late[2]))
    assert (refused.status_code, USED in refused.text) == (409, True)


def test_a_jump_takes_two_people_at_one_screen(rationed: Kiosk, maria: Visitor) -> None:
    first, second = rationed.office.bring_for("baru", "hilang-rusak")
    path = f"/jump/{second}"
    assert 'value="maria"' not in maria.get(path).text, "nobody is their own second person"
    for wrong, status, said in (
        ({"pin": "000000"}, 409, "PIN penyelia salah"), ({"supervisor": "maria", "pin": PIN}, 409, ""),
        ({"reason": ""}, 400, "Isian itu belum lengkap"), ({"supervisor": ""}, 409, "Penyelia harus menyetujui"),
    ):  # fmt: skip
        page = maria.post(path, maria.form(**{**APPROVED, **wrong}))
        assert (page.status_code, said in page.text) == (status, True), wrong
        assert 'value="ill"' in page.text
        assert OTHER_PIN not in page.text
    assert [frame for frame in rationed.office.frames() if frame.kind == "queue-jump"] == []
    form = maria.form(**APPROVED)
    for _ in range(2):
        answer = maria.post(path, form)
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/check/{second}")
    assert [name for name, _ in rows(maria.get("/queue").text)] == [
        name_of(rationed, second), name_of(rationed, first),
    ]  # fmt: skip
    assert "Didahulukan" in maria.get("/queue").text
    again = maria.post(path, maria.form(**APPROVED))
    assert (again.status_code, "Orang ini sudah didahulukan" in again.text) == (409, True)
    assert maria.get("/jump/" + "00" * 16).status_code == 409
    [frame] = [frame for frame in rationed.office.frames() if frame.kind == "queue-jump"]
    assert (frame.stamp.by, frame.data["approved"]) == ("op:maria", "op:yosep")


def test_the_auditor_sees_the_order_and_every_jump_and_no_name(rationed: Kiosk, maria: Visitor) -> None:
    [ref] = rationed.office.bring_for("hilang-rusak")
    rationed.office.station.service.jump("op:maria", ref, "travel", "yosep", OTHER_PIN)
    rationed.house.people.add("umi", "Umi Lay", Role.AUDITOR, "112233")
    auditor = Visitor(rationed.url)
    auditor.sign_in("umi", "112233")
    assert 'href="/service"' in auditor.get("/supplies").text
    page = auditor.get("/service").text
    assert "Perjalanan tidak bisa ditunda" in page
    assert "maria + yosep" in page
    assert name_of(rationed, ref) not in page
    assert name_of(rationed, ref) in maria.get("/service").text
    assert auditor.get(f"/jump/{ref}").status_code == 403
    answer = auditor.post("/trace", auditor.form(what=ref))
    assert (
        "Didahulukan: Perjalanan tidak bisa ditunda, disetujui yosep" in auditor.get(answer.headers["Location"]).text
    )
    auditor.leave()


def test_midnight_shows_on_the_page_though_nothing_was_written(rationed: Kiosk, maria: Visitor) -> None:
    refs = rationed.office.bring_for(*["hilang-rusak"] * 3)
    service = rationed.office.station.service
    with pytest.MonkeyPatch.context() as patch:
        assert rows(maria.get("/queue").text)[2][1] == USED
        rationed.office.station.desk.run_jobs("test", refs=refs[:2])
        rationed.office.until(lambda: all(job["state"] == "completed" for job in rationed.office.jobs()))
        seq = rationed.office.station.books.seq
        assert rows(maria.get("/queue").text) == [(name_of(rationed, refs[2]), USED)]
        patch.setattr(type(service), "day", service.day + 1)
        assert rows(maria.get("/queue").text) == [(name_of(rationed, refs[2]), "Hilang atau rusak")]
        assert rationed.office.station.books.seq == seq


class Walk:
    """Through pages at one screen, each looked at on its way: axe-core, sizes, nothing cut off."""

    def __init__(self, screen: Screen, language: str) -> None:
        self.screen, self.page, self.look = screen, screen.page, Look()
        self.language = language
        screen.page.context.add_cookies([{"name": "bahasa", "value": language, "url": screen.url}])

    def see(self, selector: str, name: str) -> None:
        self.page.wait_for_selector(selector)
        self.look.note(f"{name} {self.language}", axe(self.screen))
        for width, height in (*SIZES.values(), SIZES["small"]):
            self.page.set_viewport_size({"width": width, "height": height})
            self.look.note(f"{name} {width}", self.page.evaluate(LAYOUT_FAULTS))
            self.look.note(f"{name} {width}", self.page.evaluate(SMALL_TARGETS, "body")["found"])


def approve(screen: Screen) -> None:
    """The supervisor comes, and both give their PINs."""
    screen.page.select_option("#f-supervisor", "yosep")
    screen.page.fill("#f-pin", OTHER_PIN)
    screen.page.fill("#f-own_pin", PIN)


@pytest.mark.long
@pytest.mark.browser
@pytest.mark.timeout(300)
def test_the_quota_is_used_up_and_somebody_is_moved_up_by_touch(browser: Browser, rationed: Kiosk) -> None:
    """In a language drawn by lot."""
    office = rationed.office
    *_, last = office.bring_for(*["hilang-rusak"] * 3)
    with screen_of(browser, rationed.url) as screen:
        walk = Walk(screen, random.choice(LANGUAGES))
        screen.sign_in(PIN)
        screen.tap("a[href='/run']")
        screen.tap(".foot .primary")
        office.until(lambda: [job["state"] for job in office.jobs()] == ["completed"] * 2)
        screen.open("/queue")
        walk.see(".queue .bad", "queue")
        assert screen.page.locator(".foot .primary").count() == 0
        screen.tap(".queue > li a")
        walk.see(f"a[href='/jump/{last}']", "check")
        screen.tap(f"a[href='/jump/{last}']")
        walk.see("#f-pin", "jump")
        screen.tap("label:has([value=ill])")
        approve(screen)
        screen.tap("#catat .primary")
        screen.page.wait_for_url(f"**/check/{last}")
        screen.tap(".foot .primary")
        screen.page.wait_for_url("**/now")
        office.until(lambda: [job["state"] for job in office.jobs()] == ["completed"] * 3)
        screen.open("/service")
        walk.see("table", "service")
        assert screen.page.locator(".entries > li").count() == 1
    assert not walk.look.faults, "\n".join(walk.look.faults)
    assert rationed.made()[2] == last
    office.agree()
