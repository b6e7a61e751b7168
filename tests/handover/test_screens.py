"""Serah: the list of finished cards, the comparison, the hand-over, on the screen."""

from __future__ import annotations

import pytest

from kiosk.web.frame import group_nik
from tests.handover.conftest import Clerk
from tests.station.test_handover import STROKES, chip_of, printed, tray

PLAIN = {"taker": "holder", "verified": "kk", "old_card": "none", "chip": "by-eye", "strokes": STROKES}


def name_of(clerk: Clerk, job: str) -> str:
    fields = clerk.office.station.roster.get(clerk.office.job(job)["ref"])
    assert fields
    return fields.nama


def nik_of(clerk: Clerk, job: str) -> str:
    fields = clerk.office.station.roster.get(clerk.office.job(job)["ref"])
    assert fields
    return fields.nik


def test_finished_cards_are_listed_oldest_first_and_found(clerk: Clerk) -> None:
    assert "Belum ada kartu" in clerk.look("/printed")
    first, second, third = printed(clerk.office, 3)
    page = clerk.look("/printed")
    assert page.index(first) < page.index(second) < page.index(third)
    assert "3 kartu menunggu diambil" in page
    for text in (nik_of(clerk, second), name_of(clerk, second).lower(), second):
        found = clerk.look(clerk.search("printed", text))
        assert f"/hand-over/{second}" in found
        assert f"/hand-over/{first}" not in found
    assert "Tidak ada yang cocok" in clerk.look(clerk.search("printed", "ZZZZ"))


def test_the_plain_case_takes_four_taps(clerk: Clerk) -> None:
    """A row; read the chip; the proof; hand over. The signature is no tap."""
    job, other = printed(clerk.office, 2)
    clerk.office.desk.lay(tray(clerk.office, job))
    page = clerk.look("/printed")
    assert f'href="/hand-over/{job}"' in page
    read = clerk.send(f"/hand-over/{job}/read", {}, f"/hand-over/{job}")
    assert read.location.endswith(f"/hand-over/{job}/take?chip=read")
    page = clerk.look(read.location)
    assert page.count(" checked") == 2  # who takes it, and the old card: all but the proof
    given = clerk.send(f"/hand-over/{job}", {**PLAIN, "chip": "read"}, read.location)
    assert given.status_code == 303
    page = clerk.look(given.location)
    assert f"Kartu {name_of(clerk, job)} sudah diserahkan." in page
    assert f"/hand-over/{other}" in page
    assert f'href="/hand-over/{job}"' not in page
    assert clerk.office.frames()[-1].stamp.by == "op:maria"


def test_two_taps_are_one_hand_over(clerk: Clerk) -> None:
    [job] = printed(clerk.office)
    form = {**clerk.hidden(f"/hand-over/{job}/take"), **PLAIN}
    first, second = (clerk.client.post(f"/hand-over/{job}", data=form) for _ in range(2))
    assert (first.status_code, first.location) == (second.status_code, second.location)
    assert [frame.kind for frame in clerk.office.frames()].count("handed-over") == 1
    again = clerk.send(f"/hand-over/{job}", PLAIN)
    assert again.status_code == 409
    assert "Kartu ini sudah diserahkan" in again.text


def test_a_wrong_card_is_named_and_goes_no_further(clerk: Clerk) -> None:
    job, other = printed(clerk.office, 2)
    clerk.office.desk.lay(tray(clerk.office, other))
    answer = clerk.send(f"/hand-over/{job}/read", {}, f"/hand-over/{job}")
    page = clerk.look(answer.location)
    assert "Ini kartu orang lain" in page
    assert name_of(clerk, other) in page
    assert "Tanpa pembaca" not in page
    assert clerk.client.get(f"/hand-over/{job}/take?chip=read").location == f"/hand-over/{job}"
    assert clerk.send(f"/hand-over/{job}", PLAIN).status_code == 409


def test_fields_that_differ_stand_side_by_side(clerk: Clerk) -> None:
    job, other = printed(clerk.office, 2)
    card = tray(clerk.office, job)
    chip_of(card)._nv[0x6FF1] = bytearray(chip_of(tray(clerk.office, other)).content(0x6FF1))
    clerk.office.desk.lay(card)
    clerk.send(f"/hand-over/{job}/read", {}, f"/hand-over/{job}")
    page = clerk.look(f"/hand-over/{job}")
    assert f"<td>{group_nik(nik_of(clerk, job))}</td>" in page
    assert f'<td class="bad">{group_nik(nik_of(clerk, other))}</td>' in page
    assert "Tanpa pembaca" not in page


def test_a_silent_chip_offers_the_eye(clerk: Clerk) -> None:
    [job] = printed(clerk.office)
    clerk.send(f"/hand-over/{job}/read", {}, f"/hand-over/{job}")
    page = clerk.look(f"/hand-over/{job}")
    assert "Chip tidak terbaca" in page
    assert "Tanpa pembaca" in page


def test_without_a_reader_the_eye_is_the_big_answer(clerk: Clerk) -> None:
    [job] = printed(clerk.office)
    clerk.office.desk_taken_away()
    page = clerk.look(f"/hand-over/{job}")
    assert "Baca chip" not in page
    assert "Kartunya sama" in page
    assert clerk.send(f"/hand-over/{job}", PLAIN, f"/hand-over/{job}/take").status_code == 303
    assert clerk.office.frames()[-1].data["chip"] == "by-eye"


@pytest.mark.parametrize(
    ("form", "signed"), [({**PLAIN, "strokes": ""}, None), ({**PLAIN, "strokes": "", "unsigned": "1"}, False)]
)
def test_nobody_forgets_the_signature(clerk: Clerk, form: dict[str, str], signed: bool | None) -> None:
    [job] = printed(clerk.office)
    answer = clerk.send(f"/hand-over/{job}", form, f"/hand-over/{job}/take")
    handed = [frame.data["signed"] for frame in clerk.office.frames() if frame.kind == "handed-over"]
    assert handed == ([] if signed is None else [signed])
    assert (answer.status_code == 303) == (signed is not None)


def test_the_old_card_is_asked_for_by_the_kind_of_issuance(clerk: Clerk) -> None:
    jobs = printed(clerk.office, 8)
    reasons = {clerk.office.job(job)["reason"]: job for job in jobs}
    assert {"baru", "perubahan-data"} <= set(reasons)
    for reason, wanted in (("baru", "none"), ("perubahan-data", "taken")):
        page = clerk.look(f"/hand-over/{reasons[reason]}/take")
        assert f'name="old_card" value="{wanted}" required checked' in page


def test_a_strange_job_and_a_strange_reference_are_no_way_in(clerk: Clerk) -> None:
    for path in ("/hand-over/ffffffff", "/hand-over/ffffffff/take"):
        assert clerk.client.get(path).status_code == 409
    assert clerk.client.get("/printed?given=../../keys/vault").status_code == 200
    clerk.client.post("/sign-out", data=clerk.hidden("/printed"))
    assert "/sign-in" in clerk.client.get("/printed").location
