"""An answer that the devices contradict is refused with its reason; a card that is fed again is found by its chip."""

from __future__ import annotations

from typing import Any

import pytest

from kiosk.control import call
from kiosk.core.jobs import Why
from kiosk.core.permissions import Role
from kiosk.errors import Rejected
from kiosk.people import People
from kiosk.rig.world_check import good_cards
from kiosk.worker import PrintNote
from tests.office import Office
from tests.station.test_in_doubt import stop_in_doubt

CLERK, SUPERVISOR = "op:maria", "op:yosep"


def refused(office: Office, job: str, answer: str, by: str = CLERK, **more: Any) -> str:
    before = len(office.frames())
    with pytest.raises(Rejected) as found:
        office.station.desk.resolve_job(by, job, answer, **more)
    assert len(office.frames()) == before
    return found.value.reason


@pytest.mark.parametrize(("move", "answers"), [("print", ("good", "spoiled", "blank", "not-there")),
                                               ("contactless", ("spoiled", "blank", "not-there")),
                                               ("eject", ("good", "spoiled", "not-there"))])  # fmt: skip
def test_a_card_that_is_still_inside_is_first_taken_out(office: Office, move: str, answers: tuple[str, ...]) -> None:
    ident = stop_in_doubt(office, move, 2 if move == "print" else None)
    assert {refused(office, ident, answer) for answer in answers} == {"card-still-inside"}
    office.world.take_card()
    office.station.desk.resolve_job(CLERK, ident, "good" if move == "eject" else "spoiled")
    office.until(lambda: office.state(ident) == "completed")
    office.agree()


def test_a_card_with_half_its_face_is_neither_good_nor_blank(office: Office) -> None:
    ident = stop_in_doubt(office, "print", 2)
    office.world.take_card()
    assert refused(office, ident, "good") == "not-all-printed"
    assert refused(office, ident, "blank") == "printed-on"
    office.station.desk.resolve_job(CLERK, ident, "spoiled", "media-jam")
    office.until(lambda: office.state(ident) == "completed")
    office.agree()


@pytest.mark.parametrize("where", ["a silent printer", "no station"])
def test_how_far_the_print_was_let_is_known_without_the_printer(office: Office, where: str) -> None:
    ident = stop_in_doubt(office, "print", 2)
    office.world.take_card()
    if where == "a silent printer":
        office.line.cut()
    else:
        office.station.close()
        office.station = office._open()
    note = PrintNote(office.data)
    note.begin(ident, 1)
    assert refused(office, ident, "good") == "not-all-printed"
    note.end(5)
    assert refused(office, ident, "blank") == "printed-on"


def test_the_command_is_refused_too_and_says_what_speaks_against_it(office: Office) -> None:
    ident = stop_in_doubt(office, "print", 2)
    office.world.take_card()
    with pytest.raises(Rejected, match="good: 5 of 5 panels were let onto it and 1 were counted") as found:
        call(office.data, "jobs.resolve", {"job": ident, "answer": "good"})
    assert found.value.reason == "not-all-printed"
    with pytest.raises(Rejected, match="only a supervisor may insist"):
        call(office.data, "jobs.resolve", {"job": ident, "answer": "good", "insist": True})


def test_a_supervisor_who_looked_may_insist_and_the_journal_has_what_spoke_against_it(office: Office) -> None:
    people = People(office.data)
    people.add("maria", "Maria Taek", Role.OPERATOR, "246810")
    people.add("yosep", "Yosep Bria", Role.SUPERVISOR, "135791")
    ident = stop_in_doubt(office, "print", 2)
    card = office.world.take_card()
    assert refused(office, ident, "blank", SUPERVISOR) == "printed-on"
    assert refused(office, ident, "blank", CLERK, insist=True) == "printed-on"
    office.world.put_back(card)
    office.station.desk.resolve_job(SUPERVISOR, ident, "blank", insist=True)
    [answered] = [frame for frame in office.frames() if frame.kind == "job-resolved"]
    assert (answered.stamp.by, answered.data["answer"], answered.data["against"]) == (
        SUPERVISOR,
        "blank",
        "printed-on",
    )


def test_insisting_on_what_nothing_contradicts_leaves_no_trace(office: Office) -> None:
    ident = stop_in_doubt(office, "print", 2)
    office.world.take_card()
    office.station.desk.resolve_job(CLERK, ident, "spoiled", insist=True)
    [answered] = [frame for frame in office.frames() if frame.kind == "job-resolved"]
    assert "against" not in answered.data


@pytest.mark.parametrize(
    ("move", "answer", "account"),
    [("print", "spoiled", "spoiled"), ("print", "not-there", "count-adjustment"), ("eject", "good", "printed")],
)
@pytest.mark.parametrize("again", ["at once", "after a restart"])
def test_a_card_whose_end_is_booked_and_that_is_fed_again_is_found(
    office: Office, move: str, answer: str, account: str, again: str
) -> None:
    """It goes to the reject tray; the blank that the books saw fed is where it was, and a person is told."""
    ident = stop_in_doubt(office, move, 2 if move == "print" else None)
    card = office.world.take_card()
    office.world.put_back(card)
    office.station.desk.resolve_job(CLERK, ident, answer)
    if office.state(ident) in ("completed", "aborted"):
        [ident] = office.bring_more_and_run()
    office.until(lambda: "card-seen-before" in office.reasons(ident))
    before = office.accounts()
    if again == "after a restart":
        office.restart()
        assert office.until_held_up() >= {"card-seen-before"}
    assert office.world.reject == [card]
    assert (before["hopper"], before[account]) == (11, 1)
    assert office.job(ident)["cards"][-1]["cause"] == "card-seen-before"
    assert {frame.data.get("end") for frame in office.frames()} <= {None, "hopper", account}
    office.station.desk.resume_job(CLERK, ident)
    office.until(lambda: office.state(ident) == "completed")
    assert office.accounts() == {**before, "hopper": 10, "printed": before.get("printed", 0) + 1}
    assert len(good_cards(office.world)) == office.accounts()["printed"] - (account == "printed")


def test_a_blank_that_was_put_back_is_used(office: Office) -> None:
    ident = stop_in_doubt(office, "contactless")
    card = office.world.take_card()
    office.world.put_back(card)
    office.station.desk.resolve_job(CLERK, ident, "blank")
    office.until(lambda: office.state(ident) == "completed")
    assert office.world.output == [card]
    assert Why.REFUSALS_IN_A_ROW not in office.reasons(ident)
    office.agree()
