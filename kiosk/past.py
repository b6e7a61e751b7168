"""Questions that reach further back than the view: it is asked first, then the memory of the sealed segments.

Under the books' lock, as the view. Each answer takes well under a millisecond.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from kiosk.core import card_test
from kiosk.core.accounts import Account
from kiosk.core.change import ProjectionError
from kiosk.core.frames import Frame
from kiosk.core.once import Ever
from kiosk.core.release import RELEASED
from kiosk.core.verdicts import SpoilCause
from kiosk.errors import DamagedData
from kiosk.journal.once import Once
from kiosk.views import View

ISSUED = "issued"


class Past:
    """`view`: the one that the books follow."""

    def __init__(self, view: View, once: Once) -> None:
        self._view = view
        self._once = once

    def extend(self, older: Sequence[Path] = ()) -> None:
        """After an opening, with the journals before this one, and after each seal; see `Once.extend`."""
        self._once.extend(older)

    def consumer(self, uid: str) -> str | None:
        """The job that wrote the chip with this UID, ever."""
        known = self._view.read("chips", uid)
        return known["job"] if known else self._once.consumer(uid)

    def ended(self, uid: str) -> str | None:
        """The account where the card with this chip has ended, by the open and the last finished jobs.

        None if they do not know it; `hopper` where a person found another chip on the card that it was written to.
        """
        rows = [*self._view.rows("jobs"), *self._view.rows("finished"), *self._view.rows(card_test.TABLE)]
        rows.sort(key=lambda job: job.get("ended", math.inf))
        cards = [card for job in rows for card in job["cards"] if card["uid"] == uid]
        if not cards:
            return None
        return Account.HOPPER if cards[-1]["cause"] == SpoilCause.WRONG_CHIP else str(cards[-1]["end"])

    def state(self, ref: str) -> str | None:
        """Of a record, also where its card was handed over, or it was released, long ago. None: never taken in."""
        record = self._view.read("records", ref)
        if record is not None:
            return str(record["state"])
        if self._once.released(ref):  # perhaps after a card that was handed over and taken back
            return RELEASED
        return ISSUED if self._once.of_record(ref) else None

    def handed_over(self, ref: str) -> int | None:
        """The frame of its hand-over; None if no card of the record is in its holder's hand."""
        record = self._view.read("records", ref)
        if record is None:
            return self._once.of_record(ref)
        return record["handed_over"] if record["state"] == ISSUED else None

    def gone(self, refs: Iterable[str], until_ms: int) -> set[str]:
        """Those that have left the view and were handed over by `until_ms` (Unix): for good, so it needs no lock."""
        left = [ref for ref in refs if self._view.read("records", ref) is None]
        return self._once.handed_over_by(left, until_ms)

    def was_collected(self, job: str) -> bool:
        """The card that `job` made was handed over, at whatever time."""
        issued = self._view.rows("records", state=ISSUED)
        return any(record["issued"]["job"] == job for record in issued) or self._once.of_job(job) is not None

    def never_seen(self, refs: Iterable[str]) -> list[str]:
        """Those that no frame names."""
        unknown = [ref for ref in refs if self._view.read("records", ref) is None]
        known = self._once.handed_over(unknown)
        return [ref for ref in unknown if ref not in known]

    def must_be_new(self, frame: Frame) -> None:
        """ProjectionError if the frame, about to be written, does what the view has forgotten that it was done."""
        self._once.must_be_new(frame, self._view.read)


def audited(frames: Iterable[Frame]) -> Iterator[Frame]:
    """Pass all frames of a journal on, from the first. DamagedData where what happens once happens again.

    Each is judged after its consumer, who refuses what is impossible in itself. Memory: 0.3 KB a card.
    """
    ever = Ever()
    for frame in frames:
        yield frame
        try:
            ever.take(frame)
        except ProjectionError as exc:
            raise DamagedData(f"frame {frame.seq} ({frame.kind}): {exc}") from exc
