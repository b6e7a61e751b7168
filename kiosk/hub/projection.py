"""What the centre reads out of frames: stock by account, the state of each record. Kept small on purpose.

A frame is read whole or not at all: `read` and `Ledger.post` refuse before anything is changed. What can be read and
can't be true is alarmed, and followed: the station knows its cards better than the centre.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Connection, Insert, bindparam, delete, select

from kiosk.core.accounts import Account, LedgerError, Transfer, post
from kiosk.core.frames import Frame, FrameError, Link, NewerVersion, parse_record
from kiosk.core.projection import KINDS
from kiosk.core.records import Sku
from kiosk.hub import register
from kiosk.hub.cards import Cards, Lease
from kiosk.hub.register import Register
from kiosk.hub.schema import stock
from kiosk.hub.store import insert_unless

Accounts = dict[tuple[str, str], int]

_Fits = Callable[[Mapping[str, Any]], bool]
_Follow = Callable[[Cards, Frame], None]

_STOCK = select(stock).where(stock.c.station == bindparam("named"))
_SKUS, _ACCOUNTS = frozenset(map(str, Sku)), frozenset(map(str, Account))
_REF = re.compile(r"[0-9a-f]{32}")
_UID = re.compile(r"[0-9A-Fa-f]{1,32}")


class Why(StrEnum):
    """Why a frame is set aside. `behind`: it names a record of which an earlier one that is set aside speaks."""

    NEWER_VERSION = "newer-version"
    UNKNOWN_KIND = "unknown-kind"
    MALFORMED = "malformed"
    OVERDRAWN = "overdrawn"
    BEHIND = "behind"


class Unfit(Exception):
    """The frame can't be read by this release, or not yet. Nothing was changed."""

    def __init__(self, why: Why, detail: str) -> None:
        super().__init__(detail)
        self.why = why


def read(link: Link) -> Frame:
    """What a frame of the chain says, if everything that the centre takes from it is there. Unfit if not."""
    try:
        frame = parse_record(link.record, link.head)
    except NewerVersion as exc:
        raise Unfit(Why.NEWER_VERSION, str(exc)) from exc
    except FrameError as exc:
        raise Unfit(Why.MALFORMED, str(exc)) from exc
    if frame.kind not in KINDS:
        raise Unfit(Why.UNKNOWN_KIND, f"kind {frame.kind[:64]!r}")
    fits, _ = _FOLLOWS.get(frame.kind, (None, None))
    if fits and not fits(frame.data):
        raise Unfit(Why.MALFORMED, f"{frame.kind}: a field is missing, or of another form")
    return frame


def follow(cards: Cards, frame: Frame) -> None:
    """Carry what `read` has passed into the leases, which `cards` must know: see `named`."""
    if frame.kind in _FOLLOWS:
        _FOLLOWS[frame.kind][1](cards, frame)


def named(frames: Iterable[Frame]) -> tuple[set[str], set[str]]:
    """References and chips of which frames that `read` has passed tell."""
    items = [item for frame in frames if frame.kind in _FOLLOWS for item in _items(frame)]
    return {item["ref"] for item in items}, {item["uid"] for item in items if item.get("uid")}


def _items(frame: Frame) -> list[dict[str, Any]]:
    match frame.kind:
        case "records":
            return [*frame.data["records"], *frame.data.get("withdrawn", [])]
        case "gap-closed":
            return list(frame.data["cards"])
        case "released":
            return [{"ref": ref} for ref in frame.data["refs"]]
    return [frame.data]


class Ledger:
    """A station's stock within one transaction: read once, posted to frame by frame, written back by `save`."""

    def __init__(self, connection: Connection, station: str) -> None:
        self._connection = connection
        self._station = station
        rows = connection.execute(_STOCK, {"named": station})
        self._before: Accounts = {(row.sku, row.account): row.quantity for row in rows}
        self._now = dict(self._before)
        self._register = Register(connection, station)

    def post(self, frame: Frame) -> None:
        """All movements of the frame, or Unfit and none. What may be overdrawn is an account, not a lot in it."""
        if moves := frame.data.get("moves"):
            self._now |= self._moved(moves)
        self._register.add(frame)

    def _moved(self, moves: object) -> Accounts:
        if not isinstance(moves, list) or not all(_is_move(move) for move in moves):
            raise Unfit(Why.MALFORMED, "moves: not [sku, lot, from, to, quantity]")
        transfers = [_transfer(sku, source, target, quantity) for sku, _, source, target, quantity in moves]
        try:
            changed = post(lambda place: self._now.get((place.sku, place.account), 0), transfers)
        except LedgerError as exc:
            raise Unfit(Why.OVERDRAWN, str(exc)) from exc
        return {(place.sku, place.account): quantity for place, quantity in changed.items()}

    def save(self) -> None:
        rows = [
            {"station": self._station, "sku": str(sku), "account": str(account), "quantity": quantity}
            for (sku, account), quantity in sorted(self._now.items())
            if quantity != self._before.get((sku, account))
        ]
        if rows:
            self._connection.execute(_putting(self._connection.dialect.name), rows)
        self._register.save()


@cache
def _putting(dialect: str) -> Insert:
    new = insert_unless(dialect, stock)
    keys = ["station", "sku", "account"]
    return new.on_conflict_do_update(index_elements=keys, set_={"quantity": new.excluded.quantity})


