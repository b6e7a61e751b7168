"""`make demo` as a person sees it: trouble is made on the console's page, and the touchscreen must tell the truth.

After each button the touchscreen is held against the simulated world (`witness.lies`); after the remedy the card is
booked, and station, centre and world agree. No test reloads the page: it comes back by itself.
"""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from drivers.sim.cards import Card
from drivers.sim.clock import SimClock
from kiosk.core.plan import Step
from kiosk.errors import Unavailable
from kiosk.journal import scan
from kiosk.rig.console.training import Training
from kiosk.rig.console.words import GROUPS
from kiosk.rig.faults import parse_fault
from kiosk.rig.rig import OPERATORS, SKU
from kiosk.rig.script import Script
from kiosk.rig.world_check import good_cards
from kiosk.web.words import STEPS
from tests.conftest import Measured
from tests.rig.trainee import ANOTHER_DAY, MENDED_BY, PATIENCE_S, Trainee
from tests.rig.witness import Sight, lies, look, obstacles, owner
from tests.web.browser import CHROMIUM, SWITCHES, Screen, enter
from tests.web.test_taps import hand_over

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

Error = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").Error
pytestmark = [pytest.mark.rig, pytest.mark.browser, pytest.mark.timeout(240)]

VERBS = [button.verb for _, _, group in GROUPS for button in group if button.verb not in ANOTHER_DAY]
RESTARTS = frozenset({"power", "kill"})
SAMPLE = random.Random(4).sample([verb for verb in VERBS if verb not in RESTARTS], 2)
HONEST_S = 10.0
FAST, SLOW = 400.0, 1.0
MAY_SAY = re.compile(r"net::ERR_|the server responded with a status of (4|503)")
"""What chromium notes of a station that is away, has restarted, or has no stream left."""


def set_speed(clock: SimClock, speed: float) -> None:
    """From now on; what has passed has passed."""
    with clock._turn:
        clock._now = clock._read()
        clock.speed, clock._anchor = speed, time.monotonic() - clock._now / speed
    clock.interrupt()


class Pages:
    """Touchscreen and console, in one browser. `faults`: what a clean page never says, error pages included."""

    def __init__(self, browser: Browser, training: Training, stack: ExitStack) -> None:
        self.faults: list[str] = []
        self.trainee = Trainee(training)
        self.rig = training.rig
        stack.callback(self.trainee.web.close)
        self._contexts = [
            browser.new_context(viewport=size, locale="id-ID", has_touch=True)
            for size in ({"width": 1024, "height": 600}, {"width": 1280, "height": 800})
        ]  # fmt: skip
        for context in self._contexts:
            context.set_default_timeout(PATIENCE_S * 1000)
            stack.callback(context.close)
        self.screen = self.tab()
        self._console = self._watched(self._contexts[1].new_page())
        self._console.goto(training.console_url)

    def tab(self) -> Page:
        """One more touchscreen of the same browser."""
        return self._watched(self._contexts[0].new_page())

    def _watched(self, page: Page) -> Page:
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("framenavigated", lambda frame: self._went(frame.url))
        return page

    def _said(self, message: Any) -> None:
        if message.type in ("error", "warning") and not MAY_SAY.search(message.text):
            self.faults.append(message.text)

    def _went(self, address: str) -> None:
        if address.startswith("chrome-error:"):
            self.faults.append(address)

    def press(self, verb: str) -> None:
        """On the console's page; returns when the console has answered."""
        with self._console.expect_response(f"**/do/{verb}") as answer:
            self._console.tap(f'[data-verb="{verb}"]')
        assert answer.value.status == 200, answer.value.text()

    def sign_in(self, page: Page | None = None, path: str = "/now") -> None:
        page = page or self.screen
        self.trainee.until(self._served)  # commands are answered before it listens
        page.goto(self.rig.kiosk_url + path)
        if "/sign-in" in page.url:
            self.enter_pin(page)
        if "/interruption" in page.url:
            page.goto(self.rig.kiosk_url + path)
        page.wait_for_selector("#status")

    def _served(self) -> bool:
        try:
            return httpx.get(f"{self.rig.kiosk_url}/healthz", trust_env=False).is_success
        except httpx.TransportError:
            return False

    def enter_pin(self, page: Page) -> None:
        """The screen is locked; it leads on where the station wants."""
        page.wait_for_selector("[data-digit]")
        with page.expect_navigation(url=re.compile(r"/(now|interruption|queue)")):
            enter(page, OPERATORS[0].pin, OPERATORS[0].id)

    def until_honest(self, expected: int, page: Page | None = None, patience_s: float = HONEST_S) -> Sight:
        """Wait until the page says nothing that is not so."""
        deadline = time.monotonic() + patience_s
        while found := lies(sight := look(page or self.screen, self.rig), self.rig, expected):
            assert time.monotonic() < deadline, (found, sight.text)
            self.screen.wait_for_timeout(20)
        return sight

    @contextmanager
    def at_magenta(self, cards: int = 1) -> Iterator[list[str]]:
        """Jobs for `cards`; inside, the first one's card is under the head and moves no faster than a real one."""
        clock, started = self.rig.devices.clock, threading.Event()

        def slow_down(event: str, card: Card | None, detail: str) -> None:
            if (event, detail) == ("panel-started", "m") and not started.is_set():
                set_speed(clock, SLOW)
                started.set()

        stop = self.trainee.world.observe(slow_down)
        try:
            jobs = self.trainee.call("jobs.run", count=cards)
            assert started.wait(PATIENCE_S)
            yield jobs
        finally:
            stop()
            set_speed(clock, FAST)

    def at_rest(self, jobs: list[str]) -> bool:
        """Done, or it can't go on."""
        try:
            shown = [self.trainee.call("jobs.show", job=job)["state"] for job in jobs]
        except Unavailable:
            return False
        return "processing-stopped" in shown or set(shown) <= {"completed", "aborted"}

    def finish(self, jobs: list[str], expected: int) -> Sight:
        """Whatever is asked is answered; then all agree, and the touchscreen says so."""
        trainee = self.trainee
        trainee.until(lambda: all(trainee.ended(job) for job in jobs), trainee.tend)
        trainee.tell_the_books()
        trainee.agree()
        trainee.until(lambda: trainee.look()["ledgers"] == "same")
        assert len(good_cards(trainee.world)) == expected
        deadline = time.monotonic() + HONEST_S
        while (sight := self.until_honest(expected)).blanks != len(trainee.world.hopper):
            assert time.monotonic() < deadline, (sight.text, len(trainee.world.hopper))
            self.screen.wait_for_timeout(20)
        return sight


