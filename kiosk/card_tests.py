"""What a technician may ask for beside looking: a test card, which spends one blank."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from drivers.protocols import Face
from kiosk.books import Books
from kiosk.core import card_test
from kiosk.core.accounts import Account
from kiosk.core.card_test import is_test
from kiosk.core.plan import FOR_RECORDS, Plan
from kiosk.core.records import Sku
from kiosk.errors import Rejected, UsageError
from kiosk.render import specimen_face

PLANS = tuple(plan.value for plan in Plan if plan not in FOR_RECORDS)


class CardTests:
    """Thread-safe. `wake` and `may_start` as of the desk. `colour`: the ribbon has dye. `files`: what is written to
    the chip, empty if its profile has nothing."""

    def __init__(
        self, books: Books, wake: Callable[[], None], may_start: Callable[[], None], *, colour: bool,
        files: Callable[[], Mapping[str, bytes]],
    ) -> None:  # fmt: skip
        self._books = books
        self._wake = wake
        self._may_start = may_start
        self._colour = colour
        self._files = files
        self.commands: dict[str, Callable[..., Any]] = {"jobs.test-card": self.begin}

    def begin(self, by: str, sku: str, plan: str = Plan.TEST_CARD) -> str:
        """Spend one blank of `sku` as the next card. Returns the job.

        Rejected: `test-runs` while one is open, `insufficient-stock` if the books hold no such blank in the hopper,
        `no-test-files` if its chip profile has none, and as for any new job.
        """
        if plan not in PLANS:
            raise UsageError(f"plan: {plan!r} is not one of {', '.join(PLANS)}")
        if sku not in set(Sku):
            raise UsageError(f"sku: {sku!r} is not one of {', '.join(Sku)}")
        if plan != Plan.TEST_PRINT and not self._files():
            raise Rejected("this chip profile has no files for a test", "no-test-files")
        self._may_start()
        with self._books.transaction() as view:
            if any(is_test(job) for job in view.rows("jobs")):
                raise Rejected("a test card is being made", "test-runs")
            if not view.places(sku, Account.HOPPER):
                raise Rejected(f"the books hold no {sku} blank in the hopper", "insufficient-stock")
            job = secrets.token_hex(4)
            self._books.commit(card_test.BEGUN, {"job": job, "sku": str(sku), "plan": str(plan)}, by)
        self._wake()
        return job

    def specimen(self) -> tuple[Face, Mapping[str, bytes]]:
        """What is printed and written: shapes and numbers, nothing of anybody."""
        return specimen_face(colour=self._colour), self._files()

    @property
    def last(self) -> dict[str, Any] | None:
        """The job of the test that is open, else of the one that ended last."""
        with self._books.transaction() as view:
            running = next((dict(job) for job in view.rows("jobs") if is_test(job)), None)
            return running or view.get(card_test.TABLE, card_test.LAST)
