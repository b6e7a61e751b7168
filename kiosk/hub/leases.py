"""Records leased to a station, in the order of its cursor. A lease has no clock: it ends by a decree only."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from kiosk.core.records import Record
from kiosk.errors import Rejected, UsageError
from kiosk.hub import stations
from kiosk.hub.schema import LIVE, leases, successions
from kiosk.hub.store import insert_unless, lock_station

RECORD_BYTES = (1 << 20) - 100
"""The longest signed record: with its cursor it makes a line of 1 MiB, and a station refuses a longer one."""


def lease(connection: Connection, record: Record, jws: str, now_ms: int) -> None:
    """Give the signed record to the station that it names.

    UsageError if that station is not enrolled or lost, or if the record is too long; Rejected if the reference is
    leased already.
    """
    if len(jws) > RECORD_BYTES:
        raise UsageError(f"record {record.ref} has {len(jws)} bytes signed, {RECORD_BYTES} at most")
    lock_station(connection, record.station)
    holder = stations.find(connection, record.station)
    if holder is None or holder.lost:
        raise UsageError(f"station {record.station} is not enrolled, or lost")
    last = select(func.coalesce(func.max(leases.c.cursor), 0)).where(leases.c.station == record.station)
    given = insert_unless(connection, leases).values(
        station=record.station,
        cursor=connection.execute(last).scalar_one() + 1,
        ref=record.ref,
        sku=record.sku.value,
        jws=jws,
        state="waiting",
        changed_at=now_ms,
    )
    # No station's lock covers a reference: another hub may be giving it to another station just now.
    once = given.on_conflict_do_nothing(index_elements=["ref"], index_where=LIVE)
    if connection.execute(once.returning(leases.c.cursor)).first() is None:
        live = select(leases.c.station).where(leases.c.ref == record.ref, LIVE)
        raise Rejected(f"record {record.ref} is leased to {connection.execute(live).scalar()}", "leased")


def given_elsewhere(connection: Connection, station: str) -> int:
    """How many records were taken from the station and are leased to others now."""
    taken = select(leases.c.ref).where(leases.c.station == station, leases.c.state == "revoked")
    others = (leases.c.station != station) & (leases.c.state != "revoked") & leases.c.ref.in_(taken)
    return int(connection.execute(select(func.count()).where(others)).scalar_one())


def page(connection: Connection, station: str, after: int, limit: int) -> list[tuple[int, str]]:
    """Cursor and signed record, in the order of the cursor, of at most `limit` that are still to be printed.

    A station that lost its disk is given those of its finished cards too that nobody took yet.
    """
    restored = select(successions.c.incarnation).where(successions.c.station == station)
    finished = ("printed",) if connection.execute(restored).first() else ()
    rows = connection.execute(
        select(leases.c.cursor, leases.c.jws)
        .where(leases.c.station == station, leases.c.cursor > after)
        .where(leases.c.state.in_(("waiting", "arrived", *finished)))
        .order_by(leases.c.cursor)
        .limit(limit)
    )
    return [(row.cursor, row.jws) for row in rows]
