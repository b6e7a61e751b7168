"""What a page says when it could say something else than what is so; what is typed is not lost by a tap."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.station.test_handover import printed
from tests.station.test_in_doubt import stop_in_doubt
from tests.web.browser import enter, screen_of
from tests.web.conftest import OTHER_PIN, PIN, Kiosk, Visitor

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


def test_a_form_that_names_nobody_prints_nobody(kiosk: Kiosk, visitor: Visitor) -> None:
    kiosk.office.bring_records(2)
    answer = visitor.post("/jobs", visitor.form())
    assert answer.status_code == 400
    assert "Permintaan itu tidak utuh" in answer.text
    assert kiosk.made() == []


def test_a_job_that_has_not_begun_is_not_called_done(kiosk: Kiosk, visitor: Visitor) -> None:
    first = kiosk.office.print_one()
    worker = kiosk.office.station.worker
    assert worker is not None
    worker.stop()
    kiosk.office.bring_more_and_run()
    waits = kiosk.office.station.roster.get(kiosk.made()[-1])
    assert waits is not None
    page = visitor.get("/now").text
    assert "Menunggu giliran" in page
    assert f"<h1>{waits.nama}</h1>" in page
    assert f"Nomor pekerjaan {first['id']}" not in page, "the card before it is not the answer"


def test_while_a_card_is_in_doubt_the_bar_says_that_an_answer_is_awaited(kiosk: Kiosk, visitor: Visitor) -> None:
    """The jam is cleared long before somebody answers, and nobody asks the printer until then."""
    stop_in_doubt(kiosk.office, "print", 2)
    kiosk.office.until_held_up()
    page = visitor.get("/now").text
    bar, _, question = page.partition("</header>")
    assert "Printer menunggu jawaban" in bar
    assert "Kartu macet di dalam printer" not in bar
    assert '<b class="number">P-03</b> Kartu macet di dalam printer' in question
    assert "Satu kartu menunggu jawaban" in visitor.get("/sign-in").text


def test_a_stopped_printer_has_a_code_before_its_heading(kiosk: Kiosk, visitor: Visitor) -> None:
    kiosk.office.world.open_cover()
    kiosk.office.bring_more_and_run()
    kiosk.office.until_held_up()
    page = visitor.get("/now").text
    assert '<h1><span class="number">P-04</span> Tutup printer terbuka</h1>' in page
    assert page.count("P-0") == 1


def test_a_row_that_can_not_be_printed_says_why(kiosk: Kiosk, visitor: Visitor) -> None:
    kiosk.office.bring_records(1)
    assert "Isi blangko WNI" not in visitor.get("/queue").text
    kiosk.office.station.stock.move("test", "unload", "wni", kiosk.office.accounts()["hopper"])
    assert "Isi blangko WNI" in visitor.get("/queue").text


def test_a_page_that_is_filled_in_keeps_its_language(kiosk: Kiosk, visitor: Visitor) -> None:
    """Another language is another page, and what was typed, a signature too, would be gone."""
    card = kiosk.office.print_one()
    assert 'action="/language"' in visitor.get("/printed").text
    for path in (f"/hand-over/{card['id']}/take", "/calls/new"):
        page = visitor.get(path)
        assert page.status_code == 200
        assert 'action="/language"' not in page.text


@pytest.mark.parametrize(
    ("typed", "fits"), [("1", True), ("020", True), ("999999", True), ("0", False), ("000", False)]
)
def test_a_quantity_that_is_none_is_refused_where_it_was_typed(reader: Visitor, typed: str, fits: bool) -> None:
    field = re.search('name="quantity"[^>]* maxlength="6" pattern="([^"]+)"', reader.get("/supplies").text)
    assert field
    assert bool(re.fullmatch(field[1], typed)) == fits


def test_a_list_that_was_narrowed_offers_no_run_of_all(reader: Visitor) -> None:
    assert "Cetak 20 berikutnya" in reader.get("/queue").text
    assert "Cetak 20 berikutnya" not in reader.get("/queue?reason=baru").text


@pytest.mark.browser
def test_the_name_of_a_representative_is_asked_where_the_signature_stands(browser: Browser, kiosk: Kiosk) -> None:
    [job] = printed(kiosk.office)
    with screen_of(browser, kiosk.url) as screen:
        screen.sign_in(PIN)
        screen.open(f"/hand-over/{job}/take?chip=by-eye")
        sign(screen.page)
        screen.tap("label:has([value=representative])")
        screen.tap("label:has([value=kk])")
        name = screen.page.locator("[name=name]")
        for typed in ("", "   "):
            name.fill(typed)
            screen.tap("#serah .primary")
            assert not name.evaluate("each => each.validity.valid")
        assert screen.page.input_value("[name=strokes]"), "the signature stands"
        name.fill("")
        name.tap()
        for letter in "D'A-B.":
            screen.tap(f'.keys button:text-is("{letter}")')
        assert name.input_value() == "D'A-B."
        screen.tap(".keys .primary")
        screen.tap("#serah .primary")
        screen.page.wait_for_url("**/printed?*")
    assert kiosk.office.frames()[-1].data["taker"] == "representative"


@pytest.mark.browser
def test_the_holder_needs_no_name(browser: Browser, kiosk: Kiosk) -> None:
    [job] = printed(kiosk.office)
    with screen_of(browser, kiosk.url) as screen:
        screen.sign_in(PIN)
        screen.open(f"/hand-over/{job}/take?chip=by-eye")
        for choice in ("representative", "holder", "kk"):
            screen.tap(f"label:has([value={choice}])")
        sign(screen.page)
        screen.tap("#serah .primary")
        screen.page.wait_for_url("**/printed?*")


def sign(page: Page) -> None:
    box = page.locator("canvas[data-sign]").bounding_box()
    assert box
    page.mouse.move(box["x"] + 20, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 160, box["y"] + 90, steps=5)
    page.mouse.up()


@pytest.mark.browser
def test_another_language_leads_where_one_was(browser: Browser, kiosk: Kiosk) -> None:
    """A kept form is not forgotten after a wrong PIN; a refusal has no address, so it leads to the page before it."""
    ref = kiosk.office.bring_records(1)[0]
    with screen_of(browser, kiosk.url) as screen:
        screen.open("/sign-in?next=/supplies&parked=ticket")
        enter(screen.page, OTHER_PIN)
        screen.page.wait_for_selector("text=PIN salah.")
        screen.tap("button[name=language]")
        screen.page.wait_for_selector("text=Who is on duty?")
        assert screen.page.input_value("[name=parked]") == "ticket"
        assert screen.page.input_value("[name=next]") == "/supplies"
        screen.sign_in(PIN)
        screen.open(f"/check/{ref}")
        screen.page.eval_on_selector(".foot [name=ref]", "each => { each.value = 'nobody'; }")
        screen.tap(".foot .primary")
        screen.page.wait_for_selector(".note.caution h1")
        screen.tap("button[name=language]")
        screen.page.wait_for_selector("text=Benar orangnya?")
        assert re.search(f"/check/{ref}$", screen.page.url)


@pytest.mark.parametrize("path", ["/now/stop", "/now/go-on", "/search/queue"])
def test_a_tap_that_came_too_late_is_no_form_to_be_sent_later(kiosk: Kiosk, visitor: Visitor, path: str) -> None:
    """A question without anything to see would be: send it again? Where it was tapped, it can be seen whether to."""
    form = visitor.form(again="1", **({"q": "ANA"} if "search" in path else {}))
    kiosk.clock.advance(601)
    answer = visitor.http.post(path, data=form, headers={"Referer": f"{kiosk.url}/now?x=1"})
    assert answer.headers["Location"] == "/sign-in?next=/now"
    assert "Isian Anda disimpan" not in visitor.get(answer.headers["Location"]).text
    assert visitor.sign_in(next="/now").headers["Location"] == "/now"


def test_what_a_person_filled_in_is_kept(kiosk: Kiosk, visitor: Visitor) -> None:
    form = visitor.form(movement="load", sku="wni", quantity="3")
    kiosk.clock.advance(601)
    assert "parked=" in visitor.post("/supplies/move", form).headers["Location"]


def test_nobody_is_asked_whether_to_print_no_cards(kiosk: Kiosk, visitor: Visitor) -> None:
    assert visitor.get("/run").headers["Location"] == "/queue"


@pytest.mark.parametrize("path", ["/hand-over/{}", "/hand-over/{}/reprint"])
def test_a_kept_form_says_whose_card_it_is_about(kiosk: Kiosk, visitor: Visitor, path: str) -> None:
    job, other = printed(kiosk.office, 2)
    form = visitor.form(taker="holder", verified="kk", reason="misprint", chip="by-eye", strokes="1,1 9,9")
    kiosk.clock.advance(601)
    answer = visitor.post(path.format(job), form)
    visitor.sign_in()
    page = visitor.get(f"/resume/{answer.headers['Location'].partition('parked=')[2]}").text
    named = [kiosk.office.station.roster.get(kiosk.office.job(each)["ref"]) for each in (job, other)]
    assert named[0]
    assert named[1]
    assert f"<dt>Kartu untuk</dt><dd>{named[0].nama}</dd>" in page
    assert named[1].nama not in page
