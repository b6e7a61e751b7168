"""The jobs of this station in one queue: begun, looked at, ended, and none left behind. Errors: `drivers.errors`.

A number is no name: a server that has lost its books gives it away again. So each job has a name of its own, and what
is told of its number counts only beside that name.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from drivers.errors import DeviceError, NotStarted, OutcomeUnknown, ProtocolViolation, Stopped
from drivers.printers import ipp_raster as raster
from drivers.printers.ipp_codec import NOT_FOUND, Attributes, Job, Operation, Reply, Value, as_job
from drivers.printers.ipp_said import UNSAFE
from drivers.printers.ipp_wire import Wire

__all__ = ["POLL_S", "Jobs", "Ticket", "listed"]

POLL_S = 0.25
_SHOWN = 120
_JOB = ["job-id", "job-state", "job-state-reasons", "job-name"]
_ONE_CARD: Mapping[str, Value] = {
    "copies": 1,
    "sides": "one-sided",
    "job-sheets": "none",
    "job-hold-until": "no-hold",
}
"""Said of each job: a queue may have other defaults, as two copies or a page before the first, each one a card."""


class Ticket(NamedTuple):
    number: int
    name: str


class Jobs:
    """`ending_s`: within which a job that is cancelled has to end."""

    def __init__(self, wire: Wire, ending_s: float) -> None:
        self._wire = wire
        self._ending_s = ending_s

    def begin(self, document: bytes, deadline: float) -> Ticket:
        """Send a card. NotStarted if the printer has refused it; OutcomeUnknown if it may be under way."""
        name = f"card {uuid.uuid4()}"
        reply = self._wire.ask(
            Operation.PRINT_JOB, deadline, document=document, wanted=_ONE_CARD, job_name=name,
            document_format=raster.FORMAT,
        )  # fmt: skip
        if not reply.succeeded:
            kind = NotStarted if reply.refused else OutcomeUnknown
            raise kind(f"the printer took no job: status {reply.status:04X}")
        return Ticket(_job(reply, OutcomeUnknown).number, name)

    def look(self, ticket: Ticket, deadline: float) -> Job:
        """OutcomeUnknown if it is gone, or that number is another job's by now."""
        job = self._told(ticket.number, deadline)
        if job is None:
            raise OutcomeUnknown(f"job {ticket.number} is not in the queue any more")
        if job.name != ticket.name:
            raise OutcomeUnknown(f"job {ticket.number} is another one by now")
        return job

    def given_up(self, ticket: Ticket) -> Job:
        """As it ended. OutcomeUnknown if it has not in time."""
        try:
            self._end(ticket.number, time.monotonic() + self._ending_s)
            return self.look(ticket, time.monotonic() + self._ending_s)
        except NotStarted as exc:
            raise OutcomeUnknown(str(exc)) from exc

    def tidy(self, *, spools: bool) -> None:
        """No job of ours is left that may print; where it `spools`, none in the books, which would keep its picture.

        NotStarted if one has not ended in time, Stopped if it stays.
        """
        deadline = time.monotonic() + self._ending_s
        for number in self._ours("not-completed", deadline):
            self._end(number, deadline)
        if spools:
            for number in self._ours("completed", deadline):
                self._purge(number, deadline)

    def left(self) -> list[int]:
        """Those of ours that may still print, ended by nobody yet."""
        return self._ours("not-completed", time.monotonic() + self._ending_s)

    def _end(self, number: int, deadline: float) -> None:
        while (job := self._told(number, deadline)) and not job.state.ended:
            self._wire.ask(Operation.CANCEL_JOB, deadline, number)
            if time.monotonic() + POLL_S > deadline:
                raise NotStarted(f"job {number} is {job.state.name} and can't be ended")
            time.sleep(POLL_S)

    def _purge(self, number: int, deadline: float) -> None:
        self._wire.ask(Operation.CANCEL_JOB, deadline, number, purge_job=True)
        if self._wire.ask(Operation.GET_JOB_ATTRIBUTES, deadline, number).status != NOT_FOUND:
            raise Stopped(f"CUPS keeps job {number}, which holds a picture", UNSAFE)

    def _told(self, number: int, deadline: float) -> Job | None:
        """None if there is no such job."""
        reply = self._wire.ask(Operation.GET_JOB_ATTRIBUTES, deadline, number, requested_attributes=_JOB)
        return None if reply.status == NOT_FOUND else _job(reply, NotStarted)

    def _ours(self, which: str, deadline: float) -> list[int]:
        reply = self._wire.ask(
            Operation.GET_JOBS, deadline, which_jobs=which, my_jobs=True, requested_attributes=_JOB
        )
        if not reply.succeeded:
            raise NotStarted(f"the printer does not tell of its jobs: status {reply.status:04X}")
        return [_as_job(each).number for each in reply.jobs]


def listed(words: Iterable[str]) -> str:
    """On one line, not longer than a line, whatever was sent."""
    return repr(", ".join(sorted(words))[:_SHOWN])[1:-1]


def _job(reply: Reply, kind: type[DeviceError]) -> Job:
    if not reply.succeeded or not reply.jobs:
        raise kind(f"the printer does not tell of the job: status {reply.status:04X}")
    return _as_job(reply.jobs[0])


def _as_job(said: Attributes) -> Job:
    try:
        return as_job(said)
    except ValueError as exc:
        raise ProtocolViolation(f"no job: {exc}", repr(said).encode()) from exc
