"""What a clerk does, with a finger, on the small panel; and what must not happen meanwhile."""

from __future__ import annotations

import re
import statistics
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import Measured
from tests.web.browser import Screen, enter, screen_of
from tests.web.conftest import PIN, Kiosk

if TYPE_CHECKING:
    from playwright.sync_api import Browser

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
pytestmark = pytest.mark.browser

MOST_MS = 250


@pytest.fixture
def screen(browser: Browser, kiosk: Kiosk) -> Iterator[Screen]:
    """Maria at the small panel, signed in; three people wait."""
    kiosk.office.bring_records(3)
    with screen_of(browser, kiosk.url) as made:
        made.sign_in(PIN)
        yield made


def names(kiosk: Kiosk) -> list[str]:
    return [resident.fields.nama for resident in kiosk.office.residents]


def test_from_a_waiting_record_to_a_printed_card(kiosk: Kiosk, screen: Screen, measured: Measured) -> None:
    screen.tap("text=Cetak berikutnya")
    screen.page.wait_for_selector("text=Benar orangnya?")
    screen.tap(".foot .primary")
    screen.page.wait_for_selector(".note.done")
    assert screen.taps <= 6
    measured(f"waiting record to printed card: {screen.taps} taps")
    [ref] = kiosk.made()
    fields = kiosk.office.station.roster.get(ref)
    assert fields is not None
    assert fields.nama in screen.text(".note.done")
    scrolled = "document.querySelector('.page').scrollHeight - document.querySelector('.page').clientHeight"
    assert screen.page.evaluate(scrolled) <= 0, "the result is seen without scrolling"

    before = screen.taps
    screen.tap("text=Orang berikutnya >> nth=-1")
    screen.page.wait_for_selector("text=Benar orangnya?")
    screen.tap(".foot .primary")
    kiosk.office.until(lambda: len(kiosk.office.jobs()) == 2)
    measured(f"each following card: {screen.taps - before} taps")

    # Back, to the form that was sent, and the same tap again.
    screen.page.wait_for_url("**/now")
    screen.page.go_back()
    again = screen.page.locator(".foot form button.primary")
    if again.count():
        again.tap()
        screen.page.wait_for_load_state()
    assert len(kiosk.made()) == len(set(kiosk.made())) == 2


def test_a_double_tap_makes_one_job(kiosk: Kiosk, screen: Screen) -> None:
    screen.tap(".queue > li:nth-child(3) a")
    screen.page.wait_for_selector("text=Benar orangnya?")
    screen.page.wait_for_selector("body:not(.settling)")
    box = screen.page.locator(".foot .primary").bounding_box()
    assert box
    for _ in range(2):
        screen.page.touchscreen.tap(box["x"] + 40, box["y"] + 30)
    screen.page.wait_for_url("**/now")
    assert len(kiosk.made()) == 1


def test_a_run_and_its_stop_by_a_second_of_holding(kiosk: Kiosk, screen: Screen, measured: Measured) -> None:
    kiosk.office.station.stock.move("test", "unload", "wni", 12)  # so that the run stands still
    screen.tap("text=Cetak 20 berikutnya")
    screen.page.wait_for_selector("text=Cetak 3 kartu berurutan?")
    screen.tap("text=Cetak semua")
    hold = screen.page.wait_for_selector("[data-hold]")
    assert screen.taps <= 4
    measured(f"run of cards: {screen.taps} taps")
    assert hold
    box = hold.bounding_box()
    assert box

    def held() -> list[str]:
        return [job["id"] for job in kiosk.office.jobs() if job["state"] == "pending-held"]

    screen.page.tap("[data-hold]")
    press(screen, box, 0.6)
    assert held() == []
    with screen.page.expect_navigation():
        press(screen, box, 1.3)
    assert len(held()) == 3
    with screen.page.expect_navigation():
        screen.tap("text=Lanjutkan 3 kartu")
    kiosk.office.until(lambda: held() == [])


def press(screen: Screen, box: dict[str, float] | Any, seconds: float) -> None:
    """A finger laid down and lifted; the browser's own clock runs on meanwhile."""
    mouse = screen.page.mouse
    mouse.move(box["x"] + 20, box["y"] + 20)
    mouse.down()
    screen.page.wait_for_timeout(seconds * 1000)
    mouse.up()


