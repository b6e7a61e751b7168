"""Frames that are sound in the chain and can't be read here: kept, set aside, read again by a person's command.

They never stop a station's shipping. What follows them is read on its own merits, but not what names the same record:
of one record nothing is told out of order. Movements add up in any order, so what a set-aside one would have brought
only lets later ones overdraw, and these then wait with it. Why so: docs/adr/0036-poison-is-set-aside.md.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, exists, insert, select

from kiosk.core.frames import Frame, Link, line_of, parse_link
from kiosk.hub import projection
from kiosk.hub.cards import Cards
from kiosk.hub.projection import Ledger, Unfit, Why
from kiosk.hub.schema import frames, leases, set_aside, set_aside_refs
from kiosk.hub.stations import raise_alarm
from kiosk.hub.store import Store, lock_station, storable

_NAME = re.compile(rb"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")

_WAITING = select(set_aside_refs.c.ref).where(set_aside_refs.c.station == bindparam("named"))
_ANY = select(exists().where(set_aside.c.station == bindparam("named")))

Read = tuple[Link, Frame | Unfit]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Aside:
    """One frame that waits. `at`: when it came, UTC ms."""

    station: str
    incarnation: str
    seq: int
    kind: str
    reason: str
    detail: str
    at: int


def read(links: Sequence[Link]) -> list[Read]:
    """What frames say, or why that can't be read. Asks no data base."""
    return [(link, _read(link)) for link in links]


def take(connection: Connection, station: str, incarnation: str, said: Sequence[Read], now_ms: int) -> None:
    """Carry frames that follow each other into the projections; set aside what can't be read."""
    ledger = Ledger(connection, station)
    waiting = _waiting(connection, station)
    cards = _cards(connection, station, [found for _, found in said], now_ms)
    for link, found in said:
        try:
            _read_on(link, found, ledger, cards, waiting)
        except Unfit as exc:
            waiting |= _put(connection, station, incarnation, link, exc, now_ms)
    ledger.save()
    cards.save()


def apply(store: Store, now_ms: int) -> tuple[int, int]:
    """Read again all that was set aside, oldest first. Returns how many were read now, and how many still wait."""
    with store.snapshot() as connection:
        concerned = connection.execute(select(set_aside.c.station).distinct().order_by(set_aside.c.station)).all()
    done = left = 0
    for row in concerned:
        with store.transaction() as connection:
            lock_station(connection, row.station)
            before = listed(connection, row.station)
            _apply(connection, row.station, before, now_ms)
            still = len(listed(connection, row.station))
        done, left = done + len(before) - still, left + still
    return done, left


def _apply(connection: Connection, station: str, rows: Sequence[Aside], now_ms: int) -> None:
    ledger = Ledger(connection, station)
    waiting: set[str] = set()
    for row in rows:
        link = _link(connection, row)
        found = _read(link)
        cards = _cards(connection, station, [found], now_ms)
        try:
            _read_on(link, found, ledger, cards, waiting)
        except Unfit:
            waiting |= _refs(connection, station, link)
        else:
            cards.save()
            for table in (set_aside, set_aside_refs):
                connection.execute(
                    delete(table).where(
                        table.c.station == station,
                        table.c.incarnation == row.incarnation,
                        table.c.seq == row.seq,
                    )
                )
    ledger.save()


def listed(connection: Connection, station: str | None = None) -> list[Aside]:
    """What waits, in the order in which it came."""
    key = ("station", "incarnation", "seq")
    wanted = select(set_aside, frames.c.kind).where(*(set_aside.c[name] == frames.c[name] for name in key))
    if station is not None:
        wanted = wanted.where(set_aside.c.station == station)
    rows = connection.execute(wanted.order_by(set_aside.c.station, set_aside.c.at, set_aside.c.seq))
    return [Aside(row.station, row.incarnation, row.seq, row.kind, row.reason, row.detail, row.at) for row in rows]


def any_of(connection: Connection, station: str) -> bool:
    """Whether the projections lack something of this station."""
    return bool(connection.execute(_ANY, {"named": station}).scalar_one())


def _read(link: Link) -> Frame | Unfit:
    try:
        return projection.read(link)
    except Unfit as exc:
        return exc


def _cards(connection: Connection, station: str, found: Sequence[Frame | Unfit], now_ms: int) -> Cards:
    named = projection.named(frame for frame in found if not isinstance(frame, Unfit))
    return Cards(connection, station, now_ms, *named)


def _read_on(link: Link, found: Frame | Unfit, ledger: Ledger, cards: Cards, waiting: set[str]) -> None:
    if isinstance(found, Unfit):
        raise found
    if waiting and (shared := waiting & _names(link)):
        raise Unfit(Why.BEHIND, f"an earlier frame that waits speaks of record {min(shared)}")
    ledger.post(found)
    projection.follow(cards, found)


def _put(connection: Connection, station: str, incarnation: str, link: Link, unfit: Unfit, now_ms: int) -> set[str]:
    """The records that wait with it from now on."""
    key = {"station": station, "incarnation": incarnation, "seq": link.seq}
    refs = _refs(connection, station, link)
    row = {**key, "reason": unfit.why.value, "detail": storable(str(unfit))[:300], "at": now_ms}
    connection.execute(insert(set_aside).values(**row))
    if refs:
        connection.execute(insert(set_aside_refs), [{**key, "ref": ref} for ref in sorted(refs)])
    raise_alarm(connection, station, "set-aside", f"{unfit.why.value}: frames wait to be read", now_ms)
    _log.warning("station %s: frame %d is set aside: %s: %s", station, link.seq, unfit.why.value, unfit)
    return refs


def _refs(connection: Connection, station: str, link: Link) -> set[str]:
    """Records of this station that the frame names, in whatever form."""
    if not (named := _names(link)):
        return set()
    held = connection.execute(select(leases.c.ref).where(leases.c.station == station, leases.c.state != "revoked"))
    return named & set(held.scalars())


def _names(link: Link) -> set[str]:
    return {name.decode() for name in _NAME.findall(link.record)}


def _waiting(connection: Connection, station: str) -> set[str]:
    return set(connection.execute(_WAITING, {"named": station}).scalars())


def _link(connection: Connection, row: Aside) -> Link:
    held = connection.execute(
        select(frames.c.head, frames.c.record).where(
            frames.c.station == row.station, frames.c.incarnation == row.incarnation, frames.c.seq == row.seq
        )
    ).one()
    return parse_link(line_of(held.head, held.record))
