"""What each day used of the blanks, and what it left: the table `usage`, a row for each day with work. Pure.

A row is made where blanks come or go, so that neither forecast nor papers read the journal: `day`, and by SKU `made`
(good cards), `spoiled`, `defect`, and `left` (usable blanks, wherever in the office, after the last movement of that
day). What is reversed is taken off the day on which that is booked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from kiosk.core.accounts import Account, Transfer
from kiosk.core.change import Change, Document, Read
from kiosk.core.frames import Frame
from kiosk.core.pace import Served
from kiosk.core.records import Sku
from kiosk.core.workdays import office_day

TABLE, LEFT = "usage", "left"
KEPT = 400
"""Days back that are known: more than a year."""
USABLE = frozenset(
    {Account.VAULT, Account.SHIFT, Account.HOPPER, Account.BENCH, Account.IN_MACHINE, Account.MOBILE_UNIT}
)
SPENT = {
    Account.PRINTED: "made",
    Account.ISSUED: "made",
    Account.SPOILED: "spoiled",
    Account.FACTORY_DEFECT: "defect",
}
"""Where a blank ends that was used, and under what that is counted. What is lent, lost or found is no use."""


def follow(frame: Frame, transfers: Iterable[Transfer], read: Read) -> list[Change]:
    """Two documents, where blanks become or cease to be usable; else nothing."""
    crossing = [move for move in transfers if (move.source in USABLE) != (move.target in USABLE)]
    if not crossing:
        return []
    day = office_day(frame.stamp.time_ms)
    left = dict(read(TABLE, LEFT) or {sku.value: 0 for sku in Sku})
    before = read(TABLE, str(day % KEPT))
    row = {sku: dict(part) for sku, part in before["skus"].items()} if before and before["day"] == day else _empty()
    for move in crossing:
        leaves = move.source in USABLE
        left[move.sku] += -move.quantity if leaves else move.quantity
        if name := SPENT.get(move.target if leaves else move.source):
            row[move.sku][name] += move.quantity if leaves else -move.quantity
    for sku, part in row.items():
        part["left"] = left[sku]
    return [Change(TABLE, LEFT, left), Change(TABLE, str(day % KEPT), {"day": day, "skus": row})]


def _empty() -> dict[str, dict[str, int]]:
    return {sku.value: {"made": 0, "spoiled": 0, "defect": 0, "left": 0} for sku in Sku}


def newest(read: Read) -> int:
    """The last day of any row; 0 if there is none."""
    return max((row["day"] for place in range(KEPT) if (row := read(TABLE, str(place)))), default=0)


def rows(read: Read, today: int) -> list[Document]:
    """Those of the last KEPT days, oldest first; not to be changed."""
    known = (read(TABLE, str(place)) for place in range(KEPT))
    found = [row for row in known if row is not None and today - KEPT < row["day"] <= today]
    return sorted(found, key=lambda row: int(row["day"]))


def served(days: Iterable[Document], of: Callable[[Document], tuple[int, int]]) -> list[Served]:
    """The days on which any card was made; `of` says of a row what was used and what was left."""
    worked = [day for day in days if any(used(part) > 0 for part in day["skus"].values())]
    return [Served(day["day"], max(0, of(day)[0]), of(day)[1]) for day in worked]


def used(part: Document) -> int:
    """Blanks of one SKU on one day."""
    return int(part["made"] + part["spoiled"] + part["defect"])


def of_blanks(sku: Sku) -> Callable[[Document], tuple[int, int]]:
    return lambda day: (used(day["skus"][sku]), day["skus"][sku]["left"])


def through_printer(day: Document) -> tuple[int, int]:
    """Cards on which ribbon and film were spent: a dead chip is put out before. Of supplies the books know no rest
    from day to day; it counts as plenty."""
    return sum(part["made"] + part["spoiled"] for part in day["skus"].values()), PLENTY


PLENTY = 1_000_000