def test_an_unresolved_card_is_answered(kiosk: Kiosk, screen: Screen) -> None:
    kiosk.office.world.jam("print", 2)
    screen.tap("text=Cetak berikutnya")
    screen.page.wait_for_selector("text=Benar orangnya?")
    screen.tap(".foot .primary")
    screen.page.wait_for_selector("text=Ambil dan lihat kartunya. Yang mana?")
    assert screen.page.locator(".answers button").count() == 4
    kiosk.office.world.take_card()
    screen.tap("text=Kartu rusak")
    screen.page.wait_for_selector(".note.done")
    kiosk.office.agree()
    assert kiosk.office.accounts()["spoiled"] == 1


def test_search_by_the_keyboard_of_the_page_and_by_a_real_one(kiosk: Kiosk, screen: Screen) -> None:
    person = kiosk.office.residents[2].fields
    word = next(part for part in person.nama.split() if sum(part in name for name in names(kiosk)[:3]) == 1)
    screen.page.tap("#cari")
    assert not covered(screen)
    for letter in word:
        screen.page.tap(f'.keys button:text-is("{letter}")')
    assert screen.page.input_value("#cari") == word
    screen.page.tap('.keys button:text-is("Selesai")')
    screen.page.wait_for_url(lambda url: "/queue?find=" in url)
    assert screen.text(".queue .name") == person.nama

    # A scanner types a NIK in an instant and ends it with Enter.
    screen.page.fill("#cari", "")
    screen.page.focus("#cari")
    screen.page.keyboard.type(person.nik)
    screen.page.keyboard.press("Enter")
    screen.page.wait_for_selector(f'#cari[value="{person.nik}"]')
    assert screen.page.locator(".queue > li").count() == 1
    assert person.nik not in screen.page.url

    # Digits, deep in a page.
    screen.open("/supplies")
    screen.page.tap("#jumlah")
    assert not covered(screen)
    for digit in "120":
        screen.page.tap(f'.keys button:text-is("{digit}")')
    screen.page.tap('.keys button:text-is("Hapus")')
    assert screen.page.input_value("#jumlah") == "12"


def covered(screen: Screen) -> bool:
    """The page's keyboard lies over the field that it types into, or has pushed the bar away."""
    return bool(screen.page.evaluate("""() => {
      const field = document.activeElement.getBoundingClientRect();
      const keys = document.querySelector('.keys').getBoundingClientRect();
      const bar = document.querySelector('.bar').getBoundingClientRect();
      return field.bottom > keys.top || field.top < bar.bottom || bar.top !== 0;
    }"""))  # fmt: skip


def test_the_other_language(screen: Screen) -> None:
    screen.tap("text=English")
    screen.page.wait_for_selector("text=Print the next >> nth=0")
    assert screen.page.get_attribute("html", "lang") == "en"
    screen.page.tap("#cari")
    assert screen.page.locator('.keys button:text-is("Done")').count() == 1
    screen.tap("text=Indonesia")
    screen.page.wait_for_selector("text=Cetak berikutnya")


def test_from_commit_to_screen(kiosk: Kiosk, screen: Screen, measured: Measured) -> None:
    """By the stream at once; without one by asking; both without a touch."""
    screen.open("/outbox")
    took = [1000 * after_a_commit(kiosk, screen) for _ in range(7)]
    measured(f"commit to screen: median {statistics.median(took):.0f} ms, longest {max(took):.0f} ms")
    assert statistics.median(took) <= MOST_MS


def test_without_a_stream_the_screen_asks(kiosk: Kiosk, screen: Screen, measured: Measured) -> None:
    screen.page.route("**/live", lambda route: route.abort())
    with screen.page.expect_response("**/glance"):
        screen.open("/outbox")
    took = after_a_commit(kiosk, screen)
    measured(f"commit to screen without a stream: {1000 * took:.0f} ms")
    screen.expect_faults()  # what the route broke off was said


def after_a_commit(kiosk: Kiosk, screen: Screen) -> float:
    """Seconds from a frame that is durable to the row that shows it."""
    shown = threading.Event()
    seq = kiosk.office.station.books.seq + 1
    screen.page.evaluate("""seq => {
      window.shown = new Promise(done => {
        const cells = () => [...document.querySelectorAll('td')];
        const look = () => cells().some(each => each.textContent === String(seq)) && done();
        new MutationObserver(look).observe(document.querySelector('#page'), { childList: true, subtree: true });
      });
    }""", seq)  # fmt: skip
    kiosk.office.station.stock.move("test", "unload", "wni", 1)
    began = time.monotonic()
    screen.page.evaluate("window.shown")
    shown.set()
    return time.monotonic() - began


def test_a_screen_without_its_station_says_so(kiosk: Kiosk, screen: Screen) -> None:
    kiosk.server.close()
    screen.page.wait_for_selector("#lost:not([hidden])")
    assert "Yang terlihat mungkin sudah berubah" in screen.text("#lost")
    screen.expect_faults()


