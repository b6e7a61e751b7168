"""How many taps the two things cost that a clerk does all day: a card for one person, and cards for fifty."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kiosk.rig.residents import invent
from tests.conftest import Measured
from tests.office import Office
from tests.web.browser import Screen, screen_of
from tests.web.conftest import PIN, Kiosk

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.browser

MANY = 50


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[Kiosk]:
    """Fifty people wait, and blanks for all of them lie in the hopper."""
    office = Office(tmp_path, blanks=MANY + 2)
    office.residents = list(invent(3, MANY, issued=date(2018, 8, 14)))
    office.bring_records(MANY)
    made = Kiosk(office)
    yield made
    made.close()
    office.close()


@pytest.mark.parametrize("first", [10, pytest.param(MANY, marks=pytest.mark.long)])
def test_fifty_cards_in_a_run(browser: Browser, busy: Kiosk, measured: Measured, first: int) -> None:
    """The taps for all; it is waited for the first of them."""
    with screen_of(browser, busy.url) as screen:
        screen.sign_in(PIN)
        began = time.monotonic()
        screen.tap("text=Cetak 20 berikutnya")
        screen.page.wait_for_selector("text=Cetak 20 kartu berurutan?")
        screen.tap(f"text=Jadikan {MANY} kartu")
        screen.page.wait_for_selector(f"text=Cetak {MANY} kartu berurutan?")
        assert f"{MANY} blangko WNI" in screen.text(".foot")
        screen.tap("text=Cetak semua")
        screen.page.wait_for_url("**/now")
        office = busy.office
        for count in range(10, first + 1, 10):  # each ten within the office's patience
            office.until(lambda count=count: office.station.status()["finished"] >= count)  # type: ignore[misc]
        screen.page.wait_for_selector("text=selesai")
        assert screen.taps <= 4
        took_s = time.monotonic() - began
        measured(f"{MANY} cards in a run: {screen.taps} taps, the first {first} in {took_s:.1f} s on instant devices")
    assert len(set(busy.made())) == MANY
    office.station.worker.stop()
    assert office.accounts()["printed"] == len(office.world.census()["output"]) >= first
    office.agree()


def test_from_a_waiting_record_to_a_card_handed_over(browser: Browser, kiosk: Kiosk, measured: Measured) -> None:
    """Six taps to the printed card, four more at the counter: its row, read the chip, the proof, hand over."""
    [ref] = kiosk.office.bring_records(1)
    fields = kiosk.office.station.roster.get(ref)
    assert fields is not None
    with screen_of(browser, kiosk.url) as screen:
        screen.sign_in(PIN)
        screen.tap("text=Cetak berikutnya")
        screen.page.wait_for_selector("text=Benar orangnya?")
        screen.tap(".foot .primary")
        screen.page.wait_for_selector(".note.done")
        kiosk.office.desk.lay(kiosk.office.world.census()["output"][0])
        screen.tap(".rail a >> text=Serah")
        screen.page.wait_for_selector("a[href^='/hand-over/']")
        printed, screen.taps = screen.taps, 0

        hand_over(screen)
        assert (printed <= 6, screen.taps <= 4) == (True, True)
        measured(f"waiting record to card handed over: {printed} + {screen.taps} taps and a signature")
        screen.page.wait_for_selector(f"text=Kartu {fields.nama} sudah diserahkan.")
    assert kiosk.office.accounts()["issued"] == 1
    [given] = [frame.data for frame in kiosk.office.frames() if frame.kind == "handed-over"]
    assert given["chip"] == "read"


def hand_over(screen: Screen, row: str = "a[href^='/hand-over/'] >> nth=0") -> None:
    """From the list of printed cards; the card lies on the reader of the desk."""
    page = screen.page
    screen.tap(row)
    page.wait_for_selector("text=Letakkan kartu di pembaca")
    screen.tap("text=Baca chip")
    page.wait_for_url(re.compile("chip=read"))
    screen.tap("label:has-text('KK') >> nth=-1")
    sign(screen)
    screen.tap(".foot .primary")
    page.wait_for_url("**/printed**")


def sign(screen: Screen) -> None:
    """A stroke across the pad."""
    box = screen.page.locator("canvas[data-sign]").bounding_box()
    assert box
    mouse = screen.page.mouse
    mouse.move(box["x"] + 40, box["y"] + 80)
    mouse.down()
    for step in range(1, 9):
        mouse.move(box["x"] + 40 + 30 * step, box["y"] + 80 + 12 * (step % 3))
    mouse.up()
