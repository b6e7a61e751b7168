"""The gap of a lost disk, as people close it: what is left, which cards are there, and two who sign for it.

The same verbs serve the control socket and the command line, as in kiosk.desk.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kiosk.arguments import counted_of, sku_of, text, whole
from kiosk.books import Books
from kiosk.core import gap
from kiosk.core.accounts import Account
from kiosk.core.records import Sku
from kiosk.core.release import GONE
from kiosk.errors import Rejected, UsageError
from kiosk.roster import Roster
from kiosk.views import View

Asked = Mapping[str, str]
"""A card that was found: `ref` or `nik` says whose it is, `uid` what a reader found in it, `with` where it is."""
Printer = Callable[[], tuple[str, int] | None]
_END = {"here": Account.PRINTED, "holder": Account.ISSUED}


class Gap:
    """`approve(by, second, pin)` names the second person. `printer`: serial and cards fed now, None if it is silent.

    `wake` is called when cards may be made again.
    """

    def __init__(
        self, books: Books, roster: Roster, approve: Callable[[str, str, str], str], printer: Printer,
        wake: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        self._books = books
        self._roster = roster
        self._approve = approve
        self._printer = printer
        self._wake = wake
        self.commands: dict[str, Callable[..., Any]] = {"gap.show": self.show, "gap.close": self.close}

    def show(self, by: str) -> dict[str, Any] | None:
        """None if no gap is open. `may_have_a_card`: how many records; `places`: what must be counted, blindly;
        `fed_since`: how many cards the printer fed after the last known frame, None if it can't be told;
        `complete`: whether every record is here again, before which nothing can be closed."""
        read = self._printer()
        with self._books.transaction() as view:
            found = view.get("gap", "open")
            if found is None:
                return None
            piles = sorted(_piles(view))
            waiting = sum(row["state"] not in gap.HAS_CARD | GONE for row in view.rows("records"))
            complete = gap.is_complete(found, view.read)
        told = read and found["fed"] is not None and read[0] == found["printer"]
        return {
            "source": found["source"], "last_ms": found["last_ms"], "complete": complete, "may_have_a_card": waiting,
            "places": [[place.value, sku.value] for sku, place in piles if place is not Account.IN_MACHINE],
            "fed_since": read[1] - found["fed"] if read and told else None,
        }  # fmt: skip

    def close(
        self, by: str, counted: list[list[str | int]], reason: str, cards: list[dict[str, str]] | None = None,
        second: str = "", pin: str = "", **said: Any,
    ) -> dict[str, Any]:  # fmt: skip
        """Book what was found and let cards be made again. The machine is empty by then.

        `said`: `spoiled`, `defect`, `unexplained` (SKU -> blanks), `put_back`, `fed` (where the station can't ask the
        printer). Rejected, and nothing booked, if a place was not counted, if records are still to come from the
        centre, or if a blank is gone for which no card was found: then the place is named and no figure.
        """
        found = [counted_of(row) for row in counted]
        if not found or len({row[:2] for row in found}) < len(found):
            raise UsageError("counted: each place and SKU once, and at least one")
        body: dict[str, Any] = {"reason": text("reason", reason), **_numbers(said, self._printer())}
        ends = [*_each(said.get("spoiled"), Account.SPOILED), *_each(said.get("defect"), Account.FACTORY_DEFECT)]
        body["approved"] = self._approve(by, second, pin)
        with self._books.transaction() as view:
            if not gap.is_open(view.read):
                raise Rejected("no gap is open", "no-gap")
            piles = {(sku, place): blanks for place, sku, blanks in found}
            _all_counted(view, piles)
            good = [self._card(view, each) for each in cards or []]
            wanted = [(Sku(card["sku"]), _END[card["with"]]) for card in good]
            try:
                moves = gap.booked(_piles(view), piles, [*wanted, *ends])
            except gap.GapError as exc:
                raise Rejected(str(exc), "gap-open") from exc
            body["counted"] = [[place.value, sku.value, blanks] for place, sku, blanks in found]
            body["cards"] = _with_lots(good, moves)
            self._books.commit(gap.CLOSED, {**body, "moves": [move.to_json() for move in moves]}, by)
        self._wake()
        return {"cards": [{"job": card["job"], "ref": card["ref"]} for card in body["cards"]], "moves": len(moves)}

    def _card(self, view: View, asked: Asked) -> dict[str, Any]:
        """Rejected if nobody's record, or more than one, fits."""
        if asked.get("with") not in _END:
            raise UsageError(f"a card is with one of {', '.join(_END)}")
        waiting = [row for row in view.rows("records") if row["state"] not in gap.HAS_CARD | GONE]
        if ref := asked.get("ref"):
            fitting = [row for row in waiting if row["ref"] == ref]
        else:
            fitting = [row for row in waiting if self._nik(row["ref"]) == asked.get("nik")]
        if len(fitting) != 1:
            raise Rejected(
                f"card {len(fitting)} of the records without a card fit; name it by its reference", "record-missing"
            )
        [row] = fitting
        uid = asked.get("uid") or None
        return {"job": secrets.token_hex(4), "ref": row["ref"], "sku": row["sku"], "uid": uid, "with": asked["with"]}

    def _nik(self, ref: str) -> str:
        fields = self._roster.get(ref)
        return fields.nik if fields else ""


