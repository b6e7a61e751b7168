"""Stock by touch: each form says what its command says, keeps what was typed, and asks for a second person truly."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import httpx
import pytest

from kiosk.core.accounts import Account
from kiosk.core.frames import Frame
from kiosk.core.movements import DESTROY_OLD_CARDS, HAND_MOVEMENTS
from kiosk.people import Role
from kiosk.web.screens.supplies import BY_OPERATOR, FORMS
from tests.web.conftest import OTHER_PIN, PIN, Kiosk, Visitor
from tests.web.test_hurried import TINUS_PIN

RECEIPT = {
    "sku": "wni", "quantity": "1200", "document": "470/12/2026", "dated": "28-11-2026", "boxes": "3",
    "carriers": "Sekretaris, bendahara barang",
}  # fmt: skip


@pytest.fixture
def staffed(kiosk: Kiosk) -> Kiosk:
    kiosk.house.people.add("tinus", "Tinus Lay", Role.SUPERVISOR, TINUS_PIN)
    return kiosk


@pytest.fixture
def yosep(staffed: Kiosk) -> Iterator[Visitor]:
    somebody = Visitor(staffed.url)
    assert somebody.sign_in("yosep", OTHER_PIN).status_code == 303
    yield somebody
    somebody.leave()


def booked(kiosk: Kiosk) -> list[Frame]:
    return [frame for frame in kiosk.office.frames() if frame.kind == "stock"][3:]


def send(visitor: Visitor, path: str, **fields: Any) -> httpx.Response:
    return visitor.post(path, visitor.form(**fields))


def kept(page: str) -> dict[str, str]:
    """What stands in the fields of the form."""
    return dict(re.findall(r'name="([a-z]+)" value="([^"]*)" inputmode', page))


def test_every_movement_has_a_form() -> None:
    assert set(FORMS) | BY_OPERATOR == {*HAND_MOVEMENTS, DESTROY_OLD_CARDS.name} - {"count"}
    assert len(FORMS) == len(set(FORMS))


def test_a_receipt_is_what_the_command_would_have_booked(staffed: Kiosk, yosep: Visitor) -> None:
    answer = send(yosep, "/supplies/receive", **RECEIPT)
    assert answer.headers["Location"] == "/supplies/at/vault?sku=wni"
    [frame] = booked(staffed)
    assert frame.stamp.by == "op:yosep"
    assert {name: value for name, value in frame.data.items() if name != "key"} == {
        "movement": "receive", "document": "470/12/2026", "dated": "2026-11-28", "boxes": "3",
        "carriers": "Sekretaris, bendahara barang", "moves": [["wni", "470/12/2026", "supplier", "vault", 1200]],
    }  # fmt: skip


WRONG_FIGURES = [
    ({"quantity": "0"}, 400), ({"quantity": "-5"}, 400), ({"quantity": ""}, 400), ({"quantity": "9999999"}, 400),
    ({"document": ""}, 400), ({"document": "x" * 65}, 400), ({"sku": "gold"}, 400), ({"sku": ""}, 400),
    ({"dated": "31-02-2026"}, 400), ({"dated": "kemarin"}, 400), ({"document": "BAST-1"}, 409),
]  # fmt: skip


def test_wrong_figures_are_refused_and_all_that_was_typed_stays(staffed: Kiosk, yosep: Visitor) -> None:
    for change, status in WRONG_FIGURES:
        answer = send(yosep, "/supplies/receive", **{**RECEIPT, **change})
        assert (answer.status_code, "Tidak ada data yang hilang" in answer.text) == (status, True), change
        expected = {name: text for name, text in {**RECEIPT, **change}.items() if name != "sku"}
        assert kept(answer.text).items() >= expected.items()
    answer = send(yosep, "/supplies/release", sku="wni", quantity="1")
    assert (answer.status_code, "Blangko tidak cukup" in answer.text) == (409, True)
    assert booked(staffed) == []


# The second person.


def spoiled(kiosk: Kiosk) -> dict[str, str]:
    kiosk.office.station.stock.move("op:maria", "spoil", "wni", 2, source="hopper", cause="damaged")
    return {
        "sku": "wni", "quantity": "2", "source": "spoiled", "document": "BA-7/2026",
        "witnesses": "Satpol PP, Inspektorat",
        "method": "dibakar", "marks": "corner-cut",
    }  # fmt: skip


MINE = {"own_pin": OTHER_PIN}
"""Yosep's own: it comes with every form that names a second person."""
NOBODY_ELSE = [
    ({"supervisor": "yosep", "pin": OTHER_PIN}, "Orang lain yang harus menyetujui"),
    ({"supervisor": "maria", "pin": PIN}, "PIN penyelia salah"),
    ({"supervisor": "tinus", "pin": "000000"}, "PIN penyelia salah"),
    ({}, "Penyelia harus menyetujui"),
]


