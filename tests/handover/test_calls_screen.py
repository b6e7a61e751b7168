"""Panggil: noting a person, the light, the call, on the screen."""

from __future__ import annotations

import re

from tests.handover.conftest import Clerk
from tests.station.test_callbacks import PHONE


def nik(clerk: Clerk, index: int = 0) -> str:
    return clerk.office.residents[index].fields.nik


def note(clerk: Clerk, index: int = 0, reason: str = "no-record") -> str:
    """The number that the screen says to give."""
    answer = clerk.send("/calls/new", {"nik": nik(clerk, index), "phone": PHONE, "reason": reason}, "/calls/new")
    found = re.search(r'class="made number">(\d+)<', clerk.look(answer.location))
    assert found
    return found[1]


def test_a_person_is_noted_and_gets_a_number(clerk: Clerk) -> None:
    assert "Tidak ada yang menunggu telepon" in clerk.look("/calls")
    assert (note(clerk, 0), note(clerk, 1)) == ("001", "002")
    page = clerk.look("/calls")
    assert page.count(PHONE) == 2
    assert "0 dari 2 bisa datang" in page
    assert clerk.office.frames()[-1].stamp.by == "op:maria"


def test_two_taps_note_one_person(clerk: Clerk) -> None:
    form = {**clerk.hidden("/calls/new"), "nik": nik(clerk), "phone": PHONE, "reason": "other"}
    first, second = (clerk.client.post("/calls/new", data=form) for _ in range(2))
    assert first.location == second.location
    assert [frame.kind for frame in clerk.office.frames()].count("call-back") == 1


def test_what_was_typed_wrongly_stands_there_again(clerk: Clerk) -> None:
    for wrong, said in (("nik", "NIK: 16 angka."), ("phone", "8 sampai 15 angka.")):
        form = {"nik": nik(clerk), "phone": PHONE, "reason": "no-blank", wrong: "123"}
        page = clerk.send("/calls/new", form, "/calls/new").text
        assert said in page
        assert 'value="123"' in page
        assert 'value="no-blank" required checked' in page
    assert "call-back" not in [frame.kind for frame in clerk.office.frames()]


def test_who_can_come_is_lit_and_on_top(clerk: Clerk) -> None:
    note(clerk, 3)
    note(clerk, 0)
    assert 'class="line ready"' not in clerk.look("/calls")
    clerk.office.bring_records(1)
    page = clerk.look("/calls")
    assert page.count('class="line ready"') == 1
    assert page.index(">002<") < page.index(">001<")
    assert "Bisa datang" in page


def test_the_call_closes_the_entry(clerk: Clerk) -> None:
    note(clerk)
    found = re.search(r'name="number" value="([^"]+)"', clerk.look("/calls"))
    assert found
    assert clerk.send("/calls/close", {"number": found[1]}, "/calls").location == "/calls"
    assert PHONE not in clerk.look("/calls")
    answer = clerk.send("/calls/close", {"number": found[1]}, "/calls")
    assert answer.status_code == 409
    assert "sudah ditelepon" in answer.text


def test_it_is_in_the_rail(clerk: Clerk) -> None:
    assert 'href="/calls" aria-current="page"' in clerk.look("/calls")
