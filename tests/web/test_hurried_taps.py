"""A hurried operator's finger in the browser: twice on one place, on what has just come, back, and again.

The page's clock stands still where a test says so: however slow the machine, the second tap comes at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.station.test_in_doubt import stop_in_doubt
from tests.web.browser import Screen, enter, screen_of
from tests.web.conftest import OTHER_PIN, PIN, Kiosk
from tests.web.states import Pause
from tests.web.test_truth import sign

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.browser

NEVER = "2100-01-01"
A_MOMENT_MS = 1000
MAIN = ".foot .primary"
SPOILED = ".answers form:has([value=spoiled]) button"


@pytest.fixture
def screen(browser: Browser, kiosk: Kiosk) -> Iterator[Screen]:
    """Three people wait, Maria is there."""
    kiosk.office.bring_records(3)
    with screen_of(browser, kiosk.url) as made:
        made.sign_in(PIN)
        yield made


def place_of(screen: Screen, selector: str) -> tuple[float, float]:
    box = screen.page.locator(selector).bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def tap_at(screen: Screen, place: tuple[float, float]) -> None:
    """Whatever lies there now."""
    screen.page.touchscreen.tap(*place)


def test_the_second_tap_on_the_next_person_prints_nobody_unseen(screen: Screen, kiosk: Kiosk) -> None:
    """What prints lies where the finger still is."""
    screen.stop_the_clock(NEVER)
    screen.open("/queue")
    place = place_of(screen, MAIN)
    tap_at(screen, place)
    screen.page.wait_for_selector("text=Benar orangnya?")
    tap_at(screen, place)
    assert screen.page.locator("text=Benar orangnya?").is_visible()
    screen.page.clock.run_for(A_MOMENT_MS)
    assert kiosk.made() == []
    tap_at(screen, place)
    screen.page.wait_for_url("**/now")
    assert len(kiosk.made()) == 1


def test_an_answer_that_comes_under_the_finger_is_not_given(screen: Screen, kiosk: Kiosk) -> None:
    """The page of a running card turns into the question while somebody reaches for it."""
    office = kiosk.office
    screen.stop_the_clock(NEVER)
    pause = Pause(office, "print")
    [job] = office.station.desk.run_jobs("test")
    assert pause.reached.wait(120), office.describe()
    screen.open("/now")
    screen.page.clock.run_for(A_MOMENT_MS)
    office.world.jam("print", 1)
    pause.go_on.set()
    screen.page.wait_for_selector(SPOILED)
    place = place_of(screen, SPOILED)
    tap_at(screen, place)
    screen.page.clock.run_for(A_MOMENT_MS)
    assert "outcome-unknown" in office.reasons(job)
    office.world.take_card()
    tap_at(screen, place)
    office.until(lambda: office.state(job) == "completed")
    assert [frame.data["answer"] for frame in office.frames() if frame.kind == "job-resolved"] == ["spoiled"]


def test_print_that_is_tapped_twice_at_once_is_one_card(screen: Screen, kiosk: Kiosk) -> None:
    """And the page is asked for again, and gone back to: the card is told of, and not made again."""
    screen.tap("text=Cetak berikutnya")
    screen.page.wait_for_selector("body:not(.settling)")
    place = place_of(screen, MAIN)
    tap_at(screen, place)
    tap_at(screen, place)
    screen.page.wait_for_selector(".note.done")
    screen.page.reload()
    screen.page.wait_for_selector(".note.done")
    screen.page.go_back()
    screen.page.wait_for_selector("text=Kartu orang ini sudah dicetak")
    assert len(kiosk.made()) == 1
    office = kiosk.office
    assert [office.state(job["id"]) for job in office.jobs()] == ["completed"]


def test_an_answer_that_is_tapped_twice_at_once_is_given_once(screen: Screen, kiosk: Kiosk) -> None:
    """The second card of the same job stands still in its turn: it is asked of, and nobody has answered yet."""
    office = kiosk.office
    job = stop_in_doubt(office, "print", 2)
    office.world.take_card()
    office.world.jam("print", 2)
    screen.open("/now")
    screen.page.wait_for_selector("body:not(.settling)")
    place = place_of(screen, SPOILED)
    tap_at(screen, place)
    tap_at(screen, place)
    office.until(lambda: len(office.job(job)["cards"]) == 1 and "outcome-unknown" in office.reasons(job))
    screen.page.wait_for_selector(SPOILED)
    assert len(office.job(job)["cards"]) == 1


def test_a_hand_over_that_is_tapped_twice_at_once_is_one(screen: Screen, kiosk: Kiosk) -> None:
    [job] = kiosk.office.station.desk.run_jobs("test")
    kiosk.office.until(lambda: kiosk.office.state(job) == "completed")
    screen.open(f"/hand-over/{job}/take?chip=by-eye")
    sign(screen.page)
    screen.tap("label:has([value=kk])")
    screen.page.wait_for_selector("body:not(.settling)")
    place = place_of(screen, "#serah .primary")
    tap_at(screen, place)
    tap_at(screen, place)
    screen.page.wait_for_url("**/printed?*")
    assert [frame.kind for frame in kiosk.office.frames()].count("handed-over") == 1


def test_nobody_is_signed_in_as_somebody_else(browser: Browser, kiosk: Kiosk) -> None:
    """Six digits before a name: they wait for it, and no try is counted against who stands on top."""
    with screen_of(browser, kiosk.url) as screen:
        screen.open()
        assert screen.page.locator("[name=person]:checked").count() == 0
        for digit in OTHER_PIN:
            screen.page.tap(f'[data-digit="{digit}"]')
        screen.page.wait_for_selector("text=Pilih nama Anda dulu.")
        screen.page.tap("label:has([value=yosep])")
        screen.page.wait_for_selector("#status")
        assert "Yosep Bria" in screen.text("#status")


def test_a_wrong_pin_again_and_again_then_the_right_one(browser: Browser, kiosk: Kiosk) -> None:
    """Three wrong ones, then a minute to wait, which is said; the right one does not help before, and does after."""
    with screen_of(browser, kiosk.url) as screen:
        screen.open()
        for _ in range(3):
            enter(screen.page, "000000")
            screen.page.wait_for_selector("text=PIN salah.")
            screen.page.evaluate("document.querySelector('#salah').textContent = ''")
        enter(screen.page, PIN)
        screen.page.wait_for_selector("text=/Coba lagi dalam [0-9]+ detik/")
        kiosk.clock.advance(61)
        enter(screen.page, PIN)
        screen.page.wait_for_selector("#status")
