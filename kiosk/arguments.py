"""What was said of a movement, before it is believed: each function returns it in the shape that is booked.

All raise UsageError.
"""

from __future__ import annotations

from kiosk.core.accounts import Account
from kiosk.core.history import as_day
from kiosk.core.movements import (
    COUNT,
    COUNTABLE,
    HAND_MOVEMENTS,
    MARKS,
    Detail,
    Movement,
    MovementError,
    check_said,
)
from kiosk.core.records import Sku
from kiosk.errors import UsageError

MOST_BLANKS = 1_000_000
"""In one movement: more is a slip of the finger, and a number that some database cannot hold stops the sync."""
LONGEST_TEXT = {"document": 64, Detail.REASON: 160}
LONGEST_OTHERS = 80


def row_of(movement: object) -> Movement:
    movable = [name for name in HAND_MOVEMENTS if name != COUNT]
    if movement not in movable:
        raise UsageError(f"movement {movement!r} is not one of {', '.join(movable)}")
    return HAND_MOVEMENTS[str(movement)]


def source_of(row: Movement, source: object) -> Account:
    if source not in ("", *row.sources) or (not source and len(row.sources) > 1):
        raise UsageError(f"{row.name}: source must be one of {', '.join(row.sources)}")
    return Account(str(source)) if source else row.sources[0]


def said_of(row: Movement, document: object, said: dict[str, str], *, complete: bool = True) -> dict[str, str]:
    """`document`, `cause` and details as they are written down; only those that the row knows."""
    known = {*row.needs, *row.takes, *(["cause"] if row.causes else [])}
    if unknown := set(said) - known:
        raise UsageError(f"{row.name}: takes no {', '.join(sorted(unknown))}")
    body = {"document": text("document", document), **{name: text(name, value) for name, value in said.items()}}
    if body.get(Detail.MARKS) not in (None, "", *MARKS):
        raise UsageError(f"{Detail.MARKS}: one of {', '.join(MARKS)}")
    if body.get(Detail.DATED) and as_day(body[Detail.DATED]) is None:
        raise UsageError(f"{Detail.DATED}: a day, as 2026-11-28")
    try:
        if complete:
            check_said(row, body)
    except MovementError as exc:
        raise UsageError(str(exc)) from exc
    return {name: value for name, value in body.items() if value or name == "document"}


def text(name: str, value: object) -> str:
    longest = LONGEST_TEXT.get(name, LONGEST_OTHERS)
    if not isinstance(value, str) or len(value) > longest or not value.strip().isprintable():
        raise UsageError(f"{name}: at most {longest} printable characters")
    return value.strip()


def counted_of(row: object) -> tuple[Account, Sku, int]:
    if not isinstance(row, list | tuple) or len(row) != 3:
        raise UsageError("counted: rows of place, SKU and number")
    place, sku, blanks = row
    if place not in COUNTABLE:
        raise UsageError(f"counted: {place!r} is not one of {', '.join(COUNTABLE)}")
    return Account(place), sku_of(sku), whole("counted", blanks, 0)


def whole(name: str, value: object, least: int, most: int = MOST_BLANKS) -> int:
    if type(value) is not int or not least <= value <= most:
        raise UsageError(f"{name}: a whole number from {least} to {most}")
    return value


def sku_of(value: object) -> Sku:
    if value not in list(Sku):
        raise UsageError(f"{value!r} is not one of {', '.join(Sku)}")
    return Sku(str(value))
