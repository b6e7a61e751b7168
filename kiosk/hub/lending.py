"""Blanks that one office lent and another took: one loan, booked twice. Pure.

The two bookings are paired by the number of their paper, whichever comes first, and compared by SKU. Each names the
other's office; at the centre that is its station's name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

DAY_MS = 86_400_000
OPEN_DAYS = 14
"""How long one side may wait for the other: offices without a link tell what they did weeks later."""


class Fault(StrEnum):
    """What is wrong with a loan. `open`: one side is missing for longer than it may."""

    QUANTITY = "loan-quantity"
    SKU = "loan-sku"
    PARTNER = "loan-partner"
    OPEN = "loan-open"


@dataclass(frozen=True)
class Entry:
    """One booking, not taken back. `lent`: out, else in. `at_ms`: by the station's clock."""

    station: str
    lent: bool
    document: str
    office: str
    sku: str
    quantity: int
    at_ms: int


@dataclass(frozen=True)
class Side:
    """All that one station booked under one paper with one office, one way."""

    station: str
    office: str
    blanks: Mapping[str, int]
    since_ms: int
    document: str

    def names(self, other: Side) -> bool:
        return _plain(self.office) == _plain(other.station)


@dataclass(frozen=True)
class Loan:
    """`lent` and `taken`: the two sides, None as long as it has not come."""

    lent: Side | None
    taken: Side | None

    @property
    def document(self) -> str:
        return self._first.document

    @property
    def since_ms(self) -> int:
        return self._first.since_ms

    @property
    def _first(self) -> Side:
        sides = [side for side in (self.lent, self.taken) if side]
        return min(sides, key=lambda side: (side.since_ms, side.document))

    @property
    def is_open(self) -> bool:
        return self.lent is None or self.taken is None

    @property
    def stations(self) -> tuple[str, str]:
        """Lender and borrower; of a side that is missing, what the other calls it."""
        lender = self.lent.station if self.lent else self.taken.office if self.taken else ""
        borrower = self.taken.station if self.taken else self.lent.office if self.lent else ""
        return lender, borrower

    def faults(self, now_ms: int, open_days: int = OPEN_DAYS) -> tuple[Fault, ...]:
        """None while it may still come right by itself."""
        if self.lent is None or self.taken is None:
            return (Fault.OPEN,) if now_ms - self.since_ms > open_days * DAY_MS else ()
        found = set()
        if self.lent.blanks.keys() != self.taken.blanks.keys():
            found.add(Fault.SKU)
        common = self.lent.blanks.keys() & self.taken.blanks.keys()
        if any(self.lent.blanks[sku] != self.taken.blanks[sku] for sku in common):
            found.add(Fault.QUANTITY)
        if not (self.lent.names(self.taken) and self.taken.names(self.lent)):
            found.add(Fault.PARTNER)
        return tuple(sorted(found))


def pair(entries: Iterable[Entry]) -> list[Loan]:
    """Every loan, oldest first. The order of the entries does not matter.

    Two offices may give two papers the same number: who names whom goes first, then who names or is named, and what
    is left of one number is paired if it is one of each.
    """
    papers: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        papers[_plain(entry.document)].append(entry)
    loans = [loan for paper in papers.values() for loan in _of_one_paper(paper)]
    return sorted(loans, key=lambda loan: (loan.since_ms, _plain(loan.document), loan.stations))


def _of_one_paper(entries: list[Entry]) -> list[Loan]:
    lent, taken = _sides(entries, lent=True), _sides(entries, lent=False)
    loans: list[Loan] = []
    for wanted in (2, 1):
        for out in list(lent):
            fitting = [side for side in taken if _claims(out, side) == wanted]
            if fitting:
                loans.append(Loan(out, fitting[0]))
                lent.remove(out)
                taken.remove(fitting[0])
    if len(lent) == len(taken) == 1 and lent[0].station != taken[0].station:
        return [*loans, Loan(lent[0], taken[0])]
    return [*loans, *(Loan(side, None) for side in lent), *(Loan(None, side) for side in taken)]


def _claims(out: Side, came: Side) -> int:
    """How many of the two name the other. Nobody borrows from themselves."""
    return 0 if out.station == came.station else out.names(came) + came.names(out)


def _sides(entries: list[Entry], *, lent: bool) -> list[Side]:
    found: defaultdict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.lent is lent:
            found[entry.station, _plain(entry.office)].append(entry)
    return [_side(booked) for _, booked in sorted(found.items())]


def _side(booked: list[Entry]) -> Side:
    blanks: defaultdict[str, int] = defaultdict(int)
    for entry in booked:
        blanks[entry.sku] += entry.quantity
    first = min(booked, key=lambda entry: (entry.at_ms, entry.document, entry.office))
    return Side(first.station, first.office, dict(blanks), first.at_ms, first.document)


def _plain(text: str) -> str:
    """As people mean it: without case and blanks."""
    return "".join(text.split()).casefold()
