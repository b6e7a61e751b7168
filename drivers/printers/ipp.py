"""Any printer that prints a card as one job: driverless, or behind a CUPS queue with its vendor's driver (RFC 8011).

Such a printer draws a blank, prints it and puts it out, all in one; it has no chip station, no second tray, and tells
of no card within. So `feed` only sees that it is ready and `eject` only takes note; the chip is written at the desk
(plans `desktop-after`, `desktop-before`). It has no counters that tell of one card: they stay 0, and each print in
doubt is asked of a person.

A job in a queue is a card that may still be printed, when nobody reckons with it any more. So none outlives the call
that made it: however `print_face` ends, its job has ended before; what an earlier life of the station has left is
ended when the queue is opened. A queue of CUPS prints a job again after cupsd was killed, whatever its policy, so its
device has to be behind the backend `once` (`keping install` brings it), which lets a job through a single time
(docs/adr/0059-a-card-as-a-print-job.md).

Tested with: `ippeveprinter` and cupsd of CUPS 2.4.2 (November 2026); no card printer yet.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from drivers.errors import DeviceError, NotStarted, OutcomeUnknown, Stopped
from drivers.printers import ipp_raster as raster
from drivers.printers import ipp_said as said
from drivers.printers.ipp_codec import Attributes, Job, JobState, Operation
from drivers.printers.ipp_jobs import POLL_S, Jobs, Ticket, listed
from drivers.printers.ipp_wire import Wire
from drivers.protocols import CardPrinter, Counters, Face, Position, Prepared, PrinterIdentity, PrinterStatus, Tray
from drivers.serialport import Tracer

__all__ = ["CHIP_STATION", "Ipp", "open", "survey"]

CHIP_STATION = False

_ASK_S = 3.0
_PRINT_S = 280.0
_STANDS_S = 5.0
_LAST_S = 60.0
_USED_UP = frozenset({"media-empty", "media-needed", "output-area-full", "marker-supply-empty"})
"""What a card that is good may leave behind: it was the last of its hopper or its ribbon, or filled the tray."""
_WAITS = frozenset({JobState.PENDING_HELD, JobState.PROCESSING_STOPPED})
_PANELS = 1
"""A job is let onto the card as a whole."""


def open(url: str, baud: int = 0, tracer: Tracer | None = None, reply_timeout_s: float = 30.0, **_: Any) -> Ipp:
    """See that the printer may be trusted with a card, and end what was left in its queue. <= 6 s.

    NotStarted if it does not answer, or a job of before can't be ended. Stopped if it could print a card twice.
    """
    try:
        printer = Ipp(Wire(url, tracer), reply_timeout_s)
    except ValueError as exc:
        raise NotStarted(str(exc)) from exc
    printer.initialise()
    return printer


def survey(url: str) -> Iterator[tuple[str, str]]:
    """What a technician has to know of a queue before a card is trusted to it: keyword and sentence. <= 6 s.

    Ends no job. `queue-unsafe` as `open` refuses it, `paused`, `job-left`; of one that is fit, nothing. NotStarted if
    it does not answer.
    """
    try:
        printer = Ipp(Wire(url))
    except ValueError as exc:
        raise NotStarted(str(exc)) from exc
    yield from printer.survey()


class Ipp:
    """A `CardPrinter`. `patience_s`: how long a printer may not answer while it prints, before its job is given up.

    `stands_s`: how long it may wait for a person in the middle of a job, before that is; `last_s`: the same of one
    that says that something is used up and goes on, as with the last card. `ending_s`: within which a job that is
    cancelled has to end. `ask_s`: within which any other question is answered.
    """

    def __init__(
        self, wire: Wire, patience_s: float = 30.0, stands_s: float = _STANDS_S, last_s: float = _LAST_S,
        ending_s: float = _ASK_S, ask_s: float = _ASK_S,
    ) -> None:  # fmt: skip
        self._wire = wire
        self._jobs = Jobs(wire, ending_s)
        self._patience_s = patience_s
        self._stands_s, self._last_s, self._ask_s = stands_s, last_s, ask_s
        self._card = False
        self._closed = False
        self._spools = False
        self._past: frozenset[str] = frozenset()

    def initialise(self) -> None:
        """As `open`."""
        told = self._told()
        self._spools = said.spools(told)
        said.check(self._wire.url, told)
        self._tidy()

    def survey(self) -> Iterator[tuple[str, str]]:
        """As the function."""
        told = self._told()
        yield from (("queue-unsafe", danger) for danger in said.dangers(told))
        if "paused" in said.stops_and_warnings(told)[0]:
            yield "paused", "cupsenable QUEUE; cupsaccept QUEUE"
        if left := self._jobs.left():
            yield "job-left", f"{len(left)} jobs of the station, which end when it starts"

    def identity(self) -> PrinterIdentity:
        return said.identity(self._told())

    def status(self) -> PrinterStatus:
        """See `CardPrinter`. `position` is what this side knows: the card is in the path from `feed` to `eject`."""
        stopping, warnings = self._stops_and_warnings()
        where = Position.PRINT if self._card else Position.NONE
        return PrinterStatus(where, Counters(0, 0, None), stopping, warnings)

    def feed(self) -> None:
        """Moves nothing yet: the printer draws the blank when it prints. <= 6 s."""
        if self._card:
            raise NotStarted("a card is in the path already")
        self._tidy()
        _refuse(self.status().stopping)
        self._card = True

    def to_chip_station(self) -> None:
        """Stopped{reader-missing}: there is none; the chip is written at the desk."""
        if not self._card:
            raise NotStarted("no card in the path")
        raise Stopped(
            "the printer has no chip station: choose a plan with the reader of the desk",
            frozenset({"reader-missing"}),
        )

    def prepare(self, face: Face, back: Face | None = None) -> Prepared:
        """NotStarted if the planes do not fit, or there is a back: nothing tells whether it can turn a card."""
        if back is not None:
            raise NotStarted("cannot be printed: a back")
        try:
            return Prepared((raster.page(face),), _PANELS)
        except ValueError as exc:
            raise NotStarted(f"cannot be printed: {exc}") from exc

    def print_face(self, prepared: Prepared, letting: Callable[[int], object] = lambda panels: None) -> None:
        """See `CardPrinter`. Draws the blank, prints it and puts it out; when this ends, so has its job.

        Where the link is lost for good, the job is ended when the queue is opened again.
        """
        if not self._card:
            raise NotStarted("no card in the path")
        _refuse(self.status().stopping)
        letting(prepared.panels)
        deadline = time.monotonic() + _PRINT_S
        try:
            ticket = self._jobs.begin(prepared.downloads[0], time.monotonic() + max(self._ask_s, self._patience_s))
            ended, stopping = self._watch(ticket, deadline)
        finally:
            with suppress(DeviceError):  # `feed` and `open` tidy again, and no card begins before that was done
                self._tidy()
        if not ended.is_good:
            told = f"the job is {ended.state.name}, {listed(ended.reasons)}"
            raise Stopped(told, stopping) if stopping else OutcomeUnknown(told)
        if stopping - _USED_UP:
            raise OutcomeUnknown(f"the job is completed, but the printer says {listed(stopping)}")

    def eject(self, tray: Tray) -> None:
        """Takes note that the card is out; there is one tray."""
        self._told()
        self._card = False

    def clear(self) -> None:
        """What a queue of CUPS says without a job is of its last one, and stays till some job's device takes it back.

        From now on it is past, and stops nothing before it has gone and comes again. A printer itself says what is
        so: of that nothing can be acknowledged. <= 3 s.
        """
        told = self._told()
        self._past = said.left_behind(told) if self._spools else frozenset()

    def close(self) -> None:
        self._card, self._closed = False, True

    def _watch(self, ticket: Ticket, deadline: float) -> tuple[Job, frozenset[str]]:
        """The job as it ended, and what stopped the printer then; cancelled, if it has to wait for a person."""
        well = heard = time.monotonic()
        begun = False
        while (now := time.monotonic()) < deadline:
            try:
                job, stopping = self._look(ticket)
                heard = now
            except NotStarted as exc:
                if now - heard >= self._patience_s:
                    raise OutcomeUnknown(f"no word of the job for {self._patience_s} s: {exc}") from exc
                time.sleep(POLL_S)
                continue
            if job.state.ended:
                return job, stopping
            if begun and job.state < JobState.PROCESSING:  # CUPS was started again, and would begin it anew some day
                return self._jobs.given_up(ticket), stopping
            begun = begun or job.state >= JobState.PROCESSING
            if not stopping and job.state not in _WAITS:
                well = now
            elif now - well >= (self._last_s if _is_last(job, stopping) else self._stands_s):
                return self._jobs.given_up(ticket), stopping or frozenset({"other"})
            time.sleep(POLL_S)
        raise OutcomeUnknown(f"the job has not ended in {_PRINT_S} s")

    def _look(self, ticket: Ticket) -> tuple[Job, frozenset[str]]:
        """Job, then printer; and a job that is completed once more: what it says after that counts."""
        job = self._jobs.look(ticket, time.monotonic() + self._ask_s)
        stopping, _ = self._stops_and_warnings()
        if job.is_good and not (again := self._jobs.look(ticket, time.monotonic() + self._ask_s)).is_good:
            raise OutcomeUnknown(f"the job was completed, and then {again.state.name}, {listed(again.reasons)}")
        return job, stopping

    def _tidy(self) -> None:
        self._must_be_open()
        self._jobs.tidy(spools=self._spools)

    def _stops_and_warnings(self) -> tuple[frozenset[str], frozenset[str]]:
        stopping, warnings = said.stops_and_warnings(self._told())
        self._past &= stopping
        return stopping - self._past, warnings

    def _told(self) -> Attributes:
        """What the printer says of itself. <= 3 s."""
        self._must_be_open()
        reply = self._wire.ask(
            Operation.GET_PRINTER_ATTRIBUTES, time.monotonic() + self._ask_s, requested_attributes=said.ASKED
        )
        if not reply.succeeded or not said.is_printer(reply.printer):
            raise NotStarted(f"{self._wire.url} is no printer: status {reply.status:04X}")
        return reply.printer

    def _must_be_open(self) -> None:
        if self._closed:
            raise NotStarted("the printer is closed")


def _is_last(job: Job, stopping: frozenset[str]) -> bool:
    return job.state is JobState.PROCESSING and stopping <= _USED_UP


def _refuse(stopping: frozenset[str]) -> None:
    if stopping:
        raise Stopped(f"printer waits for a person: {', '.join(sorted(stopping))}", stopping)


if TYPE_CHECKING:
    _conforms: type[CardPrinter] = Ipp
