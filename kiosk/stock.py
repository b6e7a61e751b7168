"""What a person books of blanks by quantity: each method checks, commits one frame, and says what became true.

The same verbs serve the control socket, the command line and the screens, as in kiosk.desk.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kiosk.arguments import counted_of, row_of, said_of, sku_of, source_of, text, whole
from kiosk.books import Books
from kiosk.core.accounts import Account, LedgerError, Transfer, draw
from kiosk.core.collection import OLD_CARDS
from kiosk.core.movements import COUNT, DESTROY_OLD_CARDS, HAND_MOVEMENTS, REVERSE, Detail, MovementError
from kiosk.core.plan import place_of
from kiosk.core.records import Sku
from kiosk.core.stock import asked_before, counter_entry, has_lot, reversible
from kiosk.errors import Rejected, UsageError
from kiosk.views import View

TAKEN_FROM = frozenset({Account.HOPPER, Account.BENCH})
"""Where the card of a job may lie, and blanks that are nobody's."""

Moves = list[list[str | int]]
Counted = list[list[str | int]]


class Stock:
    """`approve(by, second, pin)` names the second person for the journal, or raises Rejected.

    `wake` is called after anything that the worker should look at. Thread-safe.
    """

    def __init__(
        self, books: Books, approve: Callable[[str, str, str], str], wake: Callable[[], None] = lambda: None
    ) -> None:
        self._books = books
        self._approve = approve
        self._wake = wake
        self.commands: dict[str, Callable[..., Any]] = {
            "stock.move": self.move,
            "stock.count": self.count,
            "stock.reverse": self.reverse,
            "stock.destroy-old-cards": self.destroy_old_cards,
            "stock.list": self.entries,
            "stock.balance": self.balance,
        }

    def move(self, by: str, movement: str, sku: str, quantity: int, document: str = "", **said: str) -> Moves:
        """Book one row of the table of movements (kiosk.core.movements). Returns the transfers, oldest lot first.

        `said`: `source` where the row has several, `cause`, the row's details, `second` and `pin`; `key`: what is
        asked again with the same one is not booked again. UsageError if something the row asks for is missing,
        Rejected if the blanks are not there or nobody else approves.
        """
        row = row_of(movement)
        kind = sku_of(sku)
        amount = whole("quantity", quantity, 1)
        second, pin, key = said.pop("second", ""), said.pop("pin", ""), text("key", said.pop("key", ""))
        source = source_of(row, said.pop("source", ""))
        body = said_of(row, document, said)
        approved = {"approved": self._second(by, second, pin)} if row.second else {}
        with self._books.transaction() as view:
            if before := asked_before(view.read, key):
                return list(before["moves"])
            if row.makes_lot and has_lot(view.read, kind, body["document"]):
                what = f"{body['document']} was received already"
                raise Rejected(f"{what}; blanks come with a paper of their own", "received-before")
            lots = {body["document"]: amount} if row.makes_lot else _free(view, kind, source)
            transfers = [
                Transfer(kind, lot, source, row.target, part) for lot, part in _drawn(lots, amount, kind, source)
            ]
            asked = {"key": key} if key else {}
            return self._book(view, {"movement": row.name, **body, **asked, **approved}, transfers, by)

    def count(
        self, by: str, counted: Counted, document: str = "", reason: str = "", second: str = "", pin: str = ""
    ) -> dict[str, Any]:
        """Book what was counted, rows of [place, sku, blanks], and the difference where there is one.

        Counted blindly: a refusal names the places that differ and no figures. Rejected if they do and no reason is
        given or nobody else approves. Returns the differences, [place, sku, more or fewer], and the transfers.
        """
        found = [counted_of(row) for row in counted]
        if not found or len({row[:2] for row in found}) < len(found):
            raise UsageError("counted: each place and SKU once, and at least one")
        said = said_of(HAND_MOVEMENTS[COUNT], document, {"reason": reason} if reason else {}, complete=False)
        approved = {"approved": self._second(by, second, pin)} if second else {}
        with self._books.transaction() as view:
            held = [sum(standing(view, sku, place).values()) for place, sku, _ in found]
            pairs = list(zip(found, held, strict=True))
            differences = [
                (place, sku, blanks - booked) for (place, sku, blanks), booked in pairs if blanks != booked
            ]
            if differences and not (said.get("reason") and approved):
                where = ", ".join(f"{place} of {sku}" for place, sku, _ in differences)
                raise Rejected(f"{where}: not as in the books; give a reason and a second person", "count-differs")
            rows = [[place.value, sku.value, blanks, booked] for (place, sku, blanks), booked in pairs]
            moves = self._book(
                view, {"movement": COUNT, **said, "counted": rows, **approved}, adjusted(view, differences), by
            )
        return {"differences": [[place.value, sku.value, more] for place, sku, more in differences], "moves": moves}

    def reverse(self, by: str, entry: int, reason: str, second: str = "", pin: str = "") -> Moves:
        """Book the counter-entry of the movement in frame `entry`. Returns its transfers.

        Rejected if it was reversed before, is no longer listed, or the blanks have moved on since.
        """
        body: dict[str, Any] = {"movement": REVERSE, "document": "", "reverses": whole("entry", entry, 1)}
        body["reason"] = text(Detail.REASON, reason)
        if not body["reason"]:
            raise UsageError("reverse: a reason must be given")
        body["approved"] = self._second(by, second, pin)
        with self._books.transaction() as view:
            try:
                _, found = reversible(view.read, entry)
            except MovementError as exc:
                raise Rejected(str(exc), "not-reversible") from exc
            return self._book(view, body, counter_entry(found), by)

    def destroy_old_cards(self, by: str, quantity: int, document: str = "", **said: str) -> int:
        """Take destroyed old cards out of their register. `said`: witnesses, method, second, pin. Returns how many
        are left in it. Rejected if fewer were taken, or nobody else approves.
        """
        row, amount = DESTROY_OLD_CARDS, whole("quantity", quantity, 1)
        second, pin = said.pop("second", ""), said.pop("pin", "")
        body = said_of(row, document, said)
        body["approved"] = self._second(by, second, pin)
        with self._books.transaction() as view:
            self._books.commit("stock", {"movement": row.name, **body, "old_cards": amount, "moves": []}, by)
            return old_cards(view)

    def _second(self, by: str, second: str, pin: str) -> str:
        return self._approve(by, text("second", second), text("pin", pin))

    def _book(self, view: View, body: dict[str, Any], transfers: list[Transfer], by: str) -> Moves:
        must_fit(view, transfers)
        moves = [transfer.to_json() for transfer in transfers]
        self._books.commit("stock", {**body, "moves": moves}, by)
        self._wake()
        return moves

    def entries(self, by: str) -> list[dict[str, Any]]:
        with self._books.transaction() as view:
            return entries(view)

    def balance(self, by: str) -> dict[str, dict[str, int]]:
        with self._books.transaction() as view:
            return balances(view)


