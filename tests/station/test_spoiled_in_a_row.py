"""Three cards refused in a row stop the line, whosever they were; neither the next job nor a restart forgets them."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.sim.chip import Behaviour
from kiosk.core.jobs import Why, last_in_question, refused_in_a_row
from tests.office import Office


def print_each(office: Office, count: int) -> list[str]:
    """So many records, a job each, one at a time as an operator taps them; until the line stops."""
    office.bring_records(count)
    made: list[str] = []
    for _ in range(count):
        [job] = office.station.desk.run_jobs("test")
        made.append(job)
        office.until(lambda job=job: office.state(job) in ("completed", "processing-stopped"))  # type: ignore[misc]
        if office.state(job) == "processing-stopped":
            break
    return made


def spoil(office: Office, *places: int) -> None:
    for place in places:
        office.spoil_chip(place, Behaviour(dead=True))


def test_jobs_that_spoil_one_card_each_stop_the_line_at_the_third(office: Office) -> None:
    spoil(office, 0, 2, 4, 6)
    *fine, third = print_each(office, 5)
    assert [office.state(job) for job in fine] == ["completed"] * 2
    assert Why.REFUSALS_IN_A_ROW in office.reasons(third)
    assert office.until_held_up() >= {Why.REFUSALS_IN_A_ROW}
    assert office.job(third)["message"] == "3 cards refused in a row"
    assert len(office.world.reject) == 3
    office.station.desk.resume_job("test", third)
    office.until(lambda: office.state(third) == "completed")
    [following] = office.station.desk.run_jobs("test")
    office.until(lambda: office.state(following) == "completed")
    assert len(office.world.reject) == 4
    office.agree()


def test_a_card_that_was_made_at_the_first_try_ends_the_row(office: Office) -> None:
    spoil(office, 0, 2, 5, 7)
    made = print_each(office, 5)
    assert [office.state(job) for job in made] == ["completed"] * 5
    assert len(office.world.reject) == 4


@pytest.mark.parametrize("at", ["between two jobs", "right after the third"])
def test_a_restart_does_not_forget_the_row(office: Office, at: str) -> None:
    spoil(office, 0, 2, 4)
    office.bring_records(3)
    first, second, third = office.station.desk.run_jobs("test", count=3)

    def stop(event: str, card: object, detail: str) -> None:
        full = len(office.world.output) == 2 if at == "between two jobs" else len(office.world.reject) == 3
        if full and office.station.worker is not None:
            office.station.worker._stop_after_card.set()

    forget = office.world.observe(stop)
    worker = office.station.worker
    assert worker is not None
    worker.join(20)
    forget()
    assert Why.REFUSALS_IN_A_ROW not in office.reasons(third)
    office.restart()
    office.until(lambda: office.state(third) == "processing-stopped")
    assert Why.REFUSALS_IN_A_ROW in office.reasons(third)
    assert len(office.world.reject) == 3
    office.restart()
    assert office.until_held_up() >= {Why.REFUSALS_IN_A_ROW}
    office.station.desk.resume_job("test", third)
    office.restart()
    office.until(lambda: office.state(third) == "completed")
    assert [office.state(job) for job in (first, second)] == ["completed"] * 2
    office.agree()


def test_what_a_person_calls_spoiled_counts_too(office: Office) -> None:
    office.bring_records(1)
    [job] = office.station.desk.run_jobs("test")
    for _ in range(3):
        office.world.jam("print", 2)
        office.station.worker.wake()  # type: ignore[union-attr]
        office.until(lambda: Why.OUTCOME_UNKNOWN in office.reasons(job))
        office.world.take_card()
        office.station.desk.resolve_job("test", job, "spoiled", "media-jam")
    office.until(lambda: Why.REFUSALS_IN_A_ROW in office.reasons(job))
    assert len(office.world.hopper) == 9


def job(*ends: str, state: str = "completed", **more: Any) -> dict[str, Any]:
    return {"state": state, "cards": [{"end": end} for end in ends], **more}


@pytest.mark.parametrize(
    ("newest_first", "row"),
    [
        ([], 0),
        ([job("spoiled", state="processing"), job("spoiled", "printed"), job("printed"), job("spoiled")], 2),
        ([job("factory-defect", "hopper", "spoiled", state="processing")], 2),
        ([job("spoiled", state="processing"), job(state="canceled"), job("spoiled", state="aborted")], 2),
        ([job("spoiled", "spoiled", "spoiled", "spoiled", state="processing", went_on=3), job("spoiled")], 1),
        ([job("spoiled", state="processing"), job("spoiled", "spoiled", "printed", went_on=1), job("spoiled")], 2),
        ([job("bench", "count-adjustment", state="aborted"), job("spoiled", "printed")], 1),
    ],
)
def test_what_is_a_row(newest_first: list[dict[str, Any]], row: int) -> None:
    assert refused_in_a_row(newest_first) == row


def test_what_a_person_has_let_go_on_is_no_more_in_question() -> None:
    assert last_in_question(job("printed", "spoiled")) == {"end": "spoiled"}
    assert last_in_question(job("spoiled", went_on=1)) == last_in_question(job()) == {}
