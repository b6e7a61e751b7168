"""A seeded sample of the crash matrix; `make matrix` plays it all and writes docs/crash-matrix.md."""

from __future__ import annotations

import pytest

from tests.conftest import Measured
from tests.matrix.run import Tally, play, sample, undisturbed
from tests.matrix.table import control_cells

pytestmark = [pytest.mark.rig, pytest.mark.timeout(300)]

CELLS, CONTROLS = 12, 1


def test_a_sample_of_the_matrix(measured: Measured) -> None:
    course, tally = undisturbed(), Tally()
    assert sum(1 for _ in course.cells()) >= 2_000
    for cell, outcome in play(sample(course, CELLS)):
        tally.add(cell, outcome)
    measured(f"crash matrix: {tally.total} cells, asked in {sum(tally.asked.values())}, {len(tally.faults)} faults")
    assert tally.faults == []
    assert tally.total > CELLS * 0.9


def test_a_station_that_does_again_what_is_in_doubt_is_seen_through() -> None:
    """The negative control: it prints over what was printed."""
    faults = [
        fault for _, outcome in play(control_cells(undisturbed(), CONTROLS), retry=True) for fault in outcome.faults
    ]
    assert any("printed twice" in fault for fault in faults), faults
