"""How far a station may go on by itself: cards and days since the centre confirmed what it had written. Pure.

Both are counted from the frame that the centre has confirmed last, so a receipt that came on a stick is worth as much
as one that came over the line, and a restart, a power cut or a restored disk changes nothing
(docs/adr/0043-offline-authority.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from kiosk.core.change import Change, ProjectionError, Read
from kiosk.core.clock import Contact
from kiosk.core.frames import Frame, Stamp
from kiosk.core.plan import Step

KIND = "limit-lifted"
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
NEAR = 5
"""A limit is near when this part of it, or less, is left."""


class LiftReason(StrEnum):
    """Why a supervisor lets the station go on. A closed list: what a person writes freely may name somebody."""

    NO_LINE = "no-line"
    STICK_UNDER_WAY = "stick-under-way"
    CENTRE_SILENT = "centre-silent"
    OTHER = "other"


class Mark(NamedTuple):
    """One moment: the time that is known of it (Unix ms), the boot, and the monotonic ms within that."""

    time_ms: int
    boot: str
    monotonic_ms: int


class Caps(NamedTuple):
    cards: int
    days: int


class Grant(NamedTuple):
    """From the frame `seq` on so many `cards` and `days`. `at`: moments of which the latest is when it began."""

    seq: int
    at: Sequence[Mark]
    cards: int
    days: int


class Left(NamedTuple):
    """What may still be done without the centre. `near`: somebody must think of it now."""

    cards: int
    ms: int
    near: bool

    @property
    def reached(self) -> bool:
        """No card is begun any more."""
        return not (self.cards and self.ms)

    @property
    def hours(self) -> int:
        """Begun ones count as whole, so that there is none left only when the limit is reached."""
        return -(-self.ms // HOUR_MS)

    @property
    def days(self) -> int:
        return self.ms // DAY_MS


def mark_of(stamp: Stamp) -> Mark:
    return Mark(stamp.time_ms, stamp.boot, stamp.monotonic_ms)


def mark_of_contact(contact: Contact) -> Mark:
    return Mark(contact.centre_ms, contact.at.boot, contact.at.monotonic_ms)


def elapsed_ms(since: Iterable[Mark], now: Mark) -> int:
    """Since the latest of those moments; never more than is certain. `now.time_ms`: as a frame would bear it.

    Of this boot the monotonic clock tells it, whatever the machine's clock shows. Over boots the recorded time does,
    which in doubt stands still while the box is off, runs while it is on, and never goes back.
    """
    moments = list(since)
    here = [moment.monotonic_ms for moment in moments if moment.boot == now.boot]
    if here:
        return max(0, now.monotonic_ms - max(here))
    return max(0, now.time_ms - max(moment.time_ms for moment in moments))


def left(caps: Caps, grants: Iterable[Grant], drawn_since: Callable[[int], int], now: Mark) -> Left:
    """The most that one of the grants leaves: so a lift that is said twice counts once.

    `drawn_since`: how many cards the printer has drawn in after a frame.
    """
    rest = [
        (grant.cards - drawn_since(grant.seq), grant.days * DAY_MS - elapsed_ms(grant.at, now)) for grant in grants
    ]
    cards, ms = (max(0, *each) for each in zip(*rest, (0, 0), strict=True))
    return Left(cards, ms, cards * NEAR <= caps.cards or ms * NEAR <= caps.days * DAY_MS)


def draws(frame: Frame) -> bool:
    """A card was drawn in by the printer: it counts, whatever became of it."""
    outcome = frame.data.get("outcome", {})
    return frame.kind == "step" and outcome.get("step") == Step.FEED and outcome.get("result") == "done"


def lifted(frame: Frame, read: Read) -> list[Change]:
    """The projection of a frame of kind `limit-lifted`: nothing of it is live, for it ends with a receipt."""
    cards, days = frame.data["more_cards"], frame.data["more_days"]
    if min(cards, days) < 0 or not (cards or days) or frame.data["reason"] not in set(LiftReason):
        raise ProjectionError(f"a limit is lifted by cards or days, for one of {', '.join(LiftReason)}")
    return []


def grant_of(frame: Frame) -> Grant:
    """Of a frame of kind `limit-lifted`."""
    return Grant(frame.seq, [mark_of(frame.stamp)], frame.data["more_cards"], frame.data["more_days"])
