"""A form acts once: tapped twice, sent from two tabs, sent too late, sent at the same time."""

from __future__ import annotations

import re
import threading
from typing import Any

import httpx
import pytest

from tests.web.conftest import OTHER_PIN, Kiosk, Visitor


def at_once(visitor: Visitor, path: str, forms: list[dict[str, Any]]) -> list[httpx.Response]:
    """Send all forms in the same moment, as one browser."""
    begin, answers = threading.Barrier(len(forms)), []

    def send(form: dict[str, Any]) -> None:
        begin.wait()
        with httpx.Client(
            base_url=visitor.http.base_url, cookies=visitor.http.cookies, timeout=None, verify=False
        ) as http:
            answers.append(http.post(path, data=form))

    threads = [threading.Thread(target=send, args=(form,)) for form in forms]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.mark.parametrize("tries", [2, 5])
def test_a_form_sent_at_the_same_time_acts_once(kiosk: Kiosk, visitor: Visitor, tries: int) -> None:
    refs = kiosk.office.bring_records(2)
    form = visitor.form(ref=refs)
    answers = at_once(visitor, "/jobs", [form] * tries)
    assert {(answer.status_code, answer.headers["Location"]) for answer in answers} == {(303, "/now")}
    assert sorted(kiosk.made()) == sorted(refs)


def test_two_forms_act_twice(kiosk: Kiosk, visitor: Visitor) -> None:
    """The control of the test before: another key is another tap."""
    refs = kiosk.office.bring_records(2)
    answers = at_once(visitor, "/jobs", [visitor.form(ref=ref) for ref in refs])
    assert [answer.status_code for answer in answers] == [303, 303]
    assert sorted(kiosk.made()) == sorted(refs)


def test_two_tabs_make_one_card(kiosk: Kiosk, visitor: Visitor) -> None:
    [ref] = kiosk.office.bring_records(1)
    first, second = visitor.form(ref=ref), visitor.form(ref=ref)
    assert visitor.post("/jobs", first).status_code == 303
    refused = visitor.post("/jobs", second)
    assert refused.status_code == 409
    assert re.search("Kartu orang ini (sedang dibuat|sudah dicetak)", refused.text)
    assert "Tidak ada data yang hilang" in refused.text
    assert kiosk.made() == [ref]


def test_a_refused_form_may_be_sent_again(kiosk: Kiosk, visitor: Visitor) -> None:
    """Only what was done is remembered: after the cause is gone the same form is good."""
    kiosk.office.station.stock.move("test", "unload", "wni", 12)
    form = visitor.form(movement="load", sku="wni", quantity="13")
    assert visitor.post("/supplies/move", form).status_code == 409
    kiosk.office.station.stock.move("test", "receive", "wni", 1, "BAST-2")
    kiosk.office.station.stock.move("test", "release", "wni", 1)
    assert visitor.post("/supplies/move", form).status_code == 303
    assert visitor.post("/supplies/move", form).status_code == 303
    assert kiosk.office.accounts()["hopper"] == 13


def test_a_form_sent_after_the_session_ended_waits_and_is_sent_by_one_tap(kiosk: Kiosk, visitor: Visitor) -> None:
    [ref] = kiosk.office.bring_records(1)
    form = visitor.form(ref=ref)
    kiosk.clock.advance(601)
    answer = visitor.post("/jobs", form)
    assert answer.status_code == 303
    ticket = answer.headers["Location"].partition("parked=")[2]
    assert "Isian Anda disimpan" in visitor.get(answer.headers["Location"]).text
    assert kiosk.made() == []

    assert visitor.sign_in(parked=ticket).headers["Location"] == f"/resume/{ticket}"
    for _ in range(2):  # looked at again, as after another language was chosen
        page = visitor.get(f"/resume/{ticket}").text
    assert form["csrf"] not in page
    kept = page.split('action="/jobs"')[1].split("</form>")[0]
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', kept))
    assert (fields["ref"], fields["key"]) == (ref, form["key"])
    for _ in range(2):
        answer = visitor.post("/jobs", fields)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/now")
    assert kiosk.made() == [ref]


