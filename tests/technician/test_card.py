"""A test card: one blank, never two, always booked; what is on it is nobody's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from drivers.sim.cards import Card
from drivers.sim.chip import Behaviour, Chip
from kiosk.core.frames import Frame
from kiosk.core.plan import PLANS, Plan
from kiosk.errors import Rejected, UsageError
from kiosk.render import specimen_face
from tests.office import Killed, Office
from tests.technician.command import answer, keping

TESTS = [plan for plan in Plan if plan.is_test]


def spend_one(office: Office, plan: str = Plan.TEST_CARD) -> dict[str, Any]:
    """Ask for a test card and wait for its end."""
    job = office.station.ask("jobs.test-card", {"sku": "wni", "plan": plan}, "cli:root")
    return ended(office, job)


def last(office: Office) -> dict[str, Any]:
    found = office.station.card_tests.last
    assert found is not None
    return found


def ended(office: Office, job: str) -> dict[str, Any]:
    office.until(lambda: "ended" in last(office))
    assert last(office)["id"] == job
    return last(office)


def spent(office: Office) -> list[Card]:
    return office.world.census()["reject"]


@pytest.mark.parametrize("plan", TESTS)
def test_one_blank_goes_through_the_steps_under_test_and_is_spoiled(office: Office, plan: Plan) -> None:
    found = spend_one(office, plan)
    assert (found["state"], found["cards"][0]["cause"]) == ("completed", "test")
    steps = [frame.data["intent"]["step"] for frame in office.frames() if frame.data.get("intent")]
    assert steps == list(PLANS[plan])
    assert (office.accounts()["hopper"], office.accounts()["spoiled"]) == (11, 1)
    [card] = spent(office)
    assert bool(card.panels) is (plan is not Plan.TEST_CHIP)
    assert isinstance(card.chip, Chip)
    assert any(card.chip.content(0x6FF1)) is (plan is not Plan.TEST_PRINT)
    assert office.print_one()["state"] == "completed"
    office.agree()


def test_who_asked_for_it_stands_in_the_books_and_its_chip_is_consumed(office: Office) -> None:
    found = spend_one(office)
    [asked] = [frame for frame in office.frames() if frame.kind == "test-card"]
    assert (asked.stamp.by, asked.data) == ("cli:root", {"job": found["id"], "sku": "wni", "plan": "test-card"})
    uid = found["cards"][0]["uid"]
    [card] = spent(office)
    office.world.reject.remove(card)
    office.world.hopper.appendleft(card)
    [job] = office.bring_more_and_run()
    office.until(lambda: "card-seen-before" in office.reasons(job))
    assert office.job(job)["cards"][0]["uid"] in (uid, None)
    office.agree()


@pytest.mark.parametrize("plan", [Plan.TEST_CARD, Plan.TEST_CHIP])
def test_a_chip_that_is_dead_ends_it_and_takes_no_second_blank(office: Office, plan: Plan) -> None:
    office.spoil_chip(0, Behaviour(dead=True))
    found = spend_one(office, plan)
    assert (found["state"], found["cards"][0]["cause"]) == ("aborted", "chip-silent")
    assert (office.accounts()["hopper"], office.accounts()["factory-defect"]) == (11, 1)
    office.agree()


@pytest.mark.parametrize("plan", [Plan.TEST_CARD, Plan.TEST_CHIP])
def test_a_reader_that_is_gone_ends_it_and_leaves_the_blank_whole(office: Office, plan: Plan) -> None:
    (office.directory / "chip.sock").unlink()
    found = spend_one(office, plan)
    assert (found["state"], found["cards"][0]["end"]) == ("aborted", "bench")
    assert (office.accounts()["hopper"], office.accounts()["bench"]) == (11, 1)
    [card] = spent(office)
    assert card.panels == []


def test_the_next_card_of_a_run_waits_for_it(office: Office) -> None:
    office.bring_records(3)
    office.world.open_cover()
    jobs = office.station.desk.run_jobs("test", count=3)
    office.until_held_up()
    job = office.station.card_tests.begin("test", "wni")
    office.world.close_cover()
    office.until(lambda: all(office.state(each) == "completed" for each in jobs))
    assert ended(office, job)["state"] == "completed"
    order = [frame.data["job"] for frame in office.frames() if frame.kind in ("test-ended", "job-ended")]
    assert order[0] == job
    office.agree()


def test_one_at_a_time_of_a_blank_that_is_there(office: Office) -> None:
    office.world.open_cover()
    job = office.station.card_tests.begin("test", "wni")
    for asked, reason in (("wni", "test-runs"), ("wna", "test-runs")):
        with pytest.raises(Rejected) as refused:
            office.station.card_tests.begin("test", asked)
        assert refused.value.reason == reason
    office.until_held_up()
    office.station.desk.cancel_job("test", job)
    assert last(office)["state"] == "canceled"
    office.world.close_cover()
    with pytest.raises(Rejected) as refused:
        office.station.card_tests.begin("test", "wna")
    assert refused.value.reason == "insufficient-stock"
    for wrong in ({"sku": "x"}, {"sku": "wni", "plan": "inline"}):
        with pytest.raises(UsageError):
            office.station.card_tests.begin("test", **wrong)
    assert office.accounts()["hopper"] == 12


@pytest.mark.parametrize("answer", ["spoiled", "blank", "not-there"])
def test_a_jam_is_asked_and_whatever_is_said_ends_it(office: Office, answer: str) -> None:
    office.world.jam("feed" if answer == "blank" else "print")
    job = office.station.card_tests.begin("test", "wni")
    office.until(lambda: "outcome-unknown" in last(office)["reasons"])
    assert "good" not in office.job(job)["answers"]
    card = office.world.take_card()
    if answer == "blank":
        office.world.put_back(card)
    office.station.desk.resolve_job("test", job, answer)
    assert ended(office, job)["state"] == "aborted"
    fed = office.accounts()["hopper"]
    assert fed == (12 if answer == "blank" else 11)
    assert office.print_one()["state"] == "completed"
    if answer != "not-there":  # for we hold it
        office.agree()


@pytest.mark.parametrize("after", ["feed", "encode", "print", "eject"])
def test_killed_at_a_step_it_goes_on_and_is_booked_once(office: Office, after: str) -> None:
    commit = office.station.books.commit

    def dies(kind: str, data: dict[str, Any], by: str) -> Frame:
        frame = commit(kind, data, by)
        if (data.get("intent") or {}).get("step") == after:
            raise Killed
        return frame

    office.station.books.commit = dies  # type: ignore[method-assign]
    job = office.station.card_tests.begin("test", "wni")
    worker = office.station.worker
    assert worker is not None
    office.until(lambda: worker.failure is not None)
    office.restart()
    office.until(lambda: "ended" in last(office) or "outcome-unknown" in last(office)["reasons"])
    if "ended" not in last(office):
        office.world.take_card()
        office.station.desk.resolve_job("test", job, "spoiled")
    assert ended(office, job)["state"] == ("aborted" if after == "print" else "completed")
    assert (office.accounts()["hopper"], office.accounts()["spoiled"]) == (11, 1)
    office.agree()


def test_the_books_tell_it_again_as_they_did(office: Office) -> None:
    spend_one(office)
    before = office.station.card_tests.last
    (office.data / "snapshot.json").unlink(missing_ok=True)
    office.restart()
    assert office.station.card_tests.last == before


def test_the_face_has_edges_ramps_and_nobody() -> None:
    face = specimen_face(colour=True)
    resin = np.frombuffer(face.resin, np.uint8).reshape(face.height, face.width)
    assert set(np.unique(resin)) == {0, 255}
    assert resin[12, 12:-12].all()
    assert not resin[:12].any()
    for ink in "ymc":
        panel = np.frombuffer(face.dye[ink], np.uint8).reshape(face.height, face.width)
        row = panel[panel.any(axis=1)][0][120:-120]
        assert (row[0], row[-1]) == (0, 255)
        assert (np.diff(row.astype(int)) >= 0).all()
    assert specimen_face(colour=False).dye == {}


@pytest.mark.parametrize(("verb", "plan"), [
    (["printer", "--test-card"], Plan.TEST_PRINT), (["chip", "--test-encode"], Plan.TEST_CHIP),
])  # fmt: skip
def test_at_the_shell_it_is_asked_twice_and_made_by_the_station(office: Office, verb: list[str], plan: Plan) -> None:
    refused = keping(office, "diag", *verb)
    assert (refused.exit_code, "This uses 1 wni blank" in refused.stderr) == (1, True)
    assert office.station.card_tests.last is None
    job = answer(office, "diag", *verb, "--yes")["job"]
    assert ended(office, job)["test"] == plan
    assert keping(office, "jobs", "show", job).exit_code == 0
    office.station.close()
    alone = keping(office, "diag", *verb, "--yes")
    assert (alone.exit_code, "does not run" in alone.stderr) == (4, True)
    office.reopen()
