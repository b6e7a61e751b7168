"""A second card: never beside a first one that is not booked away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kiosk.books import replay
from kiosk.core.frames import Frame
from kiosk.errors import Rejected, UsageError
from kiosk.journal import scan
from kiosk.people import People, Role
from tests.office import Killed, Office
from tests.station.test_handover import hand_over, printed, record_state, tray
from tests.station.test_in_doubt import stop_in_doubt

PIN = "135791"
LOST = {"reason": "lost-before-hand-over", "supervisor": "yosep", "pin": PIN}


@pytest.fixture(autouse=True)
def people(office: Office) -> None:
    people = People(office.data)
    people.add("yosep", "Yosep Bria", Role.SUPERVISOR, PIN)
    people.add("maria", "Maria Taek", Role.OPERATOR, "246810")


def reprint(office: Office, job: str, by: str = "op:maria", **said: Any) -> str:
    made: dict[str, str] = office.station.execute("jobs.reprint", {"job": job, **said}, by)
    assert made["reprint_of"] == job
    return made["job"]


def kinds(office: Office) -> list[str]:
    return [frame.kind for frame in office.frames()]


def finish(office: Office, job: str) -> None:
    office.until(lambda: office.state(job) == "completed")


@pytest.mark.parametrize(("reason", "cause"), [("misprint", "misprint"), ("damaged-at-hand-over", "damaged")])
@pytest.mark.parametrize("handed", [False, True])
def test_a_bad_card_is_spoiled_and_another_made(office: Office, reason: str, cause: str, handed: bool) -> None:
    [first] = printed(office)
    if handed:
        hand_over(office, first)
    second = reprint(office, first, reason=reason)
    finish(office, second)
    assert office.job(second)["reprint_of"] == first
    assert [row["job"] for row in office.station.counter.uncollected()] == [second]
    accounts = office.accounts()
    assert (accounts["printed"], accounts["spoiled"], accounts.get("issued", 0)) == (1, 1, 0)
    assert sum(accounts.values()) == 0
    with office.station.books.transaction() as view:
        assert view.get("causes", f"wni/spoiled/{cause}")["quantity"] == 1  # type: ignore[index]
    hand_over(office, second)
    assert record_state(office, office.job(second)["ref"]) == "issued"


def test_a_lost_card_is_a_difference_that_a_supervisor_answers_for(office: Office) -> None:
    [first] = printed(office)
    second = reprint(office, first, **LOST)
    [frame] = [frame for frame in office.frames() if frame.kind == "reprint"]
    assert frame.data["approved"] == "op:yosep"
    assert PIN.encode() not in b"".join(path.read_bytes() for path in (office.data / "journal").iterdir())
    finish(office, second)
    assert (office.accounts()["printed"], office.accounts()["count-adjustment"]) == (1, 1)


def test_a_card_that_went_missing_in_the_machine_was_booked_then(office: Office) -> None:
    first = stop_in_doubt(office, "eject")
    office.world.take_card()
    office.station.desk.resolve_job("test", first, "not-there")
    assert [row["job"] for row in office.station.reprints.missing()] == [first]
    before = office.accounts()
    second = reprint(office, first, **LOST)
    assert office.frames()[-1].kind in ("reprint", "step")
    finish(office, second)
    assert office.accounts()["count-adjustment"] == before["count-adjustment"] == 1
    assert office.station.reprints.missing() == []


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({**LOST, "supervisor": ""}, "approval-missing"),
        ({**LOST, "pin": "111112"}, "approval-refused"),
        ({**LOST, "supervisor": "nobody"}, "approval-refused"),
        ({**LOST, "supervisor": "maria", "pin": "246810"}, "approval-refused"),
        ({**LOST, "by": "op:yosep"}, "approval-by-self"),
    ],
)
def test_a_lost_card_needs_somebody_else(office: Office, said: dict[str, str], reason: str) -> None:
    [first] = printed(office)
    with pytest.raises(Rejected) as refused:
        reprint(office, first, **said)
    assert refused.value.reason == reason
    assert "reprint" not in kinds(office)


def test_what_would_leave_two_cards_is_refused(office: Office) -> None:
    [first] = printed(office)
    with pytest.raises(UsageError, match="reason"):
        reprint(office, first, reason="ugly")
    hand_over(office, first)
    with pytest.raises(Rejected, match="does not fit"):
        reprint(office, first, **LOST)
    second = reprint(office, first, reason="misprint")
    with pytest.raises(Rejected, match="no card that can be replaced"):
        reprint(office, first, reason="misprint")
    finish(office, second)
    with pytest.raises(Rejected):
        reprint(office, first, reason="misprint")
    with pytest.raises(Rejected):
        reprint(office, "ffffffff", reason="misprint")
    assert kinds(office).count("reprint") == 1


def test_without_the_data_there_is_no_second_card(office: Office) -> None:
    [first] = printed(office)
    hand_over(office, first)
    office.station._janitor.sweep(office.station.books.seq)
    assert office.station.reprints.case(first)["reasons"] == []
    with pytest.raises(Rejected) as refused:
        reprint(office, first, reason="misprint")
    assert refused.value.reason == "biometrics-gone"


def test_a_reprint_keeps_the_data_until_its_own_hand_over(office: Office) -> None:
    [first] = printed(office)
    ref = hand_over(office, first)["ref"]
    second = reprint(office, first, reason="misprint")
    office.station._janitor.sweep(office.station.books.seq)
    assert office.station.vault.has_biometrics(ref)
    finish(office, second)
    hand_over(office, second)
    office.station._janitor.sweep(office.station.books.seq)
    assert not office.station.vault.has_biometrics(ref)


def test_the_replaced_card_is_not_handed_over(office: Office) -> None:
    [first] = printed(office)
    replaced = tray(office, first)
    second = reprint(office, first, reason="misprint")
    finish(office, second)
    office.desk.lay(replaced)
    found = office.station.counter.read_card(second)
    assert (found.problem, found.owner) == ("wrong-card", first)
    with pytest.raises(Rejected, match="no card of job"):
        hand_over(office, first)


def test_a_crash_right_after_it_makes_one_second_card(office: Office) -> None:
    [first] = printed(office)

    def killed(frame: Frame) -> None:
        raise Killed

    office.station.books.on_commit = killed
    with pytest.raises(Killed):
        reprint(office, first, reason="misprint")
    office.station.books.on_commit = lambda frame: None
    office.restart()
    office.until(lambda: len(office.station.counter.uncollected()) == 1)
    assert office.station.counter.uncollected()[0]["job"] != first
    with pytest.raises(Rejected):
        reprint(office, first, reason="misprint")
    rebuilt = replay(scan(office.data / "journal"))
    with office.station.books.transaction() as view:
        assert rebuilt.digest == view.digest


FALSE: dict[str, Callable[[dict[str, Any]], object]] = {
    "first card left where it is": lambda body: body.pop("moves"),
    "first card called good": lambda body: body["moves"][0].__setitem__(3, "issued"),
    "another cause": lambda body: body.update(cause="damaged"),
    "another reason": lambda body: body.update(reason="lost-before-hand-over"),
    "another record": lambda body: body.update(ref="f" * 32),
    "another job": lambda body: body.update(reprint_of="ffffffff"),
}


@pytest.mark.parametrize("lie", FALSE)
def test_an_event_that_contradicts_the_books_is_not_written(office: Office, lie: str) -> None:
    [first] = printed(office)
    [card] = office.station.counter.uncollected()
    body = {
        "job": "0badcafe", "ref": card["ref"], "reprint_of": first, "reason": "misprint",
        "moves": [["wni", card["lot"], "printed", "spoiled", 1]], "cause": "misprint",
    }  # fmt: skip
    FALSE[lie](body)
    with pytest.raises(Rejected):
        office.station.books.commit("reprint", body, "test")
    assert "reprint" not in kinds(office)


def test_a_lost_card_without_approval_is_not_written(office: Office) -> None:
    [first] = printed(office)
    [card] = office.station.counter.uncollected()
    with pytest.raises(Rejected, match="supervisor"):
        office.station.books.commit("reprint", {
            "job": "0badcafe", "ref": card["ref"], "reprint_of": first, "reason": "lost-before-hand-over",
            "moves": [["wni", card["lot"], "printed", "count-adjustment", 1]], "cause": "card-missing",
        }, "test")  # fmt: skip
