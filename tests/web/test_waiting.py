"""A touchscreen without its station: it waits, keeps what was typed, and goes on by itself; never an error page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from kiosk.cli import main
from kiosk.web import House, WebServer, create_app
from kiosk.web.waiting import PLACE, waiting_page
from tests.web.browser import PATIENCE_MS, Screen, enter, screen_of
from tests.web.conftest import PIN, Kiosk

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

Error = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").Error
pytestmark = pytest.mark.browser

ERROR_PAGE = "chrome-error:"
"""Where chromium is when nobody answers."""


def error_pages(page: Page) -> list[str]:
    """Fills with each error page that is shown from now on."""
    seen: list[str] = []
    page.on("framenavigated", lambda frame: seen.append(frame.url) if frame.url.startswith(ERROR_PAGE) else None)
    return seen


def serve_again(kiosk: Kiosk, *, restarted: bool = True) -> None:
    """At the same port; `restarted`: as after a restart of the station, nobody is signed in and no key is known."""
    kept = {} if restarted else {"sessions": kiosk.house.sessions, "parked": kiosk.house.parked}
    kiosk.house = House(kiosk.office.station, kiosk.house.people, **kept)  # type: ignore[arg-type]
    kiosk.app = create_app(kiosk.house)
    kiosk.server = WebServer(kiosk.app, kiosk.server.port)


@pytest.fixture
def screen(browser: Browser, kiosk: Kiosk) -> Iterator[Screen]:
    """Maria, signed in at a station that will be away; three people wait."""
    kiosk.office.bring_records(3)
    with screen_of(browser, kiosk.url) as made:
        made.sign_in(PIN)
        seen = error_pages(made.page)
        yield made
        assert seen == []
        made.expect_faults()  # that nobody answered is said by chromium


# The page before there is a station.


@pytest.fixture
def file_of(tmp_path: Path, kiosk: Kiosk) -> str:
    path = tmp_path / "waiting.html"
    path.write_text(waiting_page(kiosk.server.port), encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1024, "height": 600}, locale="id-ID", has_touch=True)
    context.set_default_timeout(PATIENCE_MS)
    yield context.new_page()
    context.close()


def test_it_waits_for_the_station_and_goes_there_by_itself(kiosk: Kiosk, page: Page, file_of: str) -> None:
    kiosk.server.close()
    seen = error_pages(page)
    with page.expect_event("requestfailed"):
        page.goto(file_of)
    assert "Stasiun sedang menyala" in page.inner_text("h1")
    assert "The station is starting" in page.inner_text("h1 [lang=en]")
    assert page.is_hidden("#late")
    serve_again(kiosk)
    page.wait_for_selector("text=Siapa yang bertugas?")

    kiosk.server.close()
    page.wait_for_selector("#lost:not([hidden])")
    enter(page, PIN)
    with page.expect_event("requestfailed"):
        pass
    serve_again(kiosk)
    page.wait_for_url("**/queue")
    assert seen == []


def test_after_a_minute_it_says_what_to_do(kiosk: Kiosk, page: Page, file_of: str) -> None:
    kiosk.server.close()
    page.clock.install()
    page.goto(file_of)
    page.clock.run_for(55_000)
    assert page.is_hidden("#late")
    page.clock.run_for(10_000)
    assert "Matikan komputer ini" in page.inner_text("#late")
    assert "call a technician" in page.inner_text("#late")
    room = page.evaluate("document.documentElement.scrollHeight - innerHeight")
    assert room <= 0, "all of it is seen on the small panel"


def test_the_error_page_is_what_would_be_seen_without_it(kiosk: Kiosk, page: Page) -> None:
    """The control: a browser that starts on the station's own address."""
    kiosk.server.close()
    seen = error_pages(page)
    with pytest.raises(Error, match="ERR_CONNECTION_REFUSED"), page.expect_event("framenavigated"):
        page.goto(kiosk.url)
    page.wait_for_selector("#main-frame-error")
    assert len(seen) == 1


