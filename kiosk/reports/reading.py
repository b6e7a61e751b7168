"""From the frames, read once and in order, to what a paper needs; memory holds one frame. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from kiosk.core import clock
from kiosk.core.clock import Certainty
from kiosk.core.frames import Frame
from kiosk.reports.paper import Paper, Stretch
from kiosk.reports.period import Period


@dataclass
class _Read:
    """Of one journal. `first`: the first frame of the period."""

    station: str
    incarnation: str
    first: int | None = None
    last: Frame | None = None


class Basis:
    """What was read of each journal, and whether its times are to be believed."""

    def __init__(self, period: Period) -> None:
        self._period = period
        self._newest = _Read("", "")
        self._journals: list[_Read] = []
        self._doubtful = False
        self.doubted = False
        """A frame of the period bears the time of a clock that the books doubt."""

    def take(self, frame: Frame, inside: bool) -> None:
        if frame.kind == "genesis":
            self._begin(frame)
        elif frame.kind == clock.KIND:
            self._doubtful = frame.data["state"] != Certainty.SURE
        self.doubted |= inside and self._doubtful
        self._newest.last = frame
        if inside and self._newest.first is None:
            self._newest.first = frame.seq

    def _begin(self, frame: Frame) -> None:
        self._newest = _Read(str(frame.data["station"]), str(frame.data["incarnation"]))
        self._journals.append(self._newest)

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        """Those that have frames in the period, and the last one that was read."""
        return tuple(
            Stretch(each.station, each.incarnation, each.first or each.last.seq + 1, each.last.seq, each.last.head,
                    self._period.at(each.last.stamp.time_ms))
            for each in self._journals if each.last and (each.first or each is self._newest)
        )  # fmt: skip

    @property
    def notes(self) -> tuple[str, ...]:
        if not self.doubted:
            return ()
        return ("Jam stasiun diragukan pada sebagian masa ini: tanggal di kertas ini adalah yang tercatat.",)


class Report(Protocol):
    """What one paper remembers of the frames. `inside`: the frame is of the period, not of the time before it."""

    def take(self, frame: Frame, inside: bool) -> None: ...

    def paper(self, period: Period, basis: Basis) -> Paper: ...


def read(frames: Iterable[Frame], period: Period, reports: Iterable[Report]) -> Basis:
    """Give each report every frame up to the end of the period. Recorded time never goes back within a journal."""
    basis, takers, inside = Basis(period), list(reports), False
    begin, end = period.begin_ms, period.end_ms
    for frame in frames:
        if frame.stamp.time_ms >= end:
            break
        inside = inside or frame.stamp.time_ms >= begin
        basis.take(frame, inside)
        for taker in takers:
            taker.take(frame, inside)
    return basis
