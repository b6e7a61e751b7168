"""A record whose data are wrong: it is held, so that nobody prints it, until the centre has corrected it. Pure.

Held by whoever sees it, freed by whoever sees that it was right after all; the record that corrects it takes its
place in the line (`replaces`). A card that was made of wrong data is booked away first, by a `reprint` without job.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from kiosk.core.change import Change, Document, ProjectionError, Read, stored
from kiosk.core.frames import Frame

HELD, FREED = "record-held", "record-freed"
STATE = "held"


class WrongPart(StrEnum):
    """What is wrong. A closed list: what is right instead is for the centre to find out, and in no frame."""

    NAME = "name"
    NUMBER = "number"
    BIRTH = "birth"
    ADDRESS = "address"
    STATUS = "status"
    PORTRAIT = "portrait"
    SIGNATURE = "signature"
    OTHER = "other"


def held(frame: Frame, read: Read) -> list[Change]:
    data = frame.data
    record = stored(read, "records", data["ref"], f"no record {data['ref']}")
    if record["state"] != "waiting":
        raise ProjectionError(f"record {data['ref']} is {record['state']}")
    return [Change("records", record["ref"], {**record, **as_held(frame, data["wrong"])})]


def as_held(frame: Frame, wrong: list[str]) -> Document:
    """What a record has from now on. ProjectionError if nothing is said to be wrong with it."""
    if not wrong or not set(wrong) <= set(WrongPart):
        raise ProjectionError(f"wrong: one or more of {', '.join(WrongPart)}")
    return {"state": STATE, "held": {"wrong": wrong, "at": frame.stamp.time_ms, "by": frame.stamp.by}}


def freed(frame: Frame, read: Read) -> list[Change]:
    """It waits again, where it stood."""
    record = stored(read, "records", frame.data["ref"], f"no record {frame.data['ref']}")
    if record["state"] != STATE:
        raise ProjectionError(f"record {frame.data['ref']} is {record['state']}")
    kept = {name: value for name, value in record.items() if name != "held"}
    return [Change("records", record["ref"], {**kept, "state": "waiting"})]


def place_of(item: Document, read: Read) -> dict[str, Any]:
    """Of a record that arrives and corrects another: the day on which that came, and whether it was moved up."""
    before = read("records", item["replaces"]) if item.get("replaces") else None
    return {name: before[name] for name in ("came", "ahead") if before and name in before}


HANDLERS = {HELD: held, FREED: freed}
