"""A station that lost its disk goes on in a new journal, an incarnation of its own, with the centre's consent.

The consent is a person's: `allow_restore` gives out a one-time code, by which the restored station binds new keys.
With these it may send what the old journal held and the centre had not, and then closes it at an end that both know.
From that instant the old keys are retired: whoever still has the old disk is answered that it was superseded.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select, update

from kiosk.core.frames import ZERO_HEAD, line_of
from kiosk.crypto import keys
from kiosk.crypto.checkpoint import Position
from kiosk.errors import UsageError
from kiosk.hub import stations
from kiosk.hub.acceptance import ChainConflict, position_of
from kiosk.hub.schema import frames, journals, leases, retired_keys, successions
from kiosk.hub.schema import stations as station_rows
from kiosk.hub.store import Store, lock_station

PAGE_BYTES = 2 << 20


@dataclass(frozen=True)
class Incarnation:
    """One journal of a station as far as it is held here. `before`: the one it continues, empty for the first."""

    name: str
    seq: int
    head: str
    before: str
    closed: bool


@dataclass(frozen=True)
class Consent:
    """`incarnation` continues `before`, which ends at `before.seq`. `leases` records stand and wait for a card or for
    somebody to take it, the last of them at `cursor`."""

    incarnation: str
    before: Position
    leases: int
    cursor: int


def allow_restore(store: Store, station: str) -> str:
    """A person's consent to one new incarnation: returns the one-time code, shown this once only.

    Asked again, an earlier code and the keys that it may have bound count no more. UsageError unless the station is
    enrolled and not lost.
    """
    code = stations.new_code()
    with store.transaction() as connection:
        lock_station(connection, station)
        known = stations.find(connection, station)
        if known is None or known.lost:
            raise UsageError(f"station {station} is not enrolled, or lost")
        _drop_newer_keys(connection, station)
        row = station_rows.c.id == station
        values = {"code_digest": stations.digest(code), "successor_allowed": True}
        connection.execute(update(station_rows).where(row).values(**values))
    return code


def _drop_newer_keys(connection: Connection, station: str) -> None:
    """All but the oldest that is in force, that of the journal which is open: those that an earlier code bound, and
    those that the lost disk was to have and never used."""
    for curve in (keys.SIGNING, keys.ENCRYPTION):
        stations.drop_keys(connection, station, stations.thumbprints(connection, station, curve)[1:])


def incarnations(connection: Connection, station: str) -> list[Incarnation]:
    """Oldest first. One that was consented to and has sent nothing yet is the last, with `seq` 0."""
    known = stations.find(connection, station)
    rows = connection.execute(select(journals).where(journals.c.station == station)).all()
    held = {row.incarnation: (row.seq, row.head) for row in rows}
    before = {
        row.incarnation: row.predecessor
        for row in connection.execute(select(successions).where(successions.c.station == station))
    }
    following = {name: incarnation for incarnation, name in before.items()}
    current = known.incarnation if known else ""
    line = [current] if current else []
    while line and line[0] in before:
        line.insert(0, before[line[0]])
    return [
        Incarnation(name, *held.get(name, (0, ZERO_HEAD)), before.get(name, ""), name in following) for name in line
    ]


def lines(connection: Connection, station: str, incarnation: str, after: int) -> list[str]:
    """Frame lines of one incarnation after `after`, as they came, without their newline; about 2 MiB at most."""
    rows = connection.execute(
        select(frames.c.head, frames.c.record)
        .where(frames.c.station == station, frames.c.incarnation == incarnation, frames.c.seq > after)
        .order_by(frames.c.seq)
    )
    found: list[str] = []
    size = 0
    for row in rows:
        line = line_of(row.head, row.record)
        size += len(line)
        if found and size > PAGE_BYTES:
            break
        found.append(line.decode().rstrip("\n"))
    return found


def succeed(connection: Connection, station: str, incarnation: str, end: Position, now_ms: int) -> Consent:
    """Close the open journal at `end` and let `incarnation` follow it. Asked again, the same answer.

    The caller holds the station's lock. ChainConflict `incarnation` without consent, `gap` or `fork` if `end` is not
    where the centre stands: nothing was changed.
    """
    known = stations.find(connection, station)
    assert known is not None
    given = connection.execute(
        select(successions).where(successions.c.station == station, successions.c.incarnation == incarnation)
    ).first()
    if given is not None:
        before = Position(station, given.predecessor, given.seq, given.head)
        return Consent(incarnation, before, *_standing(connection, station))
    held = _open(connection, station, known.incarnation)
    if not known.successor_allowed or not known.incarnation:
        raise ChainConflict("incarnation", f"incarnation {incarnation} has no consent", held)
    if end != held:
        reason = "gap" if end.seq > held.seq and end.incarnation == held.incarnation else "fork"
        raise ChainConflict(reason, f"ends at frame {end.seq}, {held.seq} is held", held)
    connection.execute(
        insert(successions).values(
            station=station, incarnation=incarnation, predecessor=held.incarnation, seq=held.seq, head=held.head,
            at=now_ms,
        )
    )  # fmt: skip
    row = station_rows.c.id == station
    connection.execute(update(station_rows).where(row).values(incarnation=incarnation, successor_allowed=False))
    _retire(connection, station, now_ms)
    return Consent(incarnation, held, *_standing(connection, station))


def _open(connection: Connection, station: str, incarnation: str) -> Position:
    """Where the open journal stands. One that never sent a frame never began: the consent to it is taken back."""
    held = position_of(connection, station, incarnation)
    row = (successions.c.station == station) & (successions.c.incarnation == incarnation)
    before = connection.execute(select(successions.c.predecessor).where(row)).scalar()
    if held.seq or before is None:
        return held
    connection.execute(delete(successions).where(row))
    return position_of(connection, station, before)


def _retire(connection: Connection, station: str, now_ms: int) -> None:
    """All keys but the newest: those of the one who asks."""
    for curve in (keys.SIGNING, keys.ENCRYPTION):
        for thumbprint in stations.thumbprints(connection, station, curve)[:-1]:
            connection.execute(insert(retired_keys).values(station=station, thumbprint=thumbprint, retired_at=now_ms))


def _standing(connection: Connection, station: str) -> tuple[int, int]:
    wanted = (leases.c.station == station) & leases.c.state.in_(("waiting", "arrived", "printed"))
    found = select(func.count(), func.coalesce(func.max(leases.c.cursor), 0)).select_from(leases).where(wanted)
    count, cursor = connection.execute(found).one()
    return count, cursor
