"""What became true of the people who work here: frames of kind `people`, the tables `people` and `acting`. Pure.

By id and role, never by name: the journal goes to the centre. Who was added before such frames were written is known
from the first change on.
"""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum
from typing import Any

from kiosk.core.change import Change, Document, ProjectionError, Read
from kiosk.core.frames import Frame
from kiosk.core.permissions import Role

LONGEST_ACTING = 92
"""Days for which somebody may be appointed at once: a quarter of a year."""
_ID = re.compile(r"[a-z][a-z0-9]{1,15}")


class StaffEvent(StrEnum):
    """`change` of a frame."""

    ADDED = "added"
    ROLE = "role"
    DEACTIVATED = "deactivated"
    ACTIVATED = "activated"
    OWN_PIN = "own-pin"
    NEW_PIN = "new-pin"
    ACTING = "acting"
    ACTING_ENDED = "acting-ended"
    CODES = "codes"
    RECOVERED = "recovered"


_ENDS_ACTING = frozenset({StaffEvent.DEACTIVATED, StaffEvent.ACTING_ENDED})


def changed(frame: Frame, read: Read) -> list[Change]:
    """Role and status after it, and until when they are acting. ProjectionError if it is not possible."""
    data = frame.data
    try:
        event, role = StaffEvent(data["change"]), Role(data["role"])
    except ValueError:
        raise ProjectionError(f"unknown change or role in {data}, upgrade first") from None
    ident = data["person"]
    if not _ID.fullmatch(ident):
        raise ProjectionError(f"{ident!r} is no id of a person")
    before = read("people", ident)
    if event is StaffEvent.ADDED and before is not None:
        raise ProjectionError(f"{ident} was given out before")
    person = {
        "person": ident, "role": role.value,
        "active": event is not StaffEvent.DEACTIVATED and (before is None or before["active"] or _comes_back(event)),
    }  # fmt: skip
    return [Change("people", ident, person), *_acting(frame, event, read)]


def _comes_back(event: StaffEvent) -> bool:
    return event is StaffEvent.ACTIVATED


def _acting(frame: Frame, event: StaffEvent, read: Read) -> list[Change]:
    ident = frame.data["person"]
    if event in _ENDS_ACTING:
        return [Change("acting", ident, None)]
    if event is not StaffEvent.ACTING:
        return []
    first, last = term(frame.data["from"], frame.data["to"])
    if not frame.data.get("document"):
        raise ProjectionError(f"{ident}: the number of the appointment's paper is needed (document)")
    return [Change("acting", ident, {
        "person": ident, "from": first.isoformat(), "to": last.isoformat(), "document": frame.data["document"],
        "by": frame.stamp.by,
    })]  # fmt: skip


def term(first: str, last: str) -> tuple[date, date]:
    """First and last day, both included. ProjectionError if it is no term, or one of too many days."""
    try:
        begin, end = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError:
        raise ProjectionError(f"{first!r} to {last!r}: days are written 2026-11-25") from None
    if end < begin:
        raise ProjectionError(f"{first} to {last}: ends before it begins")
    if (end - begin).days >= LONGEST_ACTING:
        raise ProjectionError(f"{first} to {last}: at most {LONGEST_ACTING} days at once")
    return begin, end


def acts_on(appointment: Document | None, day: date) -> bool:
    """Whether the appointment (a row of `acting`, None: there is none) covers that local day. It ends by itself."""
    return appointment is not None and appointment["from"] <= day.isoformat() <= appointment["to"]


def body(event: StaffEvent, person: str, role: Role, **more: Any) -> dict[str, Any]:
    return {"person": person, "change": event.value, "role": role.value, **more}
