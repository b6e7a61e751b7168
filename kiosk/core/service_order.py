"""In which order people are served, and how many of a reason a day. Pure (docs/adr/0055-order-of-service.md).

A place further back in the order counts as so many days: whoever waits that much longer goes first all the same, so
the order never changes by itself, and nobody is overtaken for ever. A quota counts the people whose job was made on
an office day, without those who were moved up (`queue-jump`) and those whose job ended without a card.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from kiosk.core.change import Change, Document, ProjectionError, Read, counted, stored
from kiosk.core.frames import Frame
from kiosk.core.movements import check_second
from kiosk.core.records import Reason
from kiosk.core.workdays import office_day

JUMP = "queue-jump"
SERVED, JUMPS = "served", "jumps"
DAYS_KEPT = 7
"""Days of a reason that are counted: the station's day may go back where its clock was wrong."""
JUMPS_KEPT = 200
NO_LIMIT = 10_000
"""A quota that no station reaches."""
JUST_CAME_MS = 600_000
"""Whoever came so lately is not overtaken: the page from which somebody prints may be as old."""
QUOTA_USED, HAS_CARD, OUT_OF_TURN = "quota-used", "person-has-card", "out-of-turn"


class JumpReason(StrEnum):
    """Why somebody is moved up. A closed list: what a person writes freely may name somebody."""

    ILL = "ill"
    FRAIL = "frail"
    TRAVEL = "travel"
    OFFICE_ERROR = "office-error"
    OTHER = "other"


@dataclass(frozen=True)
class Rules:
    """`order`: reasons, the first first; the others come after them, alike. `step_days`: what one place counts.
    `quota`: people a day, by reason. `in_turn`: nobody is printed before who waits ahead of them."""

    order: tuple[str, ...] = (Reason.BARU.value,)
    step_days: int = 7
    quota: Mapping[str, int] = field(default_factory=dict)
    in_turn: bool = False

    def rank(self, reason: str) -> int:
        return self.order.index(reason) if reason in self.order else len(self.order)

    def key(self, row: Document) -> tuple[Any, ...]:
        """Of a record that waits, and of its job: total, since no two records came in one place of one frame."""
        if "came" not in row:  # a card to test the printer with
            return 0, row["created"]
        if "ahead" in row:
            return 1, row["ahead"], row["order"]
        rank = self.rank(row["reason"])
        return 2, office_day(row["came"]) + rank * self.step_days, rank, row["priority"], row["order"]

    def left(self, read: Read, reason: str, day: int) -> int:
        return max(0, self.quota.get(reason, NO_LIMIT) - served(read, reason, day))


class Line(NamedTuple):
    """Everybody who waits, in order of service; `why`: by reference, of those at its end who are not served now."""

    rows: list[Document]
    why: dict[str, str]

    @property
    def now(self) -> list[str]:
        return [row["ref"] for row in self.rows if row["ref"] not in self.why]


def line(ordered: Iterable[Document], fit: Collection[str], left: Callable[[str], int]) -> Line:
    """`ordered`: by `Rules.key`. `fit`: whose person has no card. `left`: of a reason's quota."""
    now: list[Document] = []
    later: list[Document] = []
    why: dict[str, str] = {}
    room: dict[str, int] = {}
    for row in ordered:
        reason = row["reason"]
        if row["ref"] not in fit:
            why[row["ref"]] = HAS_CARD
        elif "ahead" not in row:
            room[reason] = room.get(reason, left(reason)) - 1
            if room[reason] < 0:
                why[row["ref"]] = QUOTA_USED
        (later if row["ref"] in why else now).append(row)
    return Line([*now, *later], why)


def overtaken(waiting: Line, chosen: Collection[str], now_ms: int) -> list[str]:
    """Who would wait on while somebody behind them is printed."""
    ahead: list[str] = []
    found: list[str] = []
    for row in waiting.rows:
        if row["ref"] in chosen:
            found, ahead = [*found, *ahead], []
        elif row["ref"] not in waiting.why and row["came"] <= now_ms - JUST_CAME_MS:
            ahead.append(row["ref"])
    return found


def served(read: Read, reason: str, day: int) -> int:
    return _days(read, reason).get(day, 0)


def _days(read: Read, reason: str) -> dict[int, int]:
    known = read(SERVED, reason)
    return dict(known["days"]) if known else {}


def _count(read: Read, reason: str, day: int, by: int) -> Change:
    days = _days(read, reason)
    counts = [[each, count] for each, count in days.items() if each != day]
    return Change(SERVED, reason, {"days": [*counts, [day, max(0, days.get(day, 0) + by)]][-DAYS_KEPT:]})


def begun(frame: Frame, record: Document, job: Document, read: Read) -> list[Change]:
    """A job is made for a record that waited. The job remembers on which day it counts, if it does."""
    if "ahead" in record:
        return []
    job["day"] = frame.data.get("day", office_day(frame.stamp.time_ms))
    return [_count(read, record["reason"], job["day"], 1)]


def given_back(job: Document, read: Read) -> list[Change]:
    """The job has ended without a card: somebody else may have its place."""
    return [_count(read, job["reason"], job["day"], -1)] if "day" in job else []


def jumped(frame: Frame, read: Read) -> list[Change]:
    """Somebody who waits is moved up, outside the quota, because two people say so."""
    data = frame.data
    record = stored(read, "records", data["ref"], f"no record {data['ref']}")
    if record["state"] != "waiting" or "ahead" in record:
        raise ProjectionError(f"record {data['ref']} is {record['state']}, or was moved up before")
    if data["reason"] not in set(JumpReason):
        raise ProjectionError(f"{JUMP}: {data['reason']!r} is not one of {', '.join(JumpReason)}")
    check_second(JUMP, frame.stamp.by, data.get("approved"))
    number = (read("tally", JUMPS) or {"count": 0})["count"]
    row = {**data, "by": frame.stamp.by, "at": frame.stamp.time_ms, "of": record["reason"], "sku": record["sku"]}
    return [
        Change("records", record["ref"], {**record, "ahead": frame.seq}),
        Change(JUMPS, str(number % JUMPS_KEPT), row),
        counted(read, JUMPS),
    ]
