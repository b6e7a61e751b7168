"""What was played is kept for the same code, and for no other."""

from __future__ import annotations

from pathlib import Path

from tests.matrix.cell import Outcome
from tests.matrix.kept import Kept
from tests.matrix.points import Cell, Point

CELL = Cell(Point("commit", 3, "written"), "at feed", power=True, fault=False)
OUTCOME = Outcome(step="feed", asked=1, faults=["wni spoiled: books 0, world 1"])


def test_a_run_that_was_broken_off_finds_what_it_played(tmp_path: Path) -> None:
    Kept(tmp_path / "var" / "matrix.jsonl", "a").add(CELL, OUTCOME)
    assert Kept(tmp_path / "var" / "matrix.jsonl", "a").outcomes == {str(CELL): OUTCOME}


def test_other_code_begins_anew(tmp_path: Path) -> None:
    Kept(tmp_path / "matrix.jsonl", "a").add(CELL, OUTCOME)
    assert Kept(tmp_path / "matrix.jsonl", "b").outcomes == {}
    assert Kept(tmp_path / "matrix.jsonl", "a").outcomes == {}