def _piles(view: View) -> dict[tuple[Sku, Account], dict[str, int]]:
    """Lots of every place where the books hold unused blanks, or one in the machine."""
    all_ = {(sku, place): view.places(sku, place) for sku in Sku for place in gap.SOURCES}
    return {pile: lots for pile, lots in all_.items() if lots}


def _all_counted(view: View, piles: Mapping[tuple[Sku, Account], int]) -> None:
    wanted = {pile for pile in _piles(view) if pile[1] is not Account.IN_MACHINE}
    if missing := sorted(f"{place}/{sku}" for sku, place in wanted - piles.keys()):
        raise Rejected(f"count too: {', '.join(missing)}", "not-counted")
    if odd := sorted(place for _, place in piles if place not in gap.UNUSED):
        raise UsageError(f"counted: {odd[0]} is not counted here")


def _numbers(said: dict[str, Any], read: tuple[str, int] | None) -> dict[str, Any]:
    if unknown := said.keys() - {"spoiled", "defect", "unexplained", "put_back", "fed"}:
        raise UsageError(f"gap.close: takes no {', '.join(sorted(unknown))}")
    typed = said.get("fed")
    serial, fed = read or (None, None)
    if fed is None and typed is not None:
        serial, fed = None, whole("fed", typed, 0)
    unexplained = {
        sku_of(sku).value: whole("unexplained", n, 1) for sku, n in (said.get("unexplained") or {}).items()
    }
    return {
        "fed": fed, "printer": serial, "unexplained": unexplained,
        "put_back": whole("put_back", said.get("put_back", 0), 0),
    }  # fmt: skip


def _each(quantities: Mapping[str, int] | None, end: Account) -> Iterator[tuple[Sku, Account]]:
    for sku, quantity in (quantities or {}).items():
        yield from [(sku_of(sku), end)] * whole(end, quantity, 1)


def _with_lots(cards: list[dict[str, Any]], moves: list[Any]) -> list[dict[str, Any]]:
    """Nothing on a card says of which lot it is: each takes one of those booked for its like."""
    lots = {
        way: [move.lot for move in moves if (move.sku, move.target) == way for _ in range(move.quantity)]
        for way in {(Sku(card["sku"]), _END[card["with"]]) for card in cards}
    }
    return [
        {**{name: card[name] for name in ("job", "ref", "uid", "with")},
         "lot": lots[Sku(card["sku"]), _END[card["with"]]].pop(0)}
        for card in cards
    ]  # fmt: skip
