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
    """Milliseconds since 1970 UTC, both ends included; 0 and None: nothing says yet. Equal: it is known."""

    earliest_ms: int
    latest_ms: int | None

    @property
    def exact(self) -> bool:
        return self.earliest_ms == self.latest_ms


def date_of(frame: Frame, clocks: Sequence[Frame]) -> Dated:
    """`clocks`: all `clock` frames of the journal that the frame is in, oldest first.

    Certain is what the centre said, and a time passed within one boot; bounds are made of nothing else. The machine's
    own clock is believed while it was not in doubt and nothing certain speaks against it.
    """
    at = bisect_right([each.seq for each in clocks], frame.seq)
    before, after = clocks[:at], clocks[at:]
    recorded, told = frame.stamp.time_ms, _told(frame, before, after)
    between = Dated(_earliest(frame, before), _latest(after)) if told is None else Dated(told, told)
    sure = not before or before[-1].data["state"] == Certainty.SURE
    return Dated(recorded, recorded) if sure and _possible(recorded, between) else between


def _possible(recorded_ms: int, between: Dated) -> bool:
    early = recorded_ms < between.earliest_ms - SKEW_MS
    return not early and (between.latest_ms is None or recorded_ms <= between.latest_ms + SKEW_MS)


def _told(frame: Frame, before: Sequence[Frame], after: Sequence[Frame]) -> int | None:
    """By the centre in the same boot: the first time after the frame, else the last before it."""
    for proof in [*after, *reversed(before)]:
        centre_ms = _centre_ms(proof)
        if centre_ms is not None and proof.stamp.boot == frame.stamp.boot:
            told_ms: int = centre_ms + frame.stamp.monotonic_ms - proof.stamp.monotonic_ms
            return told_ms
    return None


def _earliest(frame: Frame, before: Sequence[Frame]) -> int:
    """The last time that the centre had said, and what has passed since if that was looked at in this boot."""
    for last in reversed(before):
        said_ms: int | None = last.data.get("centre_ms", last.data.get("heard_ms"))
        if said_ms is not None:
            same_boot = last.stamp.boot == frame.stamp.boot
            return said_ms + (frame.stamp.monotonic_ms - last.stamp.monotonic_ms if same_boot else 0)
    return 0


def _latest(after: Sequence[Frame]) -> int | None:
    """The next time that the centre said. A clock that only looks as if it were set right again proves nothing."""
    return next((told for told in map(_centre_ms, after) if told is not None), None)


def _centre_ms(clock: Frame) -> int | None:
    told: int | None = clock.data.get("centre_ms")
    return told
