"""A finished card until somebody takes it: the tables `uncollected` and `missing`, and the hand-over. Pure."""

from __future__ import annotations

from kiosk.core import closing
from kiosk.core.accounts import Account
from kiosk.core.change import NO_RECORD, Change, Document, ProjectionError, Read, counted, stored
from kiosk.core.frames import Frame
from kiosk.core.handover import OldCard

OLD_CARDS = "old-cards"
"""The tally of withdrawn old cards: a memo register, they are no blanks."""


def finished_card(frame: Frame, job: Document, state: str) -> list[Change]:
    """The row of a job that has just ended: its card is good and waits, or may be good and can't be found.

    `state`: that of the record from now on.
    """
    row = {"job": job["id"], "ref": job["ref"], "sku": job["sku"], "since": frame.stamp.time_ms}
    if state == "card-missing":
        return [Change("missing", job["id"], row)]
    lots = [move[1] for move in frame.data.get("moves", []) if move[3] == Account.PRINTED]
    if not lots:
        return []
    return [Change("uncollected", job["id"], {**row, "uid": frame.data.get("uid"), "lot": lots[-1]})]


def handed_over(frame: Frame, read: Read) -> list[Change]:
    """The card leaves the office: out of `uncollected`, the record is issued."""
    data = frame.data
    row = stored(read, "uncollected", data["job"], "no card of job {} waits to be collected")
    record = stored(read, "records", row["ref"], NO_RECORD)
    if (data["ref"], data["uid"]) != (row["ref"], row["uid"]):
        raise ProjectionError(f"job {data['job']}: another record or chip than the card's")
    if data["moves"] != [[row["sku"], row["lot"], Account.PRINTED, Account.ISSUED, 1]]:
        raise ProjectionError(f"job {data['job']}: one card goes from printed to issued")
    issued = {"issued": row, "handed_over": frame.seq, "handed_over_at": frame.stamp.time_ms}
    changes = [
        Change("uncollected", row["job"], None),
        Change("records", row["ref"], {**record, "state": "issued", **issued}),
        *closing.noted(frame, read, refs=[row["ref"]]),
    ]
    return changes + ([counted(read, OLD_CARDS)] if data["old_card"] == OldCard.TAKEN else [])
