"""The card of one job in the books: what they say of it, and what a step's end makes true."""

from __future__ import annotations

from typing import Any

from drivers.protocols import Tray
from kiosk.books import Books
from kiosk.core.accounts import Account, Transfer
from kiosk.core.jobs import JobEvent, JobState, Why
from kiosk.core.plan import Plan, Step, following, place_of, plan_of, step_of
from kiosk.core.records import Sku
from kiosk.core.verdicts import account_of_refused
from kiosk.worker.halt import Halt

WORKER = "station"


def is_due(job: dict[str, Any] | None) -> bool:
    """The job is open and nobody holds it."""
    return job is not None and job["state"] != JobState.PENDING_HELD


class Entries:
    """Each method reads or commits at once; Poisoned if the medium fails."""

    def __init__(self, books: Books, job_id: str) -> None:
        self.books = books
        self.job_id = job_id

    @property
    def job(self) -> dict[str, Any]:
        with self.books.transaction() as view:
            return view.read("jobs", self.job_id) or {"card": None}

    @property
    def card(self) -> dict[str, Any] | None:
        card: dict[str, Any] | None = self.job["card"]
        return card

    @property
    def card_now(self) -> dict[str, Any]:
        card = self.card
        assert card is not None
        return card

    @property
    def step(self) -> Step:
        """The open one, or the next."""
        return step_of(self.card_now)

    @property
    def plan(self) -> Plan:
        return plan_of(self.card_now)

    @property
    def due(self) -> bool:
        with self.books.transaction() as view:
            return is_due(view.read("jobs", self.job_id))

    def next_lot(self) -> str:
        sku = self.job["sku"]
        with self.books.transaction() as view:
            held = view.places(sku, Account.HOPPER)
        if not held:
            raise Halt(
                f"the books hold no {sku} blank in the hopper: load some", frozenset({"hopper-empty-in-books"})
            )
        return next(iter(held))  # the oldest; which one a card is of is assumed, not scanned

    def begin(self, plan: Plan, intent: dict[str, Any]) -> None:
        """The first intent of a card. `plan`: the one that it keeps."""
        named = {} if plan is Plan.INLINE else {"plan": plan.value}
        self.commit(intent=intent, lot=self.next_lot(), **named)

    def done(self, step: Step, found: dict[str, Any], intent: dict[str, Any] | None) -> None:
        """The outcome of `step` with the `intent` of the next, if there is a next; after the last the job is done."""
        outcome = {"step": step.value, "result": "done", **found}
        if following(self.plan.steps, step) is None:
            self._complete(outcome)
            return
        self.commit(outcome=outcome, intent=intent, moves=self._moves(step))

    def _moves(self, step: Step) -> list[list[str | int]]:
        match step, place_of(self.card_now):
            case Step.FEED, _:
                return [self._to(Account.IN_MACHINE)]
            case (Step.EJECT, _) | (Step.IDENTIFY, Account.HOPPER):
                return [self._to(Account.BENCH)]
        return []

    def _complete(self, outcome: dict[str, Any]) -> None:
        job = self.job
        self.books.commit("job-ended", {
            "job": self.job_id, "ref": job["ref"], "state": JobState.COMPLETED.value, "uid": job["card"]["uid"],
            "reasons": [Why.COMPLETED.value], "outcome": outcome, "end": Account.PRINTED.value,
            "moves": [self._to(Account.PRINTED)],
        }, WORKER)  # fmt: skip

    def refused(self, step: Step, cause: str, intent: dict[str, Any], uid: str | None) -> None:
        """The card in the machine is rejected; `intent`: of its way out."""
        seen = {"uid": uid} if uid else {}
        self.commit(outcome={"step": step.value, "result": "refused", "cause": cause, **seen}, intent=intent)

    def rejected(self, outcome: dict[str, Any]) -> None:
        """It came out where the refused ones do."""
        cause = self.card_now["cause"]
        end = account_of_refused(cause)
        why = {} if end is Account.BENCH else {"cause": cause}
        self.commit(outcome={**outcome, "result": "ended"}, end=end.value, moves=[self._to(end)], **why)

    def ended_at_desk(self, step: Step, cause: str) -> None:
        """Its chip can't be used, and no machine has to put it out."""
        card = self.card_now
        end = account_of_refused(cause, printed=Step.PRINT in card["done"])
        outcome = {"step": step.value, "result": "refused", "cause": cause, "uid": card["uid"]}
        self.commit(outcome=outcome, end=end.value, cause=cause, moves=[self._to(end)])

    def go_on(self) -> None:
        """From now on nobody is asked any more: what was wanted is there."""
        if self.job["state"] == JobState.PROCESSING_STOPPED:
            self.books.commit("job-state", {
                "job": self.job_id, "event": JobEvent.RESUME.value, "reasons": [Why.JOB_PRINTING.value],
            }, WORKER)  # fmt: skip

    @property
    def tray(self) -> Tray:
        """Where the card in the machine goes now."""
        return Tray.REJECT if self.card_now["cause"] else Tray.OUTPUT

    def _to(self, target: Account) -> list[str | int]:
        card = self.card_now
        return Transfer(Sku(self.job["sku"]), card["lot"], place_of(card), target).to_json()

    def commit(self, **data: Any) -> None:
        self.books.commit("step", {"job": self.job_id, **{n: v for n, v in data.items() if v}}, WORKER)
