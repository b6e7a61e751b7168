"""From a frame to the changes it makes in the view. Pure: reads documents, returns new ones.

Tables: station, records, jobs (open), finished (the last `FINISHED_KEPT`), uncollected, missing, callbacks, tally,
balances, lots, entries, causes, chips, intake, shift, shifts, people, acting, equipment, tests, clock, days (with
work), withdrawals (not released yet), usage, figures, requests, counts, served (by reason), jumps, closed (leaves at
a later seal), closing. Keys are strings. Replaying all frames gives the same tables as following them one by one: the
view is disposable.
"""

from __future__ import annotations

from collections.abc import Callable

from kiosk.core import (
    authority,
    callbacks,
    card_test,
    clock,
    closing,
    collection,
    correction,
    equipment,
    gap,
    release,
    reprint,
    retention,
    service_order,
    shift,
    staff,
    stock,
    supply,
    usage,
    workdays,
)
from kiosk.core.accounts import Place, Transfer, post
from kiosk.core.change import NO_RECORD, Change, Document, ProjectionError, Read, counted, stored
from kiosk.core.frames import Frame
from kiosk.core.jobs import ASKED, LET_GO_ON, JobEvent, JobState, Why, new_job, transition
from kiosk.core.movements import BY_HAND, check_card_moves
from kiosk.core.plan import Step, named_plan, plan_of

FINISHED_KEPT = 200

SHAPE = 13
"""Of the tables. Raise it with every table or field that is new: a snapshot of another shape is not taken, the
journal is replayed. 1: without `uncollected`, `missing`, `callbacks`. 2: without `handed_over_at` of a record. 3:
without `lots`, `entries`. 4: without `shift`, `shifts`, `people`, `acting`. 5: without `closed`, `closing`, and with
all that ever closed. 6: without `equipment`. 7: without `tests`. 8: without `went_on` of a job. 9: without `clock`,
`days`, `withdrawals`. 10: without `usage`, `figures`, `requests`. 11: without `counts`. 12: without `served`,
`jumps`, `came` of a record and of its job, `held`."""

SPOKEN_FOR = frozenset({"in-job", "printed", "issued", "card-missing"})
"""Record states in which there is a card, or may be one. What was refused before a blank was spent may be tried
again once its cause is gone: it is checked again as if for the first time."""

NO_JOB = "no open job {}"


class UnknownKind(ValueError):
    """A frame kind that this release does not know: refuse, upgrade first."""


def project(frame: Frame, read: Read) -> list[Change]:
    """LedgerError, TransitionError, ProjectionError, UnknownKind if the event is not possible now."""
    try:
        handler = _HANDLERS[frame.kind]
    except KeyError:
        raise UnknownKind(f"frame {frame.seq}: unknown kind {frame.kind!r}, upgrade first") from None
    changes, moves = handler(frame, read), frame.data.get("moves")
    return changes + _movements(frame, moves, read) if moves else changes


def _movements(frame: Frame, moves: list[list[str | int]], read: Read) -> list[Change]:
    transfers = [Transfer.from_json(move) for move in moves]
    if frame.kind != BY_HAND:
        check_card_moves(frame.kind, transfers)

    def balance_of(place: Place) -> int:
        document = read("balances", place.key)
        return document["quantity"] if document else 0

    changes = [
        Change("balances", place.key, {
            "sku": str(place.sku), "lot": place.lot, "account": str(place.account), "quantity": quantity,
        } if quantity else None)
        for place, quantity in post(balance_of, transfers).items()
    ]  # fmt: skip
    for follow in (shift.follow, usage.follow, supply.follow):
        changes += follow(frame, transfers, read)
    cause = frame.data.get("cause")
    return changes + (stock.counted_cause(transfers, cause, read) if cause else [])


def _service(frame: Frame, read: Read) -> list[Change]:
    return [Change("station", "service", {"running": frame.kind == "started"})]


def _records(frame: Frame, read: Read) -> list[Change]:
    changes = [Change("intake", "centre", {"cursor": frame.data["cursor"]})]
    for place, item in enumerate(frame.data["records"]):
        if read("records", item["ref"]):
            raise ProjectionError(f"record {item['ref']} was taken in before")
        arrival = {"state": "waiting", "order": [frame.seq, place], "came": frame.stamp.time_ms}
        changes.append(Change("records", item["ref"], {**item, **arrival, **correction.place_of(item, read)}))
    return [*changes, *release.withdrawn(frame, read)]


