"""Papers with a finger, on the small panel: an audit pack to a stick, a card and its person's trail, a list."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kiosk.reports import pack
from kiosk.sticks import mounted
from tests.web.browser import LAYOUT_FAULTS, SMALL_TARGETS, Screen, screen_of
from tests.web.conftest import OTHER_PIN, Kiosk
from tests.web.test_pages import axe

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


@pytest.fixture
def screen(browser: Browser, kiosk: Kiosk) -> Iterator[Screen]:
    """Yosep at the small panel, signed in; one card is finished, a stick is in."""
    root = kiosk.office.directory / "KANTOR"
    root.mkdir()
    sticks = kiosk.office.station.sticks
    sticks.offered, sticks.look = [str(kiosk.office.directory / "KAN*")], partial(mounted, is_mounted=Path.is_dir)
    kiosk.office.print_one()
    with screen_of(browser, kiosk.url) as made:
        made.sign_in(OTHER_PIN, "yosep")
        yield made


def look(screen: Screen) -> None:
    """As each page must be."""
    assert axe(screen) == []
    assert screen.page.evaluate(LAYOUT_FAULTS) == []
    assert screen.page.evaluate(SMALL_TARGETS, "body")["found"] == []


def test_an_audit_pack_to_a_stick(kiosk: Kiosk, screen: Screen) -> None:
    screen.tap(".rail >> text=Stok")
    screen.tap("text=Kertas")
    screen.page.wait_for_url("**/papers")
    look(screen)
    screen.tap("text=Paket pemeriksaan")
    screen.tap("text=Sebulan penuh")
    screen.page.wait_for_url("**period=*")
    look(screen)
    screen.tap("text=Tulis ke stik KANTOR")
    screen.page.wait_for_selector("text=Stik boleh dicabut")
    look(screen)
    [written] = (kiosk.office.directory / "KANTOR").iterdir()
    assert written.name in screen.text(".note.done")
    with zipfile.ZipFile(written) as archive:
        told = archive.read("BACA-SAYA.txt").decode()
    seq, head = told.partition("verify_journal.py journal ")[2].split()[:2]
    assert pack.verify(written, int(seq), head)["wni/printed"] == 1
    assert screen.taps <= 5


def test_the_trace_of_a_card_and_the_trail_of_its_person(kiosk: Kiosk, screen: Screen) -> None:
    [job] = kiosk.office.jobs()
    person = kiosk.office.residents[0].fields
    screen.tap(".rail >> text=Stok")
    screen.tap("text=Dari mana kartu ini?")
    screen.page.wait_for_url("**/trace")
    screen.page.fill("#apa", job["id"])
    screen.page.keyboard.press("Enter")
    screen.page.wait_for_selector(".life")
    assert person.nama in screen.text(".found")
    look(screen)
    screen.tap("text=Tampilkan")
    screen.page.wait_for_selector(".sheet")
    look(screen)
    rows = screen.page.locator(".sheet tbody tr")
    assert "Nama ini di kertas" in rows.last.inner_text()
    assert "Riwayat kartunya dilihat" in rows.nth(-2).inner_text()
    looks = [frame for frame in kiosk.office.frames() if frame.kind == "looked-up"]
    assert [frame.stamp.by for frame in looks] == ["op:yosep"] * 2


@pytest.mark.long
def test_a_list_of_a_kelurahan(kiosk: Kiosk, screen: Screen) -> None:
    person = kiosk.office.residents[0].fields
    screen.open("/papers")
    screen.tap("text=Ekspedisi")
    screen.page.wait_for_selector("#tempat")
    look(screen)
    screen.page.select_option("#tempat", f"{person.kel_desa}, Kecamatan {person.kecamatan}")
    screen.tap("text=Tampilkan di layar")
    screen.page.wait_for_selector(".sheet")
    look(screen)
    assert person.nama in screen.text(".sheet")
    screen.tap(".foot >> text=Kembali")
    screen.page.wait_for_selector("text=Buka di layar")
    screen.open("/papers/of/shift-slip")
    screen.page.wait_for_selector("text=Belum ada.")
    look(screen)
