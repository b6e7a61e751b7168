"""When the machine can't know, one person is asked one question; a crash at any commit doubles no card."""

from __future__ import annotations

import resource
from collections.abc import Callable
from typing import Any, Literal

import pytest

from drivers.sim.odometer import Counting, Odometer
from kiosk.core.frames import Frame
from kiosk.core.jobs import Why
from kiosk.errors import Rejected
from kiosk.journal import Poisoned
from kiosk.rig.operator import is_whole
from kiosk.rig.world_check import good_cards, wrong_cards
from kiosk.worker.halt import Halt
from tests.office import Killed, Office


def stop_in_doubt(office: Office, move: str, panel: int | None = None) -> str:
    office.world.jam(move, panel)
    office.bring_records(1)
    [ident] = office.station.desk.run_jobs("test")
    office.until(lambda: office.state(ident) == "processing-stopped")
    assert office.reasons(ident) == {"media-jam", Why.OUTCOME_UNKNOWN, Why.PRINTER_STOPPED}
    return ident


@pytest.mark.parametrize(
    ("move", "answer", "account"),
    [
        ("feed", "blank", None),
        ("feed", "spoiled", "spoiled"),
        ("contactless", "blank", None),
        ("print", "spoiled", "spoiled"),
        ("eject", "good", "printed"),
    ],
)
def test_a_jam_is_asked_and_the_answer_is_booked(office: Office, move: str, answer: str, account: str | None) -> None:
    ident = stop_in_doubt(office, move, 2 if move == "print" else None)
    card = office.world.take_card()
    if answer == "blank":
        office.world.put_back(card)
    office.station.desk.resolve_job("test", ident, answer, "media-jam" if answer == "spoiled" else None)
    office.until(lambda: office.state(ident) == "completed")
    assert office.job(ident)["cards"][0]["end"] == {"blank": "hopper"}.get(answer, account)
    office.agree()
    assert len(good_cards(office.world)) == 1
    assert wrong_cards(good_cards(office.world), office.residents) == []


@pytest.mark.parametrize("ending", ["answered", "plugged in"])
def test_what_stopped_the_line_is_not_said_while_the_next_card_is_printed(office: Office, ending: str) -> None:
    """The long step: sixteen seconds in which a person at the screen would call a technician."""
    said: list[Halt | None] = []

    def listen(event: str, card: object, detail: str) -> None:
        if event == "panel-started" and office.station.worker is not None:
            said.append(office.station.worker.holdup)

    if ending == "answered":
        ident = stop_in_doubt(office, "print", 1)
        office.world.take_card()
        forget = office.world.observe(listen)
        office.station.desk.resolve_job("test", ident, "spoiled")
    else:
        office.line.cut()
        office.bring_records(1)
        [ident] = office.station.desk.run_jobs("test")
        office.until(lambda: office.station.worker is not None and office.station.worker.holdup is not None)
        forget = office.world.observe(listen)
        office.line.restore()
    office.until(lambda: office.state(ident) == "completed")
    forget()
    assert said
    assert set(said) == {None}


def test_nothing_else_starts_while_a_card_is_unresolved(office: Office) -> None:
    ident = stop_in_doubt(office, "print", 1)
    office.bring_more_and_run()
    office.world.take_card()
    before = len(office.frames())
    assert office.station.worker is not None
    office.station.worker.wake()
    with pytest.raises(Rejected, match="say first"):
        office.station.desk.resume_job("test", ident)
    assert len(office.frames()) == before


def test_an_answer_counts_once(office: Office) -> None:
    ident = stop_in_doubt(office, "print", 1)
    office.world.take_card()
    office.station.desk.resolve_job("test", ident, "spoiled")
    with pytest.raises(Rejected, match="no unresolved card"):
        office.station.desk.resolve_job("test", ident, "spoiled")
    office.until(lambda: office.state(ident) == "completed")
    assert office.accounts()["spoiled"] == 1


def test_good_is_no_answer_before_the_print(office: Office) -> None:
    ident = stop_in_doubt(office, "contactless")
    with pytest.raises(Rejected, match="was not printed"):
        office.station.desk.resolve_job("test", ident, "good")
    assert "good" not in office.job(ident)["answers"]
    office.world.put_back(office.world.take_card())
    office.station.desk.resolve_job("test", ident, "blank")
    office.until(lambda: office.state(ident) == "completed")


def test_a_printed_card_that_is_missing_ends_the_job_and_is_not_printed_again(office: Office) -> None:
    ident = stop_in_doubt(office, "eject")
    office.world.take_card()
    office.station.desk.resolve_job("test", ident, "not-there")
    assert office.state(ident) == "aborted"
    with pytest.raises(Rejected, match="card-missing"):
        office.station.desk.run_jobs("test", refs=[office.job(ident)["ref"]])
    assert office.accounts()["count-adjustment"] == 1


