"""When in a card's life the station is killed, and how often the same life passes there."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from drivers.sim.odometer import Counting
from tests.matrix.nursery import MOMENTS

SEED = 2018
INSIDE = 20

VARIANTS = {
    "at feed": Counting(cards="feed"),
    "at panel start": Counting(cards="feed", panels="start"),
    "at first panel": Counting(cards="panel"),
    "at eject": Counting(cards="eject", panels="eject"),
    "NV lags": Counting(cards="feed", panels="start", lag=1),
    "NV lost": Counting(cards="feed", panels="end", lag=1_000),
}
"""When a printer counts, and how much of it is forgotten when its power goes."""

KINDS = ("commit", "command", "reply", "bytes", "apdu")


class Point(NamedTuple):
    """`number`: which commit from the job's creation on, which command, reply, byte or APDU from the feed on."""

    kind: str
    number: int
    moment: str

    def __str__(self) -> str:
        return f"{self.moment} {self.kind} {self.number}"


class Cell(NamedTuple):
    """`power`: of the printer, which goes in the same moment. `fault`: a card has jammed before, and was put back."""

    point: Point
    variant: str
    power: bool
    fault: bool

    def __str__(self) -> str:
        return f"{self.point}, {self.variant}{', power' if self.power else ''}{', after a jam' if self.fault else ''}"


@dataclass
class Course:
    """What one undisturbed life is made of: how many of each there are, and where in the bytes the panels lie."""

    commits: int = 0
    commands: int = 0
    replies: int = 0
    apdus: int = 0
    panels: list[tuple[int, int]] = field(default_factory=list)

    def points(self) -> Iterator[Point]:
        """Every commit, command, reply and APDU; within each panel the first byte, the last, and some between."""
        for commit in range(1, self.commits + 1):
            yield from (Point("commit", commit, moment) for moment in MOMENTS)
        yield from (Point("command", index, "received") for index in range(self.commands))
        yield from (Point("reply", index, moment) for index in range(self.replies) for moment in ("held", "sent"))
        yield from (Point("apdu", index, "begun") for index in range(self.apdus))
        rng = random.Random(SEED)  # seeded, to be found again
        for begin, end in self.panels:
            inside = range(begin + 2, end - 1)
            between = sorted(rng.sample(inside, min(INSIDE, len(inside))))
            yield from (Point("bytes", index, "after") for index in (begin + 1, *between, end - 1))

    def cells(self) -> Iterator[Cell]:
        for point in self.points():
            for variant in VARIANTS:
                for power in (False, True):
                    yield from (Cell(point, variant, power, fault) for fault in (False, True))
