"""Any printer that prints a card as one job: driverless, or behind a CUPS queue with its vendor's driver (RFC 8011).

Such a printer draws a blank, prints it and puts it out, all in one; it has no chip station, no second tray, and tells
of no card within. So `feed` only sees that it is ready and `eject` only takes note; the chip is written at the desk
(plans `desktop-after`, `desktop-before`). It has no counters that tell of one card: they stay 0, and each print in
doubt is asked of a person.

A job in a queue is a card that may still be printed, when nobody reckons with it any more. So none outlives the call
that made it: however `print_face` ends, its job has ended before; what an earlier life of the station has left is
ended when the queue is opened. A queue of CUPS prints a job again after cupsd was killed, whatever its policy, so its
device has to be behind the backend `once` (packaging/cups/once), which lets a job through a single time
(docs/adr/0059-a-card-as-a-print-job.md).

Tested with: `ippeveprinter` and cupsd of CUPS 2.4.2 (November 2026); no card printer yet.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from drivers.errors import DeviceError, NotStarted, OutcomeUnknown, ProtocolViolation, Stopped
from drivers.printers import ipp_raster as raster
from drivers.printers.ipp_codec import NOT_FOUND, Attributes, Job, JobState, Operation, Reply, as_job
from drivers.printers.ipp_reasons import reasons
from drivers.printers.ipp_wire import Wire
from drivers.protocols import CardPrinter, Counters, Face, Position, Prepared, PrinterIdentity, PrinterStatus, Tray
from drivers.serialport import Tracer

__all__ = ["Ipp", "open"]

_ASK_S = 3.0
_PRINT_S = 300.0
_POLL_S = 0.25
_STANDS_S = 5.0
_UNSAFE = frozenset({"other"})
_HOPPER = frozenset({"media-empty", "media-needed"})
_JOB = ["job-id", "job-state", "job-state-reasons"]
_NEEDED = frozenset({Operation.PRINT_JOB, Operation.CANCEL_JOB, Operation.GET_JOBS, Operation.GET_JOB_ATTRIBUTES})
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


class Ipp:
    """A `CardPrinter`. `patience_s`: how long a printer may not answer while it prints, before its job is given up.

    `stands_s`: how long it may wait for a person in the middle of a job, before that is.
    `ending_s`: within which a job that is cancelled has to end.
    """

    def __init__(
        self, wire: Wire, patience_s: float = 30.0, stands_s: float = _STANDS_S, ending_s: float = _ASK_S
    ) -> None:
        self._wire = wire
        self._patience_s = patience_s
        self._stands_s = stands_s
        self._ending_s = ending_s
        self._card = False
        self._closed = False
        self._spools = False

    def initialise(self) -> None:
        """As `open`."""
        said = self._asked(time.monotonic() + _ASK_S)
        self._spools = "cups-version" in said
        if lacking := _NEEDED - set(said.get("operations-supported", ())):
            raise Stopped(f"{self._wire.url} can't {', '.join(sorted(each.name for each in lacking))}", _UNSAFE)
        if raster.FORMAT not in said.get("document-format-supported", ()):
            raise Stopped(f"{self._wire.url} does not read {raster.FORMAT}", _UNSAFE)
        if self._spools:
            _check_queue(self._wire.url, said)
        self._tidy()

    def identity(self) -> PrinterIdentity:
        said = self._asked(time.monotonic() + _ASK_S)
        version = _text(said, "printer-firmware-string-version") or _text(said, "cups-version")
        serial = _text(said, "printer-uuid").removeprefix("urn:uuid:")
        return PrinterIdentity(_text(said, "printer-make-and-model"), version, serial)

    def status(self) -> PrinterStatus:
        """See `CardPrinter`. `position` is what this side knows: the card is in the path from `feed` to `eject`."""
        stopping, warnings = _reasons(self._asked(time.monotonic() + _ASK_S))
        where = Position.PRINT if self._card else Position.NONE
        return PrinterStatus(where, Counters(0, 0, None), stopping, warnings)

    def feed(self) -> None:
        """Moves nothing yet: the printer draws the blank when it prints. <= 3 s."""
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
            ended, stopping = self._watch(self._send(prepared.downloads[0]), deadline)
        finally:
            with suppress(DeviceError):  # `feed` and `open` tidy again, and no card begins before that was done
                self._tidy()
        if not ended.is_good:
            told = f"the job is {ended.state.name}, {', '.join(sorted(ended.reasons))}"
            raise Stopped(told, stopping) if stopping else OutcomeUnknown(told)
        if stopping - _HOPPER:
            raise OutcomeUnknown(f"the job is completed, but the printer says {', '.join(sorted(stopping))}")

    def eject(self, tray: Tray) -> None:
        """Takes note that the card is out; there is one tray."""
        self._asked(time.monotonic() + _ASK_S)
        self._card = False

    def clear(self) -> None:
        """Nothing is to be acknowledged: IPP has no word for it that anybody may say. <= 3 s."""
        self._asked(time.monotonic() + _ASK_S)

    def close(self) -> None:
        self._card, self._closed = False, True

    def _send(self, document: bytes) -> int:
        reply = self._ask(
            Operation.PRINT_JOB, time.monotonic() + self._patience_s, document=document, job_name="card",
            document_format=raster.FORMAT,
        )  # fmt: skip
        if not reply.succeeded:
            raise NotStarted(f"the printer refused the job: status {reply.status:04X}")
        return _job(reply, OutcomeUnknown).number

    def _watch(self, number: int, deadline: float) -> tuple[Job, frozenset[str]]:
        """The job as it ended, and what stopped the printer then; cancelled, if it has to wait for a person."""
        well = heard = time.monotonic()
        begun = False
        while (now := time.monotonic()) < deadline:
            try:
                job, (stopping, _) = self._look(number, now + _ASK_S), _reasons(self._asked(now + _ASK_S))
                heard = now
            except NotStarted as exc:
                if now - heard >= self._patience_s:
                    raise OutcomeUnknown(f"no word of the job for {self._patience_s} s: {exc}") from exc
                time.sleep(_POLL_S)
                continue
            if job.state.ended:
                return job, stopping
            if begun and job.state < JobState.PROCESSING:  # CUPS was started again, and would begin it anew some day
                return self._given_up(number), stopping
            begun = job.state >= JobState.PROCESSING
            if not stopping and job.state is not JobState.PROCESSING_STOPPED:
                well = now
            elif now - well >= self._stands_s:
                return self._given_up(number), stopping or _UNSAFE
            time.sleep(_POLL_S)
        raise OutcomeUnknown(f"the job has not ended in {_PRINT_S} s")

    def _given_up(self, number: int) -> Job:
        try:
            return self._end(number, time.monotonic() + self._ending_s)
        except NotStarted as exc:
            raise OutcomeUnknown(str(exc)) from exc

    def _tidy(self) -> None:
        """No job of ours is left that may print, and none in the books of CUPS, which would keep its picture. <= 3 s.

        NotStarted if one has not ended in time, Stopped if it stays.
        """
        deadline = time.monotonic() + self._ending_s
        for job in self._ours("not-completed", deadline):
            self._end(job.number, deadline)
        if self._spools:
            for job in self._ours("completed", deadline):
                self._purge(job.number, deadline)

    def _end(self, number: int, deadline: float) -> Job:
        """Cancel it, and see it ended. NotStarted if it has not in time."""
        while not (job := self._look(number, deadline)).state.ended:
            self._ask(Operation.CANCEL_JOB, deadline, number)
            if time.monotonic() + _POLL_S > deadline:
                raise NotStarted(f"job {number} is {job.state.name} and can't be ended")
            time.sleep(_POLL_S)
        return job

    def _purge(self, number: int, deadline: float) -> None:
        self._ask(Operation.CANCEL_JOB, deadline, number, purge_job=True)
        if self._ask(Operation.GET_JOB_ATTRIBUTES, deadline, number).status != NOT_FOUND:
            raise Stopped(f"CUPS keeps job {number}, which holds a picture", _UNSAFE)

    def _look(self, number: int, deadline: float) -> Job:
        reply = self._ask(Operation.GET_JOB_ATTRIBUTES, deadline, number, requested_attributes=_JOB)
        if reply.status == NOT_FOUND:
            raise OutcomeUnknown(f"job {number} is not in the queue any more")
        return _job(reply, NotStarted)

    def _ours(self, which: str, deadline: float) -> list[Job]:
        reply = self._ask(Operation.GET_JOBS, deadline, which_jobs=which, my_jobs=True, requested_attributes=_JOB)
        if not reply.succeeded:
            raise NotStarted(f"the printer does not tell of its jobs: status {reply.status:04X}")
        return [_as_job(each) for each in reply.jobs]

    def _asked(self, deadline: float) -> Attributes:
        reply = self._ask(Operation.GET_PRINTER_ATTRIBUTES, deadline)
        if not reply.succeeded or "printer-state" not in reply.first:
            raise NotStarted(f"{self._wire.url} is no printer: status {reply.status:04X}")
        return reply.first

    def _ask(self, operation: Operation, deadline: float, job: int | None = None, **named: Any) -> Reply:
        if self._closed:
            raise NotStarted("the printer is closed")
        return self._wire.ask(operation, deadline, job, **named)


def _check_queue(url: str, said: Attributes) -> None:
    """A queue of CUPS that could print a card a second time is not used."""
    if (policy := _text(said, "printer-error-policy")) != "abort-job":
        raise Stopped(f"{url}: its policy {policy!r} tries again: lpadmin -o printer-error-policy=abort-job", _UNSAFE)
    if not (device := _text(said, "device-uri")).startswith("once:"):
        raise Stopped(f"{url}: after a crash it prints again: put once: before its device {device}", _UNSAFE)


def _reasons(said: Attributes) -> tuple[frozenset[str], frozenset[str]]:
    stopping, warnings = reasons(said.get("printer-state-reasons", ()))
    if said.get("printer-is-accepting-jobs") == (False,):
        stopping |= _UNSAFE
    return stopping, warnings


def _job(reply: Reply, kind: type[DeviceError]) -> Job:
    if not reply.succeeded or not reply.jobs:
        raise kind(f"the printer does not tell of the job: status {reply.status:04X}")
    return _as_job(reply.jobs[0])


def _as_job(said: Attributes) -> Job:
    try:
        return as_job(said)
    except ValueError as exc:
        raise ProtocolViolation(f"no job: {exc}", repr(said).encode()) from exc


def _text(said: Attributes, name: str) -> str:
    return str(said.get(name, ("",))[0])


def _refuse(stopping: frozenset[str]) -> None:
    if stopping:
        raise Stopped(f"printer waits for a person: {', '.join(sorted(stopping))}", stopping)


if TYPE_CHECKING:
    _conforms: type[CardPrinter] = Ipp
