"""What the centre knows of each station, for a person or a program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from kiosk.hub import projection
from kiosk.hub.acceptance import position_of
from kiosk.hub.schema import alarms, leases, set_aside, stations
from kiosk.hub.store import Store


@dataclass(frozen=True)
class Alarm:
    kind: str
    detail: str
    first_at: int
    last_at: int
    times: int


@dataclass(frozen=True)
class StationStatus:
    """Times are UTC ms. `records`: how many in each state of a lease. `stock`: (sku, account). `set_aside`: frames
    that are held and not read: stock and records lack them."""

    station: str
    enrolled_at: int | None
    last_contact: int | None
    lost_at: int | None
    incarnation: str
    seq: int
    head: str
    records: Mapping[str, int]
    stock: Mapping[tuple[str, str], int]
    set_aside: int
    alarms: tuple[Alarm, ...]


def status(store: Store) -> list[StationStatus]:
    """One consistent view of all stations, by id. Reads only."""
    with store.snapshot() as connection:
        rows = connection.execute(select(stations).order_by(stations.c.id)).all()
        return [_one(connection, row.id) for row in rows]


def _one(connection: Connection, station: str) -> StationStatus:
    row = connection.execute(select(stations).where(stations.c.id == station)).one()
    held = position_of(connection, station, row.incarnation)
    counts = connection.execute(
        select(leases.c.state, func.count().label("n")).where(leases.c.station == station).group_by(leases.c.state)
    )
    aside = select(func.count()).select_from(set_aside).where(set_aside.c.station == station)
    raised = connection.execute(
        select(alarms).where(alarms.c.station == station).order_by(alarms.c.first_at, alarms.c.kind)
    )
    return StationStatus(
        station=station,
        enrolled_at=row.enrolled_at,
        last_contact=row.last_contact,
        lost_at=row.lost_at,
        incarnation=row.incarnation,
        seq=held.seq,
        head=held.head,
        records={each.state: each.n for each in counts},
        stock=projection.balances(connection, station),
        set_aside=connection.execute(aside).scalar_one(),
        alarms=tuple(Alarm(a.kind, a.detail, a.first_at, a.last_at, a.times) for a in raised),
    )
