"""One card through the step plan: intent before each physical step, act, outcome; in doubt, evidence decides.

The outcome of a step and the intent of the next are one frame. An exception never ends in a retry by itself:
it leads to `reconcile`, which reads the devices and says done, not done, spoiled or ask.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

from drivers.errors import Cause, DeviceError, OutcomeUnknown, Refused, Stopped
from drivers.protocols import ChipIdentity, Position, PrinterStatus, Tray
from kiosk.books import Books
from kiosk.core.accounts import Account, Transfer
from kiosk.core.jobs import JobState, Why
from kiosk.core.plan import Step, following
from kiosk.core.reconcile import Evidence, Verdict, reconcile
from kiosk.core.records import Sku
from kiosk.core.verdicts import SpoilCause, account_of_refused
from kiosk.worker.bench import Bench
from kiosk.worker.halt import Halt
from kiosk.worker.prepress import PrintReady

log = logging.getLogger(__name__)

WORKER = "station"
TRIES = 3


def is_due(job: dict[str, Any] | None) -> bool:
    """The job is open and nobody holds it."""
    return job is not None and job["state"] != JobState.PENDING_HELD


class CardRun:
    """Carries one job's card from wherever the books say it is to a tray. Blocks for the whole card. `going_on` is
    told when a step is done, and when the long one begins: whatever had stopped it is over."""

    def __init__(
        self, books: Books, bench: Bench, plan: Sequence[Step], job_id: str, ready: PrintReady,
        going_on: Callable[[], object],
    ) -> None:  # fmt: skip
        self._books = books
        self._bench = bench
        self._plan = plan
        self._job_id = job_id
        self._ready = ready
        self._going_on = going_on
        self._chip: ChipIdentity | None = None
        self._tries: dict[str, int] = {}
        self._acts: dict[Step, Callable[[], dict[str, Any]]] = {
            Step.FEED: self._feed, Step.IDENTIFY: self._identify, Step.ENCODE: self._encode,
            Step.VERIFY: self._verify, Step.PRINT: self._print, Step.EJECT: self._eject,
        }  # fmt: skip

    def run(self) -> None:
        """Until the card is in a tray and booked. Halt if the job must stop; Poisoned if the medium fails.

        Feeds nothing if a person has held or cancelled the job since it was chosen.
        """
        if self._card is None:
            self._begin()
        elif self._card["intent"]:
            self._settle("an intent was open at start")
        while self._card is not None:
            if self._card["intent"] is None:
                self._commit(intent=self._intent(self._next_step(), self._status()))
            self._perform(Step(self._card["intent"]["step"]))

    def _begin(self) -> None:
        status = self._idle_status()
        with self._books.transaction() as view:
            if is_due(view.read("jobs", self._job_id)):
                self._commit(intent=self._intent(Step.FEED, status), lot=self._next_lot())

    def _perform(self, step: Step) -> None:
        try:
            found = self._acts[step]()
            status = self._bench.status()
        except Refused as exc:
            log.warning("job=%s step=%s refused cause=%s", self._job_id, step, exc.cause)
            self._bench.on_fault(exc)
            self._reject(step, exc.cause)
        except DeviceError as exc:
            log.warning("job=%s step=%s %s: %s", self._job_id, step, type(exc).__name__, exc)
            self._settle(str(exc), exc)
        else:
            self._done(step, status, found)

    # What each step does. Each returns what its outcome adds to the frame.

    def _feed(self) -> dict[str, Any]:
        self._bench.release_chip()
        self._bench.printer.feed()
        return {}

    def _identify(self) -> dict[str, Any]:
        self._chip = self._power_chip()
        uid = self._chip.uid
        with self._books.transaction():
            owner = self._books.past.consumer(uid)
        if owner not in (None, self._job_id):
            raise Refused(f"chip {uid} was consumed by job {owner}", Cause.CHIP_UID_CONSUMED)
        if self._chip.holds_data and not owner:
            raise Refused(f"chip {uid} holds data that no job of this station wrote", Cause.CHIP_USED)
        return {"uid": uid}

    def _encode(self) -> dict[str, Any]:
        self._same_chip()
        self._bench.encoder.encode(self._ready.chip)
        return {}

    def _verify(self) -> dict[str, Any]:
        self._same_chip()
        self._bench.encoder.verify(self._ready.chip)
        return {}

    def _print(self) -> dict[str, Any]:
        self._bench.release_chip()
        if self._bench.last_status and not self._bench.last_status.stopping:
            self._going_on()
        self._bench.printer.print_face(self._ready.prepared)
        before = self._card_now["intent"]
        panels = self._bench.status().counters.panels_printed - before["panels"]
        # Some printers count at the eject (docs/adding-a-printer.md): then every OK is the evidence, not the count.
        if panels not in (0, before["panels_due"]):
            raise OutcomeUnknown(f"the printer counted {panels} panels, {before['panels_due']} were sent")
        return {"panels": panels}

    def _eject(self) -> dict[str, Any]:
        self._bench.release_chip()
        self._bench.printer.eject(Tray(self._card_now["intent"]["tray"]))
        position = self._bench.status().position
        if position is not Position.NONE:
            raise OutcomeUnknown(f"after the eject a card is still at {position}")
        return {}

    def _power_chip(self) -> ChipIdentity:
        if self._bench.status().position is not Position.CONTACTLESS:
            self._bench.release_chip()
            self._bench.printer.to_chip_station()
        return self._bench.encoder.identify()

    def _same_chip(self) -> None:
        # After a restart the chip is powered anew, and it must be the one that the books know.
        if self._chip is None:
            self._chip = self._power_chip()
        if self._chip.uid != self._card_now["uid"]:
            found, self._chip = self._chip.uid, None
            raise OutcomeUnknown(f"chip {found} lies at the station, {self._card_now['uid']} was identified")

    # What a step's end makes true.

    def _done(self, step: Step, status: PrinterStatus, found: dict[str, Any]) -> None:
        outcome = {"step": step.value, "result": "done", **found}
        self._going_on()
        if step is Step.EJECT:
            self._finish(outcome)
            return
        moves = [self._transfer(Account.HOPPER, Account.IN_MACHINE)] if step is Step.FEED else []
        nxt = following(self._plan, step)
        assert nxt is not None  # the plan ends with eject
        self._commit(outcome=outcome, intent=self._intent(nxt, status), moves=moves)

    def _finish(self, outcome: dict[str, Any]) -> None:
        card = self._card_now
        if Tray(card["intent"]["tray"]) is Tray.OUTPUT:
            end, state = Account.PRINTED, JobState.COMPLETED
            moves = [self._transfer(Account.IN_MACHINE, end)]
            self._books.commit("job-ended", {
                "job": self._job_id, "ref": self._job["ref"], "state": state.value, "uid": card["uid"],
                "reasons": [Why.COMPLETED.value], "outcome": outcome, "end": end.value, "moves": moves,
            }, WORKER)  # fmt: skip
            return
        end = account_of_refused(card["cause"])
        self._commit(outcome={**outcome, "result": "ended"}, end=end.value, cause=card["cause"],
                     moves=[self._transfer(Account.IN_MACHINE, end)])  # fmt: skip

    def _reject(self, step: Step, cause: str) -> None:
        intent = self._intent(Step.EJECT, self._status(), Tray.REJECT)
        seen = {"uid": self._chip.uid} if self._chip else {}
        self._chip = None
        self._commit(outcome={"step": step.value, "result": "refused", "cause": cause, **seen}, intent=intent)

    def _settle(self, why: str, error: DeviceError | None = None) -> None:
        """An intent without outcome: read the devices, reconcile, make the verdict true or halt."""
        self._chip = None
        step = Step(self._card_now["intent"]["step"])
        self._bench.reopen(error)
        status = self._status()
        verdict, rule = reconcile(self._evidence(step, status))
        log.warning("job=%s step=%s verdict=%s rule=%s why=%s", self._job_id, step, verdict, rule, why)
        self._tries[step] = self._tries.get(step, 0) + 1
        if verdict is Verdict.NOT_DONE and self._tries[step] > TRIES:
            verdict = Verdict.ASK
        match verdict:
            case Verdict.DONE:
                self._done(step, status, {"rule": rule})
            case Verdict.SPOILED:
                self._reject(step, SpoilCause.PRINT_INTERRUPTED)
            case Verdict.NOT_DONE:
                # Any other step is tried again under the intent that stands, so waiting for a device writes nothing.
                if step is Step.FEED:
                    self._commit(outcome={"step": step.value, "result": "not-done", "rule": rule})
                if isinstance(error, Stopped):
                    raise Halt(why, error.reasons)
            case Verdict.ASK:
                raise Halt(f"{rule}: {why}", status.stopping | {Why.OUTCOME_UNKNOWN})

    def _evidence(self, step: Step, status: PrinterStatus) -> Evidence:
        before = self._card_now["intent"]
        identity = self._bench.identity
        return Evidence(
            step=step, position=status.position, just_reset=status.just_reset, stopping=status.stopping,
            fed=status.counters.cards_fed - before["fed"],
            panels=status.counters.panels_printed - before["panels"],
            panels_due=before["panels_due"],
            same_printer=identity is not None and identity.serial == before["printer"],
        )  # fmt: skip

    # Reading the books and writing to them.

    @property
    def _job(self) -> dict[str, Any]:
        with self._books.transaction() as view:
            return view.read("jobs", self._job_id) or {"card": None}

    @property
    def _card(self) -> dict[str, Any] | None:
        card: dict[str, Any] | None = self._job["card"]
        return card

    @property
    def _card_now(self) -> dict[str, Any]:
        card = self._card
        assert card is not None
        return card

    def _next_step(self) -> Step:
        card = self._card_now
        if card["cause"]:
            return Step.EJECT
        return next(step for step in self._plan if step not in card["done"])

    def _intent(self, step: Step, status: PrinterStatus, tray: Tray | None = None) -> dict[str, Any]:
        assert self._bench.identity is not None
        intent: dict[str, Any] = {
            "step": step.value, "printer": self._bench.identity.serial, "fed": status.counters.cards_fed,
            "panels": status.counters.panels_printed, "panels_due": self._ready.prepared.panels,
        }  # fmt: skip
        if step is Step.EJECT:
            card = self._card
            refused = bool(card and card["cause"])
            intent["tray"] = (tray or (Tray.REJECT if refused else Tray.OUTPUT)).value
        return intent

    def _status(self) -> PrinterStatus:
        try:
            return self._bench.status()
        except DeviceError as exc:
            raise self._bench.lost(exc) from exc

    def _idle_status(self) -> PrinterStatus:
        """Nothing may stop the printer and no card may be inside before one is fed."""
        status = self._status()
        if status.stopping or status.just_reset:
            status = self._clear()
        if status.stopping:
            raise Halt("the printer waits for a person", status.stopping)
        if status.position is not Position.NONE:
            raise Halt(f"a card that no job put there is at {status.position}", frozenset({"card-in-path"}))
        return status

    def _clear(self) -> PrinterStatus:
        """No card is in the machine by the books: a fault that a person mended, or a restart, is none of the next."""
        try:
            self._bench.printer.clear()
        except DeviceError as exc:
            raise self._bench.lost(exc) from exc
        return self._status()

    def _next_lot(self) -> str:
        sku = self._job["sku"]
        with self._books.transaction() as view:
            held = view.places(sku, Account.HOPPER)
        if not held:
            raise Halt(
                f"the books hold no {sku} blank in the hopper: load some", frozenset({"hopper-empty-in-books"})
            )
        return next(iter(held))  # the oldest; which one a card is of is assumed, not scanned

    def _transfer(self, source: Account, target: Account) -> list[str | int]:
        return Transfer(Sku(self._job["sku"]), self._card_now["lot"], source, target).to_json()

    def _commit(self, **data: Any) -> None:
        self._books.commit("step", {"job": self._job_id, **{n: v for n, v in data.items() if v}}, WORKER)
