"""A second card for one record, only after the first is booked away: for which reason it goes where. Pure.

A card that is lost after its hand-over is no reprint: the holder applies anew, and the centre issues a new record.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from kiosk.core.accounts import Account
from kiosk.core.change import NO_RECORD, Change, Document, ProjectionError, Read, stored
from kiosk.core.correction import as_held
from kiosk.core.frames import Frame
from kiosk.core.jobs import new_job
from kiosk.core.release import is_withdrawn
from kiosk.core.verdicts import SpoilCause


class ReprintReason(StrEnum):
    MISPRINT = "misprint"
    DAMAGED = "damaged-at-hand-over"
    LOST = "lost-before-hand-over"
    WRONG_DATA = "wrong-data"
    """It is as the record says, and that is wrong: none is made before the centre has corrected it."""


@dataclass(frozen=True)
class Booking:
    """What is true of the first card from now on. `source` None: it was booked when it went missing.

    `supervised`: nobody has the first card in their hand, so a second person answers for it.
    """

    source: Account | None
    target: Account
    cause: SpoilCause
    supervised: bool = False


BOOKINGS: dict[tuple[str, ReprintReason], Booking] = {
    ("printed", ReprintReason.MISPRINT): Booking(Account.PRINTED, Account.SPOILED, SpoilCause.MISPRINT),
    ("printed", ReprintReason.DAMAGED): Booking(Account.PRINTED, Account.SPOILED, SpoilCause.DAMAGED),
    ("printed", ReprintReason.LOST): Booking(
        Account.PRINTED, Account.COUNT_ADJUSTMENT, SpoilCause.CARD_MISSING, supervised=True
    ),
    ("printed", ReprintReason.WRONG_DATA): Booking(Account.PRINTED, Account.SPOILED, SpoilCause.WRONG_DATA),
    ("issued", ReprintReason.WRONG_DATA): Booking(Account.ISSUED, Account.SPOILED, SpoilCause.WRONG_DATA),
    # Noticed at once and brought back: the card is in the clerk's hand.
    ("issued", ReprintReason.MISPRINT): Booking(Account.ISSUED, Account.SPOILED, SpoilCause.MISPRINT),
    ("issued", ReprintReason.DAMAGED): Booking(Account.ISSUED, Account.SPOILED, SpoilCause.DAMAGED),
    ("card-missing", ReprintReason.LOST): Booking(
        None, Account.COUNT_ADJUSTMENT, SpoilCause.CARD_MISSING, supervised=True
    ),
}
"""By the state of the record. What is not here is refused: it would leave two cards, or book one that is nowhere."""


ISSUED = frozenset({"issued", "handed_over", "handed_over_at"})
"""What a record has while it is issued, beside what it always has."""


def fitting_reasons(state: str) -> list[ReprintReason]:
    return [reason for reason in ReprintReason if (state, reason) in BOOKINGS]


def first_card(read: Read, ref: str, job: str) -> Document:
    """The card that `job` made for the record, wherever it is now: job, ref, sku, lot (None if it is missing).

    ProjectionError if the record's present card is not that job's.
    """
    record = stored(read, "records", ref, NO_RECORD)
    tables = {"printed": "uncollected", "card-missing": "missing"}
    row = read(tables[record["state"]], job) if record["state"] in tables else record.get("issued")
    if row is None or (row["ref"], row["job"]) != (ref, job):
        raise ProjectionError(f"job {job} made no card that record {ref} has now ({record['state']})")
    return row


def body(card: Document, state: str, reason: ReprintReason) -> dict[str, Any]:
    """`moves` and `cause` of the event; empty where the first card was booked before. KeyError if nothing fits."""
    booking = BOOKINGS[state, reason]
    if booking.source is None:
        return {}
    moves = [[card["sku"], card["lot"], booking.source.value, booking.target.value, 1]]
    return {"moves": moves, "cause": booking.cause.value}


def reprinted(frame: Frame, read: Read) -> list[Change]:
    """The first card is booked away and the second's job is made, or the record held, in one frame."""
    data = frame.data
    record = stored(read, "records", data["ref"], NO_RECORD)
    again = data["reason"] != ReprintReason.WRONG_DATA
    if again and is_withdrawn(read, data["ref"]):
        raise ProjectionError(f"record {data['ref']} was withdrawn by the centre")
    card = first_card(read, data["ref"], data["reprint_of"])
    state, reason = record["state"], ReprintReason(data["reason"])
    if (state, reason) not in BOOKINGS:
        raise ProjectionError(f"record {data['ref']} is {state}: {reason} does not fit")
    if {name: data[name] for name in ("moves", "cause") if name in data} != body(card, state, reason):
        raise ProjectionError(f"record {data['ref']}: the first card is not booked as {reason}")
    if BOOKINGS[state, reason].supervised and not data.get("approved"):
        raise ProjectionError(f"record {data['ref']}: {reason} needs a supervisor")
    kept = {name: value for name, value in record.items() if name not in ISSUED}
    changes = [Change("uncollected", card["job"], None), Change("missing", card["job"], None)]
    if not again:
        return [*changes, Change("records", record["ref"], {**kept, **as_held(frame, data["wrong"])})]
    job = {**new_job(data["job"], record, frame.seq), "reprint_of": data["reprint_of"]}
    changes.append(Change("jobs", job["id"], job))
    return [*changes, Change("records", record["ref"], {**kept, "state": "in-job"})]
