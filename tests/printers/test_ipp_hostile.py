"""The driver `ipp` and a far end that is broken, lies, or is somebody else by now: no card is good on its word."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from drivers.errors import DeviceError, NotStarted, OutcomeUnknown, ProtocolViolation, Stopped
from drivers.printers import ipp
from drivers.printers.ipp_codec import JobState, Operation, parse
from drivers.printers.ipp_wire import Wire
from tests.patience import BUSY_S
from tests.print_services import HERE
from tests.printers.ipp_service import FACE, Service, attribute, driver, made


@pytest.mark.parametrize("status", [202, 301, 401, 403, 404, 500, 503])
def test_http_errors(service: Service, status: int) -> None:
    printer = driver(service)
    printer.feed()

    def break_off(panels: int) -> None:
        service.http_status = status

    with pytest.raises(NotStarted if 400 <= status < 500 else OutcomeUnknown):
        printer.print_face(printer.prepare(FACE), break_off)


@pytest.mark.parametrize("operation", [Operation.GET_PRINTER_ATTRIBUTES, Operation.PRINT_JOB, Operation.GET_JOBS])
def test_garbage_for_an_answer(service: Service, operation: Operation) -> None:
    printer = driver(service)
    service.cut = lambda which, answer: answer[:45] + b"\xff" * (len(answer) - 45) if which is operation else answer
    with pytest.raises(DeviceError):
        made(printer)
    service.cut = lambda which, answer: b"SSH-2.0-x\r\n" if which is operation else answer
    with pytest.raises((ProtocolViolation, NotStarted)):
        made(driver(service))
    service.cut = lambda which, answer: answer
    driver(service)


def test_silence_and_trickle_end_in_time(service: Service) -> None:
    """3 s for a look, also if a byte comes now and then."""
    wire = Wire(service.url)
    go_on = threading.Event()

    def never(which: Operation, answer: bytes) -> bytes:
        go_on.wait()
        return b""

    service.cut = never
    began = time.monotonic()
    with pytest.raises(NotStarted):
        wire.ask(Operation.GET_PRINTER_ATTRIBUTES, began + 0.2)
    assert time.monotonic() - began < 0.2 + BUSY_S
    go_on.set()


@pytest.mark.parametrize("url", ["", "http://h/", "ipps://h/x", "ipp:///x", "/dev/usb/lp0", "ipp://h:99999/x"])
def test_a_port_that_is_none(url: str) -> None:
    with pytest.raises(NotStarted):
        ipp.open(url)


def test_nobody_there() -> None:
    with pytest.raises(NotStarted):
        ipp.open(f"ipp://{HERE}:9/ipp/print")


DONE, AT_IT = (JobState.COMPLETED, "none"), (JobState.PROCESSING, "none")


@pytest.mark.parametrize("status", [0x0400, 0x0404, 0x040A, 0x0502, 0x0506, 0x0507])
def test_what_a_printer_refuses_has_not_begun(service: Service, status: int) -> None:
    printer = driver(service)
    service.ipp_status = status
    with pytest.raises(NotStarted, match=f"{status:04X}"):
        made(printer)


@pytest.mark.parametrize("status", [0x0300, 0x0405, 0x0411, 0x0500, 0x0504, 0x0505, 0x0508])
def test_an_error_in_its_midst_may_have_cost_a_card(service: Service, status: int) -> None:
    """RFC 8011, B.1.5.5: an error of the device comes while it prints already."""
    printer = driver(service)
    service.ipp_status = status
    with pytest.raises(OutcomeUnknown, match=f"{status:04X}"):
        made(printer)


def test_a_job_says_that_it_is_one_card(service: Service) -> None:
    """Whatever a queue has for its default: of copies, sides, a page before the first, jobs that are held."""
    made(driver(service))
    assert service.wanted.startswith(b"\x00\x04\x00\x00\x00\x01")
    for name, value in ((b"sides", b"one-sided"), (b"job-sheets", b"none"), (b"job-hold-until", b"no-hold")):
        assert name + len(value).to_bytes(2, "big") + value in service.wanted


@pytest.mark.parametrize("after", [JobState.ABORTED, JobState.CANCELED, JobState.PROCESSING, JobState.PENDING])
def test_completed_and_then_something_else(service: Service, after: JobState) -> None:
    printer = driver(service)
    service.states = [AT_IT, DONE, (after, "none")]
    with pytest.raises(OutcomeUnknown, match=after.name):
        made(printer)


def renamed(service: Service) -> None:
    service.names = dict.fromkeys(service.names, "somebody else's")


@pytest.mark.parametrize(
    "change", [renamed, lambda service: service.jobs.clear(), lambda service: service.names.update({1: ""})]
)
def test_a_number_that_is_another_job_by_now(service: Service, change: Callable[[Service], object]) -> None:
    """The server has lost its books: no job, or somebody else's completed one, under the number of ours."""
    printer = driver(service)
    service.after_print = lambda: change(service)
    with pytest.raises(OutcomeUnknown, match="job 1 is"):
        made(printer)


