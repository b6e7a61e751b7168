"""The pages of the supervisor's house in a browser: axe-core, sizes of what is touched, nothing cut off."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.web.browser import LAYOUT_FAULTS, SIZES, SMALL_TARGETS, screen_of
from tests.web.conftest import OTHER_PIN, Kiosk
from tests.web.test_pages import LANGUAGES, Look, axe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

PATHS = (
    "/supplies", "/supplies/at/vault?sku=wni", "/supplies/at/spoiled?sku=wni", "/supplies/lot?sku=wni&lot=BAST-1",
    "/supplies/receive", "/supplies/destroy", "/supplies/destroy-old-cards", "/supplies/count",
    "/supplies/count?place=vault", "/supplies/entries", "/supplies/reverse?entry={entry}", "/trace",
    "/shift", "/shift/open", "/shift/close", "/books", "/papers", "/papers/of/stock", "/papers/of/opname",
    "/papers/names/ekspedisi", "/people", "/people/new", "/people/maria", "/people/maria/role", "/people/maria/pin",
    "/people/maria/lock", "/people/maria/acting", "/people/codes", "/pin", "/held", "/service", "/retention",
    "/wrong/{ref}", "/jump/{ref}", "/supplies/figures", "/supplies/requests", "/supplies/request?sku=wni",
    "/supplies/granted?document=none",
)  # fmt: skip
SOME = 6


def look_at_all(browser: Browser, kiosk: Kiosk, languages: list[str], paths: Sequence[str]) -> None:
    stock = kiosk.office.station.stock
    stock.move("op:maria", "spoil", "wni", 2, source="hopper", cause="damaged")
    known = {"entry": stock.entries("test")[0]["seq"], "ref": kiosk.office.bring_records(1)[0]}
    look = Look()
    with screen_of(browser, kiosk.url) as screen:
        screen.sign_in(OTHER_PIN, "yosep")
        for language in languages:
            screen.page.context.add_cookies([{"name": "bahasa", "value": language, "url": kiosk.url}])
            for path in paths:
                screen.open(path.format(**known))
                assert screen.page.query_selector("#status"), path  # the house, and no page of an error
                look.note(f"{path} {language}", axe(screen))
                for name, (width, height) in SIZES.items():
                    screen.page.set_viewport_size({"width": width, "height": height})
                    look.note(f"{path} {name}", screen.page.evaluate(LAYOUT_FAULTS))
                    look.note(f"{path} {name}", screen.page.evaluate(SMALL_TARGETS, "body")["found"])
    assert not look.faults, "\n".join(look.faults)


@pytest.mark.timeout(240)
def test_some_pages_of_the_house(browser: Browser, kiosk: Kiosk) -> None:
    """Pages and language are drawn by lot: the others another time."""
    look_at_all(browser, kiosk, [random.choice(LANGUAGES)], random.sample(PATHS, SOME))


@pytest.mark.long
@pytest.mark.timeout(900)
def test_all_pages_of_the_house_in_both_languages(browser: Browser, kiosk: Kiosk) -> None:
    look_at_all(browser, kiosk, list(LANGUAGES), PATHS)
