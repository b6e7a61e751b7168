"""A card printer that speaks IPP (RFC 8011): its jobs, and the engine that makes a card of each. Without the driver.

It shows of the world what such a printer can: no card within, no counter. What a person has mended it goes on with by
itself, and makes the spoiled card once more: of all that real ones do, what costs a station most.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from drivers.sim import ipp_message as ipp
from drivers.sim import ipp_page
from drivers.sim.cards import Panel, Place
from drivers.sim.clock import ClockStopped
from drivers.sim.ipp_message import Attribute, Request, number
from drivers.sim.mechanics import Mechanics, Motion, eject, print_panel, to_station
from drivers.sim.status import RIBBON_LOW_SETS, Err
from drivers.sim.world import PowerLost, World

__all__ = ["IppPrinter", "SimJob"]

PENDING, PROCESSING, STOPPED, CANCELED, ABORTED, COMPLETED = 3, 5, 6, 7, 8, 9
OK, BAD_REQUEST, NOT_POSSIBLE, NOT_FOUND, BAD_DOCUMENT, NO_OPERATION, NOT_ACCEPTING = (
    0x0000, 0x0400, 0x0404, 0x0406, 0x0411, 0x0501, 0x0506,
)  # fmt: skip

Answer = tuple[int, list[tuple[int, list[Attribute]]]]
"""A status, and the groups after the operation's own."""


@dataclass
class SimJob:
    """`reason`: its one job-state-reason."""

    number: int
    name: str
    user: str
    panels: list[Panel] = field(repr=False)
    state: int = PENDING
    reason: str = "none"
    cancelled: bool = False

    @property
    def ended(self) -> bool:
        return self.state >= CANCELED

    def end(self, state: int, reason: str) -> None:
        self.state, self.reason = state, reason