def test_a_cable_pulled_during_the_print_heals_and_the_counters_decide(office: Office) -> None:
    """The printer goes on alone with what it has; the station asks its counters when it is back."""
    forget = office.world.observe(lambda event, card, detail: office.line.cut() if event == "panel-started" else None)
    office.bring_records(1)
    [ident] = office.station.desk.run_jobs("test")
    assert "connecting-to-device" in office.until_held_up()
    forget()
    office.line.restore()
    office.until(lambda: office.is_settled(ident))
    if office.state(ident) != "completed":
        answer_truly(office, ident)
        office.until(lambda: office.state(ident) == "completed")
    office.agree()
    assert len(good_cards(office.world)) == 1


def die_at(office: Office, nth: int, when: str) -> None:
    """Let the process end right before or right after the n-th commit of a card."""
    commit: Callable[..., Frame] = office.station.books.commit
    seen = 0

    def dying(kind: str, data: dict[str, Any], by: str) -> Frame:
        nonlocal seen
        if kind not in ("step", "job-ended"):
            return commit(kind, data, by)
        seen += 1
        if (when, seen) == ("before", nth + 1):
            raise Killed
        frame = commit(kind, data, by)
        if (when, seen) == ("after", nth + 1):
            raise Killed
        return frame

    office.station.books.commit = dying  # type: ignore[method-assign]


def answer_truly(office: Office, ident: str) -> None:
    """As a person who looks at the card and nothing else."""
    card = office.world.take_card() if office.world.path else None
    if card is None:
        answer = "not-there"
    elif is_whole(card):
        answer = "good"
    else:
        answer = "spoiled" if card.panels else "blank"
    if card is not None and answer == "blank":
        office.world.put_back(card)
    office.station.desk.resolve_job("test", ident, answer)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("nth", range(7))
def test_killed_at_every_commit_of_a_card(office: Office, nth: int, when: str) -> None:
    """Before: the act was done and not written. After: it was written and the next was not begun."""
    die_at(office, nth, when)
    office.bring_records(1)
    [ident] = office.station.desk.run_jobs("test")
    worker = office.station.worker
    assert worker is not None
    office.until(lambda: worker.failure is not None)
    assert isinstance(worker.failure, Killed)

    office.restart()
    office.until(lambda: office.is_settled(ident))
    if office.state(ident) != "completed":
        answer_truly(office, ident)
        office.until(lambda: office.state(ident) == "completed")
    office.agree()
    assert len(good_cards(office.world)) == 1
    assert wrong_cards(good_cards(office.world), office.residents) == []


def test_the_medium_fails_and_nothing_more_is_accepted(office: Office) -> None:
    """A real refusal of the kernel in the middle of a card; the card is reconciled after the restart."""
    office.bring_records(1)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def full(event: str, card: object, detail: str) -> None:
        if event == "panel-started":
            size = len(sorted((office.data / "journal").iterdir())[-1].read_bytes().rstrip(b"\0"))
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))

    forget = office.world.observe(full)
    try:
        [ident] = office.station.desk.run_jobs("test")
        office.until(lambda: office.station.failed is not None)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        forget()
    with pytest.raises(Poisoned):
        office.station.stock.move("test", "unload", "wni", 1)
    office.restart()
    office.until(lambda: office.state(ident) == "completed")
    office.agree()


def test_the_next_job_starts_after_a_jam_that_ended_the_last_one(office: Office) -> None:
    """The printer's latched error belongs to a card that is booked: it must not stop the queue in silence."""
    ident = stop_in_doubt(office, "eject")
    [following] = office.bring_more_and_run()
    office.world.take_card()
    office.station.desk.resolve_job("test", ident, "good")
    office.until(lambda: office.state(following) == "completed")
    office.agree()


def test_after_a_restart_the_station_still_says_that_it_waits(office: Office) -> None:
    ident = stop_in_doubt(office, "print", 1)
    office.restart()
    assert office.until_held_up() == {"media-jam", Why.OUTCOME_UNKNOWN}
    office.world.take_card()
    office.station.desk.resolve_job("test", ident, "spoiled")
    office.until(lambda: office.state(ident) == "completed")


@pytest.mark.parametrize("cards", ["feed", "panel", "eject"])
@pytest.mark.parametrize("panels", ["start", "end", "eject"])
def test_whenever_the_printer_counts_a_good_card_is_not_asked_about(
    office: Office, cards: Literal["feed", "panel", "eject"], panels: Literal["start", "end", "eject"]
) -> None:
    office.world.odometer = Odometer(Counting(cards=cards, panels=panels), 200)
    assert office.print_one()["state"] == "completed"
    office.agree()
