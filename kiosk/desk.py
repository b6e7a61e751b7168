"""What a person may ask of a station: each method checks, commits one event, and says what became true.

The same verbs serve the control socket, the command line when no station runs, and the screens.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from kiosk.books import Books
from kiosk.core.accounts import Account, LedgerError, Transfer, draw
from kiosk.core.jobs import Answer, JobEvent, JobState, Why
from kiosk.core.projection import SPOKEN_FOR
from kiosk.core.records import Sku
from kiosk.core.verdicts import AnswerError, SpoilCause, fitting_answers, resolve
from kiosk.errors import Rejected, UsageError
from kiosk.views import View

MOST_BLANKS = 1_000_000
"""In one movement: more is a slip of the finger, and a number that some database cannot hold stops the sync."""
LONGEST_PAPER = 64

MOVEMENTS: dict[str, tuple[Account, Account]] = {
    "receive": (Account.SUPPLIER, Account.VAULT),
    "release": (Account.VAULT, Account.SHIFT),
    "return": (Account.SHIFT, Account.VAULT),
    "load": (Account.SHIFT, Account.HOPPER),
    "unload": (Account.HOPPER, Account.SHIFT),
}


class Desk:
    """`wake` is called after anything that the worker should look at; `may_start` raises Rejected if not.

    `more`: commands of others that are carried out by name as well.
    """

    def __init__(
        self,
        books: Books,
        wake: Callable[[], None] = lambda: None,
        may_start: Callable[[], None] = lambda: None,
        more: Mapping[str, Callable[..., Any]] = MappingProxyType({}),
    ) -> None:
        self._books = books
        self._wake = wake
        self._may_start = may_start
        self._commands: dict[str, Callable[..., Any]] = {
            "jobs.run": self.run_jobs,
            "jobs.list": self.list_jobs,
            "jobs.show": self.show_job,
            "jobs.hold": self.hold_job,
            "jobs.release": self.release_job,
            "jobs.cancel": self.cancel_job,
            "jobs.resume": self.resume_job,
            "jobs.resolve": self.resolve_job,
            "stock.move": self.move_stock,
            "stock.balance": self.balance,
            **more,
        }

    def execute(self, command: str, arguments: dict[str, Any], by: str) -> Any:
        """Run a command by name. UsageError if there is none or its arguments are wrong."""
        if command not in self._commands:
            raise UsageError(f"unknown command {command}")
        try:
            return self._commands[command](by=by, **arguments)
        except TypeError as exc:
            raise UsageError(f"{command}: {exc}") from exc

    def run_jobs(self, by: str, count: int = 1, refs: tuple[str, ...] | list[str] = ()) -> list[str]:
        """Make jobs for `refs`, or for the next `count` records in order of service. Returns their ids.

        Rejected, and no job made, if one of `refs` may not be printed. One that was refused before a blank was spent
        may be named again when the cause is gone; one that is named twice counts once.
        """
        self._may_start()
        with self._books.transaction() as view:
            chosen = list(dict.fromkeys(refs)) or _next_records(view, count)
            if not chosen:
                raise Rejected("no record waits to be printed", "queue-empty")
            for ref in chosen:  # all of them first: a refusal makes no job
                _must_wait(view, ref)
            jobs = [self._create(ref, by) for ref in chosen]
        self._wake()
        return jobs

    def _create(self, ref: str, by: str) -> str:
        job = secrets.token_hex(4)
        self._books.commit("job-created", {"job": job, "ref": ref}, by)
        return job

    def list_jobs(self, by: str) -> list[dict[str, Any]]:
        """Open jobs in order of service, then the last finished ones, newest first."""
        with self._books.transaction() as view:
            return jobs_in_order(view)

    def show_job(self, by: str, job: str) -> dict[str, Any]:
        with self._books.transaction() as view:
            found = _find_job(view, job)
        if found["card"] is not None and Why.OUTCOME_UNKNOWN in found["reasons"]:
            found["answers"] = [answer.value for answer in fitting_answers(found["card"])]
        return found

    def hold_job(self, by: str, job: str) -> str:
        return self._change(job, JobEvent.HOLD, [Why.JOB_HELD.value], by)

    def release_job(self, by: str, job: str) -> str:
        return self._change(job, JobEvent.RELEASE, [Why.JOB_QUEUED.value], by)

    def cancel_job(self, by: str, job: str) -> str:
        """Only while it has no card in the machine; the record goes back to the queue."""
        with self._books.transaction() as view:
            found = _find_job(view, job)
            if found["card"] is not None:
                raise Rejected(f"job {found['id']} has a card in the machine: it must come out first", "card-in-path")
            self._books.commit("job-ended", {
                "job": found["id"], "ref": found["ref"], "state": JobState.CANCELED.value,
                "reasons": [Why.JOB_CANCELED.value],
            }, by)  # fmt: skip
        return JobState.CANCELED.value

    def resume_job(self, by: str, job: str) -> str:
        """Go on after a stop that asked for a person, where no card is in doubt."""
        with self._books.transaction() as view:
            found = _find_job(view, job)
            if Why.OUTCOME_UNKNOWN in found["reasons"]:
                raise Rejected(f"job {found['id']}: say first what became of its card", "outcome-unknown")
            state = self._change(found["id"], JobEvent.RESUME, [Why.JOB_PRINTING.value], by)
        self._wake()
        return state

    def _change(self, job: str, event: JobEvent, reasons: list[str], by: str) -> str:
        with self._books.transaction() as view:
            found = _find_job(view, job)
            body = {"job": found["id"], "event": event.value, "reasons": reasons}
            self._books.commit("job-state", body, by)
            after = view.read("jobs", found["id"])
        self._wake()
        return str(after["state"]) if after else ""

    def resolve_job(self, by: str, job: str, answer: str, cause: str | None = None) -> dict[str, Any]:
        """Book what a person who looked says of the unresolved card. Asked twice, the second is refused."""
        given = _choice(Answer, answer)
        why = _choice(SpoilCause, cause) if cause else None
        with self._books.transaction() as view:
            found = _find_job(view, job)
            if found["card"] is None or Why.OUTCOME_UNKNOWN not in found["reasons"]:
                raise Rejected(f"job {found['id']} has no unresolved card", "nothing-to-resolve")
            try:
                resolution = resolve(found, given, why)
            except AnswerError as exc:
                raise Rejected(str(exc), "answer-does-not-fit") from exc
            body: dict[str, Any] = {
                "job": found["id"], "answer": given.value, "end": resolution.end,
                "moves": [move.to_json() for move in resolution.moves],
            }  # fmt: skip
            if resolution.cause:
                body["cause"] = resolution.cause
            if resolution.completes or resolution.aborts:
                body |= _ending(found, resolution.completes)
                self._books.commit("job-ended", body, by)
            else:
                self._books.commit("job-resolved", body, by)
        self._wake()
        return {"job": found["id"], "answer": given.value, "end": resolution.end}

    def move_stock(
        self, by: str, movement: str, sku: str, quantity: int, document: str = ""
    ) -> list[list[str | int]]:
        """Move blanks between accounts; a receipt makes a lot named after its document. Returns the transfers."""
        if movement not in MOVEMENTS:
            raise UsageError(f"movement {movement!r} is not one of {', '.join(MOVEMENTS)}")
        kind = _choice(Sku, sku)
        source, target = MOVEMENTS[movement]
        if type(quantity) is not int or not 1 <= quantity <= MOST_BLANKS:
            raise UsageError(f"quantity: a whole number from 1 to {MOST_BLANKS}")
        document = _paper(document)
        if movement == "receive" and not document:
            raise UsageError("a receipt needs the number of its berita acara (--document)")
        with self._books.transaction() as view:
            _must_fit(view, movement, kind, document)
            lots = {document: quantity} if movement == "receive" else _free(view, kind, source)
            try:
                taken = draw(lots, quantity)
            except LedgerError as exc:
                raise Rejected(f"{source} of {kind}: {exc}", "insufficient-stock") from exc
            moves = [Transfer(kind, lot, source, target, part).to_json() for lot, part in taken]
            self._books.commit("stock", {"movement": movement, "document": document, "moves": moves}, by)
        self._wake()
        return moves

    def balance(self, by: str) -> dict[str, dict[str, int]]:
        with self._books.transaction() as view:
            return balances(view)


def balances(view: View) -> dict[str, dict[str, int]]:
    """SKU -> account -> quantity over all lots; empty accounts are left out."""
    totals: dict[str, dict[str, int]] = {}
    for row in view.table("balances").all():
        accounts = totals.setdefault(row["sku"], {})
        accounts[row["account"]] = accounts.get(row["account"], 0) + row["quantity"]
    order = list(Account)
    return {
        sku: {name: accounts[name] for name in order if accounts.get(name)}
        for sku, accounts in sorted(totals.items())
    }


def jobs_in_order(view: View) -> list[dict[str, Any]]:
    running = sorted(view.table("jobs").all(), key=lambda job: (job["priority"], job["created"]))
    finished = sorted(view.table("finished").all(), key=lambda job: -job["ended"])
    return [dict(job) for job in (*running, *finished)]


def _ending(job: dict[str, Any], completes: bool) -> dict[str, Any]:
    if completes:
        return {
            "ref": job["ref"], "state": JobState.COMPLETED.value, "uid": job["card"]["uid"],
            "reasons": [Why.COMPLETED.value],
        }  # fmt: skip
    return {
        "ref": job["ref"], "state": JobState.ABORTED.value, "record_state": "card-missing",
        "reasons": [Why.ABORTED_BY_SYSTEM.value, Why.CARD_MISSING.value],
    }  # fmt: skip


def _next_records(view: View, count: int) -> list[str]:
    if type(count) is not int or count < 1:
        raise UsageError("count: a whole number from 1 on")
    waiting = view.select("records", state="waiting")
    waiting.sort(key=lambda record: (record["priority"], record["order"]))
    return [str(record["ref"]) for record in waiting[:count]]


def _must_wait(view: View, ref: str) -> None:
    record = view.read("records", ref)
    if record is None:
        raise Rejected(f"no record {ref} is leased to this station", "record-missing")
    if record["state"] in SPOKEN_FOR:
        raise Rejected(f"record {ref} is {record['state']}", f"record-{record['state']}")


def _paper(number: str) -> str:
    """The number of a paper as it is written down, without the blanks around it."""
    if not isinstance(number, str) or len(number) > LONGEST_PAPER or not number.strip().isprintable():
        raise UsageError(f"document: at most {LONGEST_PAPER} printable characters")
    return number.strip()


def _must_fit(view: View, movement: str, sku: Sku, document: str) -> None:
    """A paper is received once, however often it is tapped; one stack in the hopper can't be told apart by SKU."""
    if movement == "receive" and document in view.places(sku, Account.SUPPLIER):
        raise Rejected(f"{document} was received already; blanks come with a paper of their own", "received-before")
    others = [other for other in Sku if other is not sku and view.places(other, Account.HOPPER)]
    if movement == "load" and others:
        raise Rejected(f"the hopper holds {others[0]} blanks: unload them first", "hopper-of-other-sku")


def _free(view: View, sku: Sku, source: Account) -> dict[str, int]:
    """Lot -> quantity that may be moved away: a blank whose feed was begun is spoken for until it is booked."""
    lots = view.places(sku, source)
    if source is Account.HOPPER:
        for job in view.table("jobs").all():
            if job["sku"] == sku and job["card"] and not job["card"]["booked"]:
                lots[job["card"]["lot"]] -= 1
    return lots


def _find_job(view: View, job: str) -> dict[str, Any]:
    finished = (dict(row) for row in view.table("finished").all() if row["id"] == job)
    found = view.get("jobs", job) or next(finished, None)
    if found is None:
        raise Rejected(f"no job {job} among the open and the last finished ones", "job-missing")
    return found


def _choice(kind: type[Sku] | type[Answer] | type[SpoilCause], value: str) -> Any:
    try:
        return kind(value)
    except ValueError:
        raise UsageError(f"{value!r} is not one of {', '.join(kind)}") from None
