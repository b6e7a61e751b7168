"""Every screen in every state, three sizes, two languages: axe-core, sizes of what is touched, nothing cut off."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import Measured
from tests.office import Office
from tests.web.browser import LAYOUT_FAULTS, SIZES, SMALL_TARGETS, Screen, screen_of, seats
from tests.web.captions import CAPTIONS
from tests.web.conftest import PIN, PINS, Kiosk
from tests.web.states import State, states

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

LANGUAGES = ("id", "en")
BLANKS = 40


@pytest.fixture
def showroom(tmp_path: Path) -> Iterator[Kiosk]:
    """With blanks enough for every state."""
    place = Office(tmp_path, BLANKS)
    made = Kiosk(place)
    yield made
    made.close()
    place.close()


def axe(screen: Screen) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    options = {"resultTypes": ["violations"], "preload": False}
    found: dict[str, Any] = settled(screen.page, lambda: Axe().run(screen.page, options=options)).response
    return [f"{each['id']}: {each['nodes'][0]['html'][:120]}" for each in found["violations"]]


class Look:
    """What was looked at, and what was found wrong."""

    def __init__(self) -> None:
        self.pages = self.targets = 0
        self.faults: list[str] = []

    def note(self, where: str, found: list[str]) -> None:
        self.faults += [f"{where}: {each}" for each in found]


def settled(page: Page, look: Callable[[], Any]) -> Any:
    """Once more where the page was on its way to another: what has changed at the station is shown by itself."""
    from playwright.sync_api import Error

    try:
        return look()
    except Error as exc:
        if "context was destroyed" not in str(exc):
            raise
        page.wait_for_load_state()
        return look()


def look_at(screen: Screen, state: State, language: str, look: Look) -> None:
    page = screen.page
    page.set_viewport_size(dict(zip(("width", "height"), SIZES["small"], strict=True)))
    screen.open(state.path)
    assert page.get_attribute("html", "lang") == language
    state.reach(page)
    look.pages += 1
    look.note(f"{state.name} {language}", axe(screen))
    for name, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        where = f"{state.name} {language} {name}"
        if not state.keys:  # the keyboard lies over the foot on purpose
            look.note(where, settled(page, lambda: page.evaluate(LAYOUT_FAULTS)))
        targets = settled(page, lambda: page.evaluate(SMALL_TARGETS, state.touched))
        look.targets += targets["count"]
        look.note(where, targets["found"])


def look_at_all(browser: Browser, kiosk: Kiosk, languages: Callable[[], Sequence[str]], measured: Measured) -> None:
    look, seen = Look(), set()
    with seats(browser, kiosk.url, PINS) as seat:
        for state in states(kiosk):
            seen.add(state.name)
            for language in languages():
                screen = seat(state.person)
                screen.page.context.add_cookies([{"name": "bahasa", "value": language, "url": kiosk.url}])
                look_at(screen, state, language, look)
    measured(f"axe-core: {look.pages} pages, {look.targets} touch targets measured, {len(look.faults)} faults")
    assert seen == CAPTIONS.keys()
    assert not look.faults, "\n".join(look.faults)


@pytest.mark.timeout(600)
def test_every_screen_in_every_state(browser: Browser, showroom: Kiosk, measured: Measured) -> None:
    """Each is reached; one of eight is looked at, in one language, drawn by lot: the rest another time."""
    look_at_all(browser, showroom, lambda: random.sample(LANGUAGES, random.randrange(8) == 0), measured)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_every_screen_in_both_languages(browser: Browser, showroom: Kiosk, measured: Measured) -> None:
    look_at_all(browser, showroom, lambda: LANGUAGES, measured)


def test_the_warning_before_the_lock(browser: Browser, kiosk: Kiosk) -> None:
    with screen_of(browser, kiosk.url) as screen:
        screen.sign_in(PIN)
        kiosk.clock.advance(575)
        kiosk.office.station.pulse.beat()
        screen.page.wait_for_selector("#idle[open]")
        assert axe(screen) == []
        assert screen.page.evaluate(SMALL_TARGETS, "#idle")["found"] == []


def test_a_page_that_is_wrong_would_be_found(browser: Browser, quiet: Kiosk) -> None:
    """The control of all the looking: small, too near, unnamed, cut off."""
    with screen_of(browser, quiet.url) as screen:
        screen.sign_in(PIN)
        assert axe(screen) == []
        screen.page.evaluate("""() => {
          const page = document.querySelector('.page');
          page.insertAdjacentHTML('afterbegin', '<button id=a></button><button id=b></button><p id=wide>x</p>');
          for (const id of ['a', 'b']) Object.assign(document.getElementById(id).style,
            { minWidth: 0, width: '30px' });
          document.querySelector('#wide').style.width = '3000px';
        }""")  # fmt: skip
        assert any(each.startswith("button-name") for each in axe(screen))
        assert len(screen.page.evaluate(SMALL_TARGETS, "body")["found"]) >= 3
        assert screen.page.evaluate(LAYOUT_FAULTS) != []
