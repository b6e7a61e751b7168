"""A shift opens, is counted blindly, and closes with a slip: each method checks, commits one frame, and answers.

The same verbs serve the control socket, the command line and the screens, as in kiosk.desk.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kiosk.access import Access
from kiosk.arguments import counted_of, text
from kiosk.books import CHECKPOINTS, Books
from kiosk.core import shift as rules
from kiosk.core.accounts import Account, Transfer
from kiosk.core.movements import Detail
from kiosk.core.records import Sku
from kiosk.errors import Rejected, UsageError
from kiosk.stock import Counted, Stock, adjusted, must_fit, standing
from kiosk.views import View
from kiosk.worker.halt import Halt

log = logging.getLogger(__name__)

Slip = dict[str, Any]


class Shifts:
    """One shift at a time, as there is one printer. Thread-safe.

    `required` (config `shift.required`): nothing new is printed without an open shift. Without it the station says
    so, in its log and its status, and prints.
    """

    def __init__(self, books: Books, access: Access, data: Path, stock: Stock, *, required: bool = False) -> None:
        self._books = books
        self._access = access
        self._stock = stock
        self._checkpoints = data / CHECKPOINTS
        self.required = required
        self.commands: dict[str, Callable[..., Any]] = {
            "shift.open": self.open,
            "shift.count": self.count,
            "shift.close": self.close,
            "shift.show": self.show,
        }

    def open(
        self, by: str, counted: Counted | None = None, reason: str = "", second: str = "", pin: str = ""
    ) -> dict[str, Any]:
        """Take over what shift stock, hopper, bench and machine hold in the books. Rejected if one is open.

        `counted`: what lies there, counted blindly: rows of [place, sku, blanks], every place that a close counts. It
        is booked first, as a count of its own, so that a difference is nobody's of this shift; refused as by
        `Stock.count`. After a crash between the two frames the count is booked and no shift is open.

        Returns `shift`; `opening`, rows of [place, sku, blanks]; `moved_since`, rows of [place, sku, more or fewer]
        than at the last close: what was moved while no shift was open.
        """
        with self._books.transaction() as view:
            _must_be_none(view)
        if counted is not None:
            found = {counted_of(row)[:2] for row in counted}
            if found != {(place, sku) for place in rules.COUNTED for sku in Sku}:
                raise UsageError(f"counted: {', '.join(rules.COUNTED)}, each with both kinds of blanks")
            self._stock.count(by, counted, "", reason, second, pin)
        with self._books.transaction() as view:
            _must_be_none(view)
            number, opening = rules.next_number(view.read), rules.rows(rules.held_now(view.read))
            last = _closed(view, rules.name_of(number - 1))
            body = {"shift": rules.name_of(number), "opening": opening}
            self._books.commit(rules.OPENED, body, by)
        left = {(place, sku): blanks for place, sku, blanks, _ in last["counted"]} if last else None
        since = [[p, s, n - left.get((p, s), 0)] for p, s, n in opening if n != left.get((p, s), 0)] if left else []
        return {**body, "moved_since": since}

    def count(self, by: str, counted: Counted, shift: str = "") -> dict[str, Any]:
        """Put on record what was counted, blindly: rows of [place, sku, blanks], all at once or place by place.

        A place that moves afterwards must be counted again. Returns `shift` and `left`, [place, sku] still to count;
        whether it agrees is not said before the close. Rejected while a blank is on its way out of the hopper, and if
        another than `shift` is open.
        """
        found = [counted_of(row) for row in counted]
        if not found or len({row[:2] for row in found}) < len(found):
            raise UsageError("counted: each place and SKU once, and at least one")
        if others := {place.value for place, _, _ in found} - {place.value for place in rules.COUNTED}:
            raise UsageError(f"{', '.join(sorted(others))}: a shift counts {', '.join(rules.COUNTED)}")
        with self._books.transaction() as view:
            current = _open(view, shift)
            for place, sku, _ in found:
                standing(view, sku, place)
            rows = [[place.value, sku.value, blanks] for place, sku, blanks in found]
            self._books.commit(rules.COUNTED_KIND, {"shift": current["shift"], "counted": rows}, by)
            return {"shift": current["shift"], "left": _left(_open(view))}

    def close(self, by: str, reason: str = "", second: str = "", pin: str = "", shift: str = "") -> Slip:
        """Close with what was counted; a difference is booked with a reason and a second person. Returns the slip.

        One frame: after a crash the shift is open, with its counts, or closed. Rejected, and nothing booked, while a
        card is in the machine or unresolved, a place is not counted, or a difference has no reason or approval (the
        places are named, the figures not); for anybody but who opened it and a supervisor; if another than `shift` is
        open.
        """
        said = text(Detail.REASON, reason)
        approved = self._access.second(by, text("second", second), text("pin", pin)) if second else ""
        with self._books.transaction() as view:
            current = _open(view, shift)
            if by != current["by"] and not self._access.is_supervisor(by):
                raise Rejected(
                    f"{current['shift']} is {current['by']}'s: they or a supervisor close it", "shift-of-other"
                )
            _machine_is_empty(view)
            if left := _left(current):
                where = ", ".join(f"{place} of {sku}" for place, sku in left)
                raise Rejected(f"{where}: not counted, or moved since: keping shift count", "not-counted")
            body = _body(view, current, said, approved)
            self._books.commit(rules.CLOSED, body, by)
            checkpoint = self._signed()
            return _slip(view, _closed(view, body["shift"]), checkpoint or None)

    def _signed(self) -> str:
        """The checkpoint of the newest frame; "" if the disk refuses, or in safe mode: the shift is closed all the
        same."""
        try:
            return self._books.checkpoint()
        except (OSError, ValueError) as exc:
            log.warning("no checkpoint for the slip, it is made when the slip is shown again: %s", exc)
            return ""

    def show(self, by: str, shift: str = "") -> dict[str, Any]:
        """The slip of a closed shift (without `shift`: the open one, else the last).

        Of an open one: `shift`, `by`, `since` (Unix ms), `left` to count; no figures, for the count is blind.
        """
        with self._books.transaction() as view:
            current = view.read("shift", "open")
            if current is not None and shift in ("", current["shift"]):
                return {
                    "shift": current["shift"], "by": current["by"], "since": current["since"], "left": _left(current),
                }  # fmt: skip
            name = shift or rules.name_of(rules.next_number(view.read) - 1)
            found = _closed(view, name)
            if found is None:
                raise Rejected(f"{name}: no such shift among the last {rules.SHIFTS_KEPT}", "shift-missing")
            return _slip(view, found, self._checkpoint_of(found) or self._signed() or None)

    def _checkpoint_of(self, found: dict[str, Any]) -> str | None:
        """What was signed at that frame, from DATA/checkpoints. A later one proves it as well."""
        try:
            content = (self._checkpoints / found["incarnation"] / f"{found['seq']:012d}.json").read_bytes()
            return str(json.loads(content)["checkpoint"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    @property
    def current(self) -> str | None:
        """The open shift, None if there is none."""
        with self._books.transaction() as view:
            found = view.read("shift", "open")
        return str(found["shift"]) if found else None

    def check_open(self) -> None:
        """Before a job is made: Rejected `shift-not-open` where one is required, else only told."""
        if self.current is None:
            if self.required:
                raise Rejected("no shift is open: keping shift open", "shift-not-open")
            log.warning("a job is made while no shift is open")

    def barred(self) -> Halt | None:
        """Why no new card may be begun; a card in the machine is finished all the same."""
        if self.required and self.current is None:
            return Halt("no shift is open: keping shift open", frozenset({"shift-not-open"}))
        return None


def _open(view: View, wanted: str = "") -> dict[str, Any]:
    shift = view.read("shift", "open")
    if shift is None:
        raise Rejected("no shift is open: keping shift open", "shift-not-open")
    if wanted not in ("", shift["shift"]):
        raise Rejected(f"{wanted} is not open, {shift['shift']} is", "shift-over")
    return shift


def _must_be_none(view: View) -> None:
    if (current := view.read("shift", "open")) is not None:
        raise Rejected(f"shift {current['shift']} of {current['by']} is open: close it first", "shift-open")


def _closed(view: View, name: str) -> dict[str, Any] | None:
    return next((row for row in view.select("shifts", shift=name)), None)


def _left(shift: dict[str, Any]) -> list[list[str]]:
    return [[place, sku] for place, sku in rules.uncounted(shift)]


def _machine_is_empty(view: View) -> None:
    card = next((job for job in view.rows("jobs") if job["card"] is not None), None)
    if card is not None:
        what = "is unresolved: say what became of it" if "outcome-unknown" in card["reasons"] else "is in the machine"
        raise Rejected(f"the card of job {card['id']} {what}; then close the shift", "card-in-path")


def _body(view: View, shift: dict[str, Any], reason: str, approved: str) -> dict[str, Any]:
    held = rules.held_now(view.read)
    counted = rules.counted_rows(shift, held)
    found = [(Account(place), Sku(sku), more) for (place, sku), more in rules.differences(counted).items()]
    if found and not (reason and approved):
        where = ", ".join(f"{place} of {sku}" for place, sku, _ in found)
        raise Rejected(f"{where}: not as in the books; give a reason and a second person", "count-differs")
    transfers: list[Transfer] = adjusted(view, found)
    must_fit(view, transfers)
    return {
        "shift": shift["shift"], "equation": rules.closing_equation(shift, held, transfers), "counted": counted,
        **({"reason": reason} if reason else {}), **({"approved": approved} if approved else {}),
        "moves": [move.to_json() for move in transfers],
    }  # fmt: skip


def _slip(view: View, found: dict[str, Any] | None, checkpoint: str | None) -> Slip:
    station = view.read("station", "self")
    assert found is not None
    assert station is not None
    return {"station": station["station"], **found, "checkpoint": checkpoint}
