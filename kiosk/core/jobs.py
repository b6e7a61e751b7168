"""The job machine: IPP job states and reasons (RFC 8011, 5.3.7 and 5.3.8), stored as keywords. Pure.

State and reasons are two facts, never one enum: few exclusive states, a set of reasons. Reasons of ours that
IPP does not have are in `Why`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from kiosk.core.accounts import Account


class JobState(StrEnum):
    PENDING = "pending"
    PENDING_HELD = "pending-held"
    PROCESSING = "processing"
    PROCESSING_STOPPED = "processing-stopped"
    CANCELED = "canceled"
    ABORTED = "aborted"
    COMPLETED = "completed"


class Why(StrEnum):
    """Job reasons: the first group is IPP's, the second ours."""

    JOB_QUEUED = "job-queued"
    JOB_PRINTING = "job-printing"
    PRINTER_STOPPED = "printer-stopped"
    JOB_HELD = "job-hold-until-specified"
    JOB_CANCELED = "job-canceled-by-operator"
    ABORTED_BY_SYSTEM = "aborted-by-system"
    COMPLETED = "job-completed-successfully"

    OUTCOME_UNKNOWN = "outcome-unknown"
    CARD_MISSING = "card-missing"
    REFUSALS_IN_A_ROW = "refusals-in-a-row"
    RECORD_REFUSED = "record-refused"
    DESK_CARD_WANTED = "desk-card-wanted"
    CARD_TO_FEEDER = "card-to-feeder"


SEEN_BEFORE = "card-seen-before"
"""The printer-state reason, and the cause of the card: one was fed whose end the books hold already."""

LET_GO_ON = frozenset({Why.REFUSALS_IN_A_ROW.value, SEEN_BEFORE})
"""The line stands with one of these, though every device is well, until a person lets it go on."""

ASKED = frozenset({Why.OUTCOME_UNKNOWN, Why.DESK_CARD_WANTED, Why.CARD_TO_FEEDER})
"""With one of these a person who looked may say what became of the card; no device moves it meanwhile."""


class JobEvent(StrEnum):
    START = "start"
    STOP = "stop"
    RESUME = "resume"
    HOLD = "hold"
    RELEASE = "release"
    CANCEL = "cancel"
    ABORT = "abort"
    COMPLETE = "complete"


FINAL = frozenset({JobState.CANCELED, JobState.ABORTED, JobState.COMPLETED})

_S, _E = JobState, JobEvent
TRANSITIONS: dict[tuple[JobState, JobEvent], JobState] = {
    (_S.PENDING, _E.START): _S.PROCESSING,
    (_S.PENDING, _E.HOLD): _S.PENDING_HELD,
    (_S.PENDING, _E.CANCEL): _S.CANCELED,
    (_S.PENDING, _E.ABORT): _S.ABORTED,
    (_S.PENDING_HELD, _E.RELEASE): _S.PENDING,
    (_S.PENDING_HELD, _E.CANCEL): _S.CANCELED,
    (_S.PROCESSING, _E.STOP): _S.PROCESSING_STOPPED,
    (_S.PROCESSING, _E.COMPLETE): _S.COMPLETED,
    (_S.PROCESSING, _E.ABORT): _S.ABORTED,
    (_S.PROCESSING_STOPPED, _E.STOP): _S.PROCESSING_STOPPED,
    (_S.PROCESSING_STOPPED, _E.RESUME): _S.PROCESSING,
    (_S.PROCESSING_STOPPED, _E.CANCEL): _S.CANCELED,
    (_S.PROCESSING_STOPPED, _E.COMPLETE): _S.COMPLETED,
    (_S.PROCESSING_STOPPED, _E.ABORT): _S.ABORTED,
}


class TransitionError(ValueError):
    """The job can't do that in its state."""


def transition(state: JobState, event: JobEvent) -> JobState:
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise TransitionError(f"a job that is {state} can't {event}") from None


def new_job(ident: str, record: dict[str, Any], seq: int) -> dict[str, Any]:
    """A job that waits for its turn, made by frame `seq`."""
    return {
        "id": ident, "ref": record["ref"], "sku": record["sku"], "reason": record["reason"],
        "priority": record["priority"], "created": seq, "state": JobState.PENDING.value,
        "reasons": [Why.JOB_QUEUED.value], "message": "", "card": None, "cards": [],
        **{name: record[name] for name in ("came", "order", "ahead") if name in record},
    }  # fmt: skip


REFUSED = frozenset({Account.FACTORY_DEFECT, Account.SPOILED})
"""Where a card ends that was a blank for nothing."""


def last_in_question(job: Mapping[str, Any]) -> Mapping[str, Any]:
    """The last card of the job that has ended; empty if a person has let the line go on since, or there is none."""
    cards = _in_question(job)
    return cards[-1] if cards else {}


def refused_in_a_row(newest_first: Iterable[Mapping[str, Any]]) -> int:
    """Cards refused since a job got its card at the first try, or since a person let the line go on."""
    row = 0
    for job in newest_first:
        refused = sum(card["end"] in REFUSED for card in _in_question(job))
        row += refused
        if "went_on" in job or (job["state"] == JobState.COMPLETED and not refused):
            break
    return row


def _in_question(job: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list(job["cards"][job.get("went_on", 0) :])


class Answer(StrEnum):
    """What a person who looked says of an unresolved card."""

    GOOD = "good"
    SPOILED = "spoiled"
    BLANK = "blank"
    NOT_THERE = "not-there"
    UNREADABLE = "unreadable"
