"""Records that go back to the centre: those that it has taken away, and those that a supervisor gives up."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from kiosk.arguments import text
from kiosk.books import Books
from kiosk.core import gap, release
from kiosk.core.card_test import given_up
from kiosk.core.frames import Frame
from kiosk.core.jobs import TRANSITIONS, JobEvent, JobState, Why
from kiosk.core.movements import Detail
from kiosk.errors import KepingError, Rejected, UsageError
from kiosk.vault import Vault
from kiosk.views import View

log = logging.getLogger(__name__)

CENTRE = "centre"
MOST = 500
"""Records in one frame."""
AFTER = frozenset({"job-ended", "job-resolved", "step", "gap-closed", "started", "reprint"})
"""Frames after which a record that was taken away may be free of its card."""


class Releases:
    """`wake` is called after anything that changes who is next."""

    def __init__(self, books: Books, wake: Callable[[], None] = lambda: None) -> None:
        self._books = books
        self._wake = wake
        self.commands: dict[str, Callable[..., Any]] = {"sync.release": self.release}

    def release(self, by: str, refs: list[str], reason: str, all_waiting: bool = False) -> list[str]:
        """Give records back, so that the centre may lease them elsewhere. They are never printable here again.

        All of `refs` or none: Rejected where one of them is in a job, or has a card. `all_waiting`: every one that is
        in no job and has none.
        """
        said = text(Detail.REASON, reason)
        if bool(refs) == all_waiting or not said:
            raise UsageError("name records, or say all of those that wait; and give a reason")
        with self._books.transaction() as view:
            if gap.is_open(view.read):
                raise Rejected("the gap of the lost disk is open: any record may have a card", "gap-open")
            free = _free(view)
            gone = sorted(free) if all_waiting else list(dict.fromkeys(refs))
            for ref in gone:
                if ref not in free:
                    state = self._books.past.state(ref)
                    raise Rejected(f"record {ref} is {state or 'not here'}", f"record-{state or 'missing'}")
            for begin in range(0, len(gone), MOST):
                self._books.commit(release.KIND, {"refs": gone[begin : begin + MOST], "said": said}, by)
        self._wake()
        return gone


def _free(view: View) -> set[str]:
    spoken_for = release.WITH_CARD | release.GONE
    return {row["ref"] for row in view.rows("records") if row["state"] not in spoken_for}


def follow(books: Books, vault: Vault, frame: Frame) -> None:
    """After each frame: destroy what was released, release what the centre has taken away and is free now."""
    if frame.kind == release.KIND:
        try:
            vault.erase_biometrics(frame.data["refs"])
        except (OSError, KepingError) as exc:
            log.warning("the data of %d released records stay until the next start: %s", len(frame.data["refs"]), exc)
    elif frame.kind in AFTER:
        settle(books)


def settle(books: Books) -> None:
    """Release what the centre has taken away and of which no card is or may be; its job, if it has one, ends."""
    with books.transaction() as view:
        pending = view.rows(release.TABLE)
        if not pending:
            return
        jobs = {job["ref"]: job for job in view.rows("jobs") if job.get("ref")}
        refs = []
        for ref in release.due(pending, view.read):
            job = jobs.get(ref)
            if job is not None and job["card"] is not None:
                continue
            if job is not None:
                begun = (JobState(job["state"]), JobEvent.CANCEL) not in TRANSITIONS
                why = Why.ABORTED_BY_SYSTEM if begun else Why.JOB_CANCELED
                books.commit("job-ended", {**given_up(job, why), "ref": ref}, CENTRE)
            refs.append(ref)
        if refs:
            books.commit(release.KIND, {"refs": refs}, CENTRE)
