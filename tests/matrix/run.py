"""All cells, or a sample of them: what went wrong, and how often a person had to be asked."""

from __future__ import annotations

import multiprocessing
import os
import random
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from tests.matrix.cell import Life, Outcome, Template
from tests.matrix.child import Nursery
from tests.matrix.points import SEED, Cell, Course

BESIDE = 3
"""Cells played at a time on each processor: most of one is waiting for a device that does not answer."""


@dataclass
class Tally:
    """`asked`, `cells`: those without a jam before, by (step at the kill, variant, whether the printer's power went
    too). `missed`: whose point this life did not pass, as the station looked at the printer fewer times. `total`: of
    the others."""

    cells: Counter[tuple[str, str, bool]] = field(default_factory=Counter)
    asked: Counter[tuple[str, str, bool]] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    missed: int = 0
    total: int = 0

    def add(self, cell: Cell, outcome: Outcome) -> None:
        self.faults += [f"{cell}: {fault}" for fault in outcome.faults]
        if not outcome.reached:
            self.missed += 1
            return
        key = (outcome.step or "between", cell.variant, cell.power)
        if not cell.fault:  # a jam is asked about in any case
            self.asked[key] += bool(outcome.asked)
        self.cells[key] += not cell.fault
        self.total += 1


def undisturbed() -> Course:
    """What a life is made of. AssertionError if one that nobody disturbs goes wrong."""
    outcome = _one(None)
    assert outcome.course is not None, outcome.faults
    assert not outcome.faults, outcome.faults
    return outcome.course


def sample(course: Course, count: int, seed: int = SEED) -> list[Cell]:
    cells = list(course.cells())
    return random.Random(seed).sample(cells, min(count, len(cells)))  # to be found again


def play(cells: Iterable[Cell], *, retry: bool = False) -> Iterator[tuple[Cell, Outcome]]:
    """Each cell's outcome as it comes. `retry`: with stations that reconcile nothing."""
    with multiprocessing.get_context("spawn").Pool(BESIDE * (os.cpu_count() or 1)) as pool:
        yield from pool.imap_unordered(_Played(retry), cells)
        pool.close()
        pool.join()


@dataclass(frozen=True)
class _Played:
    retry: bool

    def __call__(self, cell: Cell) -> tuple[Cell, Outcome]:
        return cell, _one(cell, self.retry)


@cache
def _stage() -> tuple[Template, Nursery, tempfile.TemporaryDirectory[str]]:
    """Of this process, for all its cells; the directory goes with it."""
    place, nursery = tempfile.TemporaryDirectory(prefix="matrix-"), Nursery()
    return Template(Path(place.name) / "template", nursery), nursery, place


def _one(cell: Cell | None, retry: bool = False) -> Outcome:
    template, nursery, place = _stage()
    with tempfile.TemporaryDirectory(dir=place.name) as own:
        return Life(template, nursery, Path(own), cell, retry).run()
