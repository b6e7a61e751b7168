"""When a frame was written that bears a time of a doubtful clock. Pure.

The proof is in the journal: a `clock` frame says what the centre's time was at one monotonic moment of a boot, and
every frame of that boot lies a known while before or after it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from kiosk.core.clock import SKEW_MS, Certainty
from kiosk.core.frames import Frame


class Dated(NamedTuple):
    """Milliseconds since 1970 UTC, both ends included; `latest_ms` None: nothing says yet. Equal: it is known."""

    earliest_ms: int
    latest_ms: int | None

    @property
    def exact(self) -> bool:
        return self.earliest_ms == self.latest_ms


def date_of(frame: Frame, clocks: Sequence[Frame]) -> Dated:
    """`clocks`: all `clock` frames of the journal that the frame is in, oldest first."""
    at = bisect_right([each.seq for each in clocks], frame.seq)
    before, after = clocks[:at], clocks[at:]
    recorded, told = frame.stamp.time_ms, _told(frame, before, after)
    sure = not before or before[-1].data["state"] == Certainty.SURE
    if told is not None and not (sure and abs(told - recorded) <= SKEW_MS):
        return Dated(told, told)
    if sure:
        return Dated(recorded, recorded)
    return Dated(_earliest(frame, before), _latest(after))


def _told(frame: Frame, before: Sequence[Frame], after: Sequence[Frame]) -> int | None:
    """By the centre in the same boot: the first time after the frame, else the last before it."""
    for proof in [*after, *reversed(before)]:
        centre_ms = _centre_ms(proof)
        if centre_ms is not None and proof.stamp.boot == frame.stamp.boot:
            told_ms: int = centre_ms + frame.stamp.monotonic_ms - proof.stamp.monotonic_ms
            return told_ms
    return None


def _earliest(frame: Frame, before: Sequence[Frame]) -> int:
    """What it bears is a lower bound, unless frames bore a time that was not reached yet."""
    recorded = frame.stamp.time_ms
    for last in reversed(before):
        centre_ms = _centre_ms(last)
        if centre_ms is not None:
            return min(centre_ms, recorded) if last.data["state"] == Certainty.AHEAD else recorded
    return recorded


def _latest(after: Sequence[Frame]) -> int | None:
    """The next time that is known: the centre's, or that of a clock that was set right."""
    for known in after:
        if known.data["state"] != Certainty.DOUBTFUL:
            centre_ms = _centre_ms(known)
            return known.stamp.time_ms if centre_ms is None else centre_ms
    return None


def _centre_ms(clock: Frame) -> int | None:
    told: int | None = clock.data.get("centre_ms")
    return told
