"""The printer's own reader is dead: how the work goes on, by touch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kiosk.core.plan import Plan
from kiosk.errors import UsageError
from kiosk.rig.world_check import good_cards
from tests.conftest import Measured
from tests.office import Office
from tests.plans.hands import Hands
from tests.web.browser import enter, screen_of
from tests.web.conftest import OTHER_PIN, Kiosk, Visitor, kiosk, visitor

if TYPE_CHECKING:
    from playwright.sync_api import Browser

__all__ = ["kiosk", "visitor"]


def dead_reader(office: Office) -> str:
    """A job whose blank lies in the printer, over a reader that is gone."""
    (office.directory / "chip.sock").unlink()
    office.bring_records(1)
    [job] = office.station.desk.run_jobs("test")
    assert office.until_held_up() == {"reader-missing"}
    return job


def take_from_the_tray(office: Office) -> None:
    """The blank that came out goes back: into the hand, and in the books to the shift's stock and the hopper."""
    [blank] = office.world.reject
    office.world.reject.clear()
    office.world.by_hand.append(blank)
    office.world.put_back(blank)
    office.station.stock.move("op:maria", "put-back", "wni", 1)
    office.station.stock.move("op:maria", "load", "wni", 1)


def test_the_blank_in_the_printer_comes_out_unharmed(office: Office) -> None:
    job = dead_reader(office)
    hands = Hands(office, Plan.DESKTOP_AFTER)
    hands.asked()
    [given_back] = office.job(job)["cards"]
    assert (given_back["end"], given_back["cause"], given_back["written"]) == ("bench", None, False)
    assert office.accounts() == {"supplier": -12, "hopper": 10, "bench": 2}
    take_from_the_tray(office)
    hands.lay(hands.printed())
    hands.finished(job)
    assert office.accounts() == {"supplier": -12, "hopper": 11, "printed": 1}
    office.agree()


def test_where_that_blank_went_is_said(kiosk: Kiosk, visitor: Visitor) -> None:
    dead_reader(kiosk.office)
    assert "keluar ke baki tolak" not in visitor.get("/now").text
    Hands(kiosk.office, Plan.DESKTOP_AFTER).asked()
    assert "keluar ke baki tolak" in visitor.get("/now").text


def test_a_card_keeps_the_plan_with_which_it_began(office: Office) -> None:
    hands = Hands(office, Plan.DESKTOP_AFTER)
    job = hands.begin()
    hands.asked()
    office.station.equipment.use("test", "plan", "inline")
    assert office.station.status()["plan"] == "inline"
    hands.lay(hands.printed())
    hands.finished(job)
    [second] = office.bring_more_and_run()
    office.until(lambda: office.state(second) == "completed")
    assert [office.job(each)["cards"][0].get("plan") for each in (job, second)] == ["desktop-after", None]


def test_the_choice_is_booked_once_and_survives(office: Office) -> None:
    for _ in range(2):
        office.station.equipment.use("op:yosep", "plan", "desktop-after")
    assert [frame.data for frame in office.frames() if frame.data.get("role") == "plan"] == [
        {"role": "plan", "name": "desktop-after"}
    ]
    office.restart()
    assert office.station.status()["plan"] == "desktop-after"
    with pytest.raises(UsageError, match="inline, desktop-before, desktop-after"):
        office.station.equipment.use("op:yosep", "plan", "outline")


def test_the_page_says_what_still_works(kiosk: Kiosk, visitor: Visitor) -> None:
    """Also to an operator, who may not choose."""
    dead_reader(kiosk.office)
    page = visitor.get("/now").text
    assert "R-01" in page
    assert "Yang tetap bisa" in page
    assert "chip bisa diisi di meja" in page
    assert "/devices" not in page
    for path in ("/queue", "/supplies", "/printed", "/calls", "/outbox"):
        assert visitor.get(path).status_code == 200
    kiosk.office.station.stock.move("op:maria", "unload", "wni", 1)


@pytest.mark.long
@pytest.mark.browser
def test_two_taps_from_the_stopped_page_to_a_card(browser: Browser, kiosk: Kiosk, measured: Measured) -> None:
    office = kiosk.office
    job = dead_reader(office)
    with screen_of(browser, kiosk.url) as screen:
        screen.open()
        enter(screen.page, OTHER_PIN, "yosep")
        screen.page.wait_for_selector("#status")
        screen.open("/now")
        screen.tap(".acts .button")
        screen.page.wait_for_selector("text=disarankan")
        screen.tap(".rows.devices >> nth=0 >> li:has-text('disarankan') >> button")
        screen.page.wait_for_url("**/devices")
        office.until(lambda: bool(office.world.output))
        screen.open("/now")
        screen.page.wait_for_selector("text=Letakkan kartu ini di pembaca meja")
        assert "Chip di meja" in screen.text("#status")
        office.desk.lay(office.world.output[-1])
        screen.page.wait_for_selector("text=Angkat dari pembaca meja")
        measured(f"reader dead to a card with its chip: {screen.taps} taps and one touch")
        assert screen.taps == 2
    assert office.state(job) == "completed"
    assert len(good_cards(office.world)) == 1
    take_from_the_tray(office)
    office.agree()