def test_the_page_needs_nothing_but_itself() -> None:
    page = waiting_page(8480)
    assert PLACE not in page
    assert re.findall(r"https?:[^\s\"'`;]*", page) == ["http://127.0.0.1:8480"] * 2
    assert not re.search(r"\b(src|href)=|url\(|@import", page)


def test_a_command_prints_it(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text('station:\n  id: "kupang-01"\nweb:\n  port: 8499\n', encoding="utf-8")
    done = CliRunner().invoke(main, ["waiting-page", "--config", str(config)])
    assert (done.exit_code, done.output) == (0, waiting_page(8499) + "\n")


# What is tapped while the station is away.


def type_supplies(screen: Screen, quantity: str) -> None:
    screen.open("/supplies")
    screen.page.tap("#jumlah")
    for digit in quantity:
        screen.page.tap(f'.keys button:text-is("{digit}")')
    screen.page.tap('.keys button:text-is("Selesai")')


@pytest.mark.parametrize("taps", [1, 2])
def test_a_form_arrives_once_after_signing_in(kiosk: Kiosk, screen: Screen, taps: int) -> None:
    type_supplies(screen, "5")
    kiosk.server.close()
    for _ in range(taps):
        screen.page.tap("text=Keluar dari wadah")
    screen.page.wait_for_selector("#kept:not([hidden])")
    assert "terkirim sendiri" in screen.text("#lost")
    assert screen.page.input_value("#jumlah") == "5"

    serve_again(kiosk)
    screen.page.wait_for_selector("text=Isian Anda disimpan")
    enter(screen.page, PIN)
    screen.page.wait_for_selector("text=Kirim yang tadi?")
    assert "5" in screen.text(".resume")
    assert "mungkin sudah tercatat" not in screen.text()
    assert kiosk.office.accounts()["hopper"] == 12
    send = screen.page.locator(".foot .primary")
    send.evaluate("(button, taps) => { while (taps--) button.click(); }", taps)
    screen.page.wait_for_url("**/supplies")
    assert kiosk.office.accounts()["hopper"] == 7


def test_what_is_corrected_while_it_waits_is_what_arrives(kiosk: Kiosk, screen: Screen) -> None:
    type_supplies(screen, "5")
    kiosk.server.close()
    screen.page.tap("text=Keluar dari wadah")
    screen.page.wait_for_selector("#kept:not([hidden])")
    screen.page.fill("#jumlah", "4")
    screen.page.tap("text=Keluar dari wadah")
    screen.page.tap(".rail a >> nth=0")  # a link does not overtake the form
    serve_again(kiosk, restarted=False)
    with screen.page.expect_navigation():
        pass
    assert screen.page.url == kiosk.url + "/supplies"
    assert kiosk.office.accounts()["hopper"] == 8


def test_a_link_that_is_followed_is_not_overtaken_by_the_lock(kiosk: Kiosk, screen: Screen) -> None:
    """The page learns that nobody is signed in while the next one is under way."""
    pages, asked = hold(screen, "**/supplies"), hold(screen, "**/stay")
    screen.page.evaluate("document.querySelector('#idle').click()")
    with screen.page.expect_request("**/supplies"):
        screen.page.tap(".rail a >> nth=4")
    kiosk.clock.advance(601)
    with screen.page.expect_response("**/stay"):
        release(screen, asked)
    release(screen, pages)
    screen.page.wait_for_url(re.compile("/sign-in.next=/supplies$"))


@pytest.mark.parametrize("taps", [1, 2])
def test_a_link_is_followed_when_the_station_is_back(kiosk: Kiosk, screen: Screen, taps: int) -> None:
    kiosk.server.close()
    for _ in range(taps):
        screen.page.tap(".rail a >> nth=4")
    screen.page.wait_for_selector("#lost:not([hidden])")
    assert screen.page.is_hidden("#kept")
    assert screen.page.url.endswith("/queue")
    serve_again(kiosk)
    screen.page.wait_for_url(re.compile("/sign-in.next=/supplies$"))
    enter(screen.page, PIN)
    screen.page.wait_for_url("**/supplies")


def test_a_lost_answer_is_asked_for_again(kiosk: Kiosk, screen: Screen) -> None:
    """The station did it and could not say so: the same key, asked again, leads where the first time did."""
    type_supplies(screen, "5")
    asked = lose_answers(screen, 1)
    with screen.page.expect_navigation():
        screen.page.tap("text=Keluar dari wadah")
    assert len(asked) == 2
    assert asked[0] == asked[1]
    assert kiosk.office.accounts()["hopper"] == 7


def test_whoever_sends_a_form_that_may_have_arrived_is_told(kiosk: Kiosk, screen: Screen) -> None:
    type_supplies(screen, "5")

    def restart() -> None:
        kiosk.server.close()
        serve_again(kiosk)

    lose_answers(screen, 1, restart)
    screen.page.tap("text=Keluar dari wadah")
    screen.page.wait_for_selector("text=Isian Anda disimpan")
    enter(screen.page, PIN)
    screen.page.wait_for_selector("text=mungkin sudah tercatat")
    screen.page.tap("text=Buang")
    screen.page.wait_for_url("**/queue")
    assert kiosk.office.accounts()["hopper"] == 7


def lose_answers(screen: Screen, count: int, after: Any = lambda: None) -> list[str]:
    """The next answers to POSTs do not arrive; `after` each of them something may happen. The keys that were sent."""
    asked: list[str] = []

    def meet(route: Route) -> None:
        if route.request.method != "POST":
            route.continue_()
            return
        found = re.search("key=([^&]+)", route.request.post_data or "")
        asked.append(found[1] if found else "")
        if len(asked) > count:
            route.continue_()
            return
        route.fetch(max_redirects=0)
        after()
        route.abort("connectionreset")

    screen.page.route(re.compile("/supplies/"), meet)
    return asked


def test_a_refusal_is_shown_and_the_page_works_on(kiosk: Kiosk, screen: Screen) -> None:
    type_supplies(screen, "50")
    screen.page.tap("text=Keluar dari wadah")
    screen.page.wait_for_selector("text=Tidak ada data yang hilang")
    assert kiosk.office.accounts()["hopper"] == 12
    kiosk.server.close()
    screen.page.wait_for_selector("#lost:not([hidden])")
    screen.page.tap("text=Ke antrean")
    serve_again(kiosk, restarted=False)
    screen.page.wait_for_url("**/queue")


def test_a_tap_before_the_page_is_whole_is_a_tap(kiosk: Kiosk, screen: Screen) -> None:
    """The card's face is slow to come, the answer to the tap is slower: the page is complete in between."""
    faces, asked = hold(screen, "**/large.webp"), hold(screen, "**/healthz")
    screen.page.tap("text=Cetak berikutnya")
    release(screen, asked)
    with screen.page.expect_request("**/healthz"):
        screen.page.tap(".foot .primary")
    release(screen, faces)
    screen.page.wait_for_load_state()
    screen.page.unroute("**/large.webp")
    release(screen, asked)
    screen.page.wait_for_url("**/now")
    assert len(kiosk.made()) == 1


def hold(screen: Screen, what: str) -> list[Route]:
    """Requests for `what` wait in this list."""
    held: list[Route] = []

    def keep(route: Route) -> None:
        held.append(route)

    screen.page.route(what, keep)
    return held


def release(screen: Screen, held: list[Route]) -> None:
    """Let the one that was held go on, as soon as it is there."""
    while not held:
        screen.page.wait_for_timeout(10)
    held.pop().continue_()


def test_a_wrong_pin_is_told_and_the_right_one_is_taken(browser: Browser, kiosk: Kiosk) -> None:
    with screen_of(browser, kiosk.url) as screen:
        screen.open()
        enter(screen.page, "000000")
        screen.page.wait_for_selector("text=PIN salah.")
        enter(screen.page, PIN)
        screen.page.wait_for_url("**/queue")


def test_while_it_is_away_the_page_asks_no_more_often(kiosk: Kiosk, page: Page) -> None:
    """One retry at a time, however long it takes."""
    page.clock.install()
    page.goto(kiosk.url + "/sign-in")
    kiosk.server.close()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for _ in range(20):
        with page.expect_event("requestfailed"):
            page.clock.run_for(1000)
    assert 10 <= len(asked) <= 45
