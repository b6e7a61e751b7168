"""Debian's chromium through Playwright, once for all tests; what a person does with a finger; what a page must be."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

CHROMIUM = "/usr/bin/chromium"
SIZES = {"small": (1024, 600), "middle": (1280, 800), "large": (1920, 1080)}
PATIENCE_MS = 60_000
# The last three: fewer processes. They cost a fifth of all that the browser does, and protect nobody here.
SWITCHES = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--in-process-gpu", "--disable-site-isolation-trials", "--renderer-process-limit=1",
]  # fmt: skip


def missing() -> str | None:
    """Why there is no browser here, None if there is one."""
    try:
        import playwright.sync_api
    except ImportError:
        return "playwright is not installed"
    return (
        None
        if shutil.which(CHROMIUM) and playwright.sync_api
        else f"no {CHROMIUM} (Debian: apt-get install chromium)"
    )


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    reason = missing()
    if reason:
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        yield made
        made.close()


class Screen:
    """One page on a touch panel. Counts taps; notes what a clean page never does."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.taps = 0
        self.faults: list[str] = []
        self.spent = False
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("request", self._asked)

    def _said(self, message: Any) -> None:
        # A refusal is an answer like any other: chromium notes its status as an error.
        if message.type in ("error", "warning") and "the server responded with a status of 4" not in message.text:
            self.faults.append(message.text)

    def stop_the_clock(self, at: str) -> None:
        """Of the page that is opened next, and of all after it in this window."""
        self.spent = True
        self.page.clock.install()
        self.page.clock.pause_at(at)

    def expect_faults(self) -> None:
        """What the test broke on purpose is said; what comes after this is no fault."""
        self.page.remove_listener("console", self._said)
        self.faults.clear()

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.url, "data:", "about:")):
            self.faults.append(f"outside: {request.url}")

    def open(self, path: str = "/") -> None:
        self.page.goto(self.url + path)

    def tap(self, selector: str) -> None:
        self.taps += 1
        self.page.tap(selector)

    def sign_in(self, pin: str, person: str = "maria") -> None:
        self.open()
        enter(self.page, pin, person)
        self.page.wait_for_selector("#status")
        self.page.wait_for_load_state()

    def text(self, selector: str = "body") -> str:
        return self.page.inner_text(selector)


def enter(page: Page, pin: str, person: str = "maria") -> None:
    """At the gate: who it is, and the PIN."""
    page.tap(f"label:has([value={person}])")
    for digit in pin:
        page.tap(f'[data-digit="{digit}"]')


def _leave(page: Page) -> None:
    """One that is closed in mid-course may never answer. What was on its way to a page comes there first."""
    from playwright.sync_api import Error

    try:
        page.goto("about:blank")
    except Error:
        page.wait_for_load_state()
        page.goto("about:blank")
    page.close()


_FREE: defaultdict[tuple[Browser, str], list[BrowserContext]] = defaultdict(list)


def _context(browser: Browser, language: str) -> BrowserContext:
    """As good as new: each kiosk has an address of its own. A new one, with its process, takes half a second."""
    free = _FREE[browser, language]
    if not free:
        made = browser.new_context(locale=language, has_touch=True)
        made.new_page()  # else its process goes with the last page
        return made
    free[-1].clear_cookies()
    return free.pop()


@contextmanager
def screen_of(browser: Browser, url: str, size: str = "small", language: str = "id-ID") -> Iterator[Screen]:
    context = _context(browser, language)
    context.set_default_timeout(PATIENCE_MS)
    screen = Screen(context.new_page(), url)
    screen.page.set_viewport_size(dict(zip(("width", "height"), SIZES[size], strict=True)))
    sound = False
    try:
        yield screen
        sound = not screen.spent
    finally:
        _leave(screen.page)
        if sound:
            _FREE[browser, language].append(context)
        else:
            context.close()
    if screen.faults:
        pytest.fail(f"the page said or asked: {screen.faults}")


@contextmanager
def seats(browser: Browser, url: str, pins: Mapping[str, str]) -> Iterator[Callable[[str], Screen]]:
    """A screen for each of these people, signed in when first asked for; for "" one that nobody signed in at."""
    with ExitStack() as opened:
        screens: dict[str, Screen] = {}

        def seat(person: str) -> Screen:
            if person not in screens:
                screens[person] = opened.enter_context(screen_of(browser, url))
                if person:
                    screens[person].sign_in(pins[person], person)
            return screens[person]

        yield seat


SMALL_TARGETS = """within => {
  const inSight = each => {  // what is scrolled under the foot can't be touched there
    const box = each.getBoundingClientRect(), page = each.closest('.page')?.getBoundingClientRect();
    return { left: box.left, right: box.right, top: Math.max(box.top, page?.top ?? 0),
             bottom: Math.min(box.bottom, page?.bottom ?? innerHeight) };
  };
  const touched = 'a[href], button, input:not([type=hidden]), select, label:has(input)';
  const seen = [...document.querySelector(within).querySelectorAll(touched)]
    .filter(each => each.checkVisibility({ visibilityProperty: true }) && !each.closest('.hidden')
      && !(each.matches('input') && each.closest('label')))
    .map(each => ({ box: each.getBoundingClientRect(), seen: inSight(each),
                    name: (each.textContent.trim() || each.name || each.id).slice(0, 30) }))
    .filter(({ box, seen }) => box.width && box.height && seen.bottom > seen.top);
  const found = [];
  for (const { box, name } of seen)
    if (box.width < 47.5 || box.height < 47.5) found.push(`${name}: ${box.width} x ${box.height}`);
  for (let i = 0; i < seen.length; i++) for (let j = i + 1; j < seen.length; j++) {
    const a = seen[i].seen, b = seen[j].seen;
    const dx = Math.max(a.left - b.right, b.left - a.right), dy = Math.max(a.top - b.bottom, b.top - a.bottom);
    if (Math.max(dx, dy) < 7.5) found.push(`${seen[i].name} | ${seen[j].name}: ${Math.max(dx, dy)} apart`);
  }
  return { count: seen.length, found };
}"""

LAYOUT_FAULTS = """() => {
  const found = [], root = document.documentElement;
  if (root.scrollWidth > innerWidth) found.push(`scrolls sideways: ${root.scrollWidth}`);
  const page = document.querySelector('.page');
  if (page.scrollWidth > page.clientWidth) found.push(`page scrolls sideways: ${page.scrollWidth}`);
  for (const each of document.querySelectorAll('.primary')) {
    if (!each.checkVisibility() || each.closest('dialog')) continue;
    const box = each.getBoundingClientRect();
    if (box.bottom > innerHeight || box.right > innerWidth || box.top < 0)
      found.push(`${each.textContent} is out of sight`);
  }
  for (const each of document.querySelectorAll('.bar .fact:not(.station)')) {
    const row = each.closest('.row').getBoundingClientRect();
    if (each.getBoundingClientRect().right > row.right + 1)
      found.push(`cut off in the bar: ${each.textContent.trim()}`);
  }
  return found;
}"""
