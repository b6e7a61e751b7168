"""What a supervisor does with blanks and shifts, with a finger, on the small panel; axe finds nothing on any page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from kiosk.people import Role
from tests.web.browser import LAYOUT_FAULTS, Screen, screen_of
from tests.web.conftest import OTHER_PIN, Kiosk
from tests.web.test_hurried import TINUS_PIN
from tests.web.test_pages import axe
from tests.web.test_shift_pages import THERE

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


@pytest.fixture
def screen(browser: Browser, kiosk: Kiosk) -> Iterator[Screen]:
    """Yosep at the small panel; Tinus is the other supervisor."""
    kiosk.house.people.add("tinus", "Tinus Lay", Role.SUPERVISOR, TINUS_PIN)
    with screen_of(browser, kiosk.url) as made:
        made.sign_in(OTHER_PIN, "yosep")
        yield made


def look(screen: Screen, heading: str) -> None:
    """That page is there, whole, and right."""
    screen.page.wait_for_selector(f".page >> text={heading}")
    screen.page.wait_for_selector("body:not(.settling)")
    assert (axe(screen), screen.page.evaluate(LAYOUT_FAULTS)) == ([], []), heading


def fill(screen: Screen, **said: str) -> None:
    for name, text in said.items():
        screen.page.fill(f"#f-{name}", text)


def approve(screen: Screen) -> None:
    """The other supervisor comes, and both give their PINs."""
    screen.page.select_option("#f-supervisor", "tinus")
    fill(screen, pin=TINUS_PIN, own_pin=OTHER_PIN)


def test_a_shift_is_closed_with_a_difference(kiosk: Kiosk, screen: Screen) -> None:
    screen.tap("text=Stok")
    screen.tap("text=Giliran kerja")
    look(screen, "Tidak ada giliran yang terbuka")
    screen.tap(".foot .primary")
    look(screen, "Buka giliran: hitung blangko")
    fill(screen, **THERE)
    screen.tap(".foot .primary")
    look(screen, "Giliran S0001 terbuka")
    assert "giliran S0001" in screen.text(".bar")
    screen.tap(".foot .primary")
    look(screen, "Tutup giliran S0001: hitung blangko")
    fill(screen, **{**THERE, "hopper-wni": "11"})
    screen.tap(".foot .primary")
    look(screen, "Tutup giliran S0001?")
    fill(screen, own_pin=OTHER_PIN)
    screen.tap(".foot .primary")
    look(screen, "Hitungan tidak sama dengan buku")
    assert kiosk.office.station.shifts.current == "S0001"
    fill(screen, reason="tidak ditemukan")
    approve(screen)
    screen.tap(".foot .primary")
    look(screen, "Slip giliran S0001")
    assert "Disetujui Tinus Lay" in screen.text(".page")
    code = screen.page.locator("svg.qr").bounding_box()
    assert code
    assert code["width"] == code["height"]
    assert code["width"] <= 600, "all of it in one look"
    assert kiosk.office.accounts()["count-adjustment"] == 1
    screen.tap(".foot .button >> nth=0")
    look(screen, "Slip giliran terakhir")


def test_a_wrong_quantity_is_received_and_reversed(kiosk: Kiosk, screen: Screen) -> None:
    screen.open("/supplies")
    screen.tap("text=Terima blangko")
    look(screen, "Terima blangko")
    screen.tap("label:has([value=wni])")
    fill(screen, quantity="12000", document="470/12/2026", dated="28-11-2026", boxes="3", carriers="Sekretaris")
    screen.tap(".foot .primary")
    look(screen, "12.000")
    screen.open("/supplies/entries")
    look(screen, "Catatan terakhir")
    screen.tap("text=Batalkan >> nth=0")
    look(screen, "Batalkan catatan ini?")
    fill(screen, reason="salah ketik")
    approve(screen)
    screen.tap(".foot .primary")
    look(screen, "Dibatalkan")
    assert kiosk.office.accounts().get("vault", 0) == 0
    screen.open("/supplies/receive")
    screen.tap("label:has([value=wni])")
    fill(screen, quantity="1200", document="470/12/2026")
    screen.tap(".foot .primary")
    look(screen, "1.200")
    assert kiosk.office.accounts()["vault"] == 1200


def test_spoiled_blanks_are_destroyed_before_witnesses(kiosk: Kiosk, screen: Screen) -> None:
    kiosk.office.station.stock.move("op:maria", "spoil", "wni", 2, source="hopper", cause="damaged")
    screen.open("/supplies")
    screen.tap("text=Musnahkan yang rusak")
    look(screen, "Musnahkan yang rusak")
    screen.tap("label:has([value=wni])")
    screen.page.select_option("#f-source", "spoiled")
    fill(screen, quantity="2", document="BA-7/2026", witnesses="Satpol PP, Inspektorat", method="dibakar")
    screen.tap("label:has([value=corner-cut])")
    approve(screen)
    screen.tap(".foot .primary")
    look(screen, "dimusnahkan")
    assert screen.page.url.endswith("/supplies/at/destroyed?sku=wni"), "no PIN in an address"
    assert kiosk.office.accounts()["destroyed"] == 2
    screen.open("/papers/of/berita-acara")
    look(screen, "Berita acara")
    screen.tap("[name=way][value=screen]")
    look(screen, "Berita acara pemusnahan blangko KTP-el rusak atau cacat")
    assert "sebanyak 2 keping" in screen.text(".page")
    assert "Satpol PP, Inspektorat" in screen.text(".page")


@pytest.mark.long
def test_the_books_are_checked_on_the_screen(kiosk: Kiosk, screen: Screen) -> None:
    screen.open("/supplies")
    screen.tap("text=Periksa buku")
    look(screen, "Periksa buku sekarang?")
    screen.tap(".foot .primary")
    screen.page.wait_for_selector("[data-checked=whole]")
    look(screen, "Buku utuh")


@pytest.mark.long
def test_a_place_is_counted_for_the_opname_and_the_paper_says_so(kiosk: Kiosk, screen: Screen) -> None:
    screen.open("/supplies/count")
    look(screen, "Tempat mana yang dihitung?")
    screen.tap("text=gudang")
    look(screen, "Berapa blangko di sini: gudang?")
    fill(screen, wni="0", wna="0")
    screen.tap(".foot .primary")
    look(screen, "Sudah dihitung bulan ini: 1 dari 7 tempat.")
    screen.tap("text=Berita acara bulan ini")
    look(screen, "Stock opname")
    screen.tap("[name=way][value=screen]")
    look(screen, "Berita acara hitung fisik")
    assert "2 dari 14 tempat dan jenis" in screen.text(".page")
