"""What the centre reads out of frames: stock by account, the state of each record. Kept small on purpose.

Kinds it does not know are stored and not interpreted. A frame that is sound in the chain is never refused
for what it says; what cannot be true is alarmed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from kiosk.core.frames import Frame
from kiosk.hub.schema import leases, stock
from kiosk.hub.stations import raise_alarm

Accounts = dict[tuple[str, str], int]


def apply(connection: Connection, station: str, frames: Sequence[Frame], now_ms: int) -> None:
    """Carry `frames` into stock and leases, in their order."""
    change: Counter[tuple[str, str]] = Counter()
    for frame in frames:
        _add_moves(connection, station, frame, change, now_ms)
        if frame.kind in _FOLLOWS:
            _FOLLOWS[frame.kind](connection, station, frame, now_ms)
    for (sku, account), quantity in sorted(change.items()):
        if quantity:
            _add_stock(connection, (station, sku, account), quantity)


def _add_moves(
    connection: Connection, station: str, frame: Frame, change: Counter[tuple[str, str]], now_ms: int
) -> None:
    moves = frame.data.get("moves", [])
    if not isinstance(moves, list) or not all(_is_move(move) for move in moves):
        raise_alarm(connection, station, "moves", f"frame {frame.seq}: not [sku, lot, from, to, qty]", now_ms)
        return
    for sku, _lot, source, target, quantity in moves:
        change[sku, source] -= quantity
        change[sku, target] += quantity


def _is_move(move: object) -> bool:
    if not isinstance(move, list) or len(move) != 5:
        return False
    sku, _lot, source, target, quantity = move
    texts = all(isinstance(part, str) and 0 < len(part) <= 64 for part in (sku, source, target))
    return texts and type(quantity) is int and 0 < quantity < 1 << 31


def _add_stock(connection: Connection, key: tuple[str, str, str], quantity: int) -> None:
    station, sku, account = key
    row = (stock.c.station == station) & (stock.c.sku == sku) & (stock.c.account == account)
    changed = connection.execute(update(stock).where(row).values(quantity=stock.c.quantity + quantity))
    if not changed.rowcount:
        connection.execute(insert(stock).values(station=station, sku=sku, account=account, quantity=quantity))


def clear_stock(connection: Connection, station: str) -> None:
    """A new incarnation states its accounts anew, from its own genesis on."""
    connection.execute(delete(stock).where(stock.c.station == station))


def balances(connection: Connection, station: str) -> Accounts:
    """(sku, account) -> quantity, without those that are zero."""
    rows = connection.execute(select(stock).where(stock.c.station == station, stock.c.quantity != 0))
    return {(row.sku, row.account): row.quantity for row in rows}


def _arrived(connection: Connection, station: str, frame: Frame, now_ms: int) -> None:
    records = frame.data.get("records")
    items = records if isinstance(records, list) else []
    refs = [item.get("ref") for item in items if isinstance(item, dict)]
    for ref in refs:
        connection.execute(
            update(leases)
            .where(leases.c.station == station, leases.c.ref == str(ref), leases.c.state == "waiting")
            .values(state="arrived", changed_at=now_ms)
        )


def _lease(connection: Connection, station: str, ref: str) -> Row[Any] | None:
    """The newest lease of the record to this station."""
    held = select(leases).where(leases.c.station == station, leases.c.ref == ref)
    return connection.execute(held.order_by(leases.c.cursor.desc())).first()


def _ended(connection: Connection, station: str, frame: Frame, now_ms: int) -> None:
    if frame.data.get("state") == "completed":
        _printed(connection, station, frame, now_ms)


def _printed(connection: Connection, station: str, frame: Frame, now_ms: int) -> None:
    ref, uid = str(frame.data.get("ref", "")), str(frame.data.get("uid") or "")[:32] or None
    lease = _lease(connection, station, ref)
    if lease is None or lease.state == "revoked":
        raise_alarm(connection, station, "foreign-record", f"{ref} printed without a lease", now_ms)
        return
    if lease.state in ("printed", "issued"):
        raise_alarm(connection, station, "printed-twice", f"{ref} in frame {frame.seq}", now_ms)
    used = select(leases.c.ref).where(leases.c.chip_uid == uid, leases.c.ref != ref)
    if uid and connection.execute(used).first():
        raise_alarm(connection, station, "chip-used-twice", f"chip {uid} in frame {frame.seq}", now_ms)
    connection.execute(
        update(leases)
        .where(leases.c.station == station, leases.c.cursor == lease.cursor)
        .values(state="printed", chip_uid=uid, changed_at=now_ms)
    )


def _found(connection: Connection, station: str, frame: Frame, now_ms: int) -> None:
    """Cards of which no frame told: they were made in the gap of a lost disk."""
    cards = frame.data.get("cards")
    for card in cards if isinstance(cards, list) else []:
        if not isinstance(card, dict):
            continue
        told = frame._replace(data=card)
        _printed(connection, station, told, now_ms)
        if card.get("with") == "holder":
            _issued(connection, station, told, now_ms)


def _issued(connection: Connection, station: str, frame: Frame, now_ms: int) -> None:
    """The printed card, and no other, is with its holder."""
    ref, uid = str(frame.data.get("ref", "")), frame.data.get("uid")
    lease = _lease(connection, station, ref)
    if lease is None or lease.state != "printed" or lease.chip_uid != uid:
        raise_alarm(connection, station, "issued-unprinted", f"{ref} in frame {frame.seq}", now_ms)
        return
    connection.execute(
        update(leases)
        .where(leases.c.station == station, leases.c.cursor == lease.cursor)
        .values(state="issued", changed_at=now_ms)
    )


def _reprinted(connection: Connection, station: str, frame: Frame, now_ms: int) -> None:
    """The first card is booked away: the record may be printed once more."""
    ref = str(frame.data.get("ref", ""))
    lease = _lease(connection, station, ref)
    if lease is None or lease.state == "revoked":
        raise_alarm(connection, station, "foreign-record", f"{ref} reprinted without a lease", now_ms)
        return
    connection.execute(
        update(leases)
        .where(leases.c.station == station, leases.c.cursor == lease.cursor)
        .values(state="arrived", changed_at=now_ms)
    )


_FOLLOWS = {
    "records": _arrived,
    "job-ended": _ended,
    "handed-over": _issued,
    "gap-closed": _found,
    "reprint": _reprinted,
}
