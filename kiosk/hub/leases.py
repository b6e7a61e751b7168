"""Records leased to a station, in the order of its cursor.

A lease has no clock: it ends when the station releases the record, or by a decree.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, func, literal, select, union_all, update

from kiosk.core.records import Record
from kiosk.core.release import Withdrawal
from kiosk.crypto import jose
from kiosk.errors import Rejected, UsageError
from kiosk.hub import stations
from kiosk.hub.keyring import HubKeys
from kiosk.hub.schema import LIVE, leases, successions
from kiosk.hub.store import Store, insert_unless, lock_station

RECORD_BYTES = (1 << 20) - 100
"""The longest signed record: with its cursor it makes a line of 1 MiB, and a station refuses a longer one."""


def lease(connection: Connection, record: Record, jws: str, now_ms: int) -> None:
    """Give the signed record to the station that it names.

    UsageError if that station is not enrolled or lost, or if the record is too long; Rejected if the reference is
    leased already, or was at that station before: what a station has released it never takes again.
    """
    if len(jws) > RECORD_BYTES:
        raise UsageError(f"record {record.ref} has {len(jws)} bytes signed, {RECORD_BYTES} at most")
    lock_station(connection, record.station)
    holder = stations.find(connection, record.station)
    if holder is None or holder.lost:
        raise UsageError(f"station {record.station} is not enrolled, or lost")
    before = select(leases.c.cursor).where(leases.c.station == record.station, leases.c.ref == record.ref)
    if connection.execute(before.where(leases.c.state == "revoked")).first():
        raise Rejected(f"record {record.ref} was at {record.station} before: give it a new reference", "leased")
    given = insert_unless(connection.dialect.name, leases).values(
        station=record.station,
        cursor=_next_cursor(connection, record.station),
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


def _next_cursor(connection: Connection, station: str) -> int:
    """The caller holds the station's lock."""
    last = select(func.max(leases.c.cursor), func.max(leases.c.withdrawal_cursor)).where(leases.c.station == station)
    return max(number or 0 for number in connection.execute(last).one()) + 1


def withdraw(store: Store, keys: HubKeys, ref: str, reason: Withdrawal, now_s: float) -> str:
    """Take the record back from the station that has it; returns the station. Asked again, nothing more happens.

    The lease stands until the station has released it, or says that the card was printed already, which is alarmed.
    UsageError if no station has it, Rejected if the centre knows that it is printed.
    """
    with store.transaction() as connection:
        station = connection.execute(
            select(leases.c.station).where(leases.c.ref == ref, leases.c.state != "revoked")
        ).scalar()
        if station is None:
            raise UsageError(f"record {ref} is leased to no station")
        lock_station(connection, station)
        where = (leases.c.station == station) & (leases.c.ref == ref)
        row = connection.execute(select(leases.c.state, leases.c.withdrawal).where(where)).one()
        if row.state in ("printed", "issued"):
            raise Rejected(f"record {ref} is {row.state} at {station}", row.state)
        if row.withdrawal is None and row.state != "revoked":
            said = {"station": station, "ref": ref, "reason": reason.value}
            connection.execute(
                update(leases)
                .where(where)
                .values(
                    withdrawal=jose.sign(said, keys.signing, jose.WITHDRAWAL),
                    withdrawal_cursor=_next_cursor(connection, station),
                    changed_at=int(now_s * 1000),
                )
            )
        return str(station)


def given_elsewhere(connection: Connection, station: str) -> int:
    """How many records were taken from the station and are leased to others now."""
    taken = select(leases.c.ref).where(leases.c.station == station, leases.c.state == "revoked")
    others = (leases.c.station != station) & (leases.c.state != "revoked") & leases.c.ref.in_(taken)
    return int(connection.execute(select(func.count()).where(others)).scalar_one())


def unprinted(connection: Connection, station: str) -> int:
    """How many of its records have no card. UsageError if it is not enrolled."""
    if stations.find(connection, station) is None:
        raise UsageError(f"station {station} is not enrolled")
    wanted = (leases.c.station == station) & leases.c.state.in_(("waiting", "arrived"))
    return int(connection.execute(select(func.count()).select_from(leases).where(wanted)).scalar_one())


class Given(NamedTuple):
    """`kind`: record or withdrawal."""

    cursor: int
    kind: str
    token: str


def page(connection: Connection, station: str, after: int, limit: int, *, records: bool = True) -> list[Given]:
    """What is for the station behind the cursor, in its order: `limit` at most, without the records if so asked.

    A station that lost its disk is given those of its finished cards too that nobody took yet.
    """
    restored = select(successions.c.incarnation).where(successions.c.station == station)
    finished = ("printed",) if connection.execute(restored).first() else ()
    mine, standing = leases.c.station == station, ("waiting", "arrived")
    taken = select(
        leases.c.withdrawal_cursor.label("cursor"), literal("withdrawal").label("kind"),
        leases.c.withdrawal.label("token"),
    ).where(mine, leases.c.withdrawal_cursor > after, leases.c.state.in_((*standing, "printed")))  # fmt: skip
    given = select(leases.c.cursor, literal("record"), leases.c.jws).where(
        mine, leases.c.cursor > after, leases.c.withdrawal.is_(None),
        leases.c.state.in_((*standing, *finished)),
    )  # fmt: skip
    wanted = union_all(taken, given) if records else taken
    rows = connection.execute(wanted.order_by("cursor").limit(limit))
    return [Given(row.cursor, row.kind, row.token) for row in rows]
