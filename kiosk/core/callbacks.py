"""People who could not be served: a number each, running within a day; nothing of them is in the books. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from kiosk.core.change import Change, ProjectionError, Read, counted, stored
from kiosk.core.frames import Frame


class CallReason(StrEnum):
    """What they wait for."""

    NO_RECORD = "no-record"
    NO_BLANK = "no-blank"
    OTHER = "other"


class CallError(ValueError):
    """What was typed is no NIK or no telephone number."""


@dataclass(frozen=True)
class Call:
    """Whom to telephone. Kept sealed, beside the books."""

    nik: str
    phone: str


def parse_call(nik: str, phone: str) -> Call:
    """Blanks, dots and hyphens of a person's hand are taken out. CallError says which of the two is wrong."""
    nik, phone = (re.sub(r"[\s.-]", "", text) for text in (nik, phone))
    if not re.fullmatch(r"[0-9]{16}", nik):
        raise CallError("NIK: 16 digits")
    if not re.fullmatch(r"\+?[0-9]{8,15}", phone):
        raise CallError("phone: 8 to 15 digits, + before them or not")
    return Call(nik, phone)


def is_ready(reason: CallReason, *, record: bool, blanks: bool) -> bool:
    """Whether what they wait for is here. `record`: one of theirs waits to be printed or collected."""
    return record and (blanks or reason is not CallReason.NO_BLANK)


def next_number(day: str, given: int) -> str:
    """The number after `given` ones of that day, which is local: "2018-08-14/007"."""
    return f"{day}/{given + 1:03d}"


_NUMBER = re.compile(r"(\d{4}-\d\d-\d\d)/(\d{3,})")


def tally_of(day: str) -> str:
    return f"calls/{day}"


def noted(frame: Frame, read: Read) -> list[Change]:
    number = frame.data["number"]
    match = _NUMBER.fullmatch(number)
    if not match:
        raise ProjectionError(f"{number!r} is no call-back number")
    tally = tally_of(match[1])
    given = (read("tally", tally) or {"count": 0})["count"]
    if number != next_number(match[1], given):
        raise ProjectionError(f"call-back {number}: {given} were noted on that day")
    row = {"number": number, "reason": CallReason(frame.data["reason"]).value, "since": frame.stamp.time_ms}
    return [Change("callbacks", number, row), counted(read, tally)]


def closed(frame: Frame, read: Read) -> list[Change]:
    number = frame.data["number"]
    stored(read, "callbacks", number, "no open call-back {}")
    return [Change("callbacks", number, None)]