class IppPrinter:
    """`keeps`: jobs outlive the power, and are begun anew with it, as in a queue of CUPS; else they are forgotten.

    `busy`: it begins no job, and names no reason. `prompt`: a job is answered when it has come to an end or a halt,
    so that a life is the same each time.
    """

    def __init__(self, world: World, *, keeps: bool = False, prompt: bool = True) -> None:
        self.world = world
        self.jobs: list[SimJob] = []
        self.accepting, self.busy = True, False
        self.extra: list[Attribute] = []
        self._keeps = keeps
        self._prompt = prompt
        self._next = 1
        self._mechanics = Mechanics(world)
        self._turn = threading.Condition()
        self._closed = False
        self._uuid = uuid.uuid4()
        world.clock.start(self._wake)
        self._engine = threading.Thread(target=self._run, name="ipp-engine", daemon=True)
        self._engine.start()

    def close(self) -> None:
        with self._turn:
            self._closed = True
        self.world.clock.stop(self._wake)
        self._wake()
        self._engine.join()

    def restart(self, *, forgets: bool) -> None:
        """Its program begins again: jobs under way are pending, or with all the others gone, their numbers anew."""
        with self._turn:
            if forgets:
                self.jobs, self._next = [], 1
            for job in self.jobs:
                if not job.ended:
                    job.end(PENDING, "none")
            self._turn.notify_all()

    # What it answers.

    def answer(self, message: bytes) -> bytes:
        """The response to one request. Called from any thread; blocks while a job is made where it is `prompt`."""
        try:
            request = ipp.read(message)
        except ValueError:
            return ipp.written(BAD_REQUEST, 0, [])
        acts: dict[int, Callable[[Request], Answer]] = {
            0x02: self._print, 0x08: self._cancel, 0x09: self._job, 0x0A: self._list, 0x0B: self._printer,
        }  # fmt: skip
        act = acts.get(request.operation)
        status, groups = act(request) if act else (NO_OPERATION, [])
        return ipp.written(status, request.number, groups)

    def _print(self, request: Request) -> Answer:
        ribbon = self.world.ribbon.kind if self.world.ribbon else "ymcko"
        try:
            panels = ipp_page.panels(request.document, ribbon)
        except ipp_page.BadPage:
            return BAD_DOCUMENT, []
        with self._turn:
            if not self.accepting:
                return NOT_ACCEPTING, []
            cards = max(1, request.integer("copies") or 2)  # its default, as somebody has left it
            job = SimJob(self._next, request.text("job-name"), request.text("requesting-user-name"), panels * cards)
            self._next += 1
            self.jobs.append(job)
            self._turn.notify_all()
            if self._prompt:
                self._turn.wait_for(lambda: self._halted() or job.ended or job.state == STOPPED)
        return OK, [(ipp.JOB, self._told(job))]

    def _cancel(self, request: Request) -> Answer:
        with self._turn:
            job = self._found(request)
            if job is None:
                return NOT_FOUND, []
            if job.ended:
                return NOT_POSSIBLE, []
            job.cancelled = True
            if job.state == PENDING:
                job.end(CANCELED, "job-canceled-by-user")
            else:
                job.reason = "processing-to-stop-point"
            self._turn.notify_all()
            if self._prompt:
                self._turn.wait_for(lambda: self._halted() or job.ended)
        return OK, []

    def _halted(self) -> bool:
        return self._closed or not self.world.powered

    def _job(self, request: Request) -> Answer:
        with self._turn:
            job = self._found(request)
            return (NOT_FOUND, []) if job is None else (OK, [(ipp.JOB, self._told(job))])

    def _list(self, request: Request) -> Answer:
        ended = request.text("which-jobs") == "completed"
        mine = request.said.get("my-jobs") == [b"\1"]
        with self._turn:
            listed = [job for job in self.jobs if job.ended is ended
                      and (not mine or job.user == request.text("requesting-user-name"))]  # fmt: skip
            return OK, [(ipp.JOB, self._told(job)) for job in listed]

    def _found(self, request: Request) -> SimJob | None:
        return next((job for job in self.jobs if job.number == request.integer("job-id")), None)

    def _told(self, job: SimJob) -> list[Attribute]:
        return [
            (ipp.INTEGER, "job-id", [number(job.number)]), (ipp.ENUM, "job-state", [number(job.state)]),
            (ipp.KEYWORD, "job-state-reasons", [job.reason.encode()]), (ipp.NAME, "job-name", [job.name.encode()]),
        ]  # fmt: skip

    def _printer(self, request: Request) -> Answer:
        reasons = [word.encode() for word in self.reasons()] or [b"none"]
        return OK, [(ipp.PRINTER, [
            (ipp.ENUM, "printer-state", [number(self._state())]), (ipp.KEYWORD, "printer-state-reasons", reasons),
            (ipp.BOOLEAN, "printer-is-accepting-jobs", [bytes([self.accepting])]),
            (ipp.ENUM, "operations-supported", [number(each) for each in (0x02, 0x08, 0x09, 0x0A, 0x0B)]),
            (ipp.MIME, "document-format-supported", [b"application/octet-stream", b"image/pwg-raster"]),
            (ipp.TEXT, "printer-make-and-model", [b"Simulated card printer"]),
            (ipp.URI, "printer-uuid", [f"urn:uuid:{self._uuid}".encode()]), *self.extra,
        ])]  # fmt: skip

    def _state(self) -> int:
        with self._turn:
            if any(job.state == PROCESSING for job in self.jobs):
                return 4
        return 5 if any(word.endswith("-error") for word in self.reasons()) else 3

    def reasons(self) -> list[str]:
        """printer-state-reasons, each with its weight (RFC 8011, 5.4.12; PWG 5100.9)."""
        world = self.world
        with world.lock:
            ribbon = world.ribbon
            stands = {
                "media-empty-error": not world.hopper,
                "media-jam-error": world.stuck,
                "cover-open-error": world.cover_open,
                "output-area-full-error": len(world.output) >= world.capacity.output,
                "marker-supply-missing-error": ribbon is None or ribbon.broken,
                "marker-supply-empty-error": ribbon is not None and ribbon.ended,
                "marker-supply-low-warning": ribbon is not None and 0 < ribbon.sets_left <= RIBBON_LOW_SETS,
                "fuser-over-temp-error": world.head_hot,
            }
        return [word for word, true in stands.items() if true]

    # What it does.

    def _wake(self) -> None:
        with self._turn:
            self._turn.notify_all()

    def _run(self) -> None:
        while True:
            with self._turn:
                self._turn.wait_for(lambda: self._closed or (self.world.ready and self._due() is not None))
                if self._closed:
                    return
                job = self._due()
                assert job is not None
                job.state = PROCESSING
            try:
                self._make(job)
            except PowerLost:
                self._power_lost()
            except ClockStopped:
                return

    def _due(self) -> SimJob | None:
        """The next to be begun: nothing is while something stops the machine."""
        waits = self.busy or any(word.endswith("-error") for word in self.reasons())
        return None if waits else next((job for job in self.jobs if job.state == PENDING), None)

    def _make(self, job: SimJob) -> None:
        """Until it has ended, however often that takes."""
        if self._mechanics.epoch != self.world.epoch:
            self._mechanics.restart()
        while not job.ended:
            self._mechanics.errors = Err(0)
            self._mechanics.start(self._cards(job))
            self._mechanics.settle()
            with self._turn:
                if job.cancelled:
                    job.end(CANCELED, "job-canceled-by-user")
                elif not self._mechanics.errors:
                    job.end(COMPLETED, "job-completed-successfully")
                else:
                    job.end(STOPPED, "printer-stopped")
                    self._turn.notify_all()
                    self._turn.wait_for(lambda: self._closed or job.cancelled or self._mended())
                    job.state = CANCELED if job.cancelled or self._closed else PROCESSING
                self._turn.notify_all()

    def _mended(self) -> bool:
        self._mechanics.check_power()
        return not any(word.endswith("-error") for word in self.reasons())

    def _cards(self, job: SimJob) -> Motion:
        """One after the other, each front begun with the ribbon's first panel."""
        yield from eject(self.world, "reject")
        for position, panel in enumerate(job.panels):
            if job.cancelled:
                yield from eject(self.world, "reject")
                return
            first = position % len({each.name for each in job.panels}) + 1
            if first == 1:
                yield from eject(self.world, "output")
                yield from to_station(self.world, Place.PRINT)
            yield from print_panel(self.world, panel, first)
        yield from eject(self.world, "output")

    def _power_lost(self) -> None:
        self.restart(forgets=not self._keeps)
