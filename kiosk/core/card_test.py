"""A test card: a blank that is spent to see whether printer and chip work. No record, nothing of anybody. Pure.

Frames `test-card`, which makes a job of its own, and `test-ended`; table `tests`: the one that ended last. Its card
goes the way of any other, and is spoiled with the cause `test`. Whatever becomes of it, no second blank follows.
"""

from __future__ import annotations

from typing import Any

from kiosk.core import closing, gap
from kiosk.core.change import Change, Document, ProjectionError, Read, stored
from kiosk.core.frames import Frame
from kiosk.core.jobs import JobEvent, JobState, Why, new_job, transition
from kiosk.core.plan import Plan

BEGUN, ENDED = "test-card", "test-ended"
TABLE, LAST = "tests", "last"
FIRST = 0
"""Its priority: before every record's."""

_EVENTS = {
    JobState.COMPLETED: JobEvent.COMPLETE,
    JobState.CANCELED: JobEvent.CANCEL,
    JobState.ABORTED: JobEvent.ABORT,
}


def is_test(job: Document) -> bool:
    return "test" in job


def begun(frame: Frame, read: Read) -> list[Change]:
    data = frame.data
    if not Plan(data["plan"]).is_test:
        raise ProjectionError(f"job {data['job']}: {data['plan']} is for a record")
    if gap.is_open(read):
        raise ProjectionError("no card is begun: the gap of the lost disk is open")
    record = {"ref": "", "sku": data["sku"], "reason": "", "priority": FIRST}
    job = {**new_job(data["job"], record, frame.seq), "test": data["plan"]}
    return [Change("jobs", job["id"], job)]


def ended(frame: Frame, read: Read) -> list[Change]:
    data = frame.data
    job = stored(read, "jobs", data["job"], "no open job {}")
    if not is_test(job):
        raise ProjectionError(f"job {job['id']} makes a card for a record")
    card, cards = job["card"], []
    if card is not None:
        if "end" not in data:
            raise ProjectionError(f"job {job['id']}: nothing says where its card ends")
        known = {name: card[name] for name in ("n", "uid", "written")}
        cards = [{**known, "end": data["end"], "cause": data.get("cause")}]
    state = transition(JobState(job["state"]), _EVENTS[JobState(data["state"])])
    over = {
        **job, "state": state.value, "reasons": sorted(data["reasons"]), "message": data.get("message", ""),
        "card": None, "cards": cards, "ended": frame.seq, "ended_at": frame.stamp.time_ms,
    }  # fmt: skip
    written = (each["uid"] for each in cards if each["written"])
    return [Change("jobs", job["id"], None), Change(TABLE, LAST, over), *closing.noted(frame, read, chips=written)]


def given_up(job: Document, why: Why, message: str = "") -> dict[str, Any]:
    """The body of the frame that ends it without a result."""
    state = JobState.CANCELED if why is Why.JOB_CANCELED else JobState.ABORTED
    body = {"job": job["id"], "state": state.value, "reasons": [why.value]}
    return {**body, "message": message} if message else body
