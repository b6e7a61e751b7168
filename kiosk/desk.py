"""What a person may ask of a station: each method checks, commits one event, and says what became true.

The same verbs serve the control socket, the command line when no station runs, and the screens.
"""

from __future__ import annotations

import inspect
import secrets
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from kiosk.books import Books
from kiosk.config import ServiceConfig
from kiosk.core import card_test, correction
from kiosk.core.accounts import Account
from kiosk.core.card_test import given_up, is_test
from kiosk.core.contradictions import contradiction
from kiosk.core.jobs import ASKED, Answer, JobEvent, JobState, Why
from kiosk.core.projection import SPOKEN_FOR
from kiosk.core.reconcile import Evidence
from kiosk.core.release import GONE
from kiosk.core.service_order import Rules
from kiosk.core.verdicts import (
    AnswerError,
    Resolution,
    SpoilCause,
    fitting_answers,
    lies_at_desk,
    question_of,
    resolve,
)
from kiosk.errors import Rejected, UsageError
from kiosk.service_order import Service
from kiosk.views import View


class Desk:
    """`wake` is called after anything that the worker should look at; `may_start` raises Rejected if not.

    `more`: commands of others that are carried out by name as well. `service`: says who is served next.
    `witness` says of a job what speaks for or against an answer, `may_insist` who may give one against it.
    """

    def __init__(
        self,
        books: Books,
        wake: Callable[[], None] = lambda: None,
        may_start: Callable[[], None] = lambda: None,
        more: Mapping[str, Callable[..., Any]] = MappingProxyType({}),
        service: Service | None = None,
        witness: Callable[[dict[str, Any]], Evidence | None] = lambda job: None,
        may_insist: Callable[[str], bool] = lambda by: False,
    ) -> None:
        self._books = books
        self._wake = wake
        self._may_start = may_start
        self._service = service or Service(books, ServiceConfig())
        self._witness = witness
        self._may_insist = may_insist
        self._commands: dict[str, Callable[..., Any]] = {
            "jobs.run": self.run_jobs,
            "jobs.list": self.list_jobs,
            "jobs.show": self.show_job,
            "jobs.hold": self.hold_job,
            "jobs.release": self.release_job,
            "jobs.cancel": self.cancel_job,
            "jobs.resume": self.resume_job,
            "jobs.resolve": self.resolve_job,
            **more,
        }

    def execute(self, command: str, arguments: dict[str, Any], by: str) -> Any:
        """Run a command by name. UsageError if there is none or its arguments are wrong."""
        if command not in self._commands:
            raise UsageError(f"unknown command {command}")
        action = self._commands[command]
        try:
            inspect.signature(action).bind(by=by, **arguments)
        except TypeError as exc:
            raise UsageError(f"{command}: {exc}") from exc
        return action(by=by, **arguments)

    def run_jobs(self, by: str, count: int = 1, refs: tuple[str, ...] | list[str] = ()) -> list[str]:
        """Make jobs for `refs`, or for the next `count` records in order of service. Returns their ids.

        Rejected, and no job made, if one of `refs` may not be printed, if its person has a card here, or if the quota
        of its reason is used up. One that was refused before a blank was spent may be named again when the cause is
        gone; one that is named twice counts once. Of the next ones, those whose person has a card are left where they
        are, and those whose reason has had its share today.
        """
        self._may_start()
        self._service.meet_everybody()
        with self._books.transaction() as view:
            chosen = list(dict.fromkeys(refs)) or self._service.next(view, _count(count))
            for ref in chosen:  # all of them first: a refusal makes no job
                _must_wait(self._books.past.state(ref), ref)
            if refs:
                self._service.must_be_served(view, chosen)
            jobs = [self._create(ref, by) for ref in chosen]
        self._wake()
        return jobs

    def _create(self, ref: str, by: str) -> str:
        job = secrets.token_hex(4)
        self._books.commit("job-created", {"job": job, "ref": ref, "day": self._service.day}, by)
        return job

    def list_jobs(self, by: str) -> list[dict[str, Any]]:
        """Open jobs in order of service, then the last finished ones, newest first."""
        with self._books.transaction() as view:
            return jobs_in_order(view, self._service.rules)

    def show_job(self, by: str, job: str) -> dict[str, Any]:
        with self._books.transaction() as view:
            found = _find_job(view, job)
        if found["card"] is not None and ASKED & set(found["reasons"]):
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
            body = given_up(found, Why.JOB_CANCELED)
            if is_test(found):
                self._books.commit(card_test.ENDED, body, by)
            else:
                self._books.commit("job-ended", {**body, "ref": found["ref"]}, by)
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

    def resolve_job(
        self, by: str, job: str, answer: str, cause: str | None = None, question: str = "", insist: bool = False
    ) -> dict[str, Any]:
        """Book what a person who looked says of the unresolved card. Asked twice, the second is refused.

        `question`: the one that they saw, if they saw one: what is said of one card is never booked of the next.
        What the devices contradict is Rejected with a keyword of `kiosk.core.contradictions`; `insist`, of a
        supervisor, books it all the same. Blocks as long as the devices are asked.
        """
        given = _choice(Answer, answer)
        why = _choice(SpoilCause, cause) if cause else None
        with self._books.transaction() as view:
            asked = _find_job(view, job)
            _must_be_asked(asked, question)
            _resolution(asked, given, why)
        against = self._contradicted(asked, given, by, insist)
        with self._books.transaction() as view:
            found = _find_job(view, job)
            _must_be_asked(found, question_of(asked["card"]))
            resolution = _resolution(found, given, why)
            body: dict[str, Any] = {
                "job": found["id"], "answer": given.value, **({"end": resolution.end} if resolution.end else {}),
                "moves": [move.to_json() for move in resolution.moves],
            }  # fmt: skip
            if resolution.cause:
                body["cause"] = resolution.cause
            if against:
                body["against"] = against
            if is_test(found):
                ended = given_up(found, Why.ABORTED_BY_SYSTEM)
                self._books.commit(card_test.ENDED, {**body, **ended, "uid": found["card"]["uid"]}, by)
            elif resolution.completes or resolution.aborts:
                body |= _ending(found, resolution.completes)
                self._books.commit("job-ended", body, by)
            else:
                self._books.commit("job-resolved", body, by)
        self._wake()
        return {"job": found["id"], "answer": given.value, "end": resolution.end or Account.BENCH.value}

    def _contradicted(self, job: dict[str, Any], answer: Answer, by: str, insist: bool) -> str | None:
        """What speaks against the answer, where somebody may insist and does."""
        if lies_at_desk(job["card"]) or job["card"]["intent"] is None:
            return None
        evidence = self._witness(job)
        found = contradiction(answer, evidence) if evidence else None
        if found is None:
            return None
        keyword, says = found
        if not insist:
            raise Rejected(f"{answer}: {says}", keyword)
        if not self._may_insist(by):
            raise Rejected(f"{answer}: {says}; only a supervisor may insist (keping --as ID)", keyword)
        return keyword


