"""The call-back list: who waits for a record or a blank, and who can be telephoned now."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from kiosk.books import Books
from kiosk.callbook import CallBook
from kiosk.core.accounts import Account
from kiosk.core.callbacks import Call, CallError, CallReason, is_ready, next_number, parse_call, tally_of
from kiosk.core.records import Sku
from kiosk.errors import DamagedData, Rejected, UsageError
from kiosk.roster import Roster
from kiosk.views import View

log = logging.getLogger(__name__)

HERE = frozenset({"waiting", "printed"})
"""States of a record for which its person can come."""


@dataclass(frozen=True)
class Waiting:
    """One entry. `since`: Unix ms. `call`: None if its file can't be opened. `state`: of their record, "" without."""

    number: str
    reason: CallReason
    since: int
    call: Call | None
    state: str
    ready: bool


class CallBacks:
    """Entries whose event was never written, or whose end was, are removed at the start."""

    def __init__(self, books: Books, book: CallBook, roster: Roster) -> None:
        self._books = books
        self._book = book
        self._roster = roster
        self._day: Callable[[], str] = lambda: str(books.today)
        with books.transaction() as view:
            book.keep_only({row["number"] for row in view.rows("callbacks")})
        self.commands: dict[str, Callable[..., Any]] = {
            "calls.add": self.add,
            "calls.list": self.list_calls,
            "calls.close": self.close,
        }

    def add(self, by: str, nik: str, phone: str, reason: str) -> str:
        """Note one person; returns the number to give them. NIK and telephone number go to the sealed file alone."""
        try:
            call, why = parse_call(nik, phone), CallReason(reason)
        except ValueError as exc:
            detail = str(exc) if isinstance(exc, CallError) else f"reason: one of {', '.join(CallReason)}"
            raise UsageError(detail) from None  # the chain would show what was typed
        with self._books.transaction() as view:
            day = self._day()
            given = view.read("tally", tally_of(day))
            number = next_number(day, given["count"] if given else 0)
            self._book.put(number, call)
            self._books.commit("call-back", {"number": number, "reason": why.value}, by)
        return number

    def list_calls(self, by: str) -> list[dict[str, Any]]:
        """Number, reason, since, ready; nothing of the person."""
        with self._books.transaction() as view:
            refs = [row["ref"] for row in view.rows("records") if row["state"] in HERE]
        self._roster.add(refs)  # where no station serves, nobody has opened them yet
        return [
            {"number": row.number, "reason": row.reason.value, "since": row.since, "ready": row.ready}
            for row in self.waiting()
        ]

    def waiting(self) -> list[Waiting]:
        """Open entries; those who can be called first, then by number."""
        with self._books.transaction() as view:
            rows = [self._judge(view, row) for row in view.rows("callbacks")]
        return sorted(rows, key=lambda row: (not row.ready, row.number))

    def _judge(self, view: View, row: dict[str, Any]) -> Waiting:
        reason = CallReason(row["reason"])
        try:
            call = self._book.get(row["number"])
        except DamagedData as exc:
            log.warning("call-back %s: %s", row["number"], exc)
            return Waiting(row["number"], reason, row["since"], None, "", ready=False)
        found = (view.read("records", ref) for ref in self._roster.find(call.nik))
        record = next((each for each in found if each and each["state"] in HERE), None)
        printed = record is not None and record["state"] == "printed"
        blanks = printed or (record is not None and _has_blanks(view, Sku(record["sku"])))
        ready = is_ready(reason, record=record is not None, blanks=blanks)
        return Waiting(row["number"], reason, row["since"], call, record["state"] if record else "", ready)

    def close(self, by: str, number: str) -> str:
        """They were called: the entry is closed and its file destroyed."""
        with self._books.transaction() as view:
            if view.read("callbacks", number) is None:
                raise Rejected(f"no open call-back {number}", "call-closed")
            self._books.commit("call-back-closed", {"number": number}, by)
            self._destroy_closed(view)
        return number

    def close_old(self, numbers: Iterable[str]) -> None:
        """Close these entries, whoever waits: nobody is kept for ever."""
        with self._books.transaction() as view:
            old = [number for number in numbers if view.read("callbacks", number)]
            for number in old:
                self._books.commit("call-back-closed", {"number": number}, "station")
            if old:
                self._destroy_closed(view)

    def _destroy_closed(self, view: View) -> None:
        try:
            self._book.keep_only({row["number"] for row in view.rows("callbacks")})
        except OSError as exc:
            log.warning("closed call-backs: their keys go with the next one, or at the next start: %s", exc)


def _has_blanks(view: View, sku: Sku) -> bool:
    return any(view.places(sku, account) for account in (Account.SHIFT, Account.HOPPER))
