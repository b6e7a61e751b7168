"""All cells, or a sample of them: what went wrong, and how often a person had to be asked."""

from __future__ import annotations

import multiprocessing
import os
import random
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from tests.matrix.cell import Life, Outcome, Template
from tests.matrix.child import Nursery
from tests.matrix.points import SEED, Cell, Course

BESIDE = 3
"""Cells played at a time on each processor: most of one is waiting for a device that does not answer."""
CELLS_EACH = 4
"""A process, with the nursery that it needs, costs as much as some cells: for fewer there is none."""


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


@cache
def undisturbed() -> Course:
    """What a life is made of. AssertionError if one that nobody disturbs goes wrong."""
    outcome = _one(None)
    assert outcome.course is not None, outcome.faults
    assert not outcome.faults, outcome.faults
    return outcome.course


def sample(course: Course, count: int, seed: int = SEED) -> list[Cell]:
    cells = list(course.cells())
    return random.Random(seed).sample(cells, min(count, len(cells)))  # to be found again


def play(cells: Sequence[Cell], *, retry: bool = False) -> Iterator[tuple[Cell, Outcome]]:
    """Each cell's outcome as it comes. `retry`: with stations that reconcile nothing."""
    beside = min(BESIDE * (os.cpu_count() or 1), len(cells) // CELLS_EACH)
    if beside < 2:
        yield from map(_Played(retry), cells)
        return
    spawning = multiprocessing.get_context("spawn")
    with spawning.Pool(beside, _share, (_stage().template.directory,)) as pool:
        yield from pool.imap_unordered(_Played(retry), cells)
        pool.close()
        pool.join()


@dataclass(frozen=True)
class _Played:
    retry: bool

    def __call__(self, cell: Cell) -> tuple[Cell, Outcome]:
        return cell, _one(cell, self.retry)


class Stage:
    """Of one process, for all its cells; the directory goes with it. `template`: of the process that shares it."""

    def __init__(self, template: Path | None = None) -> None:
        self.place, self.nursery = tempfile.TemporaryDirectory(prefix="matrix-"), Nursery()
        self.template = Template(template or Path(self.place.name) / "template")
        if template is None:
            self.template.make(self.nursery)


_shared: list[Path] = []


def _share(template: Path) -> None:
    _shared.append(template)


@cache
def _stage() -> Stage:
    return Stage(*_shared)


def _one(cell: Cell | None, retry: bool = False) -> Outcome:
    stage = _stage()
    with tempfile.TemporaryDirectory(dir=stage.place.name) as own:
        return Life(stage.template, stage.nursery, Path(own), cell, retry).run()
