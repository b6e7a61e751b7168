"""A movement by hand becomes true: frames of kind `stock`, the tables `lots` and `entries`. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from kiosk.core.accounts import OUTSIDE, Transfer
from kiosk.core.change import Change, Document, Read, counted
from kiosk.core.collection import OLD_CARDS
from kiosk.core.frames import Frame
from kiosk.core.movements import (
    COUNT,
    DESTROY_OLD_CARDS,
    HAND_MOVEMENTS,
    REVERSE,
    Movement,
    MovementError,
    check_said,
    check_second,
)

ENTRIES_KEPT = 200
"""Movements by hand that are still looked up, to be listed or reversed. What is older is set right by a count."""


def booked(frame: Frame, read: Read) -> list[Change]:
    """One movement by the table, or the counter-entry of one."""
    name = frame.data.get("movement")
    transfers = [Transfer.from_json(move) for move in frame.data.get("moves", [])]
    if name == REVERSE:
        return _reversal(frame, read, transfers)
    if name == DESTROY_OLD_CARDS.name:
        return _old_cards_destroyed(frame, read, transfers)
    row = HAND_MOVEMENTS.get(str(name))
    if row is None:
        raise MovementError(f"unknown movement {name!r}, upgrade first")
    _check(row, frame, transfers)
    return [_remembered(frame, read), *_new_lots(frame, read, transfers), *counted_places(frame)]


def counted_places(frame: Frame) -> list[Change]:
    """`counts`: when each place was counted last, and by whom; not what was found, for the next count is blind."""
    row = {"time": frame.stamp.time_ms, "by": frame.stamp.by}
    return [Change("counts", f"{place}/{sku}", row) for place, sku, *_ in frame.data.get("counted", [])]


def _check(row: Movement, frame: Frame, transfers: list[Transfer]) -> None:
    if not transfers:
        if row.name == COUNT:
            return  # everything was there
        raise MovementError(f"{row.name}: nothing is moved")
    for transfer in transfers:
        if (transfer.source, transfer.target) not in row.pairs:
            raise MovementError(f"{row.name} never moves a blank from {transfer.source} to {transfer.target}")
    check_said(row, frame.data)
    if row.second:
        check_second(row.name, frame.stamp.by, frame.data.get("approved"))


def _old_cards_destroyed(frame: Frame, read: Read, transfers: list[Transfer]) -> list[Change]:
    """Out of the register that the hand-overs fill."""
    row, quantity = DESTROY_OLD_CARDS, frame.data.get("old_cards")
    if transfers or type(quantity) is not int or quantity < 1:
        raise MovementError(f"{row.name}: a number of old cards, and no blanks")
    check_said(row, frame.data)
    check_second(row.name, frame.stamp.by, frame.data.get("approved"))
    held = (read("tally", OLD_CARDS) or {"count": 0})["count"]
    if quantity > held:
        raise MovementError(f"{row.name}: {held} old cards were taken and not destroyed yet")
    return [counted(read, OLD_CARDS, -quantity)]


def _reversal(frame: Frame, read: Read, transfers: list[Transfer]) -> list[Change]:
    """The same quantities back, in reverse order; the entry is marked, so that there is no second time."""
    key, entry = reversible(read, frame.data.get("reverses"))
    if transfers != counter_entry(entry):
        raise MovementError(f"entry {entry['seq']}: its counter-entry moves exactly the same back")
    if not frame.data.get("reason"):
        raise MovementError(f"{REVERSE}: reason must be given")
    check_second(REVERSE, frame.stamp.by, frame.data.get("approved"))
    changes = [Change("entries", key, {**entry, "reversed": frame.seq})]
    if HAND_MOVEMENTS[entry["movement"]].makes_lot:
        changes += [_lot(move, frame.seq, taken_back=True) for move in transfers]
    return changes + _uncounted(entry, read)


def reversible(read: Read, seq: object) -> tuple[str, Document]:
    """The entry of frame `seq` and its key. MovementError if there is none, or it is reversed already."""
    for key, entry in _entries(read):
        if entry["seq"] == seq:
            if entry["reversed"]:
                raise MovementError(f"entry {seq} was reversed by frame {entry['reversed']}")
            if not HAND_MOVEMENTS[entry["movement"]].reversible:
                raise MovementError(f"entry {seq}: {entry['movement']} can't be reversed")
            return key, entry
    raise MovementError(f"no entry {seq} among the last {ENTRIES_KEPT} movements by hand")


def asked_before(read: Read, key: str) -> Document | None:
    """The entry that this idempotency key led to."""
    return next((entry for _, entry in _entries(read) if entry.get("key") == key), None) if key else None


def counter_entry(entry: Document) -> list[Transfer]:
    return [Transfer.from_json(move).reversed for move in reversed(entry["moves"])]


def _entries(read: Read) -> Iterator[tuple[str, Document]]:
    for place in range(ENTRIES_KEPT):
        if entry := read("entries", str(place)):
            yield str(place), entry


def _remembered(frame: Frame, read: Read) -> Change:
    """In the first free place, else in that of the oldest."""
    taken = dict(_entries(read))
    free = (str(place) for place in range(ENTRIES_KEPT) if str(place) not in taken)
    key = next(free, None) or min(taken, key=lambda place: taken[place]["seq"])
    data = frame.data
    return Change("entries", key, {
        "seq": frame.seq, "movement": data["movement"], "document": data.get("document", ""),
        "moves": data.get("moves", []), "cause": data.get("cause"), "by": frame.stamp.by,
        "time": frame.stamp.time_ms, "reversed": None, **({"key": data["key"]} if "key" in data else {}),
    })  # fmt: skip


def _new_lots(frame: Frame, read: Read, transfers: list[Transfer]) -> list[Change]:
    """A lot is as old as the frame that first brought blanks of it in."""
    arrived = [move for move in transfers if move.source in OUTSIDE and not has_lot(read, move.sku, move.lot)]
    return [_lot(move, frame.seq) for move in arrived]


def has_lot(read: Read, sku: str, lot: str) -> bool:
    """It came in, and its receipt was not reversed: then the same paper may be booked anew."""
    known = read("lots", f"{sku}/{lot}")
    return known is not None and not known["taken_back"]


def _lot(move: Transfer, seq: int, *, taken_back: bool = False) -> Change:
    row = {"sku": move.sku.value, "lot": move.lot, "seq": seq, "taken_back": taken_back}
    return Change("lots", f"{move.sku}/{move.lot}", row)


def _uncounted(entry: Document, read: Read) -> list[Change]:
    """What was reversed is not spoiled any more."""
    if not entry["cause"]:
        return []
    sku, _lot, _source, target, _quantity = entry["moves"][-1]
    key = f"{sku}/{target}/{entry['cause']}"
    counted = read("causes", key)
    assert counted is not None
    left = counted["quantity"] - sum(move[4] for move in entry["moves"])
    return [Change("causes", key, {**counted, "quantity": left} if left else None)]


def counted_cause(transfers: list[Transfer], cause: str, read: Read) -> list[Change]:
    """All that ends where the last transfer does: a quantity may be of several lots."""
    last = transfers[-1]
    key = f"{last.sku}/{last.target}/{cause}"
    before = read("causes", key) or {"sku": last.sku, "account": last.target, "cause": cause, "quantity": 0}
    quantity = sum(move.quantity for move in transfers if move.target is last.target)
    return [Change("causes", key, {**before, "quantity": before["quantity"] + quantity})]
