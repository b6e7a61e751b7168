"""What this station may still do without the centre, and the supervisor's word that it may do more."""

from __future__ import annotations

import logging
import threading
from bisect import bisect_right, insort
from collections.abc import Callable
from typing import Any

from kiosk.books import Books
from kiosk.config import HubConfig
from kiosk.core import authority as rules
from kiosk.core.authority import Caps, Grant, Left, LiftReason, Mark
from kiosk.core.frames import Frame, parse_link, parse_record
from kiosk.errors import Rejected, UsageError
from kiosk.worker.halt import Halt

log = logging.getLogger(__name__)

READ_BYTES = 1 << 20
COUNTED = (b'"step":"feed"', b'"k":"limit-lifted"')
"""One of these is in each line that counts: the others need not be parsed."""


class Authority:
    """Thread-safe. Nothing of it is kept: it follows from the frames that the centre has not confirmed.

    `acknowledged`: the newest frame that it has, on whichever way. `wake` is called after a lift.
    """

    def __init__(
        self, books: Books, acknowledged: Callable[[], int], config: HubConfig, wake: Callable[[], None]
    ) -> None:
        self._books = books
        self._acknowledged = acknowledged
        self.caps = Caps(config.offline_cards, config.offline_days)
        self._wake = wake
        self._lock = threading.Lock()
        self._lifting = threading.Lock()
        self._read = False
        self._from = self._through = 0
        self._drawn: list[int] = []
        self._lifts: list[Grant] = []
        self._confirmed: tuple[int, Mark] | None = None
        self.commands: dict[str, Callable[..., Any]] = {"sync.lift": self.lift}

    def follow(self, frame: Frame) -> None:
        """After each commit, in whatever order threads tell of theirs."""
        if frame.kind == rules.KIND or rules.draws(frame):
            with self._lock:
                if self._read and frame.seq > self._through:
                    self._count(frame)

    @property
    def left(self) -> Left:
        """Reads a frame after a receipt, and once all that the centre has not confirmed: 0.3 s for a month of it."""
        clock, reading = self._books.clock, self._books.time
        now, contact, after = clock.now(), clock.contact, self._acknowledged()
        with self._lock:
            self._catch_up(after)
            heard = [rules.mark_of_contact(contact)] if contact else []
            base, drawn = Grant(after, [self._written_at(after), *heard], *self.caps), self._drawn
            grants = [base, *(lift for lift in self._lifts if lift.seq > after)]
            return rules.left(
                self.caps, grants, lambda seq: len(drawn) - bisect_right(drawn, seq),
                Mark(reading.time_ms, now.boot, now.monotonic_ms),
            )  # fmt: skip

    def barred(self) -> Halt | None:
        """Why no new card may be begun; the one in the machine is finished all the same."""
        left = self.left
        if not left.reached:
            return None
        which = f"{self.caps.cards} cards" if not left.cards else f"{self.caps.days} days"
        return Halt(
            f"{which} without the centre, and whatever a supervisor allowed besides, are over: reach the centre, "
            "bring its answer on a stick, or have a supervisor allow more (keping sync lift)",
            frozenset({"offline-limit"}),
        )  # fmt: skip

    def lift(self, by: str, reason: str, cards: int = 0, days: int = 0) -> dict[str, int]:
        """From now on so many more cards and days, until the centre has the frame that says so. Returns what is left.

        Rejected `limit-far` where so much is left without it: what is tapped twice is granted once.
        """
        if reason not in set(LiftReason):
            raise UsageError(f"reason {reason!r} is not one of {', '.join(LiftReason)}")
        _within("cards", cards, self.caps.cards)
        _within("days", days, self.caps.days)
        if not (cards or days):
            raise UsageError("say how many more cards, or days, or both")
        with self._lifting:  # of two who tap in the same moment the second finds what the first was granted
            left = self.left
            if cards <= left.cards and days * rules.DAY_MS <= left.ms:
                raise Rejected(f"{left.cards} cards and {left.days} days are left without it", "limit-far")
            self._books.commit(rules.KIND, {"reason": reason, "more_cards": cards, "more_days": days}, by)
            with self._lock:
                self._read = False  # where nobody tells of commits, as in a command, it is found by reading
        log.warning("limit lifted by=%s reason=%s cards=%d days=%d", by, reason, cards, days)
        self._wake()
        return self.status

    @property
    def status(self) -> dict[str, int]:
        """For a command: `cards_left`, `days_left` (whole ones)."""
        left = self.left
        return {"cards_left": left.cards, "days_left": left.days}

    def _catch_up(self, after: int) -> None:
        """From the frame `after` on, or an earlier one. What was counted is not forgotten (a number for each card
        since the start): printing must not wait for all to be read again where a centre lost what it had."""
        if not self._read:
            self._drawn, self._lifts, self._from, self._read = [], [], after, True
            self._through = self._count_lines(after)
        elif after < self._from:
            self._count_lines(after, self._from)
            self._from = after

    def _count_lines(self, after: int, until: int | None = None) -> int:
        """Those behind `after`, to `until` or the newest; the number of the last one."""
        while after != until and (lines := self._books.lines_after(after, READ_BYTES)):
            wanted = lines if until is None else lines[: until - after]
            for line in wanted:
                if any(word in line for word in COUNTED):
                    self._take(line)
            after += len(wanted)
        return after

    def _take(self, line: bytes) -> None:
        frame = _frame_of(line)
        if frame.kind == rules.KIND or rules.draws(frame):
            self._count(frame)

    def _count(self, frame: Frame) -> None:
        if frame.kind == rules.KIND:
            insort(self._lifts, rules.grant_of(frame), key=lambda grant: grant.seq)
        else:
            insort(self._drawn, frame.seq)

    def _written_at(self, after: int) -> Mark:
        """The frame that the centre has; before its first receipt, the journal's first, which is the enrolment."""
        if self._confirmed is None or self._confirmed[0] != after:
            line = self._books.lines_after(max(1, after) - 1, 1)[0]
            self._confirmed = after, rules.mark_of(_frame_of(line).stamp)
        return self._confirmed[1]


def _frame_of(line: bytes) -> Frame:
    link = parse_link(line)
    return parse_record(link.record, link.head)


def _within(name: str, value: object, most: int) -> None:
    if type(value) is not int or not 0 <= value <= most:
        raise UsageError(f"{name}: a whole number from 0 to {most}, which the config allows without the centre")