def _job_created(frame: Frame, read: Read) -> list[Change]:
    data = frame.data
    record = stored(read, "records", data["ref"], NO_RECORD)
    if record["state"] in SPOKEN_FOR | {correction.STATE}:
        raise ProjectionError(f"record {data['ref']} is {record['state']}")
    release.must_be_printable(read, record)
    if gap.is_open(read):
        raise ProjectionError(f"record {data['ref']} may have a card: the gap of the lost disk is open")
    job = new_job(data["job"], record, frame.seq)
    counts = service_order.begun(frame, record, job, read)
    record["state"] = "in-job"
    return [*counts, Change("jobs", job["id"], job), Change("records", record["ref"], record)]


def _job_state(frame: Frame, read: Read) -> list[Change]:
    """hold, release, stop, resume: state and reasons, nothing physical."""
    job = stored(read, "jobs", frame.data["job"], NO_JOB)
    event = JobEvent(frame.data["event"])
    if event is JobEvent.RESUME and Why.CARD_TO_FEEDER in job["reasons"]:
        job["card"]["in_feeder"] = True
    if event is JobEvent.RESUME and LET_GO_ON & set(job["reasons"]):
        job["went_on"] = len(job["cards"])
    _move_to(job, event, frame.data["reasons"], frame.data.get("message", ""))
    return [Change("jobs", job["id"], job)]


def _move_to(job: Document, event: JobEvent, reasons: list[str], message: str = "") -> None:
    job["state"] = transition(JobState(job["state"]), event).value
    job["reasons"] = sorted(reasons)
    job["message"] = message


def _step(frame: Frame, read: Read) -> list[Change]:
    """Outcome of one step and intent of the next, in one frame."""
    data = frame.data
    job = stored(read, "jobs", data["job"], NO_JOB)
    changes: list[Change] = []
    outcome, intent = data.get("outcome"), data.get("intent")
    if outcome:
        _apply_outcome(frame, job, outcome)
    if intent:
        if job["state"] != JobState.PROCESSING:
            event = JobEvent.START if job["state"] == JobState.PENDING else JobEvent.RESUME
            _move_to(job, event, [Why.JOB_PRINTING])
        if job["card"] is None:
            if job.get("ref"):
                release.must_be_printable(read, stored(read, "records", job["ref"], NO_RECORD))
            job["card"] = {
                "n": len(job["cards"]) + 1, "uid": None, "lot": data.get("lot"), "booked": False,
                "cause": None, "written": False, "done": [], "intent": None, **named_plan(data),
            }  # fmt: skip
        if job["card"]["intent"] is not None:
            raise ProjectionError(f"job {job['id']}: {job['card']['intent']['step']} has no outcome yet")
        job["card"]["intent"] = intent
        if intent["step"] == Step.ENCODE:
            changes.append(_consume_chip(frame, job, read))
    return [*changes, Change("jobs", job["id"], job)]


def _apply_outcome(frame: Frame, job: Document, outcome: Document) -> None:
    card = job["card"]
    if card is None or card["intent"] is None or card["intent"]["step"] != outcome["step"]:
        raise ProjectionError(f"job {job['id']}: no open intent for {outcome['step']}")
    card["intent"] = None
    match outcome["result"]:
        case "done":
            card["done"] = [*card["done"], outcome["step"]]
            card["booked"] = True
            card["uid"] = outcome.get("uid", card["uid"])
        case "refused" if "end" in frame.data:
            _end_card(job, frame.data["end"], outcome["cause"])
        case "refused":
            card["cause"] = outcome["cause"]
        case "not-done":
            if not card["booked"]:
                job["card"] = None
        case "ended":
            _end_card(job, frame.data["end"], frame.data.get("cause"))
        case other:
            raise ProjectionError(f"unknown result {other!r}")


