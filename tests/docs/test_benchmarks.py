"""What is run seldom still fits what it measures."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

BENCHMARKS = sorted(path.stem for path in (Path(__file__).parents[2] / "benchmarks").glob("[a-z]*.py"))


@pytest.mark.parametrize("name", BENCHMARKS)
def test_it_can_be_begun(name: str) -> None:
    importlib.import_module(f"benchmarks.{name}")
