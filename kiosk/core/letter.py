"""What a letter that asks for blanks (*surat permohonan*) has to say, as data, all sums made. Pure.

The counting is the ledger's: `stock` are the accounts, `months` the days of `kiosk.core.usage`, `before` the requests
of `kiosk.core.supply`. All days are numbers since 1970 at the office (`date.fromordinal(day + 719_163)` of Python).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kiosk.core.change import Document
from kiosk.core.forecast import Forecast
from kiosk.core.records import Sku
from kiosk.core.supply import Figure, received
from kiosk.core.usage import used

MONTH = 30
MONTHS = 3


@dataclass(frozen=True)
class Stretch:
    """`first` to `last`, both included: days with work, good cards, spoiled ones, blanks that were dead."""

    first: int
    last: int
    days: int
    made: int
    spoiled: int
    defect: int

    @property
    def spoilage(self) -> float:
        """Spoiled of all that were used, 0 to 1; dead blanks are the maker's."""
        return self.spoiled / total if (total := self.made + self.spoiled + self.defect) else 0.0


@dataclass(frozen=True)
class Asked:
    """A letter of before: `granted` None while nobody has answered; `received` of it until now."""

    document: str
    day: int
    asked: int
    granted: int | None
    received: int


@dataclass(frozen=True)
class Letter:
    """Ready to be printed and signed. `office`: as in the config; `document`: the letter's number, empty in a draft.

    `quantity`: what is asked for; a draft has what the forecast advises, 0 if nothing is needed. `stock`: account ->
    blanks of `sku`, empty accounts left out. `figures`: name (kiosk.core.supply.Figure) -> value and the day on which
    it was told; what was never told is not in it: leave its line out, don't print a zero. `months`: thirty days each,
    the newest first. `forecast`: its `lead` is the trip in days, usual and longest; `ends` and `backlog_ends` may be
    None, for years to come: then say so. `before`: the last letters for this SKU, newest first.
    """

    office: str
    document: str
    day: int
    sku: Sku
    quantity: int
    stock: Mapping[str, int]
    figures: Mapping[str, tuple[int, int]]
    months: tuple[Stretch, ...]
    forecast: Forecast
    before: tuple[Asked, ...]


def months(days: Sequence[Document], sku: Sku, today: int) -> tuple[Stretch, ...]:
    """The last MONTHS times thirty days, newest first; what lies before the first day with work is left out."""
    found = []
    for number in range(MONTHS):
        last = today - number * MONTH
        rows = [day for day in days if last - MONTH < day["day"] <= last]
        parts = [row["skus"][sku] for row in rows]
        if rows:
            worked = sum(used(part) > 0 for part in parts)
            sums = (sum(part[name] for part in parts) for name in ("made", "spoiled", "defect"))
            found.append(Stretch(last - MONTH + 1, last, worked, *sums))
    return tuple(found)


def before(requests: Sequence[Document], sku: Sku) -> tuple[Asked, ...]:
    rows = [row for row in reversed(requests) if row["sku"] == sku]
    return tuple(
        Asked(row["document"], row["day"], row["asked"], row["granted"], received(row)) for row in rows[:MONTHS]
    )


def told(figures: Mapping[str, Document]) -> dict[str, tuple[int, int]]:
    """In the order of Figure."""
    return {name.value: (figures[name]["value"], figures[name]["day"]) for name in Figure if name in figures}
