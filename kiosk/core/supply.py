"""What the office says of itself, and what it asks the ministry for: figures, requests, grants, receipts. Pure.

Frames `office-figures`, `blanks-requested`, `blanks-granted`; tables `figures` (the newest of each name) and
`requests` (the last REQUESTS_KEPT). A receipt of blanks is counted to the oldest request of its SKU that is not met:
what came is here, whoever forgot to note the grant. A journey takes from the request to the first blanks of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum

from kiosk.core.accounts import Account, Transfer
from kiosk.core.change import Change, Document, ProjectionError, Read, counted
from kiosk.core.forecast import Coming
from kiosk.core.frames import Frame
from kiosk.core.records import Sku
from kiosk.core.workdays import office_day

FIGURES_KIND, REQUESTED, GRANTED = "office-figures", "blanks-requested", "blanks-granted"
FIGURES, REQUESTS = "figures", "requests"
REQUESTS_KEPT = 60


class Figure(StrEnum):
    """What is counted or known elsewhere, never by the station. The last three: whole ones that were not begun."""

    PRINTED_BEFORE = "printed-before"
    HOLDERS = "holders"
    WITHOUT_CARD = "without-card"
    NEW_A_DAY = "new-a-day"
    RIBBONS = "ribbons"
    FILMS = "films"
    CLEANINGS = "cleanings"


class SupplyError(ProjectionError):
    """Not with figures and requests as they are."""


def told(frame: Frame, read: Read) -> list[Change]:
    """Each figure takes the place of the one of its name before it."""
    figures = frame.data["figures"]
    if not figures or not figures.keys() <= set(Figure):
        raise SupplyError(f"figures: one or more of {', '.join(Figure)}")
    if any(type(value) is not int or value < 0 for value in figures.values()):
        raise SupplyError("figures: whole numbers from 0")
    day = office_day(frame.stamp.time_ms)
    return [
        Change(FIGURES, name, {"name": name, "value": value, "day": day, "by": frame.stamp.by})
        for name, value in figures.items()
    ]


def requested(frame: Frame, read: Read) -> list[Change]:
    """`document`: the number of the letter; `sku`, `quantity`."""
    data = frame.data
    if not data["document"] or any(row["document"] == data["document"] for _, row in _known(read)):
        raise SupplyError(f"{data['document']!r}: a letter has a number of its own")
    if type(data["quantity"]) is not int or data["quantity"] < 1:
        raise SupplyError("quantity: at least 1")
    number = (read("tally", REQUESTS) or {"count": 0})["count"]
    row = {
        "document": data["document"], "sku": Sku(data["sku"]).value, "asked": data["quantity"],
        "day": office_day(frame.stamp.time_ms), "by": frame.stamp.by, "granted": None, "grant": "", "receipts": [],
    }  # fmt: skip
    return [Change(REQUESTS, str(number % REQUESTS_KEPT), row), counted(read, REQUESTS)]


def granted(frame: Frame, read: Read) -> list[Change]:
    """`document`: of the request; `quantity`: what is given, 0 if it is refused; `grant`: the paper that says so. A
    later one takes the place of an earlier one, but nothing is granted less than what is here."""
    data = frame.data
    found = next(((key, row) for key, row in _known(read) if row["document"] == data["document"]), None)
    if found is None:
        raise SupplyError(f"{data['document']!r}: no request of that number among the last {REQUESTS_KEPT}")
    key, row = found
    if type(data["quantity"]) is not int or data["quantity"] < received(row):
        raise SupplyError(f"quantity: at least the {received(row)} that are here")
    return [Change(REQUESTS, key, {**row, "granted": data["quantity"], "grant": data.get("grant", "")})]


def follow(frame: Frame, transfers: Iterable[Transfer], read: Read) -> list[Change]:
    """A receipt of blanks, or its counter-entry."""
    supplier, vault = Account.SUPPLIER, Account.VAULT
    came = [move for move in transfers if (move.source, move.target) == (supplier, vault)]
    back = [move for move in transfers if (move.source, move.target) == (vault, supplier)]
    changes = []
    for move in came:
        if found := next(((key, row) for key, row in _known(read) if _waits_for(row, move.sku)), None):
            key, row = found
            receipt = [move.lot, move.quantity, office_day(frame.stamp.time_ms)]
            changes.append(Change(REQUESTS, key, {**row, "receipts": [*row["receipts"], receipt]}))
    for move in back:
        for key, row in _known(read):
            if row["sku"] == move.sku and any(lot == move.lot for lot, *_ in row["receipts"]):
                rest = [receipt for receipt in row["receipts"] if receipt[0] != move.lot]
                changes.append(Change(REQUESTS, key, {**row, "receipts": rest}))
    return changes


def _waits_for(row: Document, sku: str) -> bool:
    return bool(row["sku"] == sku and outstanding(row) > 0)


def _known(read: Read) -> Iterator[tuple[str, Document]]:
    """Oldest first."""
    number = (read("tally", REQUESTS) or {"count": 0})["count"]
    for each in range(max(0, number - REQUESTS_KEPT), number):
        if row := read(REQUESTS, str(each % REQUESTS_KEPT)):
            yield str(each % REQUESTS_KEPT), row


def requests(read: Read) -> list[Document]:
    """The last ones, oldest first; not to be changed."""
    return [row for _, row in _known(read)]


def figures(read: Read) -> dict[str, Document]:
    """Name -> `value` and the `day` on which it was told, of those that ever were."""
    return {name.value: row for name in Figure if (row := read(FIGURES, name))}


def received(row: Document) -> int:
    return sum(quantity for _, quantity, _ in row["receipts"])


def outstanding(row: Document) -> int:
    """What of it still comes. Without a grant: all that was asked for, until any of it is here; that was it then."""
    if row["granted"] is None:
        return 0 if row["receipts"] else int(row["asked"])
    return max(0, int(row["granted"]) - received(row))


def journeys(rows: Iterable[Document]) -> list[int]:
    """Days from each request to the first blanks of it."""
    return [row["receipts"][0][2] - row["day"] for row in rows if row["receipts"]]


def coming(rows: Iterable[Document], sku: str, today: int, usual: int, longest: int) -> list[Coming]:
    """Not what nobody has answered for longer than a journey takes at the longest: that must not silence an alarm."""
    found = []
    for row in rows:
        forgotten = row["granted"] is None and today - row["day"] > longest
        if row["sku"] == sku and outstanding(row) and not forgotten:
            found.append(Coming(outstanding(row), row["day"] + usual))
    return found


HANDLERS = {FIGURES_KIND: told, REQUESTED: requested, GRANTED: granted}
"""Kind of a frame -> what it makes true."""
