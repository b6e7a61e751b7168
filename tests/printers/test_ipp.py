"""The driver `ipp` on Debian's `ippeveprinter`, and on a service that misbehaves."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from drivers.errors import DeviceError, NotStarted, OutcomeUnknown, Stopped
from drivers.printers import ipp
from drivers.printers.ipp_codec import JobState, Operation
from drivers.printers.ipp_wire import Wire
from drivers.protocols import CardPrinter, Face, Position, Tray
from kiosk.core.plan import Step
from kiosk.core.reconcile import Evidence, Verdict, reconcile
from tests.patience import BUSY_S
from tests.print_services import Eveprinter, wait_for
from tests.printers.ipp_service import CUPS, FACE, H, Service, W, driver, made


@pytest.fixture
def eve() -> Iterator[Eveprinter]:
    peer = Eveprinter()
    yield peer
    peer.close()


def test_a_card_on_ippeveprinter(eve: Eveprinter) -> None:
    """Who it is; nothing is printed by looking; a card is one job, whole, and let before it is sent."""
    printer = ipp.open(eve.url)
    assert isinstance(printer, CardPrinter)
    assert printer.identity() == ipp.open(eve.url).identity()
    assert len(printer.identity().serial) == 36
    ready = printer.prepare(FACE)
    with pytest.raises(NotStarted, match="no card"):
        printer.print_face(ready)
    printer.feed()
    assert printer.status().position is Position.PRINT
    with pytest.raises(NotStarted):
        printer.feed()
    assert eve.cards == []
    let: list[tuple[int, int]] = []
    printer.print_face(ready, lambda panels: let.append((panels, len(eve.cards))))
    assert (let, eve.cards) == ([(ready.panels, 0)], [*ready.downloads])
    printer.eject(Tray.OUTPUT)
    assert printer.status().position is Position.NONE
    printer.close()
    with pytest.raises(NotStarted):
        printer.status()


def test_an_aborted_job_is_in_doubt_on_ippeveprinter(eve: Eveprinter) -> None:
    (eve.place / "fails").touch()
    printer = ipp.open(eve.url)
    with pytest.raises(OutcomeUnknown, match="ABORTED"):
        made(printer)
    assert eve.cards == []


def test_what_is_left_from_an_earlier_life_is_ended(eve: Eveprinter) -> None:
    """The station dies while its card is printed: opened again, nothing of ours is under way."""
    eve.busy.touch()
    dead = ipp.open(eve.url)
    dead.feed()
    dead._jobs.begin(dead.prepare(FACE).downloads[0], time.monotonic() + BUSY_S)
    opened: list[ipp.Ipp] = []

    def again() -> bool:
        try:
            printer = ipp.Ipp(Wire(eve.url), ending_s=0.3)
            printer.initialise()
            opened.append(printer)
        except NotStarted:  # it is at it, and can stop only between two looks of its own
            eve.busy.unlink(missing_ok=True)
        return bool(opened)

    wait_for(again, "the queue is free")
    assert opened[0]._jobs._ours("not-completed", time.monotonic() + BUSY_S) == []
    assert opened[0].status().position is Position.NONE
    before = len(eve.cards)
    made(opened[0])
    assert len(eve.cards) == before + 1 <= 2


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ({"printer-error-policy": "retry-job"}, "abort-job"),
        ({"printer-error-policy": "stop-printer"}, "abort-job"),
        ({"printer-error-policy": ""}, "abort-job"),
        ({"device-uri": "socket://h"}, "once:"),
        ({"device-uri": ""}, "once:"),
    ],
)
def test_a_queue_that_could_print_twice_is_not_used(service: Service, said: dict[str, str], word: str) -> None:
    service.extra = CUPS
    driver(service)
    service.extra = CUPS | said
    with pytest.raises(Stopped, match=word):
        driver(service)


def test_a_printer_that_lacks_something_is_not_used(service: Service) -> None:
    service.format = "application/pdf"
    with pytest.raises(Stopped, match="does not read"):
        driver(service)
    service.format, service.operations = "image/pwg-raster", [2, 9, 10, 11]
    with pytest.raises(Stopped, match="CANCEL_JOB"):
        driver(service)


def test_a_queue_of_cups_keeps_no_picture(service: Service) -> None:
    """A job that has ended is taken out of its books; where it stays there, no further card is begun."""
    service.extra = CUPS
    printer = driver(service)
    made(printer)
    assert service.jobs == {}
    service.purges = False
    made(printer)
    with pytest.raises(Stopped, match="holds a picture"):
        printer.feed()
    with pytest.raises(Stopped, match="holds a picture"):
        driver(service)


@pytest.mark.parametrize(
    ("states", "error"),
    [
        ([(JobState.COMPLETED, "job-completed-with-errors")], OutcomeUnknown),
        ([(JobState.COMPLETED, "queued-in-device")], OutcomeUnknown),
        ([(JobState.PROCESSING, "none"), (JobState.ABORTED, "aborted-by-system")], OutcomeUnknown),
        ([(JobState.CANCELED, "job-canceled-at-device")], OutcomeUnknown),
        ([*[(JobState.PROCESSING, "none")] * 2, (JobState.PENDING, "none")], OutcomeUnknown),
        ([(JobState.PROCESSING_STOPPED, "printer-stopped")], Stopped),
    ],
)
def test_what_is_not_simply_completed_is_no_card(
    service: Service, states: list[tuple[JobState, str]], error: type[DeviceError]
) -> None:
    printer = driver(service)
    service.states = states
    with pytest.raises(error):
        made(printer)
    assert all(left[0][0].ended for left in service.jobs.values())


def test_a_printer_that_waits_for_a_person_loses_its_job(service: Service) -> None:
    """Else it would print when somebody has long answered for the card."""
    printer = driver(service)
    service.states = [(JobState.PROCESSING, "none")]
    printer.feed()
    with pytest.raises(Stopped) as caught:
        printer.print_face(printer.prepare(FACE), lambda panels: service.reasons.append("media-jam-error"))
    assert caught.value.reasons == {"media-jam"}
    assert service.jobs[1][0][0] is JobState.CANCELED
    assert Operation.CANCEL_JOB in service.heard


def test_a_jam_after_the_job_is_completed_is_asked(service: Service) -> None:
    printer = driver(service)
    printer.feed()
    with pytest.raises(OutcomeUnknown, match="media-jam"):
        printer.print_face(printer.prepare(FACE), lambda panels: service.reasons.append("media-jam"))
    service.reasons = ["media-empty-error"]  # the last card of the hopper is a good one
    printer.close()
    printer = driver(service)
    with pytest.raises(Stopped):
        printer.feed()
    service.reasons = ["none"]
    printer.feed()
    printer.print_face(printer.prepare(FACE), lambda panels: service.reasons.append("media-empty-error"))


def test_reasons_are_those_of_the_station(service: Service) -> None:
    printer = driver(service)
    service.reasons = ["cover-open-error", "marker-supply-low-warning", "media-low-report"]
    status = printer.status()
    assert (status.stopping, status.warnings) == ({"cover-open"}, {"marker-supply-low"})
    with pytest.raises(Stopped) as caught:
        printer.feed()
    assert caught.value.reasons == {"cover-open"}
    assert service.cards == 0


def test_a_refused_job_did_not_start(service: Service) -> None:
    printer = driver(service)
    service.ipp_status = 0x0507
    with pytest.raises(NotStarted, match="0507"):
        made(printer)


def test_a_job_that_does_not_end_is_left_to_the_next_opening(service: Service) -> None:
    printer = driver(service, ending_s=1.0)
    service.states, service.obeys = [(JobState.PROCESSING, "none")], False
    printer.feed()
    ready = printer.prepare(FACE)
    with pytest.raises(DeviceError) as caught:
        printer.print_face(ready, lambda panels: service.reasons.append("media-jam"))
    assert not isinstance(caught.value, NotStarted)
    with pytest.raises(NotStarted, match="can't be ended"):
        driver(service, ending_s=0.5)
    service.obeys = True
    driver(service)
    assert service.cards == 1


@pytest.mark.long
def test_the_answer_to_each_request_cut_at_each_byte(service: Service) -> None:
    """NotStarted only where no job was heard of; whatever was sent has ended when the queue is opened again."""
    service.extra = CUPS
    for operation in (Operation.GET_PRINTER_ATTRIBUTES, Operation.PRINT_JOB, Operation.GET_JOB_ATTRIBUTES,
                      Operation.GET_JOBS, Operation.CANCEL_JOB):  # fmt: skip
        service.cut = lambda _, answer: answer
        ready = driver(service).prepare(FACE)
        for at in (0, 1, 12, 17, 30, 38, 40, 45, 60, 80, 100, 120):
            service.cut = lambda _, answer: answer
            printer = driver(service, patience_s=0.0)
            printer.feed()
            before = service.cards

            def cut(which: Operation, answer: bytes, at: int = at, operation: Operation = operation) -> bytes:
                return answer[:at] if which is operation and at < len(answer) else answer

            service.cut = cut
            try:
                printer.print_face(ready)
            except NotStarted:
                assert service.cards == before, (operation, at)
            except DeviceError:
                assert service.cards <= before + 1
            service.cut = lambda _, answer: answer
            driver(service)
            assert service.jobs == {}, (operation, at)


def test_no_chip_station_and_no_back(service: Service) -> None:
    printer = driver(service)
    with pytest.raises(NotStarted):
        printer.to_chip_station()
    printer.feed()
    with pytest.raises(Stopped) as caught:
        printer.to_chip_station()
    assert caught.value.reasons == {"reader-missing"}
    with pytest.raises(NotStarted, match="a back"):
        printer.prepare(FACE, FACE)
    with pytest.raises(NotStarted, match="a plane"):
        printer.prepare(Face(W, H, b""))


def test_a_trace_holds_no_picture(service: Service) -> None:
    told: list[bytes] = []

    class Told:
        def sent(self, data: bytes) -> None:
            told.append(data)

        received = sent

    printer = ipp.Ipp(Wire(service.url, Told()))
    made(printer)
    assert any(line.startswith(b"PRINT_JOB") for line in told)
    assert all(len(line) <= 64 for line in told)


@pytest.mark.parametrize("let", [None, 0, 1])
def test_a_print_in_doubt_is_asked(service: Service, let: int | None) -> None:
    """After the link was opened anew there is neither card nor count: no rule decides, whatever was let."""
    status = driver(service).status()
    counted = status.counters
    evidence = Evidence(Step.PRINT, status.position, counted.cards_fed, counted.panels_printed, 1, status.just_reset,
                        status.stopping, same_printer=True, let=let)  # fmt: skip
    assert reconcile(evidence)[0] is Verdict.ASK