@pytest.fixture(scope="module")
def training(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Training]:
    with Training(
        tmp_path_factory.mktemp("training") / "rig", FAST, 5, "in-process", dark_s=0.1, ports=(0, 0)
    ) as made:
        yield made


@pytest.fixture
def pages(browser: Browser, training: Training) -> Iterator[Pages]:
    with ExitStack() as stack:
        made = Pages(browser, training, stack)
        made.trainee.make_ready()
        made.sign_in()
        yield made
        made.trainee.agree()
        assert made.faults == []


def press_in_mid_print(pages: Pages, verb: str) -> float:
    """Returns the seconds from the rest of the machine to the truth on the page."""
    trainee, rig = pages.trainee, pages.rig
    cards = 2 if verb.startswith(("jam", "chip")) else 1  # what was armed befalls the second one at the latest
    if verb == "desk-lay" and not good_cards(trainee.world):
        trainee.print_and_press([])
    expected = len(good_cards(trainee.world)) + cards
    with pages.at_magenta(cards) as jobs:
        before = printing(pages, expected)
        if verb == "card-back":
            pages.press("card-out")
        pages.press(verb)
    trainee.until(lambda: pages.at_rest(jobs))
    began = time.monotonic()
    if verb in RESTARTS:
        come_back(pages, before.person, expected)
    pages.until_honest(expected)
    took = time.monotonic() - began
    if obstacles(rig):
        assert lies(before, rig, expected), "a page that had not changed would be found"
    for remedy in MENDED_BY.get(verb, []):
        pages.press(remedy)
    pages.finish(jobs, expected)
    return took


def printing(pages: Pages, expected: int) -> Sight:
    """The page while the head stands on the card."""
    deadline = time.monotonic() + HONEST_S
    while (sight := pages.until_honest(expected)).step != Step.PRINT:
        assert time.monotonic() < deadline, sight.text
        pages.screen.wait_for_timeout(20)
    assert sight.person == owner(pages.rig, pages.trainee.world.path)
    return sight


def come_back(pages: Pages, person: str, expected: int) -> None:
    """The station was gone: the page locks itself, and after the PIN tells what happened, and whose card it was."""
    pages.enter_pin(pages.screen)
    sight = pages.until_honest(expected)
    assert sight.path == "/interruption"
    assert person in sight.text
    assert sight.became
    pages.screen.tap(".rail a[href='/now']")
    pages.screen.wait_for_url("**/now")


