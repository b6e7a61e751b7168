"""From the office's figures to a letter, and to a grant that is less than was asked: by touch; what is refused."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from kiosk.core import supply
from kiosk.core.frames import Frame
from tests.web.browser import LAYOUT_FAULTS, Screen, screen_of
from tests.web.conftest import OTHER_PIN, Kiosk, Visitor
from tests.web.past import worked
from tests.web.test_pages import Look, axe

if TYPE_CHECKING:
    from playwright.sync_api import Browser

DAY = r"\d+ \w+( \d{4})?"
LETTER = {"sku": "wni", "quantity": "20000", "document": "470/12/2026"}


def said(kiosk: Kiosk) -> list[Frame]:
    kinds = (supply.FIGURES_KIND, supply.REQUESTED, supply.GRANTED)
    return [frame for frame in kiosk.office.frames() if frame.kind in kinds]


def plain(page: str) -> str:
    """Of the forecast, without marks."""
    found = re.search(r'<section class="ahead".*?</section>', page, re.DOTALL)
    assert found
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", found[0]))


def test_what_nobody_has_told_is_said_and_led_to(kiosk: Kiosk, yosep: Visitor) -> None:
    ahead = plain(yosep.get("/supplies").text)
    assert "WNI belum cukup hari kerja untuk perkiraan." in ahead
    for kind in ("Pita", "Film", "Pembersih"):
        assert f"{kind}: belum diisi" in ahead
    assert "Isi angka kantor" in ahead
    maria = Visitor(kiosk.url)
    maria.sign_in()
    assert "Isi angka kantor" not in maria.get("/supplies").text, "an operator is not led to what is refused"
    maria.leave()


def test_the_dates_without_and_with_what_was_asked_and_with_less(kiosk: Kiosk, yosep: Visitor) -> None:
    worked(kiosk.office, 4, 200, blanks=5_000)
    untold = plain(yosep.get("/supplies").text)
    assert re.search(rf"WNI backlog belum diketahui; blangko habis {DAY}", untold)
    assert "Minta blangko WNI sekarang" in untold
    yosep.post("/supplies/figures", yosep.form(**{"without-card": "9000", "new-a-day": "40", "ribbons": "9"}))
    alone = plain(yosep.get("/supplies").text)
    assert re.search(rf"backlog selesai {DAY}; blangko habis {DAY}; yang lebih dulu: blangko", alone)
    assert re.search(r"\d+ hari Pita: 20\d sehari", alone)
    yosep.post("/supplies/request", yosep.form(**LETTER))
    asked = plain(yosep.get("/supplies").text)
    assert re.search(r"Dengan 20\.000 yang akan datang: backlog selesai .*; yang lebih dulu: backlog", asked)
    assert "Minta blangko WNI sekarang" not in asked
    yosep.post("/supplies/granted", yosep.form(document="470/12/2026", quantity="1500", grant="K-9"))
    given = plain(yosep.get("/supplies").text)
    assert re.search(r"Dengan 1\.500 yang akan datang: backlog .*; yang lebih dulu: blangko", given)
    listed = yosep.get("/supplies/requests").text
    assert re.search(r"diberi <b class=\"number\">1\.500</b>, kurang 18\.500", listed)
    advice = re.search(r"Anjuran: ([\d.]+),", yosep.get("/supplies/request?sku=wni").text)
    assert advice, "the rest is to be asked for anew"
    assert 'value=""' in yosep.get("/supplies/request?sku=wna").text


def test_a_letter_is_noted_once_however_often_it_is_sent(kiosk: Kiosk, yosep: Visitor) -> None:
    form = yosep.form(**LETTER)
    answers = [yosep.post("/supplies/request", form) for _ in range(2)]
    assert [answer.headers["Location"] for answer in answers] == ["/supplies/requests?noted=470/12/2026"] * 2
    again = yosep.post("/supplies/request", yosep.form(**LETTER))  # after a new start the key is not known any more
    assert (again.status_code, "a letter has a number of its own" in again.text) == (409, True)
    assert [frame.data for frame in said(kiosk)] == [{**LETTER, "quantity": 20_000}]
    assert said(kiosk)[0].stamp.by == "op:yosep"


WRONG: list[tuple[str, dict[str, Any], int]] = [
    ("figures", {}, 400),
    ("figures", {"holders": "-1"}, 400),
    ("figures", {"holders": "12", "ribbons": "2,5"}, 400),
    ("figures", {"holders": "999999999"}, 400),
    ("request", {**LETTER, "quantity": "0"}, 400),
    ("request", {**LETTER, "quantity": "banyak"}, 400),
    ("request", {**LETTER, "document": " "}, 400),
    ("request", {**LETTER, "document": "x" * 65}, 400),
    ("request", {**LETTER, "sku": "gold"}, 400),
    ("granted", {"document": "none", "quantity": "5"}, 409),
    ("granted", {"quantity": "5"}, 400),
]


def test_what_makes_no_sense_is_refused_and_kept_as_it_was_typed(kiosk: Kiosk, yosep: Visitor) -> None:
    for form, fields, status in WRONG:
        answer = yosep.post(f"/supplies/{form}", yosep.form(**fields))
        assert (answer.status_code, "Tidak ada data yang hilang" in answer.text) == (status, True), (form, fields)
        if form == "request" and fields["quantity"] != "20000":
            assert f'value="{fields["quantity"]}"' in answer.text
    assert said(kiosk) == []
    assert "Surat itu tidak ada di catatan" in yosep.get("/supplies/granted?document=none").text


def test_figures_left_empty_stay_as_they_were(kiosk: Kiosk, yosep: Visitor) -> None:
    yosep.post("/supplies/figures", yosep.form(**{"holders": "4000000", "films": "0", "ribbons": ""}))
    yosep.post("/supplies/figures", yosep.form(holders="4000001", films=""))
    with kiosk.office.station.books.look() as view:
        assert {name: row["value"] for name, row in supply.figures(view.read).items()} == {
            "holders": 4_000_001, "films": 0,
        }  # fmt: skip
    assert re.search(r"Pemegang KTP-el <small[^>]*>4\.000\.001 pada", yosep.get("/supplies/figures").text)


# On paper, and in pictures.


def shown(visitor: Visitor, name: str, **fields: str) -> str:
    """On the screen, when it is made."""
    visitor.post(f"/papers/of/{name}", visitor.form(way="screen", **fields))
    return visitor.get("/papers/shown").text


def test_the_letter_bears_its_number_and_does_not_count_itself_as_on_its_way(kiosk: Kiosk, yosep: Visitor) -> None:
    worked(kiosk.office, 2, 200, blanks=5_000)
    yosep.post("/supplies/request", yosep.form(**{**LETTER, "document": "470/11/2026", "quantity": "700"}))
    yosep.post("/supplies/request", yosep.form(**LETTER))
    offered = re.findall(r'<option value="([^"]+)"', yosep.get("/papers/of/request-letter").text)
    assert offered == ["wni", "wna", "letter:470/12/2026", "letter:470/11/2026"]
    letter = shown(yosep, "request-letter", item="letter:470/12/2026")
    assert "Nomor 470/12/2026" in letter
    assert "kami mohon 20.000 keping" in letter
    assert re.search(r"Sudah diminta, belum tiba</dt><dd>700 keping", letter)
    assert "Nomor ....." in shown(yosep, "request-letter", item="wni")
    yosep.post("/supplies/granted", yosep.form(document="470/12/2026", quantity="0"))
    assert "letter:470/12/2026" not in yosep.get("/papers/of/request-letter").text
    yosep.post("/papers/of/request-letter", yosep.form(way="screen", item="letter:470/12/2026"))
    assert "Pilih lagi dari daftar." in yosep.get("/papers").text


def test_the_pictures_are_those_of_the_paper(kiosk: Kiosk, yosep: Visitor) -> None:
    worked(kiosk.office, 2, 200, blanks=5_000)
    month = kiosk.office.station.books.today
    assert f"{month:%Y-%m}" in yosep.get("/papers/of/pictures").text, "a month of itself"
    page = shown(yosep, "pictures", period=f"{month:%Y-%m}")
    names = re.findall(r'<svg class="picture"[^>]*aria-label="([^"]+)"', page)
    assert names == [
        "Sisa blangko WNI", "Kartu sehari", "Rusak dan cacat pabrik menurut sebab", "Dilayani dalam sehari, persen",
    ]  # fmt: skip
    assert page.count("<rect") > 4
    assert "style=" not in page


# In a browser.


def touch(screen: Screen, field: str, digits: str) -> None:
    screen.tap(f"#f-{field}")
    for digit in digits:
        screen.tap(f'.keys button:text-is("{digit}")')
    screen.tap('.keys button:text-is("Selesai")')


@pytest.mark.long
@pytest.mark.browser
@pytest.mark.timeout(180)
def test_a_request_letter_by_touch(browser: Browser, kiosk: Kiosk) -> None:
    worked(kiosk.office, 3, 200, blanks=4_000)
    with screen_of(browser, kiosk.url) as screen:
        screen.sign_in(OTHER_PIN, "yosep")
        screen.tap('.rail a:has-text("Stok")')
        screen.tap("text=Isi angka kantor")
        touch(screen, "without-card", "900")
        screen.tap("text=Catat angka")
        screen.page.wait_for_selector("text=yang lebih dulu:")
        screen.tap('.note a:has-text("Surat permohonan")')
        screen.page.wait_for_selector("#f-document")
        asked = int(screen.page.input_value("#f-quantity"))
        touch(screen, "document", "47")
        screen.tap("text=Catat surat")
        screen.page.wait_for_selector("text=belum dijawab")
        reads_on_the_screen(screen)
        screen.open("/supplies/requests")
        screen.tap("text=Jawaban")
        screen.page.wait_for_selector("#f-grant")
        touch(screen, "quantity", "500")
        screen.tap("text=Catat jawaban")
        screen.page.wait_for_selector(f"text=kurang {asked - 500:,}".replace(",", "."))
        screen.tap('.rail a:has-text("Stok")')
        screen.page.wait_for_selector("text=Dengan 500 yang akan datang:")
    assert [frame.kind for frame in said(kiosk)] == [supply.FIGURES_KIND, supply.REQUESTED, supply.GRANTED]


def reads_on_the_screen(screen: Screen) -> None:
    """The letter, and the pictures."""
    look = Look()
    screen.open("/papers/of/request-letter")
    screen.tap("text=Tampilkan di layar")
    screen.page.wait_for_selector("text=Permohonan blangko biru")
    screen.open("/papers/of/pictures")
    screen.tap("text=Tampilkan di layar")
    screen.page.wait_for_selector("svg.picture")
    look.note("pictures", axe(screen))
    look.note("pictures", screen.page.evaluate(LAYOUT_FAULTS))
    assert not look.faults, "\n".join(look.faults)