@lru_cache(1 << 10)
def _transfer(sku: str, source: str, target: str, quantity: int) -> Transfer:
    """Of every lot. Most of what a station books is the same few: one blank on its way."""
    return Transfer(Sku(sku), "", Account(source), Account(target), quantity)


def _is_move(move: object) -> bool:
    if not isinstance(move, list) or len(move) != 5:
        return False
    sku, lot, source, target, quantity = move
    if not (type(sku) is type(lot) is type(source) is type(target) is str):
        return False
    known = sku in _SKUS and source in _ACCOUNTS and target in _ACCOUNTS and source != target
    return known and type(quantity) is int and 0 < quantity < 1 << 31


def clear_stock(connection: Connection, station: str) -> None:
    """A new incarnation states its accounts anew, from its own genesis on."""
    connection.execute(delete(stock).where(stock.c.station == station))
    register.clear(connection, station)


def balances(connection: Connection, station: str) -> Accounts:
    """(sku, account) -> quantity, without those that are zero."""
    rows = connection.execute(select(stock).where(stock.c.station == station, stock.c.quantity != 0))
    return {(row.sku, row.account): row.quantity for row in rows}


def _arrived(cards: Cards, frame: Frame) -> None:
    for item in frame.data["records"]:
        lease = cards.lease(item["ref"])
        if lease is not None and lease.state == "waiting":
            lease.state = "arrived"
    for item in frame.data.get("withdrawn", []):
        if item["found"] in ("printed", "issued", "card-missing"):
            _too_late(cards, item["ref"], frame)


def _too_late(cards: Cards, ref: str, frame: Frame) -> None:
    cards.alarm("withdrawn-too-late", f"{ref} was printed, says frame {frame.seq}")


def _released(cards: Cards, frame: Frame) -> None:
    """The station can't print them any more: they may be leased anew."""
    for ref in frame.data["refs"]:
        lease = cards.lease(ref)
        if lease is not None and lease.state in ("waiting", "arrived"):
            lease.state = "revoked"
        elif lease is not None and lease.state != "revoked":
            cards.alarm("released-printed", f"{ref} is {lease.state}, and released in frame {frame.seq}")


def _ended(cards: Cards, frame: Frame) -> None:
    if frame.data.get("state") == "completed":
        _printed(cards, frame)


def _printed(cards: Cards, frame: Frame) -> None:
    ref, uid = frame.data["ref"], frame.data.get("uid")
    lease = _held(cards, ref, "printed")
    if lease is None:
        return
    if lease.withdrawn:
        _too_late(cards, ref, frame)
    if lease.state in ("printed", "issued"):
        cards.alarm("printed-twice", f"{ref} in frame {frame.seq}")
    if not cards.put(ref, uid):
        cards.alarm("chip-used-twice", f"chip {uid} in frame {frame.seq}")
    lease.state = "printed"


def _held(cards: Cards, ref: str, what: str) -> Lease | None:
    lease = cards.lease(ref)
    if lease is None or lease.state == "revoked":
        cards.alarm("foreign-record", f"{ref} {what} without a lease")
        return None
    return lease


def _found(cards: Cards, frame: Frame) -> None:
    """Cards of which no frame told: they were made in the gap of a lost disk."""
    for card in frame.data["cards"]:
        told = frame._replace(data=card)
        _printed(cards, told)
        if card.get("with") == "holder":
            _issued(cards, told)


def _issued(cards: Cards, frame: Frame) -> None:
    """The printed card, and no other, is with its holder."""
    ref = frame.data["ref"]
    lease = cards.lease(ref)
    if lease is None or lease.state != "printed" or lease.chip_uid != frame.data.get("uid"):
        cards.alarm("issued-unprinted", f"{ref} in frame {frame.seq}")
        return
    lease.state = "issued"


def _reprinted(cards: Cards, frame: Frame) -> None:
    """The first card is booked away: the record may be printed once more."""
    lease = _held(cards, frame.data["ref"], "reprinted")
    if lease is not None:
        lease.state = "arrived"


def _names_a_record(data: object) -> bool:
    if not isinstance(data, dict) or not isinstance(data.get("ref"), str):
        return False
    uid = data.get("uid")
    return bool(_REF.fullmatch(data["ref"])) and (uid is None or (isinstance(uid, str) and bool(_UID.fullmatch(uid))))


def _lists(name: str) -> Callable[[Mapping[str, Any]], bool]:
    def fits(data: Mapping[str, Any]) -> bool:
        return isinstance(data.get(name), list) and all(_names_a_record(item) for item in data[name])

    return fits


def _lists_records(data: Mapping[str, Any]) -> bool:
    withdrawn = {"withdrawn": data.get("withdrawn", [])}
    return (
        _lists("records")(data)
        and _lists("withdrawn")(withdrawn)
        and all("found" in i for i in withdrawn["withdrawn"])
    )


def _lists_refs(data: Mapping[str, Any]) -> bool:
    refs = data.get("refs")
    return isinstance(refs, list) and all(isinstance(ref, str) and _REF.fullmatch(ref) for ref in refs)


_FOLLOWS: Mapping[str, tuple[_Fits, _Follow]] = {
    "records": (_lists_records, _arrived),
    "released": (_lists_refs, _released),
    "job-ended": (_names_a_record, _ended),
    "handed-over": (_names_a_record, _issued),
    "gap-closed": (_lists("cards"), _found),
    "reprint": (_names_a_record, _reprinted),
}
