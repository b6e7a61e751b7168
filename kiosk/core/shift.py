"""The shift: what its people hold when it opens, what came and went, what is counted when it closes. Pure.

Frames `shift-opened`, `shift-counted`, `shift-closed`; table `shift` (`held`: what the places of a shift hold now;
`open`: the open shift) and `shifts` (the last SHIFTS_KEPT that were closed). For each SKU, with zeros written,

    opening + received + found + taken-back
        = closing + printed + spoiled + factory-defect + returned + loaned + mobile-unit + missing

holds at every moment, for every movement that crosses into or out of the held places is counted under one term.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from kiosk.core.accounts import Account, Transfer
from kiosk.core.change import Change, Document, ProjectionError, Read, counted
from kiosk.core.frames import Frame
from kiosk.core.movements import check_second
from kiosk.core.records import Sku
from kiosk.core.stock import counted_places

OPENED, COUNTED_KIND, CLOSED = "shift-opened", "shift-counted", "shift-closed"
SHIFTS_KEPT = 60

COUNTED = (Account.SHIFT, Account.HOPPER, Account.BENCH)
"""What is counted at the close: each with both SKUs, zero is counted too."""
HELD = (*COUNTED, Account.IN_MACHINE)
"""What the people of a shift answer for. In the machine nothing may be left at the close."""

Quantities = dict[str, dict[str, int]]
"""SKU -> place or term -> blanks."""


class Term(StrEnum):
    RECEIVED = "received"
    FOUND = "found"
    TAKEN_BACK = "taken-back"
    PRINTED = "printed"
    SPOILED = "spoiled"
    FACTORY_DEFECT = "factory-defect"
    RETURNED = "returned"
    LOANED = "loaned"
    MOBILE_UNIT = "mobile-unit"
    MISSING = "missing"


COMES_IN = (Term.RECEIVED, Term.FOUND, Term.TAKEN_BACK)
GOES_OUT = tuple(term for term in Term if term not in COMES_IN)

TERMS: Mapping[Account, tuple[Term, Term]] = {
    Account.SUPPLIER: (Term.RECEIVED, Term.RETURNED),
    Account.VAULT: (Term.RECEIVED, Term.RETURNED),
    Account.RETURNED: (Term.TAKEN_BACK, Term.RETURNED),
    Account.OTHER_OFFICE: (Term.RECEIVED, Term.LOANED),
    Account.MOBILE_UNIT: (Term.RECEIVED, Term.MOBILE_UNIT),
    Account.PRINTED: (Term.TAKEN_BACK, Term.PRINTED),
    Account.ISSUED: (Term.TAKEN_BACK, Term.PRINTED),
    Account.SPOILED: (Term.TAKEN_BACK, Term.SPOILED),
    Account.DESTROYED: (Term.TAKEN_BACK, Term.SPOILED),
    Account.FACTORY_DEFECT: (Term.TAKEN_BACK, Term.FACTORY_DEFECT),
    Account.COUNT_ADJUSTMENT: (Term.FOUND, Term.MISSING),
}
"""By the account on the other side: under what is counted that comes from there, that goes there."""


class ShiftError(ProjectionError):
    """Not with the shift as it is."""


def opened(frame: Frame, read: Read) -> list[Change]:
    """`shift`: S and the running number; `opening`: rows of [place, sku, blanks], all of them, as in the books."""
    if read("shift", "open") is not None:
        raise ShiftError("a shift is open already")
    number = next_number(read)
    held = held_now(read)
    if frame.data["shift"] != name_of(number):
        raise ShiftError(f"the next shift is {name_of(number)}")
    if frame.data["opening"] != rows(held):
        raise ShiftError("the opening is what the books hold, zeros written")
    return [
        Change("shift", "open", {
            "shift": name_of(number), "by": frame.stamp.by, "since": frame.stamp.time_ms,
            "opening": held, "terms": _zeros(Term), "counted": {}, "counts": 0,
        }),
        counted(read, "shifts"),
    ]  # fmt: skip


def counted_blindly(frame: Frame, read: Read) -> list[Change]:
    """`counted`: rows of [place, sku, blanks]. A place that is counted again, or moves, loses its earlier count."""
    shift = _open(frame, read)
    found = {_key(place, sku): blanks for place, sku, blanks in frame.data["counted"]}
    known = {_key(place, sku) for place in COUNTED for sku in Sku}
    if not found or not found.keys() <= known or any(type(n) is not int or n < 0 for n in found.values()):
        raise ShiftError(f"counted: places {', '.join(COUNTED)}, whole numbers")
    return [
        Change("shift", "open", {**shift, "counted": {**shift["counted"], **found}, "counts": shift["counts"] + 1})
    ]


def closed(frame: Frame, read: Read) -> list[Change]:
    """Count, difference and equation in one frame: it is closed with all of it, or not at all."""
    data, shift, held = frame.data, _open(frame, read), held_now(read)
    if any(held[sku][Account.IN_MACHINE] for sku in Sku):
        raise ShiftError("a card is in the machine: it must come out before the shift is closed")
    if left := uncounted(shift):
        raise ShiftError(f"{', '.join(f'{place} of {sku}' for place, sku in left)}: not counted, or moved since")
    transfers = [Transfer.from_json(move) for move in data["moves"]]
    if data["counted"] != counted_rows(shift, held):
        raise ShiftError("counted: what was counted, beside what the books hold")
    if differences(data["counted"]) != _booked(transfers):
        raise ShiftError("the moves are the difference between count and books, nothing else")
    if transfers:
        if not data.get("reason"):
            raise ShiftError("a difference needs a reason")
        check_second("a difference at the close", frame.stamp.by, data.get("approved"))
    terms = _followed(shift["terms"], transfers)
    if data["equation"] != equation(shift["opening"], terms, _moved(held, transfers)):
        raise ShiftError("the equation is not that of the books")
    key = str((int(data["shift"][1:]) - 1) % SHIFTS_KEPT)
    return [
        Change("shift", "open", None),
        Change("shifts", key, {
            "shift": data["shift"], "opened_by": shift["by"], "opened": shift["since"], "closed_by": frame.stamp.by,
            "closed": frame.stamp.time_ms, "counts": shift["counts"], "seq": frame.seq, "head": frame.head,
            "incarnation": (read("station", "self") or {}).get("incarnation", ""),
            **{name: data.get(name, "") for name in ("equation", "counted", "reason", "approved")},
        }),
        *counted_places(frame),
    ]  # fmt: skip


def follow(frame: Frame, transfers: list[Transfer], read: Read) -> list[Change]:
    """What each frame changes of `held`, and of the terms and counts of the open shift."""
    crossing = [move for move in transfers if move.source in HELD or move.target in HELD]
    if not crossing:
        return []
    changes = [Change("shift", "held", _moved(_held(read), crossing))]
    shift = read("shift", "open")
    if shift is None or frame.kind == CLOSED:
        return changes
    touched = {_key(place, move.sku) for move in crossing for place in (move.source, move.target)}
    still = {key: blanks for key, blanks in shift["counted"].items() if key not in touched}
    return [*changes, Change("shift", "open", {
        **shift, "terms": _followed(shift["terms"], crossing), "counted": still,
    })]  # fmt: skip


def held_now(read: Read) -> Quantities:
    """SKU -> place -> blanks, every place of a shift."""
    return {sku: dict(places) for sku, places in _held(read).items()}


def _held(read: Read) -> Quantities:
    return read("shift", "held") or _zeros(HELD)


def next_number(read: Read) -> int:
    return int((read("tally", "shifts") or {"count": 0})["count"]) + 1


def name_of(number: int) -> str:
    return f"S{number:04d}"


def rows(held: Quantities) -> list[list[str | int]]:
    return [[place.value, sku.value, held[sku][place]] for sku in Sku for place in HELD]


def counted_rows(shift: Document, held: Quantities) -> list[list[str | int]]:
    """[place, sku, counted, in the books]; only when all are counted."""
    return [
        [place.value, sku.value, shift["counted"][_key(place, sku)], held[sku][place]]
        for sku in Sku
        for place in COUNTED
    ]


def uncounted(shift: Document) -> list[tuple[str, str]]:
    """Place and SKU of what is still to be counted."""
    return [(place.value, sku.value) for sku in Sku for place in COUNTED if _key(place, sku) not in shift["counted"]]


def differences(counted: Iterable[list[str | int]]) -> dict[tuple[str, str], int]:
    """(place, sku) -> blanks more (or fewer: negative) than in the books, where there is a difference."""
    found = {(str(place), str(sku)): int(blanks) - int(booked) for place, sku, blanks, booked in counted}
    return {where: more for where, more in found.items() if more}


def equation(opening: Quantities, terms: Quantities, closing: Quantities) -> Quantities:
    """SKU -> opening, each term, closing. ShiftError if it does not balance: no movement does that."""
    found = {}
    for sku in Sku:
        row = {"opening": sum(opening[sku].values()), **terms[sku], "closing": sum(closing[sku].values())}
        if row["opening"] + sum(row[term] for term in COMES_IN) != row["closing"] + sum(row[t] for t in GOES_OUT):
            raise ShiftError(f"{sku}: the equation of the shift does not balance: {row}")
        found[sku.value] = row
    return found


def closing_equation(shift: Document, held: Quantities, transfers: list[Transfer]) -> Quantities:
    """As it stands once `transfers`, the difference that was counted, are booked."""
    return equation(shift["opening"], _followed(shift["terms"], transfers), _moved(held, transfers))


def _open(frame: Frame, read: Read) -> Document:
    shift = read("shift", "open")
    if shift is None:
        raise ShiftError("no shift is open")
    if shift["shift"] != frame.data["shift"]:
        raise ShiftError(f"{frame.data['shift']} is not open, {shift['shift']} is")
    return shift


def _booked(transfers: Iterable[Transfer]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for move in transfers:
        for place, more in ((move.source, -move.quantity), (move.target, move.quantity)):
            if place is not Account.COUNT_ADJUSTMENT:
                found[place.value, move.sku.value] = found.get((place.value, move.sku.value), 0) + more
    return {where: more for where, more in found.items() if more}


def _followed(terms: Quantities, transfers: Iterable[Transfer]) -> Quantities:
    found = {sku: dict(row) for sku, row in terms.items()}
    for move in transfers:
        if (move.source in HELD) == (move.target in HELD):
            continue
        comes, goes = TERMS[move.source if move.target in HELD else move.target]
        found[move.sku][comes if move.target in HELD else goes] += move.quantity
    return found


def _moved(held: Quantities, transfers: Iterable[Transfer]) -> Quantities:
    found = {sku: dict(row) for sku, row in held.items()}
    for move in transfers:
        for place, more in ((move.source, -move.quantity), (move.target, move.quantity)):
            if place in HELD:
                found[move.sku][place] += more
    return found


def _zeros(names: Iterable[str]) -> Quantities:
    return {sku.value: {str(name): 0 for name in names} for sku in Sku}


def _key(place: str, sku: str) -> str:
    return f"{place}/{sku}"