def power_cut_at(pages: Pages, step: Step) -> None:
    """The station ends at that very step, then the console's button takes the printer's power too."""
    trainee = pages.trainee
    pages.sign_in(path="/queue")
    person = pages.screen.inner_text(".queue .name >> nth=0")
    pages.sign_in()
    expected = len(good_cards(trainee.world)) + 1
    script = Script([parse_fault(f"power@1:{step}")], pages.rig, trainee.training.trouble)
    jobs = trainee.call("jobs.run", count=1)
    trainee.until(lambda: not script.todo.empty())
    pages.press(script.todo.get())
    come_back(pages, person, expected)
    assert pages.finish(jobs, expected).finished == person


@pytest.mark.long
@pytest.mark.parametrize("verb", VERBS)
def test_every_button_in_mid_print(pages: Pages, verb: str) -> None:
    press_in_mid_print(pages, verb)


@pytest.mark.long
@pytest.mark.parametrize("step", Step)
def test_a_power_cut_at_every_step(pages: Pages, step: Step) -> None:
    power_cut_at(pages, step)


def test_some_buttons_and_a_power_cut(pages: Pages, measured: Measured) -> None:
    """A sample of the two before."""
    took = {verb: press_in_mid_print(pages, verb) for verb in [*SAMPLE, "cover-open"]}
    measured(f"from a standing machine to the truth on the page: longest {1000 * max(took.values()):.0f} ms")
    power_cut_at(pages, Step.ENCODE)


def test_a_page_that_does_not_change_is_found(pages: Pages) -> None:
    """The control: the page is given what it showed before, again and again."""
    expected = len(good_cards(pages.trainee.world)) + 1
    with pages.at_magenta() as jobs:
        printing(pages, expected)
        stale = pages.screen.content()
        pages.screen.route("**/now", lambda route: route.fulfill(body=stale, content_type="text/html"))
        pages.press("cover-open")
    pages.trainee.until(lambda: pages.at_rest(jobs))
    with pytest.raises(AssertionError, match="does not say what bars the way"):
        pages.until_honest(expected, patience_s=1.0)
    pages.screen.unroute("**/now")
    pages.press("cover-close")
    pages.finish(jobs, expected)


def test_two_tabs_and_a_lost_stream(pages: Pages) -> None:
    """One tab has its stream, one is refused it and asks; both tell the same truth, then the remedy."""
    expected = len(good_cards(pages.trainee.world)) + 1
    second = pages.tab()
    second.route("**/live", lambda route: route.abort())
    pages.sign_in(second)
    with pages.at_magenta() as jobs:
        printing(pages, expected)
        pages.press("cover-open")
    pages.trainee.until(lambda: pages.at_rest(jobs))
    for page in (pages.screen, second):
        assert "cover-open" in pages.until_honest(expected, page).stops
    pages.press("cover-close")
    finished = pages.finish(jobs, expected).finished
    assert pages.until_honest(expected, second).finished == finished


def test_a_card_is_handed_over_with_its_chip_read(pages: Pages) -> None:
    """The console's button lays it on the reader of the desk, which the rig's config names."""
    trainee, desk = pages.trainee, pages.rig.devices.desk
    if not good_cards(trainee.world):
        trainee.print_and_press([])
    before = trainee.call("stock.balance")[SKU].get("issued", 0)
    pages.sign_in(path="/printed")
    row = pages.screen.locator("a[href^='/hand-over/'] >> nth=0")
    person = next(each.fields.nama for each in pages.rig.residents if each.fields.nama in row.inner_text())
    for _ in good_cards(trainee.world):
        pages.press("desk-lay")
        if owner(pages.rig, desk.card) == person:
            break
    hand_over(Screen(pages.screen, pages.rig.kiosk_url))
    assert f"Kartu {person} sudah diserahkan." in look(pages.screen, pages.rig).text
    assert trainee.call("stock.balance")[SKU]["issued"] == before + 1
    [given] = [frame.data for frame in scan(pages.rig.data / "journal") if frame.kind == "handed-over"]
    assert given["chip"] == "read"


def test_a_browser_killed_in_mid_print(browser: Browser, pages: Pages) -> None:
    expected = len(good_cards(pages.trainee.world)) + 1
    other = browser.browser_type.launch(executable_path=CHROMIUM, args=SWITCHES)
    page = other.new_page(locale="id-ID", has_touch=True)
    pages.sign_in(page)
    gone = threading.Event()
    other.on("disconnected", lambda *_: gone.set())
    with pages.at_magenta() as jobs:
        with pytest.raises(Error):
            other.new_browser_cdp_session().send("Browser.crash")
        reopened = pages.tab()
        reopened.context.clear_cookies()
        pages.sign_in(reopened)
        sight = pages.until_honest(expected, reopened)
        assert sight.step == Step.PRINT
        assert STEPS[sight.step] in sight.text
    assert gone.is_set()
    pages.sign_in()
    pages.finish(jobs, expected)
    pages.until_honest(expected, reopened)