def test_a_browser_that_was_killed_shows_the_truth_again(browser: Browser, kiosk: Kiosk) -> None:
    kiosk.office.bring_records(2)
    kiosk.office.world.jam("print", 2)
    with screen_of(browser, kiosk.url) as first:
        first.sign_in(PIN)
        first.tap("text=Cetak berikutnya")
        first.page.wait_for_selector("text=Benar orangnya?")
        first.tap(".foot .primary")
        first.page.wait_for_url("**/now")
    [job] = kiosk.office.jobs()
    kiosk.office.until(lambda: "outcome-unknown" in kiosk.office.reasons(job["id"]))
    with screen_of(browser, kiosk.url) as second:
        second.sign_in(PIN)
        assert "Printer menunggu jawaban" in second.text(".bar")
        second.tap("text=Cetak >> nth=0")
        second.page.wait_for_selector("text=Ambil dan lihat kartunya. Yang mana?")
        assert "Kartu macet di dalam printer" in second.text(".page")


def test_the_idle_end_asks_first_and_any_touch_puts_it_off(kiosk: Kiosk, screen: Screen) -> None:
    kiosk.clock.advance(575)
    kiosk.office.station.pulse.beat()
    screen.page.wait_for_selector("#idle[open]")
    left = int(screen.text("#idle-left"))
    assert 20 <= left <= 25
    expect(screen.page.locator("#idle-left")).to_have_text(re.compile(f"^(?!{left}$)"))  # it counts down
    with screen.page.expect_response("**/stay"):
        screen.page.touchscreen.tap(5, 300)  # anywhere; and nothing under it is touched
    assert not screen.page.is_visible("#idle")
    assert screen.page.url.endswith("/queue")

    kiosk.clock.advance(590)
    kiosk.office.station.pulse.beat()
    screen.page.wait_for_selector("#idle[open]")
    with screen.page.expect_response("**/stay"):
        screen.page.keyboard.press("ArrowDown")
    assert not screen.page.is_visible("#idle")


def test_the_locked_screen_shows_the_work_and_no_name(kiosk: Kiosk, screen: Screen) -> None:
    kiosk.office.world.open_cover()
    screen.tap("text=Cetak 20 berikutnya")
    screen.tap("text=Cetak semua")
    screen.page.wait_for_url("**/now")
    kiosk.office.until_held_up()
    kiosk.clock.advance(601)
    kiosk.office.station.pulse.beat()
    screen.page.wait_for_selector("[data-poll]")
    screen.page.wait_for_selector("text=Tutup printer terbuka")
    assert not [name for name in names(kiosk) if name in screen.text()]
    kiosk.office.world.close_cover()
    screen.page.wait_for_selector("text=Tutup printer terbuka", state="detached")
    kiosk.office.until(lambda: all(job["state"] == "completed" for job in kiosk.office.jobs()))
    enter(screen.page, PIN)
    screen.page.wait_for_url("**/now")  # where she was
    screen.expect_faults()  # the page that was left had a request under way


def test_by_keyboard_alone(browser: Browser, kiosk: Kiosk) -> None:
    """Sign-in, queue, check, print; what has the focus is seen at every step."""
    kiosk.office.bring_records(3)
    with screen_of(browser, kiosk.url) as screen:
        screen.open()
        # Back over the forgotten PIN to the names, from the last of them to the first.
        for key in ("Shift+Tab", "Shift+Tab", "ArrowUp", "Tab", "Tab"):
            screen.page.keyboard.press(key)
        screen.page.keyboard.type(PIN)
        screen.page.wait_for_url("**/queue")
        tab_to(screen, "Cetak berikutnya")
        screen.page.keyboard.press("Enter")
        screen.page.wait_for_url("**/check/*")
        tab_to(screen, "Cetak", within=".foot")
        screen.page.keyboard.press("Enter")
        screen.page.wait_for_selector(".note.done")
        assert len(kiosk.made()) == 1


def tab_to(screen: Screen, text: str, within: str = "body") -> None:
    for _ in range(60):
        screen.page.keyboard.press("Tab")
        found = screen.page.evaluate("""within => {
          const each = document.activeElement, style = getComputedStyle(each);
          return { text: each.textContent.trim(), inside: !!each.closest(within), name: each.tagName,
                   seen: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 };
        }""", within)  # fmt: skip
        assert found["seen"] or found["name"] == "BODY", found
        if found["text"] == text and found["inside"]:
            return
    raise AssertionError(f"{text} can't be reached by the Tab key")
