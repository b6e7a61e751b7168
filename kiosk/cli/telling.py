"""One event in plain English, on one line. Pure; what is told is in the frame, and none of it is personal."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from kiosk.cli.telling_office import OFFICE
from kiosk.core.clock import Certainty
from kiosk.core.dating import date_of
from kiosk.core.equipment import FIELDS, EquipmentRole
from kiosk.core.frames import Frame

Body = dict[str, Any]


def tell(frame: Frame, about: frozenset[str] = frozenset(), clocks: Sequence[Frame] = ()) -> str:
    """Sequence number, local time, who, what, and where blanks went. Of a list of records only those in `about`.

    `clocks`: all `clock` frames of the journal; by them a frame is dated that bears the time of a doubtful clock.
    """
    words = _WORDS[frame.kind](_only(frame.data, about)) if frame.kind in _WORDS else _stored(frame)
    parts = [
        words,
        *(f"{qty} {sku} of lot {lot}: {source} -> {target}" for sku, lot, source, target, qty in _moves(frame)),
    ]
    when, doubt = _when(frame, clocks)
    return f"{frame.seq:>8}  {when}  {frame.stamp.by:<12}  {'; '.join(parts)}{doubt}"


def _when(frame: Frame, clocks: Sequence[Frame]) -> tuple[str, str]:
    """The time it is told under, and what must be said of it."""
    recorded, dated = local_time(frame.stamp.time_ms), date_of(frame, clocks)
    if dated == (frame.stamp.time_ms, frame.stamp.time_ms):
        return recorded, ""
    bears = f" [the clock was wrong: the frame bears {recorded}"
    if dated.exact:
        return local_time(dated.earliest_ms), f"{bears}]"
    until = local_time(dated.latest_ms) if dated.latest_ms is not None else "now"
    if not dated.earliest_ms:
        return recorded, f" [the clock was wrong: the frame was written before {until}; nothing says after when]"
    return local_time(dated.earliest_ms), f"{bears}; it was written then or later, before {until}]"


def local_time(time_ms: int) -> str:
    return f"{datetime.fromtimestamp(time_ms / 1000, UTC).astimezone():%Y-%m-%d %H:%M:%S}"


def _moves(frame: Frame) -> list[list[Any]]:
    moves: list[list[Any]] = frame.data.get("moves", [])
    return moves


def _only(data: Body, about: frozenset[str]) -> Body:
    if about and "cards" in data:
        return {**data, "cards": [card for card in data["cards"] if card["ref"] in about]}
    if about and "refs" in data:
        return {**data, "refs": [ref for ref in data["refs"] if ref in about]}
    if not about or "records" not in data:
        return data
    return {**data, "records": [item for item in data["records"] if item["ref"] in about], "refused": []}


def _stored(frame: Frame) -> str:
    return f"{frame.kind} {json.dumps(frame.data, ensure_ascii=False)}"


def _because(data: Body) -> str:
    return f" ({data['cause']})" if data.get("cause") else ""


def _genesis(data: Body) -> str:
    after = f", continues the one that ended with {data['predecessor']}" if data["predecessor"] else ""
    return f"the journal of station {data['station']} begins, incarnation {data['incarnation']}{after}"


def _segment(data: Body) -> str:
    return f"{data['previous']['file']} is full and sealed"


def _recovered(data: Body) -> str:
    return f"{data['bytes']} bytes of an unfinished frame were cut off {data['segment']}"


def _stock(data: Body) -> str:
    said = [f"{name} {data[name]}" for name in data if name not in _STOCK_APART and _is_said(data[name])]
    if "reverses" in data:
        said.insert(0, f"reverses frame {data['reverses']}")
    said += [
        f"{place} counted: {blanks} {sku}, {booked} in the books" for place, sku, blanks, booked in _counted(data)
    ]
    said += [f"approved by {data['approved']}"] if data.get("approved") else []
    return ", ".join([f"stock {data['movement']}{_because(data)}", *said])


_STOCK_APART = frozenset({"movement", "cause", "approved", "reverses"})


def _is_said(value: object) -> bool:
    return isinstance(value, str | int) and value != ""


def _counted(data: Body) -> list[list[Any]]:
    rows: list[list[Any]] = data.get("counted", [])
    return rows


def _records(data: Body) -> str:
    here = [
        f"record {r['ref']} arrived ({r['sku']}, {r['reason']}, priority {r['priority']})" for r in data["records"]
    ]
    refused = [f"a record was refused: {item['reason']}, {item['detail']}" for item in data["refused"]]
    again = [f"the data of {len(data['again'])} known records are here again"] if data.get("again") else []
    withdrawn = [
        f"the centre takes record {item['ref']} away ({item['reason']}), here it is {item['found']}"
        for item in data.get("withdrawn", [])
    ]
    return ", ".join(here + refused + again + withdrawn) or "no record arrived"


def _released(data: Body) -> str:
    said = f": {data['said']}" if data.get("said") else ", which had taken them away"
    return f"given back to the centre{said}: record {', '.join(data['refs'])}"


def _job_created(data: Body) -> str:
    return f"job {data['job']} is to make the card of record {data['ref']}"


def _job_state(data: Body) -> str:
    message = f": {data['message']}" if data.get("message") else ""
    return f"job {data['job']}: {data['event']} ({', '.join(data['reasons'])}){message}"


def _step(data: Body) -> str:
    lot = f", a blank of lot {data['lot']} (assumed)" if "lot" in data else ""
    lot += f", plan {data['plan']}" if "plan" in data else ""
    parts = [_outcome(data), _intent(data["intent"]) + lot if "intent" in data else ""]
    return f"job {data['job']}: {', '.join(part for part in parts if part)}"


def _outcome(data: Body) -> str:
    outcome = data.get("outcome")
    if not outcome:
        return ""
    notes = [f"chip {outcome['uid']}"] if outcome.get("uid") else []
    notes += [f"{outcome['panels']} panels"] if "panels" in outcome else []
    notes += [outcome["cause"]] if "cause" in outcome else []
    notes += [f"by evidence, rule {outcome['rule']}"] if "rule" in outcome else []
    ending = f", the card is {data['end']}{_because(data)}" if data.get("end") else ""
    return f"{outcome['step']} {outcome['result']}" + (f" ({', '.join(notes)})" if notes else "") + ending


def _intent(intent: Body) -> str:
    tray = f" to {intent['tray']}" if "tray" in intent else ""
    if "printer" not in intent:
        return f"{intent['step']} begins at the desk"
    return f"{intent['step']}{tray} begins [{intent['printer']}: cards {intent['fed']}, panels {intent['panels']}]"


def _job_resolved(data: Body) -> str:
    became = f"the card is {data['end']}{_because(data)}" if "end" in data else "the card goes to the desk"
    return f"job {data['job']}: a person who looked says {data['answer']}, {became}"


def _job_ended(data: Body) -> str:
    outcome = _outcome(data)
    parts = [outcome] if outcome else []
    if "answer" in data:
        parts.append(f"a person who looked says {data['answer']}, the card is {data['end']}{_because(data)}")
    chip = f", chip {data['uid']}" if data.get("uid") else ""
    message = f": {data['message']}" if data.get("message") else ""
    parts.append(f"{data['state']} ({', '.join(data['reasons'])}){chip}, record {data['ref']}{message}")
    return f"job {data['job']}: {', '.join(parts)}"


def _test_ended(data: Body) -> str:
    outcome = _outcome(data)
    chip = f", chip {data['uid']}" if data.get("uid") else ""
    end = f", the blank is {data['end']}{_because(data)}" if "end" in data else ""
    message = f": {data['message']}" if data.get("message") else ""
    return f"job {data['job']}: {outcome + ', ' if outcome else ''}test {data['state']}{chip}{end}{message}"


def _handed_over(data: Body) -> str:
    signed = "signed" if data["signed"] else "not signed"
    although = f", although the centre had taken the record away: {data['withdrawn']}" if "withdrawn" in data else ""
    return (
        f"the card of job {data['job']}, record {data['ref']}, chip {data['uid'] or 'unknown'}, "
        f"was handed over to the {data['taker']} "
        f"(proof {data['verified']}, chip {data['chip']}, old card {data['old_card']}, {signed}){although}"
    )


def _reprint(data: Body) -> str:
    approved = f", approved by {data['approved']}" if data.get("approved") else ""
    if "job" not in data:
        wrong = ", ".join(data["wrong"])
        return f"the card of job {data['reprint_of']} is booked away, record {data['ref']} is held, wrong: {wrong}"
    return (
        f"job {data['job']} is to make the card of record {data['ref']} again: "
        f"reprint of that of job {data['reprint_of']}, {data['reason']}{_because(data)}{approved}"
    )


def _gap_closed(data: Body) -> str:
    cards = ", ".join(f"record {card['ref']} {card['with']}, as job {card['job']}" for card in data["cards"])
    return (
        f"the gap of the lost disk is closed ({data['reason']}), approved by {data['approved']}; cards found: "
        f"{cards or 'none'}"
    )


def _blanks(rows: list[list[Any]]) -> str:
    return ", ".join(f"{place}/{sku} {blanks}" for place, sku, blanks in rows)


def _shift_closed(data: Body) -> str:
    terms = [
        f"{sku} " + " ".join(f"{name} {blanks}" for name, blanks in row.items())
        for sku, row in data["equation"].items()
    ]
    reason = f", difference: {data['reason']}" if data["moves"] else ""
    approved = f", approved by {data['approved']}" if data.get("approved") else ""
    return f"shift {data['shift']} is closed: {'; '.join(terms)}{reason}{approved}"


def _equipment(data: Body) -> str:
    return f"used as {data['role']}: {' '.join(data[name] for name in FIELDS[EquipmentRole(data['role'])])}"


def _clock(data: Body) -> str:
    shown = local_time(data["machine_ms"])
    if data["state"] == Certainty.DOUBTFUL:
        return f"the clock is in doubt, the machine shows {shown}"
    if "centre_ms" not in data:
        return f"the time is taken from the machine's clock again, it shows {shown}"
    told = f"the centre says {local_time(data['centre_ms'])}, the machine shows {shown}"
    late = "; frames bear a later time, and it waits there until that" if data["state"] == Certainty.AHEAD else ""
    return f"the time is known: {told}{late}"


def _limit_lifted(data: Body) -> str:
    more = f"{data['more_cards']} more cards, {data['more_days']} more days"
    return f"without the centre the station may go on for {more} ({data['reason']})"


_WORDS: dict[str, Callable[[Body], str]] = {
    "genesis": _genesis,
    "segment": _segment,
    "recovered": _recovered,
    "started": lambda data: "the station serves",
    "stopped": lambda data: "the station ended in order",
    "stock": _stock,
    "records": _records,
    "released": _released,
    "job-created": _job_created,
    "job-state": _job_state,
    "step": _step,
    "job-resolved": _job_resolved,
    "job-ended": _job_ended,
    "test-card": lambda data: f"job {data['job']} is to make a {data['sku']} {data['plan']}",
    "test-ended": _test_ended,
    "handed-over": _handed_over,
    "reprint": _reprint,
    "gap-closed": _gap_closed,
    "call-back": lambda data: f"call-back {data['number']} was noted ({data['reason']})",
    "call-back-closed": lambda data: f"call-back {data['number']} was called",
    "looked-up": lambda data: (
        f"looked up {data.get('paper', 'the life of')} {', '.join(data.get('refs') or [data['ref']])}"
    ),
    "shift-opened": lambda data: f"shift {data['shift']} opens, {_blanks(data['opening'])}",
    "shift-counted": lambda data: f"shift {data['shift']}, counted: {_blanks(data['counted'])}",
    "shift-closed": _shift_closed,
    "equipment": _equipment,
    "clock": _clock,
    "limit-lifted": _limit_lifted,
    **OFFICE,
}
TOLD = frozenset(_WORDS)
"""Kinds that have words; a test compares them with those that there are."""
