"""A second card with a reason, while the record's data are still here."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from typing import Any

from kiosk.books import Books
from kiosk.core.change import ProjectionError
from kiosk.core.reprint import BOOKINGS, ReprintReason, body, first_card, fitting_reasons
from kiosk.corrections import wrong_parts
from kiosk.errors import Rejected, UsageError
from kiosk.vault import Vault
from kiosk.views import View


class Reprints:
    """`approve(by, second, pin)`: as kiosk.stock has it. `wake`, `may_start`: as kiosk.desk has them."""

    def __init__(
        self,
        books: Books,
        vault: Vault,
        approve: Callable[[str, str, str], str],
        wake: Callable[[], None] = lambda: None,
        may_start: Callable[[], None] = lambda: None,
    ) -> None:
        self._books = books
        self._vault = vault
        self._approve = approve
        self._wake = wake
        self._may_start = may_start
        self.commands: dict[str, Callable[..., Any]] = {"jobs.reprint": self.reprint}

    def case(self, job: str) -> dict[str, Any]:
        """What may be done about the card of `job`: job, ref, sku, the record's state, reasons that fit.

        Rejected if the job made no card, or another one was made since.
        """
        with self._books.transaction() as view:
            record, card = self._find(view, job)
            state = str(record["state"])
        reasons = [reason.value for reason in fitting_reasons(state)] if self._here(record["ref"]) else []
        return {"job": job, "ref": record["ref"], "sku": card["sku"], "state": state, "reasons": reasons}

    def missing(self) -> list[dict[str, Any]]:
        """Cards that may be good and can't be found, oldest first: job, ref, sku, since (Unix ms)."""
        with self._books.transaction() as view:
            return sorted(view.select("missing"), key=lambda row: row["since"])

    def reprint(
        self, by: str, job: str, reason: str, supervisor: str = "", pin: str = "", wrong: Sequence[str] = ()
    ) -> dict[str, str]:
        """Book the card of `job` away and make a job for another. Returns the new job's id.

        Where the data are wrong, `wrong` says what (kiosk.core.correction); no job is made, and the record is held
        until the centre has corrected it.

        Rejected if the reason does not fit where that card is, if the record's data are destroyed already, or if
        nobody else approves where the card is in nobody's hand.
        """
        try:
            why = ReprintReason(reason)
        except ValueError:
            raise UsageError(f"reason: {reason!r} is not one of {', '.join(ReprintReason)}") from None
        parts = wrong_parts(wrong) if why is ReprintReason.WRONG_DATA else []
        if not parts:
            self._may_start()
        approved = self._approve(by, supervisor, pin) if supervisor else None
        with self._books.transaction() as view:
            record, card = self._find(view, job)
            booking = BOOKINGS.get((record["state"], why))
            if booking is None:
                raise Rejected(
                    f"the card of job {job} is {record['state']}: {why} does not fit", "reason-does-not-fit"
                )
            if not self._here(record["ref"]):
                raise Rejected(f"the data of record {record['ref']} are destroyed; fetch it again", "biometrics-gone")
            if booking.supervised and not approved:
                raise Rejected(f"{why}: a supervisor must approve", "approval-missing")
            again = {"wrong": parts} if parts else {"job": secrets.token_hex(4)}
            event = {**again, "ref": record["ref"], "reprint_of": job, "reason": why.value}
            granted = {"approved": approved} if approved else {}
            self._books.commit("reprint", {**event, **granted, **body(card, record["state"], why)}, by)
        self._wake()
        return {"job": event.get("job", ""), "ref": event["ref"], "reprint_of": job}

    def _here(self, ref: str) -> bool:
        return self._vault.has_biometrics(ref)

    def _find(self, view: View, job: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """The record that `job` made a card for, and that card."""
        row = view.read("uncollected", job) or view.read("missing", job)
        issued = (record for record in view.rows("records", state="issued") if record["issued"]["job"] == job)
        record = view.read("records", row["ref"]) if row else next(issued, None)
        if record is None:
            if self._books.past.was_collected(job):
                raise Rejected(
                    f"the card of job {job} was handed over long ago: fetch it again", "handed-over-already"
                )
            raise Rejected(f"job {job} made no card that can be replaced", "card-not-here")
        try:
            return record, first_card(view.read, record["ref"], job)
        except ProjectionError as exc:
            raise Rejected(str(exc), "card-not-here") from exc