def balances(view: View) -> dict[str, dict[str, int]]:
    """SKU -> account -> quantity over all lots; empty accounts are left out."""
    return view.balances()


def old_cards(view: View) -> int:
    """Withdrawn old cards that are kept to be destroyed."""
    return int((view.read("tally", OLD_CARDS) or {"count": 0})["count"])


def entries(view: View) -> list[dict[str, Any]]:
    """The last movements by hand, newest first; `seq` is what a reversal names."""
    return sorted(view.select("entries"), key=lambda row: -row["seq"])


def _drawn(lots: dict[str, int], quantity: int, sku: Sku, source: Account) -> list[tuple[str, int]]:
    try:
        return draw(lots, quantity)
    except LedgerError as exc:
        raise Rejected(f"{source} of {sku}: {exc}", "insufficient-stock") from exc


def adjusted(view: View, differences: list[tuple[Account, Sku, int]]) -> list[Transfer]:
    """Missing blanks leave the oldest lots. Blanks too many come back from what was missed, now or before, else are
    taken for the newest lot of the place, or of the station: nothing on a blank says which it is of."""
    gone, transfers = Account.COUNT_ADJUSTMENT, []
    missed = {sku: {lot: part for lot, part in view.places(sku, gone).items() if part > 0} for sku in Sku}
    for place, sku, more in sorted(differences, key=lambda row: row[2]):
        if more < 0:
            parts = _drawn(standing(view, sku, place), -more, sku, place)
            transfers += [Transfer(sku, lot, place, gone, part) for lot, part in parts]
        else:
            parts = draw(missed[sku], min(more, sum(missed[sku].values())))
            transfers += [Transfer(sku, lot, gone, place, part) for lot, part in parts]
            if rest := more - sum(part for _, part in parts):
                transfers.append(Transfer(sku, _newest_lot(view, sku, place), gone, place, rest))
        for lot, part in parts:
            missed[sku][lot] = missed[sku].get(lot, 0) + (part if more < 0 else -part)
    return transfers


def _newest_lot(view: View, sku: Sku, place: Account) -> str:
    here = list(view.places(sku, place))
    known = sorted(view.select("lots", sku=sku.value, taken_back=False), key=lambda lot: lot["seq"])
    if not known:
        raise Rejected(f"no {sku} blank was ever received: book its receipt", "lot-missing")
    return here[-1] if here else str(known[-1]["lot"])


def standing(view: View, sku: Sku, place: Account) -> dict[str, int]:
    """Lot -> quantity where it can be counted: not while the card of a job is there, or on its way from there."""
    lots = view.places(sku, place)
    if _free(view, sku, place) != lots:
        raise Rejected(f"a card is under way: count the {place} when it is finished", "feed-open")
    return lots


def must_fit(view: View, transfers: list[Transfer]) -> None:
    """One stack in the hopper can't be told apart by SKU; a blank whose card was begun is spoken for."""
    for transfer in transfers:
        if transfer.target is Account.HOPPER:
            others = [sku for sku in Sku if sku is not transfer.sku and view.places(sku, Account.HOPPER)]
            if others:
                raise Rejected(f"the hopper holds {others[0]} blanks: unload them first", "hopper-of-other-sku")
        if transfer.source in TAKEN_FROM:
            free = _free(view, transfer.sku, transfer.source).get(transfer.lot, 0)
            if free < transfer.quantity:
                what = f"{transfer.source} of {transfer.sku}: {free} blanks of lot {transfer.lot} are free"
                raise Rejected(what, "insufficient-stock")


def _free(view: View, sku: Sku, source: Account) -> dict[str, int]:
    """Lot -> quantity that may be moved away: a blank whose card was begun is the job's until that is booked."""
    lots = view.places(sku, source)
    if source in TAKEN_FROM:
        for job in view.rows("jobs"):
            if job["sku"] == sku and job["card"] and place_of(job["card"]) is source:
                lots[job["card"]["lot"]] -= 1
    return lots
