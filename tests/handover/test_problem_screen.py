"""Kartu bermasalah: what went wrong with a finished card, and a second one, on the screen."""

from __future__ import annotations

import pytest

from tests.handover.conftest import Clerk
from tests.station.test_handover import hand_over, printed, tray
from tests.station.test_in_doubt import stop_in_doubt
from tests.web.conftest import OTHER_PIN, PIN

LOST = {"reason": "lost-before-hand-over", "supervisor": "yosep", "pin": "135791", "own_pin": PIN}


def reprints(clerk: Clerk) -> list[str]:
    return [str(frame.data["reason"]) for frame in clerk.office.frames() if frame.kind == "reprint"]


def problem(job: str) -> str:
    return f"/hand-over/{job}/problem"


@pytest.mark.parametrize("reason", ["misprint", "damaged-at-hand-over"])
def test_a_bad_card_is_replaced_and_the_cost_is_said(clerk: Clerk, reason: str) -> None:
    [job] = printed(clerk.office)
    assert problem(job) in clerk.look(f"/hand-over/{job}")
    page = clerk.look(problem(job))
    assert "memakai 1 blangko WNI lagi, sisa 10." in page
    assert page.count('data-hold="1000"') == 3
    answer = clerk.send(f"/hand-over/{job}/reprint", {"reason": reason}, problem(job))
    assert answer.location == "/now"
    assert reprints(clerk) == [reason]
    clerk.office.until(lambda: len(clerk.office.station.counter.uncollected()) == 1)


def test_two_taps_make_one_second_card(clerk: Clerk) -> None:
    [job] = printed(clerk.office)
    form = {**clerk.hidden(problem(job)), "reason": "misprint"}
    for _ in range(2):
        assert clerk.client.post(f"/hand-over/{job}/reprint", data=form).location == "/now"
    assert len(reprints(clerk)) == 1


def test_a_lost_card_needs_the_supervisors_pin_and_wrong_ones_are_slowed(clerk: Clerk) -> None:
    [job] = printed(clerk.office)
    for _ in range(3):
        answer = clerk.send(f"/hand-over/{job}/reprint", {**LOST, "pin": "111112"}, problem(job))
        assert "PIN salah." in clerk.look(answer.location)
    answer = clerk.send(f"/hand-over/{job}/reprint", LOST, problem(job))
    assert "Coba lagi dalam" in clerk.look(answer.location)
    assert reprints(clerk) == []


def test_a_lost_card_with_the_right_pin_is_made_again(clerk: Clerk) -> None:
    [job] = printed(clerk.office)
    assert clerk.send(f"/hand-over/{job}/reprint", LOST, problem(job)).location == "/now"
    assert reprints(clerk) == ["lost-before-hand-over"]


def test_a_supervisor_does_not_approve_alone(clerk: Clerk) -> None:
    [job] = printed(clerk.office)
    clerk.sign_in("yosep", OTHER_PIN)
    answer = clerk.send(f"/hand-over/{job}/reprint", {**LOST, "own_pin": OTHER_PIN}, problem(job))
    assert answer.status_code == 409
    assert "Orang lain yang harus menyetujui" in answer.text


def test_a_card_that_was_just_handed_over_may_come_back_while_its_data_are_here(clerk: Clerk) -> None:
    [job] = printed(clerk.office)
    ref = hand_over(clerk.office, job)["ref"]
    assert problem(job) in clerk.look(f"/printed?given={ref}")
    page = clerk.look(problem(job))
    assert "Salah cetak" in page
    assert "Hilang sebelum diserahkan" not in page
    clerk.office.station._janitor.sweep(clerk.office.station.books.seq)
    page = clerk.look(problem(job))
    assert "sudah dihapus setelah penyerahan" in page
    assert "data-hold" not in page


def test_a_missing_card_is_on_the_list_until_it_is_made_again(clerk: Clerk) -> None:
    job = stop_in_doubt(clerk.office, "eject")
    clerk.office.world.take_card()
    clerk.office.station.desk.resolve_job("test", job, "not-there")
    assert problem(job) in clerk.look("/printed")
    page = clerk.look(problem(job))
    assert "Salah cetak" not in page
    clerk.send(f"/hand-over/{job}/reprint", LOST, problem(job))
    assert problem(job) not in clerk.look("/printed")


def test_the_replaced_card_is_called_so(clerk: Clerk) -> None:
    [job] = printed(clerk.office)
    replaced = tray(clerk.office, job)
    clerk.send(f"/hand-over/{job}/reprint", {"reason": "misprint"}, problem(job))
    clerk.office.until(lambda: len(clerk.office.station.counter.uncollected()) == 1)
    second = clerk.office.station.counter.uncollected()[0]["job"]
    clerk.office.desk.lay(replaced)
    clerk.send(f"/hand-over/{second}/read", {}, f"/hand-over/{second}")
    page = clerk.look(f"/hand-over/{second}")
    assert "Ini kartu yang lama" in page
    assert "orang lain" not in page
