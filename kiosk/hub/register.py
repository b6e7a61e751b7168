"""What the centre counts of blanks beside the balances: by hour, by lot, and what offices lend each other.

All of it follows from `moves`. Hours are of the frame's own time, since 1970: a day begins at another moment in each
of the country's three zones, and whoever asks says which day is meant.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any

from sqlalchemy import Connection, Insert, Table, and_, delete, insert, select, update

from kiosk.core.accounts import Account
from kiosk.core.frames import Frame
from kiosk.core.movements import REVERSE
from kiosk.hub.schema import flows, loans, lots
from kiosk.hub.store import insert_unless

HOUR_MS = 3_600_000
ZONES = {"wib": 7, "wita": 8, "wit": 9}
"""The country's three, in hours ahead of UTC."""
UNUSED = (Account.VAULT, Account.SHIFT, Account.HOPPER, Account.BENCH, Account.MOBILE_UNIT)
"""Where a blank is that may still become a card."""
COUNTED = frozenset({*UNUSED, Account.PRINTED, Account.ISSUED, Account.SPOILED, Account.FACTORY_DEFECT})
LENDING = ("loan-out", "loan-in")
_LAST_HOUR = 1 << 31


class Register:
    """Of one station, within one transaction: added to frame by frame, written by `save`."""

    def __init__(self, connection: Connection, station: str) -> None:
        self._connection = connection
        self._station = station
        self._came: Counter[tuple[int, str, str]] = Counter()
        self._went: Counter[tuple[int, str, str]] = Counter()
        self._lots: Counter[tuple[str, str, str]] = Counter()

    def add(self, frame: Frame) -> None:
        """A frame whose `moves`, if it has any, are known to be movements."""
        movement = frame.data.get("movement") if frame.kind == "stock" else None
        if moves := frame.data.get("moves"):
            self._count(frame, moves, undoes=movement == REVERSE)
        if movement == REVERSE:
            self._take_back(frame)
        elif movement in LENDING:
            self._lend(frame)

    def _count(self, frame: Frame, moves: list[list[Any]], *, undoes: bool) -> None:
        hour = min(max(frame.stamp.time_ms // HOUR_MS, 0), _LAST_HOUR)
        for sku, lot, source, target, quantity in moves:
            # What a counter-entry takes back has never come or gone: the day's figures are of what happened.
            came, went, sign = (source, target, -1) if undoes else (target, source, 1)
            self._came[hour, sku, came] += sign * quantity
            self._went[hour, sku, went] += sign * quantity
            self._lots[sku, _text(lot, 64), source] -= quantity
            self._lots[sku, _text(lot, 64), target] += quantity

    def save(self) -> None:
        """Two statements, however many frames there were."""
        moved = [
            {"hour": hour, "sku": sku, "account": account, "came": self._came[key], "went": self._went[key]}
            for key in sorted({*self._came, *self._went})
            for hour, sku, account in [key]
            if account in COUNTED
        ]
        held = [
            {"sku": sku, "lot": lot, "account": account, "quantity": quantity}
            for (sku, lot, account), quantity in sorted(self._lots.items())
            if account in UNUSED and quantity
        ]
        for table, rows in ((flows, moved), (lots, held)):
            if rows:
                _add_up(self._connection, table, [{"station": self._station, **row} for row in rows])

    def _lend(self, frame: Frame) -> None:
        said, moves = frame.data, frame.data.get("moves") or []
        if moves:
            self._connection.execute(
                insert(loans).values(
                    station=self._station, head=frame.head, seq=frame.seq, way=said["movement"],
                    document=_text(said.get("document"), 200), office=_text(said.get("office"), 200),
                    sku=moves[0][0], quantity=sum(move[4] for move in moves), at=frame.stamp.time_ms, reversed=False,
                )
            )  # fmt: skip

    def _take_back(self, frame: Frame) -> None:
        """The newest of that number: a station that lost its disk counts from 1 again."""
        seq = frame.data.get("reverses")
        if type(seq) is not int:
            return
        mine = and_(loans.c.station == self._station, loans.c.seq == seq, loans.c.reversed.is_(False))
        found = self._connection.execute(select(loans.c.head).where(mine).order_by(loans.c.at.desc())).first()
        if found:
            same = and_(loans.c.station == self._station, loans.c.head == found.head)
            self._connection.execute(update(loans).where(same).values(reversed=True))


def clear(connection: Connection, station: str) -> None:
    """The station states anew what it has."""
    connection.execute(delete(lots).where(lots.c.station == station))


def _add_up(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Add the rows' numbers to those that are there."""
    connection.execute(_adding(connection.dialect.name, table), rows)


@cache
def _adding(dialect: str, table: Table) -> Insert:
    fresh = insert_unless(dialect, table)
    sums = {column.name: column + fresh.excluded[column.name] for column in table.c if not column.primary_key}
    keys = [column.name for column in table.primary_key]
    return fresh.on_conflict_do_update(index_elements=keys, set_=sums)


def _text(value: object, longest: int) -> str:
    """What a person typed, as both data bases can hold it."""
    return str(value or "").replace("\0", "")[:longest]
