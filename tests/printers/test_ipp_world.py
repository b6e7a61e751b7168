"""What a printer does when nobody reckons with it any more: no job of ours is there to be begun anew."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from drivers.errors import NotStarted, OutcomeUnknown
from drivers.printers.ipp import Ipp
from drivers.printers.ipp_wire import Wire
from drivers.protocols import Face
from tests.contract.card_bench import small_face
from tests.contract.ipp_bench import IppBench, IppRig
from tests.contract.test_link_cut import operation
from tests.patience import BUSY_S
from tests.print_services import wait_for

GET_JOB_ATTRIBUTES = 0x09


@pytest.fixture
def rig() -> Iterator[IppRig]:
    made = IppRig()
    yield made
    made.close()


def patient(bench: IppBench) -> Ipp:
    """As at a station, but that no time of its own runs out: what ends a job here is what it is told."""
    printer = Ipp(Wire(bench.line.url), patience_s=BUSY_S, stands_s=BUSY_S, ending_s=BUSY_S, ask_s=BUSY_S)
    printer.initialise()
    printer.feed()
    return printer


def looks(bench: IppBench) -> int:
    return sum(operation(request) == GET_JOB_ATTRIBUTES for request, _ in bench.line.exchanges)


def test_a_job_that_is_pending_again_is_cancelled(rig: IppRig) -> None:
    """The power was away while it printed, as cupsd may be: the job waits, and would be begun anew some day."""
    bench = rig.bench(keeps=True, prompt=False)
    assert bench.sim

    def flicker() -> None:
        wait_for(lambda: looks(bench) >= 2, "the driver has seen it begun")
        bench.sim.busy = True
        bench.world.power_off()
        bench.world.power_on()

    def some_day() -> None:
        wait_for(lambda: bench.sim.busy, "the power goes")
        seen = looks(bench)
        wait_for(lambda: looks(bench) > seen + 6 or bench.sim.jobs[0].ended, "it is given up, or looked at in vain")
        bench.sim.busy = False
        bench.world.clock.interrupt()

    bench.now("panel-started", flicker)
    later = threading.Thread(target=some_day)
    later.start()
    printer = patient(bench)
    with pytest.raises(OutcomeUnknown, match="CANCELED"):
        printer.print_face(small_face(printer))
    later.join()
    assert [job.ended for job in bench.sim.jobs] == [True]
    assert len(bench.world.output) == 0


def test_what_a_dead_station_has_left_is_not_begun_when_the_fault_is_mended(rig: IppRig) -> None:
    bench = rig.bench()
    assert bench.sim
    bench.world.jam("print")
    dead = patient(bench)
    dead._jobs.begin(small_face(dead).downloads[0], time.monotonic() + BUSY_S)
    assert [job.ended for job in bench.sim.jobs] == [False]
    printer = bench.reopen()
    assert [job.ended for job in bench.sim.jobs] == [True]
    bench.world.take_card()
    printer.feed()
    printer.print_face(small_face(printer))
    assert len(bench.world.output) == 1
    assert len(bench.sim.jobs) == 2


def test_a_printer_that_has_forgotten_all(rig: IppRig) -> None:
    """Its power was away: the number of our job is nobody's, or the next one's."""
    bench = rig.bench(prompt=False)
    assert bench.sim
    printer = patient(bench)
    ticket = printer._jobs.begin(small_face(printer).downloads[0], time.monotonic() + BUSY_S)
    wait_for(lambda: bench.sim.jobs[0].ended, "it is printed")
    bench.sim.restart(forgets=True)
    with pytest.raises(OutcomeUnknown, match="not in the queue"):
        printer._jobs.look(ticket, time.monotonic() + BUSY_S)
    printer._jobs.begin(small_face(printer).downloads[0], time.monotonic() + BUSY_S)
    with pytest.raises(OutcomeUnknown, match="another one"):
        printer._jobs.look(ticket, time.monotonic() + BUSY_S)


def test_the_last_card_of_the_hopper_is_finished(rig: IppRig) -> None:
    """The printer says media-empty from the pick on: a card that is under way is no reason to cancel it."""
    bench = rig.bench(cards=1, prompt=False, stands=2.0)
    before: list[int] = []

    def wait() -> None:
        before.append(looks(bench))
        wait_for(lambda: looks(bench) > before[0] + 10, "it was looked at for longer than that")

    bench.now("panel-started", wait)
    bench.printer.feed()
    bench.printer.print_face(small_face(bench.printer))
    assert len(bench.world.output) == 1


def test_a_document_that_is_no_card_costs_none(rig: IppRig) -> None:
    bench = rig.bench()
    bench.printer.feed()
    with pytest.raises(OutcomeUnknown, match="0411"):
        bench.printer.print_face(bench.printer.prepare(Face(8, 8, bytes(64))))
    bench.sim.accepting = False
    with pytest.raises(NotStarted, match="in the path"):
        bench.printer.feed()
    assert bench.reopen().status().stopping == {"paused"}
    assert len(bench.world.hopper) == 3
