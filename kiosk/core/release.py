"""A record goes back to the centre: because the centre takes it away, or because the station gives it up. Pure.

Only the frame `released` ends a lease here, and only where no card can be: the centre leases a record anew when it
holds that frame, so at no time are there two places that may print it. What is released is not printable here again.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from kiosk.core import closing, gap
from kiosk.core.change import NO_RECORD, Change, Document, ProjectionError, Read, stored
from kiosk.core.frames import Frame

KIND = "released"
RELEASED, NEVER_CAME = "released", "never-came"
GONE = frozenset({RELEASED, NEVER_CAME})
"""States of a record that is not to be printed here. `never-came`: it was taken away before it arrived."""
WITH_CARD = frozenset({"in-job", "printed", "issued", "card-missing"})
TABLE = "withdrawals"
"""Records that the centre has taken away and that the station still has: because of a card, or of an open gap."""


class Withdrawal(StrEnum):
    """Why the centre takes a record away. A closed list: what a person writes freely may name somebody."""

    WRONG_DATA = "wrong-data"
    CORRECTED = "corrected"
    DUPLICATE = "duplicate"
    DECEASED = "deceased"
    MOVED = "moved"
    REQUESTED = "requested"
    OTHER = "other"


def withdrawn(frame: Frame, read: Read) -> list[Change]:
    """The part of a `records` frame that says what the centre has taken away."""
    changes = []
    for place, item in enumerate(frame.data.get("withdrawn", [])):
        ref, record = item["ref"], read("records", item["ref"])
        if item["found"] == NEVER_CAME:
            if record is not None:
                raise ProjectionError(f"record {ref} is here")
            changes.append(Change("records", ref, {"ref": ref, "state": NEVER_CAME, "order": [frame.seq, place]}))
        if item["found"] == NEVER_CAME or (record is not None and record["state"] != RELEASED):
            changes.append(Change(TABLE, ref, {"ref": ref, "reason": item["reason"]}))
    return changes


def is_withdrawn(read: Read, ref: str) -> bool:
    return read(TABLE, ref) is not None


def must_be_printable(read: Read, record: Document) -> None:
    """ProjectionError if no card of it may be begun any more, whoever asks for one."""
    if record["state"] in GONE or is_withdrawn(read, record["ref"]):
        raise ProjectionError(f"record {record['ref']} was released, or withdrawn by the centre")


def released(frame: Frame, read: Read) -> list[Change]:
    """ProjectionError if there is a card of one of them, or may be one."""
    if gap.is_open(read):
        raise ProjectionError("any record may have a card: the gap of the lost disk is open")
    changes: list[Change] = []
    for ref in frame.data["refs"]:
        record = stored(read, "records", ref, NO_RECORD)
        if record["state"] in WITH_CARD or record["state"] == RELEASED:
            raise ProjectionError(f"record {ref} is {record['state']}")
        pending = read(TABLE, ref)
        why = {"reason": pending["reason"]} if pending else {}
        changes += [
            Change("records", ref, {
                "ref": ref, "state": RELEASED, "order": record["order"], "released": frame.seq,
                "released_at": frame.stamp.time_ms, **why,
                **{name: record[name] for name in ("came", "ahead") if name in record},
            }),
            Change(TABLE, ref, None),
        ]  # fmt: skip
    return [*changes, *closing.noted(frame, read, refs=frame.data["refs"])]


def due(pending: Iterable[Document], read: Read) -> list[str]:
    """Of what was taken away, what can be released now; where its job has no card in the machine, that ends first."""
    if gap.is_open(read):
        return []
    found = []
    for row in pending:
        record = read("records", row["ref"])
        if record is not None and (record["state"] not in WITH_CARD or record["state"] == "in-job"):
            found.append(str(row["ref"]))
    return sorted(found)
