"""docs/soak.md is what the kept figures say, and they are of a whole soak that went well; `make soak` writes both."""

from __future__ import annotations

from dataclasses import replace

from tests.soak.memory import Bar, stretches
from tests.soak.page import KEPT, PAGE, faults, load, render
from tests.soak.schedule import CALM, FULL, WHAT, Schedule


def test_the_page_is_that_of_the_figures() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(load(KEPT.read_text(encoding="utf-8"))), "make soak writes both"


def test_the_figures_are_of_a_run_that_was_whole_and_well() -> None:
    found = load(KEPT.read_text(encoding="utf-8"))
    assert faults(found) == []
    assert found.cards == FULL
    assert {kind: found.dealt[kind] for kind in WHAT} == Schedule(FULL).counts
    assert len(stretches(found.samples, Bar())) >= len(CALM)


def test_a_page_with_a_fault_says_so() -> None:
    found = replace(load(KEPT.read_text(encoding="utf-8")), faults=["wni printed: books 12, world 11"])
    assert "1 faults.**\n* wni printed" in render(found)
    assert "everything adds up" not in render(found)
