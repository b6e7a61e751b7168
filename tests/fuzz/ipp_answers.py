"""A printer of IPP, or somebody in between, that answers what it likes. Nothing leaves the driver but a device error;
a life makes one card at most, and what is called printed was sent; the next opening leaves no job of ours.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from random import Random

from drivers.errors import DeviceError, NotStarted
from drivers.printers.ipp import Ipp
from drivers.printers.ipp_codec import JobState, Operation
from drivers.printers.ipp_wire import Wire
from drivers.protocols import Tray
from tests.fuzz.engine import Finding, mutated
from tests.printers.ipp_service import CUPS, FACE, Service, serving

AWKWARD = (b"", b"\x00", b"\xff", b"\x03", b"\x02", b"\x04", b"\x34", b"\x37", b"\x44\x00\x00", b"\x7f\xff\xff\xff",
           b"\xff\xff", b"\x21\x00\x00\x00\x02xx", b"none", b"job-id", b"\r\n\r\n", b"\xed\xa0\x80", b"A" * 70_000,
           b"\x44\x00\x00\x00\x04none" * 900, b"\x34\x00\x01x\x00\x00" * 900)  # fmt: skip
HEADS = (b"HTTP/1.1 500 X\r\n\r\n", b"HTTP/1.1 100 X\r\n\r\n" * 200, b"HTTP/1.1 200 X\r\nContent-Length: -1\r\n\r\n",
         b"HTTP/1.1 200 X\r\nContent-Length: 9999999999\r\n\r\n", b"HTTP/1.1 302 X\r\nLocation: /\r\n\r\n", b"",
         b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n",
         b"HTTP/1.1 200 X\r\n" + b"a: b\r\n" * 200,
         b"HTTP/9.9 x\r\n", b"\xff" * 70_000)  # fmt: skip
STATES = [*((state, "none") for state in JobState), (JobState.COMPLETED, "job-completed-with-errors"),
          (JobState.PROCESSING, "job-printing")]  # fmt: skip
REASONS = ("none", "media-empty-error", "media-jam", "x" * 300, "cover-open", "toner-low-warning")


class IppAnswers:
    """One case: what the job comes to, and by its number which answers are spoilt, and how."""

    budget = 3_000_000
    declared = (DeviceError,)
    secrets = ()

    def __init__(self, directory: object = None) -> None:
        self._life = ExitStack()
        self._service = self._life.enter_context(serving())

    def case(self, random: Random) -> bytes:
        spoilt = [random.randrange(22) for _ in range(random.choice((0, 1, 1, 2, 4)))]
        told = {
            "states": [random.randrange(len(STATES)) for _ in range(random.choice((0, 0, 1, 2)))],
            "reason": random.choice(REASONS) if random.random() < 0.2 else "none", "cups": random.random() < 0.5,
            "spoilt": {str(at): random.getrandbits(32) for at in spoilt},
        }  # fmt: skip
        return json.dumps(told).encode()

    def hold(self, case: bytes) -> str:
        told, service = json.loads(case), self._service
        _made_new(service)
        service.states = [*(STATES[at] for at in told["states"]), (JobState.COMPLETED, "none")]
        service.reasons, service.extra = [told["reason"]], dict(CUPS) if told["cups"] else {}
        service.cut = _spoiling({int(at): Random(seed) for at, seed in told["spoilt"].items()})
        printer = _driver(service)
        try:
            self._card(printer)
        finally:
            _must_be_tidy(service)
        return "printed"

    def _card(self, printer: Ipp) -> None:
        ready, service = printer.prepare(FACE), self._service
        printer.initialise()
        printer.identity()
        printer.feed()
        if service.cards:
            raise Finding("a card before anything was to be printed")
        try:
            printer.print_face(ready)
        except NotStarted as exc:
            if service.cards:
                raise Finding(f"not started, and a job was taken: {exc}") from exc
            raise
        finally:
            if service.cards > 1:
                raise Finding(f"{service.cards} cards")
        if service.cards != 1:
            raise Finding("printed, and no job was taken")
        printer.eject(Tray.OUTPUT)

    def close(self) -> None:
        self._life.close()


def _driver(service: Service) -> Ipp:
    return Ipp(Wire(service.url), patience_s=0.3, stands_s=0.0, ending_s=0.3, ask_s=1.0)


def _made_new(service: Service) -> None:
    fresh = Service(url=service.url)
    vars(service).update(vars(fresh))


def _must_be_tidy(service: Service) -> None:
    """As the station does when it is started again, and the printer answers as it should."""
    cards, service.cut = service.cards, lambda operation, answer: answer
    service.reasons = ["none"]
    _driver(service).initialise()
    if left := [number for number, states in service.jobs.items() if not states[0][0].ended]:
        raise Finding(f"job {left} may still be printed")
    if service.cards != cards:
        raise Finding("a card by opening")


def _spoiling(spoilt: dict[int, Random]) -> Callable[[Operation, bytes], bytes]:
    asked = -1

    def cut(operation: Operation, answer: bytes) -> bytes:
        nonlocal asked
        asked += 1
        random = spoilt.get(asked)
        if random is None:
            return answer
        head, gap, message = answer.partition(b"\r\n\r\n")
        if random.random() < 0.2:
            return random.choice(HEADS)
        # A printer that takes a job and says that it refused it lies: nobody could tell.
        kept = 4 if operation is Operation.PRINT_JOB else 0
        message = message[:kept] + mutated(random, message[kept:], AWKWARD)
        length = len(message) if random.random() < 0.8 else random.randrange(len(message) + 9)
        return head.partition(b"Content")[0] + b"Content-Length: %d" % length + gap + message

    return cut
