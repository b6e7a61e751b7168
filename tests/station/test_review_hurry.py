"""What a person does in between: holding, cancelling, unloading, naming twice, while the worker is at it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from drivers.sim.cards import Card
from kiosk.errors import Rejected
from tests.office import Office
from tests.station.test_in_doubt import stop_in_doubt


@pytest.mark.parametrize("verb", ["hold_job", "cancel_job"])
def test_held_or_cancelled_while_the_printer_is_not_there(office: Office, verb: str) -> None:
    office.line.cut()
    office.bring_records(1)
    [ident] = office.station.desk.run_jobs("test")
    getattr(office.station.desk, verb)("test", ident)
    office.until(lambda: office.station.worker is not None and office.station.worker.holdup is None)
    office.line.restore()
    [following] = office.bring_more_and_run()
    office.until(lambda: office.state(following) == "completed")
    assert office.state(ident) in ("pending-held", "canceled")
    assert office.station.failed is None


@pytest.mark.parametrize("verb", ["hold_job", "cancel_job"])
def test_held_or_cancelled_between_the_choice_and_the_feed(office: Office, verb: str) -> None:
    """The record is checked and rendered there, for half a second."""
    worker = office.station.worker
    assert worker is not None
    take: Callable[[str], Any] = worker._prepress.take

    def slowly(ref: str) -> Any:
        worker._prepress.take = take  # type: ignore[method-assign]
        getattr(office.station.desk, verb)("test", ident)
        return take(ref)

    worker._prepress.take = slowly  # type: ignore[method-assign]
    office.bring_records(1)
    with office.station.books.transaction():  # the worker looks once the name is known here
        [ident] = office.station.desk.run_jobs("test")
    [following] = office.bring_more_and_run()
    office.until(lambda: office.state(following) == "completed")
    assert office.state(ident) in ("pending-held", "canceled")
    assert len(office.world.output) == 1
    office.agree()


def test_a_reader_that_stays_away_writes_no_frames(office: Office) -> None:
    """The same attempt is made again and again under one intent; a lost weekend must not fill the journal."""
    socket = office.directory / "chip.sock"
    hidden = socket.rename(office.directory / "hidden.sock")
    office.bring_records(1)
    [ident] = office.station.desk.run_jobs("test")
    office.until(lambda: "reader-missing" in office.reasons(ident))
    before = len(office.frames())
    looks = count_looks(office)
    office.until(lambda: len(looks) > 2)
    assert len(office.frames()) == before
    hidden.rename(socket)
    office.until(lambda: office.state(ident) == "completed")
    office.agree()


def count_looks(office: Office) -> list[object]:
    """Grows by one each time the worker looks for something to do."""
    worker = office.station.worker
    assert worker is not None
    choose, looks = worker._next_job, []

    def looked() -> dict[str, Any] | None:
        looks.append(None)
        worker.on_change()
        return choose()

    worker._next_job = looked  # type: ignore[method-assign]
    worker.wake()
    return looks


def test_blanks_can_not_be_unloaded_from_under_a_feed(office: Office) -> None:
    """The one on its way is out of the hopper, whatever the books say until it has arrived."""
    said: list[str] = []

    def hurried(event: str, card: Card | None, detail: str) -> None:
        if event == "fed" and not said:
            with pytest.raises(Rejected) as refused:
                office.station.stock.move("test", "unload", "wni", 12)
            said.append(str(refused.value))
            office.station.stock.move("test", "unload", "wni", 11)

    office.world.observe(hurried)
    assert office.print_one()["state"] == "completed"
    assert said == ["hopper of wni: 1 blanks too few"]
    assert office.accounts() == {"supplier": -12, "shift": 11, "printed": 1}


@pytest.mark.parametrize("other", ["the same", "unknown"])
def test_records_named_twice_or_with_a_stranger_make_no_half_list(office: Office, other: str) -> None:
    office.line.cut()
    [ref] = office.bring_records(1)
    if other == "unknown":
        with pytest.raises(Rejected, match="leased to this station"):
            office.station.desk.run_jobs("test", refs=[ref, "f" * 32])
        assert office.jobs() == []
    else:
        assert len(office.station.desk.run_jobs("test", refs=[ref, ref])) == 1


def test_cancel_waits_for_the_card_and_then_frees_the_line(office: Office) -> None:
    """A job that can't go on must not keep everybody behind it waiting."""
    ident = stop_in_doubt(office, "feed")
    with pytest.raises(Rejected, match="has a card"):
        office.station.desk.cancel_job("test", ident)
    office.world.take_card()
    office.world.hopper.clear()
    office.station.desk.resolve_job("test", ident, "spoiled")
    office.until(lambda: "media-empty" in office.reasons(ident))
    assert office.station.desk.cancel_job("test", ident) == "canceled"
    office.until(lambda: office.station.worker is not None and office.station.worker.holdup is None)
    assert office.station.desk.run_jobs("test", refs=[office.job(ident)["ref"]])
    with pytest.raises(Rejected, match="no open job"):
        office.station.desk.cancel_job("test", ident)


def test_a_printer_that_was_mended_goes_on_while_somebody_still_stands_before_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long it stood still: the pause between two looks grows, but not beyond a person's patience."""
    office.world.open_cover()
    office.bring_records(1)
    office.station.desk.run_jobs("test")
    office.until_held_up()
    worker = office.station.worker
    assert worker is not None
    asked: list[float | None] = []
    many = threading.Event()

    def wait(timeout: float | None = None) -> bool:
        asked.append(timeout)
        if len(asked) > 12:
            many.set()
            monkeypatch.undo()
        return True

    monkeypatch.setattr(worker._wake, "wait", wait)
    worker.wake()
    assert many.wait(20)
    assert max(seconds or 0 for seconds in asked) <= 3
    office.world.close_cover()
    worker.wake()
    office.until(lambda: office.accounts().get("printed") == 1)