def test_a_job_that_leaves_while_it_is_ended_has_ended(service: Service) -> None:
    service.jobs, service.names = {1: [AT_IT]}, {1: "card"}
    listed = service.get_jobs

    def gone(body: bytes) -> tuple[int, bytes]:
        answer = listed(body)
        service.jobs.clear()
        return answer

    service.get_jobs = gone  # type: ignore[method-assign]
    driver(service).feed()


def test_a_job_that_is_held_is_given_up(service: Service) -> None:
    printer = driver(service)
    service.states = [(JobState.PENDING_HELD, "job-hold-until-specified")]
    with pytest.raises(Stopped):
        made(printer)
    assert service.jobs[1][0][0] is JobState.CANCELED


def test_a_printer_that_stands_and_tells_no_reason(service: Service) -> None:
    printer = driver(service)
    service.state = 5
    assert printer.status().stopping == {"other"}
    with pytest.raises(Stopped):
        printer.feed()
    for nonsense in (0, 6):
        service.state = nonsense
        with pytest.raises(NotStarted, match="no printer"):
            printer.status()


def test_what_is_noted_of_it_is_short_and_printable(service: Service) -> None:
    service.extra = {"printer-make-and-model": "Card\n\x1b[2J" + "x" * 60_000}
    assert driver(service).identity().model == "Card[2J" + "x" * 93
    service.states = [(JobState.ABORTED, "y" * 60_000)]
    with pytest.raises(OutcomeUnknown) as caught:
        made(driver(service))
    assert len(str(caught.value)) < 200


def test_no_password_is_taken_or_told() -> None:
    with pytest.raises(NotStarted) as caught:
        ipp.open("ipp://me:secret@h/printers/card")
    assert "secret" not in str(caught.value)


def told(body: bytes) -> dict[str, tuple[Any, ...]]:
    return dict(parse(b"\x02\x00\x00\x00\x00\x00\x00\x01\x01" + body + b"\x03").printer)


def test_groups_before_the_printers_own() -> None:
    unsupported = b"\x05" + attribute(0x44, "printer-state", "x")
    assert told(unsupported + b"\x04" + attribute(0x23, "printer-state", 3)) == {"printer-state": (3,)}


def test_nothing_is_lost_of_what_is_said_twice() -> None:
    said = b"\x04" + attribute(0x44, "r", "media-jam") + attribute(0x44, "n", "1") + attribute(0x44, "r", "none")
    assert told(said)["r"] == ("media-jam", "none")


@pytest.mark.parametrize(
    "collection",
    [
        attribute(0x34, "c", ""),
        attribute(0x34, "c", "") + attribute(0x44, "", "x"),
        attribute(0x37, "", ""),
        attribute(0x37, "c", ""),
        attribute(0x34, "c", "") + attribute(0x37, "", "") * 2,
    ],
)
def test_a_collection_that_swallows_what_follows_is_no_answer(collection: bytes) -> None:
    for after in (attribute(0x44, "printer-state-reasons", "media-jam"), b"\x04", b""):
        if after == b"" and collection.endswith(b"\x37\x00\x00\x00\x00"):
            continue
        with pytest.raises(ValueError, match=r"collection|no attribute"):
            told(b"\x04" + attribute(0x44, "a", "x") + collection + after)


def test_a_name_whose_address_never_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The look-up is left behind; there is never a second of the same name."""
    answered, asked = threading.Event(), []

    def hang(host: str, *rest: Any, flags: int = 0, **named: Any) -> Any:
        if flags & socket.AI_NUMERICHOST:
            raise socket.gaierror("no number")
        asked.append(host)
        answered.wait()
        raise socket.gaierror("no such name")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    try:
        for _ in range(3):
            with pytest.raises(NotStarted):
                Wire("ipp://printer.invalid/ipp").ask(Operation.GET_JOBS, time.monotonic() + 0.05)
        assert asked == ["printer.invalid"]
    finally:
        answered.set()


def test_a_name_is_looked_up_once(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that is asked of a job is asked where it was sent."""
    asked = []
    known = socket.getaddrinfo

    def counted(*words: Any, **named: Any) -> Any:
        asked.append(words)
        return known(*words, **named)

    monkeypatch.setattr(socket, "getaddrinfo", counted)
    made(driver(service))
    assert len(asked) == 1


@pytest.mark.parametrize("endless", [b"HTTP/1.1 100 Continue\r\n\r\n", b"X", b"HTTP/1.1 200 X\r\n" + b"A: b\r\n" * 9])
def test_an_answer_without_end_ends(endless: bytes) -> None:
    """However fast it comes."""
    door = socket.create_server((HERE, 0))
    over = threading.Event()

    def pour() -> None:
        near, _ = door.accept()
        with near:
            near.settimeout(0.1)
            while not over.is_set():
                try:
                    near.sendall(endless)
                except TimeoutError:
                    continue
                except OSError:
                    return

    pouring = threading.Thread(target=pour)
    pouring.start()
    began = time.monotonic()
    with pytest.raises((NotStarted, ProtocolViolation)):
        Wire(f"ipp://{HERE}:{door.getsockname()[1]}/").ask(Operation.GET_JOBS, began + 0.2)
    assert time.monotonic() - began < 0.2 + BUSY_S
    over.set()
    pouring.join()
    door.close()
