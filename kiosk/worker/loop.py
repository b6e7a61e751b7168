"""The one thread that owns printer and reader: takes the next job, carries its cards, stops where it must."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from itertools import chain
from typing import Any, TypeVar

from drivers.errors import DeviceError
from kiosk.books import Books
from kiosk.core import card_test
from kiosk.core.card_test import given_up, is_test
from kiosk.core.jobs import LET_GO_ON, JobEvent, JobState, Why
from kiosk.core.plan import Plan
from kiosk.core.reconcile import Evidence
from kiosk.core.service_order import Rules
from kiosk.deskreader import DeskReader
from kiosk.errors import KepingError, Rejected, Unavailable
from kiosk.journal import Poisoned
from kiosk.worker.card import CardRun
from kiosk.worker.card_test import TrialEntries
from kiosk.worker.devices import Devices
from kiosk.worker.entries import WORKER, Entries, is_due
from kiosk.worker.evidence import evidence_of
from kiosk.worker.halt import CardWanted, Halt
from kiosk.worker.lastcard import check_last
from kiosk.worker.prepress import Prepress, PrintReady
from kiosk.worker.questions import Questions
from kiosk.worker.rounds import Rounds

log = logging.getLogger(__name__)

FIRST_LOOK_S = 0.2
LONGEST_LOOK_S = 1.0
"""A device that is back is in use again within 5 s (docs/healing.md): this, the rest of a look that began before it
was back (<= 2 s after the last question), and the look that finds it."""
IDLE_LOOK_S = 5.0
WITNESS_S = 5.0

Answer = TypeVar("Answer")

OURS = frozenset({JobState.PROCESSING.value, JobState.PROCESSING_STOPPED.value})
WAITS_FOR_PERSON = LET_GO_ON | {Why.OUTCOME_UNKNOWN.value, Why.CARD_TO_FEEDER.value}


class Worker(threading.Thread):
    """`failure`: what ended the thread, None if `stop` did.

    `on_change` is called in the thread when that or `holdup` has changed, and at its end. `barred` is asked before a
    new card is begun, and so is `plan`. `glanced` is called after each look at the printer between cards. `turn`: the
    sort key of jobs. `rounds`: does it still come round?
    """

    def __init__(
        self, books: Books, devices: Devices, desk: DeskReader, prepress: Prepress, plan: Callable[[], Plan],
        refusals_allowed: int,
    ) -> None:  # fmt: skip
        super().__init__(name="worker")
        self._books = books
        self._devices = devices
        self._desk = desk
        self._prepress = prepress
        self._plan = plan
        self._refusals_allowed = refusals_allowed
        self._wake = threading.Event()
        self._stop_after_card = threading.Event()
        self._look_s = FIRST_LOOK_S
        self._aborted_in_a_row = 0
        self._questions = Questions(devices)
        self.rounds = Rounds()
        devices.on_use = self.rounds.come
        self._holdup: Halt | None = None
        self.failure: BaseException | None = None
        self.on_change: Callable[[], None] = lambda: None
        self.barred: Callable[[], Halt | None] = lambda: None
        self.glanced: Callable[[], None] = lambda: None
        self.turn: Callable[[dict[str, Any]], Any] = Rules().key

    @property
    def holdup(self) -> Halt | None:
        """Why nothing moves now, None while all is well."""
        failed = self.failure if isinstance(self.failure, Poisoned) else self._books.poisoned
        return Halt(str(failed), frozenset({"store-failed"})) if failed else self._holdup

    def wake(self) -> None:
        """Something changed: a job was made, a card was resolved."""
        self._look_s = FIRST_LOOK_S
        self._wake.set()

    def ask(self, question: Callable[[Devices], Answer]) -> Future[Answer]:
        """Have the devices asked in this thread, before the next card; also while one waits for a person's word.

        The question may block for as long as the devices do. It raises DeviceError or KepingError, which the Future
        then has; a link that failed is opened anew. Rejected `card-moves` while a card is being made; Unavailable if
        the thread has ended.
        """
        if self.rounds.making and self.holdup is None:
            raise Rejected("a card is being made; ask when it has come out", "card-moves")
        asked = self._questions.put(question)
        self._wake.set()
        return asked

    def witness(self, job: dict[str, Any]) -> Evidence | None:
        """What the devices say now of the card in doubt; None if they have not answered within WITNESS_S."""
        with suppress(DeviceError, KepingError, TimeoutError, CancelledError):
            asked = self.ask(lambda devices: evidence_of(job, devices.note, devices.identity, devices.status()))
            try:
                return asked.result(WITNESS_S)
            finally:
                asked.cancel()
        return None

    def refit(self) -> None:
        """Other devices were chosen: the links are dropped before the next card, and opened again."""
        with suppress(Unavailable):
            self._questions.put(Devices.reopen)
        self.wake()

    def finish(self) -> None:
        """From now on no card is begun; the thread ends after the one in the machine."""
        self._stop_after_card.set()
        self._wake.set()

    def stop(self) -> None:
        """As `finish`. Blocks until the thread is gone (<= 2 min)."""
        self.finish()
        self.join()

    def run(self) -> None:
        try:
            while not self._stop_after_card.is_set():
                self.rounds.come()
                self._questions.answer()
                if not self._one_card():
                    self._wait()
        except Poisoned as exc:
            log.critical("the worker stops: %s", exc)
            self.failure = exc
        except Exception as exc:  # whatever it was, no card may move after it; the process ends and says so
            log.exception("the worker stops")
            self.failure = exc
        finally:
            self._questions.close()
            self._devices.close()
            self.on_change()

    def _wait(self) -> None:
        if self.holdup is None or Why.OUTCOME_UNKNOWN in self.holdup.reasons:
            self._glance()
        self._wake.wait(self._pause_s)
        self._wake.clear()
        self._look_s = min(self._look_s * 2, LONGEST_LOOK_S)

    @property
    def _pause_s(self) -> float:
        if isinstance(self.holdup, CardWanted):
            return FIRST_LOOK_S  # the look itself waits for the card
        well = self.holdup is None and self._devices.last_status is not None
        return IDLE_LOOK_S if well else self._look_s

    def _glance(self) -> None:
        """Between cards, and while one is in doubt: is the printer there, what does it say? Moves nothing."""
        before = self._devices.last_status
        try:
            self._devices.status()
        except DeviceError as exc:
            self._devices.reopen(exc)
        self.glanced()
        if self._devices.last_status != before:
            self.on_change()

    def _one_card(self) -> bool:
        """Make one card, if one can be made now. False: nothing to do until something changes."""
        job = self._next_job()
        if job is None:
            self._set_holdup(None)
            return False
        stops = frozenset(job["reasons"]) - {Why.PRINTER_STOPPED}
        if job["state"] == JobState.PROCESSING_STOPPED and WAITS_FOR_PERSON & stops:
            self._set_holdup(Halt(job["message"], stops))
            return False
        if self.holdup and WAITS_FOR_PERSON & self.holdup.reasons:
            self._set_holdup(None)  # somebody has said what was asked
        if job["card"] is None and (bar := self.barred()):
            self._set_holdup(bar)
            return False
        self.rounds.making = True
        try:
            check_last(self._books, job, self._refusals_allowed)
            ready = self._ready(job)
            if ready is not None:
                CardRun(
                    self._entries(job), self._devices, self._desk, self._plan_for(job), ready, self._going_on
                ).run()
                self._forget_if_done(job)
        except Halt as halt:
            self._halt(job["id"], halt)
            return False
        finally:
            self.rounds.making = False
        self._set_holdup(None)
        self._look_s = FIRST_LOOK_S
        return True

    def _next_job(self) -> dict[str, Any] | None:
        """The one whose card is under way; before any other is begun or goes on, a test."""
        with self._books.transaction() as view:
            jobs = view.rows("jobs")
            begun = (job for job in jobs if job["card"])
            tests = (job for job in jobs if is_test(job) and is_due(job))
            ours = (job for job in jobs if job["state"] in OURS)
            chosen = next(chain(begun, tests, ours), None) or self._first_waiting(jobs)
            return dict(chosen) if chosen else None

    def _first_waiting(self, jobs: list[dict[str, Any]]) -> dict[str, Any] | None:
        return min((job for job in jobs if job["state"] == JobState.PENDING), key=self.turn, default=None)

    def _entries(self, job: dict[str, Any]) -> Entries:
        return (TrialEntries if is_test(job) else Entries)(self._books, job["id"])

    def _plan_for(self, job: dict[str, Any]) -> Plan:
        return Plan(job["test"]) if is_test(job) else self._plan()

    def _ready(self, job: dict[str, Any]) -> PrintReady | None:
        """The job's data, checked and rendered. None if the record was refused and the job ended for it.

        Several refused in a row point at the station (a vault that is gone, a wrong ribbon), not at the records.
        """
        try:
            _ = self._devices.printer
            ready = self._prepress.specimen() if is_test(job) else self._prepress.take(job["ref"])
        except DeviceError as exc:
            raise self._devices.lost(exc) from exc
        except KepingError as exc:
            if job["card"] is not None:
                raise Halt(str(exc), frozenset({Why.RECORD_REFUSED.value, Why.OUTCOME_UNKNOWN.value})) from exc
            if self._aborted_in_a_row >= self._refusals_allowed:
                raise Halt(str(exc), frozenset({Why.RECORD_REFUSED.value})) from exc
            self._aborted_in_a_row += 1
            self._abort(job, exc)
            return None
        self._aborted_in_a_row = 0
        self._look_ahead(job["id"])
        return ready

    def _abort(self, job: dict[str, Any], why: KepingError) -> None:
        """End a job whose record can't be printed, unless a person has held or cancelled it meanwhile."""
        reason = why.reason if isinstance(why, Rejected) else "damaged"
        with self._books.transaction() as view:
            if not is_due(view.read("jobs", job["id"])):
                return
            if is_test(job):
                self._books.commit(card_test.ENDED, given_up(job, Why.ABORTED_BY_SYSTEM, str(why)), WORKER)
            else:
                self._books.commit("job-ended", {
                    "job": job["id"], "ref": job["ref"], "state": JobState.ABORTED.value, "message": str(why),
                    "reasons": [Why.ABORTED_BY_SYSTEM.value, Why.RECORD_REFUSED.value], "record_state": reason,
                }, WORKER)  # fmt: skip

    def _look_ahead(self, current: str) -> None:
        with self._books.transaction() as view:
            following = self._first_waiting([job for job in view.rows("jobs") if job["id"] != current])
        if following is not None and not is_test(following):
            self._prepress.ahead(following["ref"])

    def _forget_if_done(self, job: dict[str, Any]) -> None:
        """What is ready to print is a person's data: no longer in memory than its job is open."""
        with self._books.transaction() as view:
            if view.read("jobs", job["id"]) is None:
                self._prepress.forget(job["ref"])

    def _going_on(self) -> None:
        self._set_holdup(None)

    def _set_holdup(self, holdup: Halt | None) -> None:
        before, self._holdup = self._holdup, holdup
        if (before and before.said) == (holdup and holdup.said):
            return
        if holdup:
            log.warning("halt reasons=%s: %s", ",".join(sorted(holdup.reasons)), holdup)
        self.on_change()

    def _halt(self, job_id: str, halt: Halt) -> None:
        """Say why, once: the same reasons again are not written again."""
        self._set_holdup(halt)
        with self._books.transaction() as view:
            job = view.read("jobs", job_id)
            if job is None or job["state"] not in OURS:
                return
            machine = set() if isinstance(halt, CardWanted) else {Why.PRINTER_STOPPED.value}
            reasons = sorted({*halt.reasons, *machine})
            if (job["state"], job["reasons"]) == (JobState.PROCESSING_STOPPED, reasons):
                return
            self._books.commit("job-state", {
                "job": job_id, "event": JobEvent.STOP.value, "reasons": reasons, "message": str(halt),
            }, WORKER)  # fmt: skip
