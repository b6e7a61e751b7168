"""The leases that a delivery tells of: read in few statements, changed in memory, written in one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select

from kiosk.hub.schema import leases
from kiosk.hub.stations import raise_alarm
from kiosk.hub.store import among, update_all

_AT_ONCE = 1_000
"""Values in one statement: each data base has its own limit, far above."""


@dataclass
class Lease:
    cursor: int
    state: str
    chip_uid: str | None
    withdrawn: bool


class Cards:
    """What the centre knows of the records `refs` and the chips `uids`. The caller holds the station's lock."""

    def __init__(
        self, connection: Connection, station: str, now_ms: int, refs: Iterable[str], uids: Iterable[str]
    ) -> None:
        self._connection = connection
        self._station = station
        self._now_ms = now_ms
        self._leases: dict[str, Lease] = {}
        self._before: dict[str, Lease] = {}
        self._chips: dict[str, set[tuple[str, int, str]]] = {}
        for some in _slices(refs):
            self._read_leases(some)
        for some in _slices(uids):
            self._read_chips(some)

    def _read_leases(self, refs: list[str]) -> None:
        """Of several leases of a record to this station the newest."""
        found = _leases_of(self._connection.dialect.name)
        for row in self._connection.execute(found, {"named": self._station, "refs": refs}):
            told = row.cursor, row.state, row.chip_uid, bool(row.withdrawn)
            self._leases[row.ref], self._before[row.ref] = Lease(*told), Lease(*told)

    def _read_chips(self, uids: list[str]) -> None:
        found = _leases_by_chip(self._connection.dialect.name)
        for uid, *lease in self._connection.execute(found, {"uids": uids}):
            self._chips.setdefault(uid, set()).add(tuple(lease))

    def lease(self, ref: str) -> Lease | None:
        """The newest lease of the record to this station. A change of its `state` is written by `save`."""
        return self._leases.get(ref)

    def put(self, ref: str, uid: str | None) -> bool:
        """Note the chip of the record's card; False if it is in the card of another record, of any station."""
        lease = self._leases[ref]
        known = (self._station, lease.cursor, ref)
        if lease.chip_uid:
            self._chips.get(lease.chip_uid, set()).discard(known)
        lease.chip_uid = uid
        if uid is None:
            return True
        others = self._chips.setdefault(uid, set())
        fresh = all(other == ref for _station, _cursor, other in others)
        others.add(known)
        return fresh

    def alarm(self, kind: str, detail: str) -> None:
        raise_alarm(self._connection, self._station, kind, detail, self._now_ms)

    def save(self) -> None:
        changed = [
            {"cursor": lease.cursor, "state": lease.state, "chip_uid": lease.chip_uid, "changed_at": self._now_ms}
            for ref, lease in self._leases.items()
            if lease != self._before[ref]
        ]
        if changed:
            update_all(self._connection, leases, {"station": self._station}, "cursor", changed)


@cache
def _leases_of(dialect: str) -> Select[Any]:
    withdrawn = leases.c.withdrawal.is_not(None).label("withdrawn")
    found = select(leases.c.ref, leases.c.cursor, leases.c.state, leases.c.chip_uid, withdrawn)
    mine = (leases.c.station == bindparam("named")) & among(dialect, leases.c.ref, "refs")
    return found.where(mine).order_by(leases.c.cursor)


@cache
def _leases_by_chip(dialect: str) -> Select[Any]:
    found = select(leases.c.chip_uid, leases.c.station, leases.c.cursor, leases.c.ref)
    return found.where(among(dialect, leases.c.chip_uid, "uids"))


def _slices(values: Iterable[str]) -> Iterator[list[str]]:
    left = iter(sorted(values))
    while some := list(islice(left, _AT_ONCE)):
        yield some
