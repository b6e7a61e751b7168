"""What time it is, from clocks of which none is to be trusted alone. Pure; all times in milliseconds.

The machine's clock may wake in any year. What is known besides: time does not go below what was recorded, `monotonic`
runs on within one boot, and the centre says the time with each answer (docs/adr/0038-the-clock.md).
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from kiosk.core.change import Change, Document, ProjectionError, Read
from kiosk.core.frames import Frame, Stamp

KIND = "clock"
SKEW_MS = 60_000
"""The centre's Date is to the second and an answer takes some: up to here the machine's own clock is as good."""
LONGEST_OFF_MS = 5 * 365 * 86_400_000
"""No station is switched off for longer: beyond, a clock was set wrongly, or its counter ran over."""


class Certainty(StrEnum):
    SURE = "sure"
    DOUBTFUL = "doubtful"
    AHEAD = "ahead"
    """The time is known, and frames bear a later one: recorded time waits there until it is reached."""


class Moment(NamedTuple):
    """One look at the machine's clocks: wall clock (since 1970 UTC), boot id, monotonic within that boot."""

    wall_ms: int
    boot: str
    monotonic_ms: int


class Contact(NamedTuple):
    """The centre said that it was `centre_ms` when the machine's clocks showed `at`."""

    centre_ms: int
    at: Moment


class Reading(NamedTuple):
    """`time_ms`: what a frame written now bears. `truth_ms`: the best known time, None while in doubt.

    `by_centre`: the centre has spoken in this boot. `machine_ms`: what the machine's clock shows. `heard_ms`, in
    doubt: the last time that the centre said, in another boot; None: never.
    """

    time_ms: int
    certainty: Certainty
    truth_ms: int | None
    by_centre: bool
    machine_ms: int
    heard_ms: int | None = None

    def known_s(self, *, by_centre: bool) -> float | None:
        """Unix seconds, for what can't be undone. None in doubt, and where the centre must say it and has not."""
        return None if self.truth_ms is None or (by_centre and not self.by_centre) else self.truth_ms / 1000

    @property
    def trouble(self) -> str:
        """What a person must be told of the clock: "", `doubtful`, `ahead` or `wrong` (and the time is known)."""
        if self.certainty is not Certainty.SURE:
            return self.certainty.value
        return "wrong" if self.skew_ms else ""

    @property
    def best_ms(self) -> int:
        """The best known time; in doubt a guess, not below the last frame."""
        return self.time_ms if self.truth_ms is None else self.truth_ms

    @property
    def skew_ms(self) -> int:
        """How far the machine's clock is ahead of the best known time; 0 while that is within `SKEW_MS`."""
        skew = self.machine_ms - self.best_ms
        return skew if abs(skew) > SKEW_MS else 0


def runs_on(now: Moment, newest: Stamp, contact: Contact | None, noted: Document | None) -> bool:
    """Nearly always: since the last frame, in this boot, the wall clock went on with the monotonic one, and the
    centre knows no better. Then `read_clock` gives the wall's time, surely, and `note_of` None."""
    wall_ms, boot, monotonic_ms = now
    last_ms, last_boot, last_monotonic_ms, _ = newest
    since = monotonic_ms - last_monotonic_ms
    if last_boot != boot or since < 0 or not last_ms:
        return False
    if noted and not (noted["state"] == Certainty.SURE and noted.get("proved")):
        return False
    if contact and (contact.at.boot != boot or abs(_told(now, contact) - wall_ms) > SKEW_MS):
        return False
    return -SKEW_MS <= wall_ms - last_ms - since <= SKEW_MS


def _told(now: Moment, contact: Contact) -> int:
    return _since(contact.centre_ms, contact.at.boot, contact.at.monotonic_ms, now)


def read_clock(now: Moment, newest: Stamp, contact: Contact | None) -> Reading:
    """`newest`: of the last frame (time 0: there is none), `contact`: the last one, of this boot or an earlier."""
    least = _since(newest.time_ms, newest.boot, newest.monotonic_ms, now)
    if contact and contact.at.boot == now.boot:
        told = _told(now, contact)
        truth = now.wall_ms if abs(now.wall_ms - told) <= SKEW_MS else told
        ahead = truth < newest.time_ms - SKEW_MS
        time_ms = max(truth, newest.time_ms)
        return Reading(time_ms, Certainty.AHEAD if ahead else Certainty.SURE, truth, True, now.wall_ms)
    if contact:
        least = max(least, contact.centre_ms)
    possible = _possible(now, least, contact) if newest.time_ms else [now.wall_ms]
    if possible == [now.wall_ms]:
        return Reading(max(now.wall_ms, newest.time_ms), Certainty.SURE, now.wall_ms, False, now.wall_ms)
    return Reading(
        max([least, *possible[:1]]), Certainty.DOUBTFUL, None, False, now.wall_ms, contact and contact.centre_ms
    )


def _since(time_ms: int, boot: str, monotonic_ms: int, now: Moment) -> int:
    """How late it is at least. Of another boot nothing is known: the books may have come from another machine."""
    return time_ms + max(0, now.monotonic_ms - monotonic_ms) if boot == now.boot else time_ms


def _possible(now: Moment, least: int, contact: Contact | None) -> list[int]:
    """Earliest first. A clock that was wrong when the centre last spoke is so still, or was set since."""
    offset = contact.centre_ms - contact.at.wall_ms if contact else 0
    says = sorted((now.wall_ms, now.wall_ms + offset)) if abs(offset) > SKEW_MS else (now.wall_ms,)
    return [each for each in says if least - SKEW_MS <= each <= least + LONGEST_OFF_MS]


def note_of(reading: Reading, now: Moment, newest: Stamp, noted: Document | None) -> Document | None:
    """The body of the frame that must be written before the next one, None if the clock is as the books have it."""
    if not newest.time_ms or (_as_noted(reading, now, noted) and not _stepped(reading, now, newest)):
        return None
    body: Document = {"state": reading.certainty.value, "machine_ms": reading.machine_ms}
    if reading.by_centre:
        return body | {"centre_ms": reading.truth_ms}
    return body if reading.heard_ms is None else body | {"heard_ms": reading.heard_ms}


def _as_noted(reading: Reading, now: Moment, noted: Document | None) -> bool:
    """After a doubt the centre's word is noted once, even of a clock that was set right before: only it is proof."""
    if noted is None:
        return reading.certainty is Certainty.SURE
    if reading.by_centre and not noted.get("proved"):
        return False
    same_boot: bool = noted["boot"] == now.boot
    return reading.certainty.value == noted["state"] and (same_boot or reading.certainty is not Certainty.AHEAD)


def _stepped(reading: Reading, now: Moment, newest: Stamp) -> bool:
    """Within one boot, so that frames before it in this boot bear a time that was wrong."""
    least = _since(newest.time_ms, newest.boot, newest.monotonic_ms, now)
    return reading.certainty is Certainty.SURE and newest.boot == now.boot and reading.time_ms - least > SKEW_MS


def noted(frame: Frame, read: Read) -> list[Change]:
    """The projection of a frame of kind `clock`."""
    try:
        state = Certainty(frame.data["state"])
    except ValueError:
        raise ProjectionError(f"unknown state of the clock {frame.data['state']!r}, upgrade first") from None
    return [
        Change(KIND, "self", {"state": state.value, "boot": frame.stamp.boot, "proved": "centre_ms" in frame.data})
    ]
