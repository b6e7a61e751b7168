"""Books without a medium: frames are made, projected and applied as in kiosk.books, and kept in a list."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kiosk.core.accounts import Account, LedgerError
from kiosk.core.change import ProjectionError
from kiosk.core.frames import ZERO_HEAD, Frame, Stamp, make_frame
from kiosk.core.movements import HAND_MOVEMENTS, Detail, Movement
from kiosk.core.records import Sku
from kiosk.errors import Rejected
from kiosk.stock import Moves, Stock
from kiosk.views import View
from tests.purity import project

BY = "op:maria"
SECOND = {"second": "yosep", "pin": "1"}


class Ledger:
    """`stock`: the verbs under test, for whom anybody but the asker approves."""

    def __init__(self) -> None:
        self.view = View()
        self.frames: list[Frame] = []
        self.woken = 0
        self.stock = Stock(self, _approve, self._wake)  # type: ignore[arg-type]

    def _wake(self) -> None:
        self.woken += 1

    @contextmanager
    def transaction(self) -> Iterator[View]:
        yield self.view

    def commit(self, kind: str, data: dict[str, Any], by: str) -> Frame:
        seq = len(self.frames) + 1
        head = self.frames[-1].head if self.frames else ZERO_HEAD
        frame = make_frame(seq, kind, Stamp(1_000 + seq, "b", seq, by), data, head)
        try:
            changes = project(frame, self.view.read)
        except LedgerError as exc:
            raise Rejected(str(exc), "insufficient-stock") from exc
        except ProjectionError as exc:
            raise Rejected(str(exc), "not-possible-now") from exc
        self.view.apply(seq, changes)
        self.frames.append(frame)
        return frame

    def write(self, movement: str, moves: Moves, **body: Any) -> Frame:
        """A frame as anybody who can write the journal would put it there, past the verbs."""
        return self.commit("stock", {"movement": movement, "moves": moves, **body}, BY)

    def held(self, account: Account, sku: Sku = Sku.WNI) -> int:
        return sum(self.view.places(sku, account).values())

    def move(self, movement: str, quantity: int = 1, sku: str = "wni", **said: str) -> Moves:
        """With everything that the row asks for, unless `said` says otherwise."""
        return self.stock.move(BY, movement, sku, quantity, **complete(HAND_MOVEMENTS[movement], said))


def _approve(by: str, second: str, pin: str) -> str:
    if not second:
        raise Rejected("a supervisor must approve", "approval-missing")
    return f"op:{second}"


def complete(row: Movement, said: dict[str, str]) -> dict[str, str]:
    """What the row asks for, filled in; empty values of `said` leave it out."""
    given = {detail.value: f"some {detail}" for detail in row.needs}
    if row.paper:
        given["document"] = "PAPER-1"
    if row.causes:
        given["cause"] = min(row.causes)
    if len(row.sources) > 1:
        given["source"] = row.sources[0].value
    if row.second:
        given |= SECOND
    return {name: value for name, value in (given | said).items() if value}


def stocked(blanks: int = 60) -> Ledger:
    """That many blanks of one lot in every account that a movement by hand takes from."""
    ledger = Ledger()
    ledger.stock.move(BY, "receive", "wni", 8 * blanks, "BAST-1", **{Detail.BOXES.value: "2"})
    ledger.move("release", 5 * blanks)
    ledger.move("load", blanks)
    ledger.move("set-aside", blanks, source="shift")
    ledger.move("mobile-out", blanks)
    ledger.move("loan-out", blanks)
    ledger.move("spoil", blanks, source="shift")
    ledger.move("defect", blanks, source="shift")
    return ledger