def _resolution(job: dict[str, Any], answer: Answer, cause: SpoilCause | None) -> Resolution:
    try:
        return resolve(job, answer, cause)
    except AnswerError as exc:
        raise Rejected(str(exc), "answer-does-not-fit") from exc


def jobs_in_order(view: View, rules: Rules) -> list[dict[str, Any]]:
    running = sorted(view.table("jobs").all(), key=rules.key)
    finished = sorted(view.table("finished").all(), key=lambda job: -job["ended"])
    return [dict(job) for job in (*running, *finished)]


def _must_be_asked(job: dict[str, Any], question: str) -> None:
    if job["card"] is None or not ASKED & set(job["reasons"]):
        raise Rejected(f"job {job['id']} has no unresolved card", "nothing-to-resolve")
    if question not in ("", question_of(job["card"])):
        raise Rejected(f"job {job['id']}: question {question} was answered already", "nothing-to-resolve")


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


def _count(value: int) -> int:
    if type(value) is not int or value < 1:
        raise UsageError("count: a whole number from 1 on")
    return value


def _must_wait(state: str | None, ref: str) -> None:
    if state is None:
        raise Rejected(f"no record {ref} is leased to this station", "record-missing")
    if state in SPOKEN_FOR | GONE | {correction.STATE}:
        raise Rejected(f"record {ref} is {state}", f"record-{state}")


def _find_job(view: View, job: str) -> dict[str, Any]:
    over = [*view.table("finished").all(), *view.table(card_test.TABLE).all()]
    finished = (dict(row) for row in over if row["id"] == job)
    found = view.get("jobs", job) or next(finished, None)
    if found is None:
        raise Rejected(f"no job {job} among the open and the last finished ones", "job-missing")
    return found


def _choice(kind: type[Answer] | type[SpoilCause], value: str) -> Any:
    try:
        return kind(value)
    except ValueError:
        raise UsageError(f"{value!r} is not one of {', '.join(kind)}") from None
