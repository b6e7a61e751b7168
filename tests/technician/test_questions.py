"""What is asked of the devices while the station runs: the one thread that owns them answers, between two cards."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from drivers.errors import NotStarted
from kiosk.core.frames import Frame
from kiosk.errors import Rejected, Unavailable
from kiosk.worker import Devices, Worker
from tests.office import PATIENCE_S, Office


def worker_of(office: Office) -> Worker:
    assert office.station.worker is not None
    return office.station.worker


def who_answers(_devices: Devices) -> str:
    return threading.current_thread().name


@contextmanager
def a_card_in_the_machine(office: Office) -> Iterator[None]:
    """Until the block ends, the worker stands right before it encodes."""
    reached, go_on, told = threading.Event(), threading.Event(), office.station.books.on_commit

    def heard(frame: Frame) -> None:
        told(frame)
        if frame.data.get("intent", {}).get("step") == "encode":
            reached.set()
            assert go_on.wait(PATIENCE_S)

    office.station.books.on_commit = heard
    office.bring_records(1)
    [job] = office.station.desk.run_jobs("test")
    assert reached.wait(PATIENCE_S)
    yield
    office.station.books.on_commit = told
    go_on.set()
    office.until(lambda: office.state(job) == "completed")


def test_the_thread_that_owns_the_devices_answers(office: Office) -> None:
    assert worker_of(office).ask(who_answers).result(PATIENCE_S) == "worker"


def test_while_a_card_moves_nothing_is_asked(office: Office) -> None:
    with a_card_in_the_machine(office):
        with pytest.raises(Rejected) as refused:
            worker_of(office).ask(who_answers)
        assert refused.value.reason == "card-moves"
    assert worker_of(office).ask(who_answers).result(PATIENCE_S) == "worker"


def test_a_halted_worker_answers_also_with_a_card_inside(office: Office) -> None:
    office.world.jam("print", 2)
    office.bring_records(1)
    [job] = office.station.desk.run_jobs("test")
    office.until(lambda: "outcome-unknown" in office.reasons(job))
    office.until_held_up()
    assert worker_of(office).ask(who_answers).result(PATIENCE_S) == "worker"


def test_an_error_of_a_device_is_the_askers_and_the_link_is_opened_anew(office: Office) -> None:
    before = worker_of(office).ask(lambda devices: devices.printer).result(PATIENCE_S)

    def fails(_devices: Devices) -> None:
        raise NotStarted("pulled out")

    with pytest.raises(NotStarted):
        worker_of(office).ask(fails).result(PATIENCE_S)
    assert worker_of(office).ask(lambda devices: devices.printer).result(PATIENCE_S) is not before
    assert office.print_one()["state"] == "completed"


def test_what_nobody_waits_for_any_more_is_not_asked(office: Office) -> None:
    begun, go_on, asked = threading.Event(), threading.Event(), []

    def holds(_devices: Devices) -> None:
        begun.set()
        assert go_on.wait(PATIENCE_S)

    first = worker_of(office).ask(holds)
    assert begun.wait(PATIENCE_S)
    assert worker_of(office).ask(lambda _: asked.append(1)).cancel()
    go_on.set()
    first.result(PATIENCE_S)
    worker_of(office).ask(who_answers).result(PATIENCE_S)
    assert asked == []


def test_a_worker_that_has_ended_answers_nobody(office: Office) -> None:
    worker = worker_of(office)
    office.station.close()
    with pytest.raises(Unavailable):
        worker.ask(who_answers)
    office.reopen()