def test_nobody_destroys_alone(staffed: Kiosk, yosep: Visitor) -> None:
    """Neither with one's own PIN, nor with somebody's who may not, nor without."""
    said = spoiled(staffed)
    for second, title in NOBODY_ELSE:
        answer = send(yosep, "/supplies/destroy", **said, **second, **MINE)
        assert (answer.status_code, title in answer.text) == (409, True)
        assert kept(answer.text)["witnesses"] == said["witnesses"]
        assert not [pin for pin in (OTHER_PIN, TINUS_PIN, "000000") if pin in answer.text]
        assert 'value="yosep"' not in answer.text, "who asks is not offered as the second person"
    assert len(booked(staffed)) == 1


def test_one_person_with_two_tabs_is_one_person(staffed: Kiosk, yosep: Visitor) -> None:
    said = spoiled(staffed)
    other_tab = Visitor(staffed.url)
    other_tab.sign_in("yosep", OTHER_PIN)
    for visitor in (yosep, other_tab):
        answer = send(visitor, "/supplies/destroy", **said, supervisor="yosep", pin=OTHER_PIN, **MINE)
        assert "Orang lain yang harus menyetujui" in answer.text
    assert len(booked(staffed)) == 1
    other_tab.leave()


def test_two_people_destroy_and_the_paper_says_how(staffed: Kiosk, yosep: Visitor) -> None:
    said = spoiled(staffed)
    assert send(yosep, "/supplies/destroy", **said, supervisor="tinus", pin=TINUS_PIN, **MINE).status_code == 303
    frame = booked(staffed)[-1]
    assert frame.data.items() >= {
        "movement": "destroy", "approved": "op:tinus", "document": "BA-7/2026", "method": "dibakar",
        "witnesses": "Satpol PP, Inspektorat", "marks": "corner-cut",
    }.items()  # fmt: skip
    assert staffed.office.accounts()["destroyed"] == 2


# Counting.


def test_a_count_that_agrees_is_booked_and_no_figure_of_the_books_is_on_the_page(
    staffed: Kiosk, yosep: Visitor
) -> None:
    staffed.office.station.stock.move("test", "receive", "wni", 4711, "B-2")
    for page in (yosep.get("/supplies/count").text, yosep.get("/supplies/count?place=vault").text):
        assert not re.search(r"4\.?711|\b12\b", re.sub(r"<svg.*?</svg>|[a-z-]+=\"[^\"]*\"", "", page))
    answer = send(yosep, "/supplies/count", place="vault", wni="4711", wna="0")
    assert "gudang: sama dengan buku" in yosep.get(answer.headers["Location"]).text
    assert booked(staffed)[-1].data["moves"] == []


def test_a_difference_needs_a_reason_and_a_second_person_and_says_no_figure(staffed: Kiosk, yosep: Visitor) -> None:
    staffed.office.station.stock.move("test", "receive", "wni", 4711, "B-2")
    said = {"place": "vault", "wni": "4709", "wna": "0"}
    refused = send(yosep, "/supplies/count", **said)
    assert (refused.status_code, "Hitungan tidak sama dengan buku" in refused.text) == (409, True)
    assert "4711" not in refused.text
    assert kept(refused.text).items() >= {"wni": "4709", "wna": "0"}.items()
    for more in ({"reason": "tidak ditemukan"}, {"supervisor": "tinus", "pin": TINUS_PIN, **MINE}):
        assert send(yosep, "/supplies/count", **said, **more).status_code == 409
    mine = {"reason": "tidak ditemukan", "supervisor": "yosep", "pin": OTHER_PIN, **MINE}
    assert "Orang lain yang harus menyetujui" in send(yosep, "/supplies/count", **said, **mine).text
    assert len(booked(staffed)) == 1
    both = {"reason": "tidak ditemukan", "supervisor": "tinus", "pin": TINUS_PIN, **MINE}
    answer = send(yosep, "/supplies/count", **said, **both)
    assert "/supplies/at/count-adjustment" in answer.headers["Location"]
    assert staffed.office.accounts()[Account.COUNT_ADJUSTMENT] == 2


def test_zero_is_written_and_nothing_else_is_no_count(staffed: Kiosk, yosep: Visitor) -> None:
    for figures in ({"wni": "3"}, {"wni": "", "wna": ""}, {"wni": "x", "wna": "0"}):
        assert send(yosep, "/supplies/count", place="vault", **figures).status_code == 400
    assert send(yosep, "/supplies/count", place="moon", wni="0", wna="0").status_code == 400
    assert booked(staffed) == []


# Taking back.