def _consume_chip(frame: Frame, job: Document, read: Read) -> Change:
    uid = job["card"]["uid"]
    if uid is None:
        raise ProjectionError(f"job {job['id']}: encode before identify")
    seen = read("chips", uid)
    if seen and seen["job"] != job["id"]:
        raise ProjectionError(f"chip {uid} was consumed by job {seen['job']}")
    job["card"]["written"] = True
    return Change("chips", uid, {"uid": uid, "job": job["id"], "seq": seen["seq"] if seen else frame.seq})


def _end_card(job: Document, end: str, cause: str | None) -> None:
    card = job["card"]
    job["cards"].append({
        "n": card["n"], "uid": card["uid"], "end": end, "cause": cause, "written": card["written"],
        **named_plan(card),
    })  # fmt: skip
    job["card"] = None


def _job_resolved(frame: Frame, read: Read) -> list[Change]:
    """A person said what became of the card; the job goes on with a new one, or with it at the desk."""
    job = stored(read, "jobs", frame.data["job"], NO_JOB)
    if job["card"] is None or not ASKED & set(job["reasons"]):
        raise ProjectionError(f"job {job['id']} has no unresolved card")
    if "end" in frame.data:
        _end_card(job, frame.data["end"], frame.data.get("cause"))
    else:
        _came_out(job["card"])
    _move_to(job, JobEvent.RESUME, [Why.JOB_PRINTING])
    return [Change("jobs", job["id"], job)]


def _came_out(card: Document) -> None:
    """Its face is good: the machine's part is done, the desk's comes."""
    steps = plan_of(card).steps
    card["done"], card["intent"] = list(steps[: steps.index(Step.EJECT) + 1]), None


def _job_ended(frame: Frame, read: Read) -> list[Change]:
    job = stored(read, "jobs", frame.data["job"], NO_JOB)
    record = stored(read, "records", job["ref"], NO_RECORD)
    state = JobState(frame.data["state"])
    event = {JobState.COMPLETED: JobEvent.COMPLETE, JobState.CANCELED: JobEvent.CANCEL,
             JobState.ABORTED: JobEvent.ABORT}[state]  # fmt: skip
    if job["card"] is not None:
        if "end" not in frame.data:
            raise ProjectionError(f"job {job['id']}: nothing says where its card ends")
        _end_card(job, frame.data["end"], frame.data.get("cause"))
    _move_to(job, event, frame.data["reasons"], frame.data.get("message", ""))
    job["ended"] = frame.seq
    record["state"] = "printed" if state is JobState.COMPLETED else frame.data.get("record_state", "waiting")
    finished = (read("tally", "finished") or {"count": 0})["count"]
    return [
        Change("jobs", job["id"], None),
        Change("finished", str(finished % FINISHED_KEPT), job),
        counted(read, "finished"),
        Change("records", record["ref"], record),
        *(workdays.card_made(frame, read) if state is JobState.COMPLETED else []),
        *(service_order.given_back(job, read) if record["state"] not in SPOKEN_FOR else []),
        *collection.finished_card(frame, job, record["state"]),
        *closing.noted(frame, read, chips=(card["uid"] for card in job["cards"] if card["written"])),
    ]


_HANDLERS: dict[str, Callable[[Frame, Read], list[Change]]] = {
    "genesis": gap.continued,
    "segment": closing.sealed,
    "started": _service,
    "stopped": _service,
    "recovered": lambda frame, read: [],
    "looked-up": lambda frame, read: [],
    "records": _records,
    "stock": stock.booked,
    "job-created": _job_created,
    "job-state": _job_state,
    "step": _step,
    "job-resolved": _job_resolved,
    "job-ended": _job_ended,
    "handed-over": collection.handed_over,
    "reprint": reprint.reprinted,
    "call-back": callbacks.noted,
    "call-back-closed": callbacks.closed,
    gap.CLOSED: gap.closed,
    shift.OPENED: shift.opened,
    shift.COUNTED_KIND: shift.counted_blindly,
    shift.CLOSED: shift.closed,
    "people": staff.changed,
    "equipment": equipment.chosen,
    card_test.BEGUN: card_test.begun,
    card_test.ENDED: card_test.ended,
    clock.KIND: clock.noted,
    release.KIND: release.released,
    authority.KIND: authority.lifted,
    service_order.JUMP: service_order.jumped,
    retention.KIND: retention.erased,
    **supply.HANDLERS,
    **correction.HANDLERS,
}
KINDS = frozenset(_HANDLERS)
