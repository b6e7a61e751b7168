"""Take a station's frames: the chain is checked, each frame applied once, all in the caller's transaction."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from kiosk.core.frames import ZERO_HEAD, FrameError, Link, chain, parse_link
from kiosk.crypto import keys
from kiosk.crypto.checkpoint import Checkpoint, Position
from kiosk.hub import aside, projection
from kiosk.hub.projection import Unfit
from kiosk.hub.schema import frames, journals, stations, successions
from kiosk.hub.stations import Station, raise_alarm, signers
from kiosk.hub.store import inserting

_HEAD = re.compile(r"[0-9a-f]{64}")
_Word = tuple[int, str]
"""A sequence number, and the head that the station signed for it."""


_JOURNAL = (journals.c.station == bindparam("_station")) & (journals.c.incarnation == bindparam("_incarnation"))
_HELD = select(journals.c.seq, journals.c.head, journals.c.checkpoint_seq, journals.c.checkpoint_head).where(_JOURNAL)
_NOTE = update(journals).where(_JOURNAL)


class BadFrames(ValueError):
    """The body is not a run of frames. Nothing was applied."""


class ChainConflict(Exception):
    """These frames do not continue what the centre holds. `reason`: gap, fork, rollback or incarnation.

    `position` is what the centre does hold of the station's journal.
    """

    def __init__(self, reason: str, detail: str, position: Position) -> None:
        super().__init__(detail)
        self.reason = reason
        self.position = position


@dataclass(frozen=True)
class Delivery:
    """One request: whole lines, and the signed checkpoint that came with them (`token` as received)."""

    lines: Sequence[bytes]
    checkpoint: Checkpoint
    token: str


def position_of(connection: Connection, station: str, incarnation: str) -> Position:
    """What the centre holds of one incarnation; sequence 0 if nothing."""
    return _held(connection, station, incarnation)[0]


def _held(connection: Connection, station: str, incarnation: str) -> tuple[Position, _Word]:
    """What the centre holds of one incarnation, and the newest position that the station signed."""
    row = connection.execute(_HELD, {"_station": station, "_incarnation": incarnation}).first()
    if row is None:
        return Position(station, incarnation, 0, ZERO_HEAD), (0, ZERO_HEAD)
    return Position(station, incarnation, row.seq, row.head), (row.checkpoint_seq, row.checkpoint_head)


def is_held(connection: Connection, position: Position) -> bool:
    """The centre has this very frame."""
    return _heads(connection, position, position.seq, position.seq).get(position.seq) == position.head


def accept(connection: Connection, station: Station, delivery: Delivery, now_ms: int) -> Position:
    """Apply what is new; return the position then held. The caller holds the station's lock.

    Frames that are held already and identical are skipped. ChainConflict or BadFrames: roll back.
    """
    held, told = _held(connection, station.id, delivery.checkpoint.position.incarnation)
    _check_incarnation(connection, station, held)
    fresh = _check_chain(connection, held, delivery) if delivery.lines else []
    if fresh and held.seq == 0:
        _open_journal(connection, station, held, fresh[0])
    if fresh:
        with inserting(connection, frames, _rows(held, fresh, now_ms)):
            read = aside.read(fresh)
        aside.take(connection, station.id, held.incarnation, read, now_ms)
    now_held = replace(held, seq=fresh[-1].seq, head=fresh[-1].head) if fresh else held
    if now_held.seq:
        _weigh_checkpoint(connection, now_held, fresh, told, delivery)
        _note_position(connection, now_held, told, delivery)
        _weigh_balances(connection, now_held, delivery.checkpoint, now_ms)
    return now_held


def _check_incarnation(connection: Connection, station: Station, held: Position) -> None:
    if held.incarnation == station.incarnation:
        return
    if held.seq or (station.incarnation and not station.successor_allowed) or _is_closed(connection, held):
        known = "was superseded" if held.seq else "is new and has no consent"
        current = position_of(connection, station.id, station.incarnation)
        raise ChainConflict("incarnation", f"incarnation {held.incarnation} {known}", current)


def _is_closed(connection: Connection, held: Position) -> bool:
    """Another incarnation follows it, with the centre's consent."""
    row = (successions.c.station == held.station) & (successions.c.predecessor == held.incarnation)
    return connection.execute(select(successions.c.incarnation).where(row)).first() is not None


def _check_chain(connection: Connection, held: Position, delivery: Delivery) -> list[Link]:
    """The frames that are new. What they say is not looked at: a frame that can't be read is in the chain too."""
    links = [_link(number, line) for number, line in enumerate(delivery.lines, start=1)]
    first = links[0].seq
    if first > held.seq + 1:
        raise ChainConflict("gap", f"frame {first} came, {held.seq + 1} is next", held)
    goes_on = first == held.seq + 1
    known = {held.seq: held.head} if goes_on else _heads(connection, held, first - 1, first + len(links))
    previous = known.get(first - 1, ZERO_HEAD)
    for seq, link in enumerate(links, start=first):
        if link.seq != seq:
            raise BadFrames(f"frame {link.seq} came, {seq} is next")
        chained = chain(previous, link.record) == link.head
        if not chained and seq > first:
            raise BadFrames(f"frame {seq}: hash chain broken")
        if not chained or known.get(seq, link.head) != link.head:
            raise _diverged(held, delivery, seq)
        previous = link.head
    return [link for link in links if link.seq > held.seq]


def _link(number: int, line: bytes) -> Link:
    try:
        return parse_link(line)
    except FrameError as exc:
        raise BadFrames(f"line {number}: {exc}") from exc


