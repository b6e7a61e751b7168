""" "Dari mana kartu ini?": one card, its whole life, and that somebody looked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kiosk.core.frames import Frame
from tests.station.test_handover import printed, tray
from tests.web.conftest import Kiosk, Visitor
from tests.web.test_roles import sign_in, staffed

__all__ = ["staffed"]


@pytest.fixture
def supervisor(staffed: Kiosk) -> Iterator[Visitor]:
    somebody = sign_in(staffed, "yosep")
    yield somebody
    somebody.leave()


def looks(kiosk: Kiosk) -> list[Frame]:
    return [frame for frame in kiosk.office.frames() if frame.kind == "looked-up"]


def ask(visitor: Visitor, what: str) -> str:
    answer = visitor.post("/trace", visitor.form(what=what))
    assert answer.status_code == 303
    return visitor.get(answer.headers["Location"]).text


def test_a_card_is_found_by_job_chip_and_record_and_each_look_is_in_the_books(
    staffed: Kiosk, supervisor: Visitor
) -> None:
    office = staffed.office
    [job] = printed(office)
    card = office.station.counter.card(job)
    office.station.counter.hand_over(
        "op:maria", job, taker="holder", verified="kk", chip="by-eye", old_card="none", name="", strokes="1,1 2,2"
    )
    for number, word in enumerate((job, card["uid"], card["uid"].lower(), card["ref"]), start=1):
        page = ask(supervisor, word)
        for text in (
            "Data orang ini datang",
            "Mencetak muka kartu: selesai",
            card["uid"],
            "Diserahkan. Penerima: Pemiliknya",
        ):
            assert text in page, (word, text)
        assert "Maria Taek" in page
        assert office.residents[0].fields.nama in page
        assert len(looks(staffed)) == number
    assert {(frame.stamp.by, frame.data["ref"]) for frame in looks(staffed)} == {("op:yosep", card["ref"])}
    assert 'href="/supplies/lot?sku=wni&amp;lot=BAST-1"' in page
    assert page.count("Riwayat dilihat") == 4, (
        "part of the record's life, this look too: it is written before it is shown"
    )


def test_what_is_not_personal_is_shown_to_the_auditor_and_the_look_is_written_down(staffed: Kiosk) -> None:
    [job] = printed(staffed.office)
    auditor = sign_in(staffed, "umi")
    page = ask(auditor, job)
    assert "Mencetak muka kartu: selesai" in page
    assert staffed.office.residents[0].fields.nama not in page
    assert [frame.stamp.by for frame in looks(staffed)] == ["op:umi"]
    auditor.leave()


def test_a_card_on_the_reader_tells_its_own_life(staffed: Kiosk, supervisor: Visitor) -> None:
    [job] = printed(staffed.office)
    staffed.office.desk.lay(tray(staffed.office, job))
    answer = supervisor.post("/trace/card", supervisor.form())
    assert job in supervisor.get(answer.headers["Location"]).text
    assert len(looks(staffed)) == 1


def test_a_blank_of_nobody_and_an_empty_reader_are_said(staffed: Kiosk, supervisor: Visitor) -> None:
    refused = supervisor.post("/trace/card", supervisor.form())
    assert (refused.status_code, "Chip tidak terbaca" in refused.text) == (409, True)
    staffed.office.desk.lay(staffed.office.world.hopper[0])
    answer = supervisor.post("/trace/card", supervisor.form())
    assert "Tidak ada di buku stasiun ini" in supervisor.get(answer.headers["Location"]).text
    assert looks(staffed) == []


def test_what_is_not_there_is_said_and_nobody_was_looked_at(staffed: Kiosk, supervisor: Visitor) -> None:
    for what in ("", "ffffffff", "2018-08-14", "BAST-9", "' or 1=1", "x" * 400, "9" * 12):
        assert ("Tidak ada di buku stasiun ini" in ask(supervisor, what)) is bool(what), what
    assert looks(staffed) == []


def test_a_handover_paper_leads_to_its_lot(supervisor: Visitor) -> None:
    answer = supervisor.post("/trace", supervisor.form(what="BAST-1"))
    assert answer.headers["Location"] == "/supplies/lot?sku=wni&lot=BAST-1"


def test_nothing_is_shown_that_was_not_asked_for_by_the_form(staffed: Kiosk, supervisor: Visitor) -> None:
    """Neither by the number of a search in the queue, nor by somebody else's, nor after the session."""
    [job] = printed(staffed.office)
    searched = supervisor.post("/search/queue", supervisor.form(q=job)).headers["Location"].partition("find=")[2]
    asked = supervisor.post("/trace", supervisor.form(what=job)).headers["Location"].partition("find=")[2]
    assert "Mencetak muka kartu" in supervisor.get(f"/trace?find={asked}").text
    auditor = sign_in(staffed, "umi")
    for visitor, number in ((supervisor, searched), (auditor, asked), (supervisor, job)):
        assert "Mencetak muka kartu" not in visitor.get(f"/trace?find={number}").text
    auditor.leave()
    assert len(looks(staffed)) == 1


def test_what_was_booked_leads_to_the_life_of_its_card(staffed: Kiosk, supervisor: Visitor) -> None:
    [job] = printed(staffed.office)
    assert f'name="what" value="{job}"' in supervisor.get("/supplies/at/printed").text
    operator = sign_in(staffed, "maria")
    assert 'name="what"' not in operator.get("/supplies/at/printed").text
    assert operator.post("/trace", operator.form(what=job)).status_code == 403
    operator.leave()
