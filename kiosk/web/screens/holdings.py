"""Where every blank is: the equation, and behind each of its terms the lots, and what was moved, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Flask, abort, render_template, request

from kiosk.core.accounts import Account, Transfer
from kiosk.core.records import Sku
from kiosk.journal.newest import Mark, Page, newest
from kiosk.web import stock_words
from kiosk.web.house import house

if TYPE_CHECKING:
    from collections.abc import Callable

    from kiosk.core.frames import Frame

SHOWN = 12


@dataclass(frozen=True)
class Row:
    """What one frame moved. `change`: more or fewer blanks in the account; of a lot, how many were moved.

    `who`: a person's name, or what acted. `what`: the movement, or the kind of the frame. `trace`: what its life is
    asked by, empty if nothing more is known.
    """

    seq: int
    time_ms: int
    who: str
    what: str
    cause: str
    change: int
    whence: str
    whither: str
    lot: str
    document: str
    trace: str


def register(app: Flask) -> None:
    app.add_url_rule("/supplies/at/<account>", view_func=account)
    app.add_url_rule("/supplies/lot", view_func=lot)


def account(account: str) -> str:
    """The lots in one account and its last movements. Looks through a bounded stretch of the journal."""
    sku, place = _sku(), Account(account) if account in list(Account) else abort(404)
    with house().station.books.look() as view:
        lots = {name: _held(place, held) for name, held in view.places(sku, place).items()}
        causes = [row for row in view.rows("causes") if (row["sku"], row["account"]) == (sku, place)]
        causes = sorted((dict(row) for row in causes), key=lambda row: -row["quantity"])
    page = _page([place.value, sku.value], lambda move: move.sku is sku and place in (move.source, move.target))
    rows = [_row(frame, lambda move: move.sku is sku, place) for frame in page.frames]
    return render_template(
        "account.html", sku=sku.value, account=place.value, lots=lots, causes=causes, rows=rows, older=page.older,
        total=sum(lots.values()), told=stock_words,
    )  # fmt: skip


def lot() -> str:
    """Where the blanks of one lot are, and what was moved of it."""
    sku, name = _sku(), request.args.get("lot", "")
    with house().station.books.look() as view:
        if view.read("lots", f"{sku}/{name}") is None:
            abort(404)
        held = {place.value: _held(place, view.places(sku, place).get(name, 0)) for place in Account}
    page = _page([name, sku.value], lambda move: (move.sku, move.lot) == (sku, name))
    rows = [_row(frame, lambda move: (move.sku, move.lot) == (sku, name)) for frame in page.frames]
    places = {place: count for place, count in held.items() if count}
    return render_template(
        "lot.html", sku=sku.value, lot=name, places=places, rows=rows, older=page.older, told=stock_words
    )  # fmt: skip


def _held(place: Account, quantity: int) -> int:
    """Of the supplier it is said how many came, not how many fewer it has."""
    return -quantity if place is Account.SUPPLIER else quantity


def _sku() -> Sku:
    wanted = request.args.get("sku", Sku.WNI.value)
    return Sku(wanted) if wanted in list(Sku) else abort(404)


def _page(words: list[str], wanted: Callable[[Transfer], bool]) -> Page:
    def about(frame: Frame) -> bool:
        return any(wanted(move) for move in moves_of(frame))

    before = Mark.parse(request.args.get("before", ""))
    return newest(house().station.data / "journal", words, about, SHOWN, before)


def moves_of(frame: Frame) -> list[Transfer]:
    return [Transfer.from_json(move) for move in frame.data.get("moves") or []]


def _row(frame: Frame, wanted: Callable[[Transfer], bool], place: Account | None = None) -> Row:
    """Of its moves those that are `wanted`, seen from `place` if one is given."""
    moves = [
        move for move in moves_of(frame) if wanted(move) and (place is None or place in (move.source, move.target))
    ]
    data = frame.data
    change = sum(move.quantity if place in (None, move.target) else -move.quantity for move in moves)
    return Row(
        seq=frame.seq, time_ms=frame.stamp.time_ms, who=who(frame.stamp.by), what=data.get("movement", frame.kind),
        cause=data.get("cause") or "", change=_held(place, change) if place else change,
        whence=moves[0].source.value, whither=moves[-1].target.value,
        lot=moves[0].lot if len({move.lot for move in moves}) == 1 else "", document=data.get("document", ""),
        trace=data.get("job", "") or data.get("document", ""),
    )  # fmt: skip


def who(by: str) -> str:
    """Somebody's name for what the journal calls them; else as it stands there, for the template to say."""
    kind, _, ident = by.partition(":")
    person = house().people.get(ident) if kind == "op" else None
    return person.name if person else by