def _diverged(held: Position, delivery: Delivery, seq: int) -> ChainConflict:
    """A station whose own newest position is behind ours lost frames; one that is level or ahead branched."""
    newest = delivery.checkpoint.position.seq
    reason = "rollback" if newest < held.seq else "fork"
    return ChainConflict(reason, f"frame {seq} differs from the one held", held)


def _heads(connection: Connection, held: Position, low: int, high: int) -> dict[int, str]:
    rows = connection.execute(
        select(frames.c.seq, frames.c.head).where(
            frames.c.station == held.station,
            frames.c.incarnation == held.incarnation,
            frames.c.seq.between(low, high),
        )
    )
    return {row.seq: row.head for row in rows}


def _open_journal(connection: Connection, station: Station, held: Position, first: Link) -> None:
    """The first frame must say whose journal this is, in the words of docs/journal-format.md."""
    try:
        genesis = projection.read(first)
    except Unfit as exc:
        raise BadFrames(f"frame 1: {exc}") from exc
    known = signers(connection, station.id)
    names = {name for key in (*known.in_force, *known.replaced) for name in (keys.thumbprint(key), str(key.get("x")))}
    said = genesis.data
    if genesis.kind != "genesis" or said.get("station") != station.id or said.get("key") not in names:
        raise BadFrames("frame 1 is not this station's genesis")
    if said.get("incarnation") != held.incarnation:
        raise BadFrames("genesis and checkpoint name different incarnations")
    predecessor = said.get("predecessor") or ZERO_HEAD
    if not isinstance(predecessor, str) or not _HEAD.fullmatch(predecessor):
        raise BadFrames("genesis names no predecessor")
    continued = _check_continues(connection, held, said)
    connection.execute(
        insert(journals).values(
            station=station.id, incarnation=held.incarnation, seq=0, head=ZERO_HEAD,
            predecessor=predecessor,
            checkpoint_seq=0, checkpoint_head=ZERO_HEAD, checkpoint="",
        )
    )  # fmt: skip
    connection.execute(
        update(stations)
        .where(stations.c.id == station.id)
        .values(incarnation=held.incarnation, successor_allowed=False)
    )
    if not continued:
        projection.clear_stock(connection, station.id)


def _check_continues(connection: Connection, held: Position, said: Mapping[str, Any]) -> bool:
    """A journal that the centre consented to goes on from the end that was agreed, and with its accounts."""
    row = (successions.c.station == held.station) & (successions.c.incarnation == held.incarnation)
    agreed = connection.execute(select(successions).where(row)).first()
    if agreed is None:
        return False
    told = said.get("continues")
    if (told, said.get("predecessor")) != ({"incarnation": agreed.predecessor, "seq": agreed.seq}, agreed.head):
        raise BadFrames("genesis does not continue the journal that was closed for it")
    return True


def _rows(held: Position, fresh: Sequence[Link], now_ms: int) -> list[dict[str, Any]]:
    return [
        {
            "station": held.station, "incarnation": held.incarnation, "seq": frame.seq,
            "kind": frame.kind, "head": frame.head, "record": frame.record, "received_at": now_ms,
        }
        for frame in fresh
    ]  # fmt: skip


def _weigh_checkpoint(
    connection: Connection, held: Position, fresh: Sequence[Link], told: _Word, delivery: Delivery
) -> None:
    """Hold the journal to the station's newest signed word, also where that word runs ahead of the frames."""
    came = delivery.checkpoint.position
    words = {(came.seq, came.head), told}
    for seq, head in words:
        if seq <= held.seq and _head_at(connection, held, fresh, seq) != head:
            raise ChainConflict("fork", f"signed checkpoint {seq} differs from the journal", held)
    if len(words) == 2 and came.seq == told[0]:
        raise ChainConflict("fork", f"two signed checkpoints {came.seq} differ", held)
    if not delivery.lines and came.seq < held.seq:
        # A station that has nothing to send states its position only to report that it lost frames.
        raise ChainConflict("rollback", f"the station is at {came.seq}, {held.seq} is held", held)


def _head_at(connection: Connection, held: Position, fresh: Sequence[Link], seq: int) -> str:
    """Of a frame that is held, `fresh` being the newest of them."""
    if seq == 0:
        return ZERO_HEAD
    if fresh and seq >= fresh[0].seq:
        return fresh[seq - fresh[0].seq].head
    return held.head if seq == held.seq else _heads(connection, held, seq, seq)[seq]


def _note_position(connection: Connection, held: Position, told: _Word, delivery: Delivery) -> None:
    came = delivery.checkpoint.position
    said: dict[str, Any] = {
        "_station": held.station, "_incarnation": held.incarnation, "seq": held.seq, "head": held.head,
    }  # fmt: skip
    if came.seq > told[0]:
        said |= {"checkpoint_seq": came.seq, "checkpoint_head": came.head, "checkpoint": delivery.token}
    connection.execute(_NOTE, said)


def _weigh_balances(connection: Connection, held: Position, checkpoint: Checkpoint, now_ms: int) -> None:
    """Where both speak of the same frame, and none of them waits to be read."""
    if checkpoint.position.seq == held.seq and checkpoint.balances and not aside.any_of(connection, held.station):
        _compare_balances(connection, held.station, checkpoint, now_ms)


def _compare_balances(connection: Connection, station: str, checkpoint: Checkpoint, now_ms: int) -> None:
    """What the station says its accounts hold against what its frames add up to here."""
    said = {
        (sku, account): quantity
        for sku, accounts in checkpoint.balances.items()
        for account, quantity in accounts.items()
        if quantity
    }
    if said != projection.balances(connection, station):
        detail = f"balances of checkpoint {checkpoint.position.seq} differ from the frames"
        raise_alarm(connection, station, "balances", detail, now_ms)