def test_a_pin_is_not_kept_and_is_asked_again(kiosk: Kiosk, visitor: Visitor) -> None:
    form = visitor.form(reason="lost-before-hand-over", supervisor="yosep", pin=OTHER_PIN)
    kiosk.clock.advance(601)
    ticket = visitor.post("/hand-over/none/reprint", form).headers["Location"].partition("parked=")[2]
    assert OTHER_PIN not in str(kiosk.house.parked.look(ticket))
    visitor.sign_in(parked=ticket)
    page = visitor.get(f"/resume/{ticket}").text
    assert OTHER_PIN not in page
    assert re.search('form="kirim" name="pin" type="password"', page)
    assert form["key"] in page


@pytest.mark.parametrize("page", ["queue", "printed"])
def test_no_address_says_who_is_looked_for(quiet: Kiosk, reader: Visitor, page: str) -> None:
    name = quiet.office.residents[0].fields.nama
    led_to = reader.post(f"/search/{page}", reader.form(q=name)).headers["Location"]
    assert re.fullmatch(f"/{page}\\?find=[0-9a-f]{{8}}", led_to)
    assert f'value="{name}"' in reader.get(led_to).text
    assert f'value="{name}"' not in reader.get(f"/{page}").text
    other = Visitor(quiet.url)
    other.sign_in("yosep", OTHER_PIN)
    assert f'value="{name}"' not in other.get(led_to).text
    other.leave()


def test_only_lists_are_searched(reader: Visitor) -> None:
    assert reader.post("/search/outbox", reader.form(q="x")).status_code == 404


def test_a_form_that_was_carried_out_is_not_carried_out_again_in_another_session(
    kiosk: Kiosk, visitor: Visitor
) -> None:
    """Its answer was lost, then the session ended; the form is sent again by whoever signs in next."""
    [ref] = kiosk.office.bring_records(1)
    form = visitor.form(ref=ref)
    visitor.post("/jobs", form)
    other = Visitor(kiosk.url)
    other.sign_in("yosep", OTHER_PIN)
    again = {**form, "csrf": other.form()["csrf"]}
    assert other.post("/jobs", again).headers["Location"] == "/now"
    assert kiosk.made() == [ref]
    other.leave()


def test_blanks_are_booked_once_though_the_station_died_before_it_answered(kiosk: Kiosk, visitor: Visitor) -> None:
    """The key is in the books: a station that was started again, and remembers nobody, knows it."""
    kiosk.office.station.stock.move("test", "unload", "wni", 5)
    before = kiosk.office.accounts()["hopper"]
    form = visitor.form(movement="load", sku="wni", quantity="2")
    visitor.post("/supplies/move", form)
    kiosk.house.sessions._spent.clear()
    assert visitor.post("/supplies/move", form).status_code == 303
    assert kiosk.office.accounts()["hopper"] == before + 2
    visitor.post("/supplies/move", form | {"key": "another"})
    assert kiosk.office.accounts()["hopper"] == before + 4


def test_locking_twice_leaves_nothing_to_send(kiosk: Kiosk, visitor: Visitor) -> None:
    form = visitor.form()
    visitor.post("/sign-out", form)
    assert visitor.post("/sign-out", form).headers["Location"] == "/sign-in"


def test_nothing_is_kept_for_a_page_that_is_not_there(kiosk: Kiosk) -> None:
    assert (
        httpx.post(kiosk.url + "//evil.example/jobs", data={"ref": "x"}, timeout=None, verify=False).status_code
        == 404
    )


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/supplies/move", {"movement": "destroy", "sku": "wni", "quantity": "1"}),
        ("/supplies/move", {"movement": "load", "sku": "wni", "quantity": "-1"}),
        ("/supplies/move", {"movement": "load", "sku": "gold", "quantity": "1"}),
        ("/supplies/move", {"movement": "load", "sku": "wni", "quantity": "²"}),
        ("/jobs", {"ref": "../../etc/passwd"}),
        ("/jobs/none/resolve", {"answer": "good"}),
        ("/jobs/none/cancel", {}),
    ],
)
def test_what_can_not_be_meant_is_refused_in_words(
    quiet: Kiosk, reader: Visitor, path: str, fields: dict[str, str]
) -> None:
    before = len(quiet.office.frames())
    answer = reader.post(path, reader.form(**fields))
    assert answer.status_code in (400, 409)
    assert "Tidak ada data yang hilang" in answer.text
    assert len(quiet.office.frames()) == before