def test_a_wrong_receipt_is_taken_back_and_booked_anew(staffed: Kiosk, yosep: Visitor) -> None:
    send(yosep, "/supplies/receive", **{**RECEIPT, "quantity": "12000"})
    page = yosep.get("/supplies/entries").text
    [entry, *_] = re.findall(r'href="/supplies/reverse\?entry=(\d+)"', page)
    assert "12.000 WNI 470/12/2026, gudang → diterima" in yosep.get(f"/supplies/reverse?entry={entry}").text
    alone = send(
        yosep, "/supplies/reverse", entry=entry, reason="salah ketik", supervisor="yosep", pin=OTHER_PIN, **MINE
    )
    assert (alone.status_code, kept(alone.text)["reason"]) == (409, "salah ketik")
    said = {"entry": entry, "supervisor": "tinus", "pin": TINUS_PIN, **MINE}
    assert send(yosep, "/supplies/reverse", **said).status_code == 400, "a reason is given"
    assert send(yosep, "/supplies/reverse", **said, reason="salah ketik").status_code == 303
    again = send(yosep, "/supplies/reverse", **said, reason="salah ketik")
    assert (again.status_code, "tidak bisa dibatalkan lagi" in again.text) == (409, True)
    assert send(yosep, "/supplies/receive", **RECEIPT).status_code == 303
    assert staffed.office.accounts()["vault"] == 1200
    page = yosep.get("/supplies/entries").text
    assert f"entry={entry}" not in page
    assert "Dibatalkan" in page


def test_what_has_moved_on_is_not_taken_back(staffed: Kiosk, yosep: Visitor) -> None:
    send(yosep, "/supplies/receive", **RECEIPT)
    send(yosep, "/supplies/release", sku="wni", quantity="1")
    entry = staffed.office.station.stock.entries("test")[1]["seq"]
    answer = send(yosep, "/supplies/reverse", entry=str(entry), reason="x", supervisor="tinus", pin=TINUS_PIN, **MINE)
    assert (answer.status_code, "Blangko tidak cukup" in answer.text) == (409, True)

    for number in ("", "x", "0", "1", "999999"):
        assert "tidak ada lagi di daftar" in yosep.get(f"/supplies/reverse?entry={number}").text
        answer = send(yosep, "/supplies/reverse", entry=number, reason="x", supervisor="tinus", pin=TINUS_PIN, **MINE)
        assert answer.status_code == 409
    assert len(booked(staffed)) == 2


def test_an_operator_is_offered_what_an_operator_may(kiosk: Kiosk, visitor: Visitor) -> None:
    page = visitor.get("/supplies").text
    offered = set(re.findall(r'href="/supplies/([a-z-]+)"', page))
    assert offered == {"return", "set-aside", "put-back", "spoil", "defect", "count", "entries", "requests"}
    assert visitor.get("/supplies/receive").status_code == 403
    assert send(visitor, "/supplies/receive", **RECEIPT).status_code == 403
    assert booked(kiosk) == []


def test_a_form_that_came_too_late_is_kept_without_the_pin(staffed: Kiosk, yosep: Visitor) -> None:
    form = yosep.form(**spoiled(staffed), supervisor="tinus", pin=TINUS_PIN, **MINE)
    staffed.clock.advance(601)
    ticket = yosep.post("/supplies/destroy", form).headers["Location"].partition("parked=")[2]
    yosep.sign_in("yosep", OTHER_PIN)
    page = yosep.get(f"/resume/{ticket}").text
    assert "Satpol PP, Inspektorat" in page
    assert TINUS_PIN not in page
    assert 'name="pin" type="password"' in page


def test_the_places_of_an_opname_are_ticked_off_by_the_month(
    staffed: Kiosk, yosep: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def done() -> str:
        return re.findall(r"Sudah dihitung bulan ini: (\d) dari 7", yosep.get("/supplies/count").text)[0]

    assert done() == "0"
    send(yosep, "/supplies/count", place="vault", wni="0", wna="0")
    staffed.office.station.stock.count("op:yosep", [["bench", "wni", 0]])
    assert done() == "1", "half a place is not counted"
    staffed.office.station.shifts.open("op:yosep")
    counted = [[place, sku, 12 * (place == "hopper" and sku == "wni")] for place in ("shift", "hopper", "bench")
               for sku in ("wni", "wna")]  # fmt: skip
    staffed.office.station.shifts.count("op:yosep", counted)
    assert done() == "1", "what nobody has compared yet"
    staffed.office.station.shifts.close("op:yosep")
    assert done() == "4"
    later = staffed.office.station.books.today.toordinal() + 31
    monkeypatch.setattr(type(staffed.office.station.books), "today", property(lambda books: date.fromordinal(later)))
    assert done() == "0"
