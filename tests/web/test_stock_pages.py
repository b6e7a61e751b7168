"""The pages behind the stock screen in a browser: axe-core, sizes of what is touched, nothing cut off."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.web.browser import LAYOUT_FAULTS, SIZES, SMALL_TARGETS, screen_of
from tests.web.conftest import OTHER_PIN, Kiosk
from tests.web.test_pages import LANGUAGES, Look, axe

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

PATHS = (
    "/supplies", "/supplies/at/vault?sku=wni", "/supplies/at/spoiled?sku=wni", "/supplies/lot?sku=wni&lot=BAST-1",
    "/supplies/receive", "/supplies/destroy", "/supplies/destroy-old-cards", "/supplies/count",
    "/supplies/count?place=vault", "/supplies/entries", "/supplies/reverse?entry=", "/trace",
    "/supplies/figures", "/supplies/requests", "/supplies/request?sku=wni", "/supplies/granted?document=none",
)  # fmt: skip


def look_at_all(browser: Browser, kiosk: Kiosk, languages: list[str]) -> None:
    stock = kiosk.office.station.stock
    stock.move("op:maria", "spoil", "wni", 2, source="hopper", cause="damaged")
    entry, look = stock.entries("test")[0]["seq"], Look()
    with screen_of(browser, kiosk.url) as screen:
        screen.sign_in(OTHER_PIN, "yosep")
        for language in languages:
            screen.page.context.add_cookies([{"name": "bahasa", "value": language, "url": kiosk.url}])
            for path in PATHS:
                screen.open(path + (str(entry) if path.endswith("entry=") else ""))
                look.note(f"{path} {language}", axe(screen))
                for name, (width, height) in SIZES.items():
                    screen.page.set_viewport_size({"width": width, "height": height})
                    look.note(f"{path} {name}", screen.page.evaluate(LAYOUT_FAULTS))
                    look.note(f"{path} {name}", screen.page.evaluate(SMALL_TARGETS, "body")["found"])
    assert not look.faults, "\n".join(look.faults)


@pytest.mark.timeout(180)
def test_the_pages_of_stock(browser: Browser, kiosk: Kiosk) -> None:
    """In one language, drawn by lot: the other one another time."""
    look_at_all(browser, kiosk, [random.choice(LANGUAGES)])


@pytest.mark.long
@pytest.mark.timeout(360)
def test_the_pages_of_stock_in_both_languages(browser: Browser, kiosk: Kiosk) -> None:
    look_at_all(browser, kiosk, list(LANGUAGES))
