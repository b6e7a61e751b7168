"""A test card in the books: it goes to the reject tray, and its end is the end of its job."""

from __future__ import annotations

from typing import Any

from drivers.protocols import Tray
from kiosk.core import card_test
from kiosk.core.accounts import Account
from kiosk.core.jobs import JobState, Why
from kiosk.core.verdicts import SpoilCause, account_of_refused
from kiosk.worker.entries import WORKER, Entries


class TrialEntries(Entries):
    """See `Entries`. One that is refused or broken off ends the test too: no second blank is spent."""

    @property
    def tray(self) -> Tray:
        return Tray.REJECT

    def _complete(self, outcome: dict[str, Any]) -> None:
        self._end(outcome, SpoilCause.TEST, JobState.COMPLETED, Why.COMPLETED)

    def rejected(self, outcome: dict[str, Any]) -> None:
        cause = self.card_now["cause"]
        self._end({**outcome, "result": "ended"}, cause, JobState.ABORTED, Why.ABORTED_BY_SYSTEM)

    def _end(self, outcome: dict[str, Any], cause: str, state: JobState, why: Why) -> None:
        end = account_of_refused(cause)
        said = {} if end is Account.BENCH else {"cause": str(cause)}
        self.books.commit(card_test.ENDED, {
            "job": self.job_id, "state": state.value, "reasons": [why.value], "uid": self.card_now["uid"],
            "outcome": outcome, "end": end.value, **said, "moves": [self._to(end)],
        }, WORKER)  # fmt: skip
