"""docs/contract.md has a row for each clause and a mark for all that it runs on, both ways; none is red."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.docs import contract_page
from tests.docs.contract_page import PARTS, RED, VARIANTS, Clause, Notes, Recorder, render
from tests.docs.pages import ROOT, page, table


@pytest.fixture(scope="module")
def suites() -> dict[str, list[str]]:
    """From a process of its own: pytest does not run within pytest."""
    words = [sys.executable, "-m", "tests.docs.contract_page", "--clauses"]
    made = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    found: dict[str, list[str]] = json.loads(made.stdout)
    return found


def rows(text: str) -> dict[str, list[str]]:
    """By test: what its clause says, and every variant with a mark."""
    found = {}
    for parameter, part in PARTS.items():
        for name, said, *cells in table(text, part):
            marked = [variant for variant, cell in zip(VARIANTS[parameter], cells, strict=True) if cell != "-"]
            found[name] = [said, *sorted(marked)]
    return found


def test_the_rows_are_the_clauses(suites: dict[str, list[str]]) -> None:
    written = "write it again: python -m tests.docs.contract_page"
    assert rows(page("contract.md")) == suites, written


def test_nothing_is_red() -> None:
    assert RED not in page("contract.md")


@pytest.mark.parametrize("lost", ["card_printer: 06_feed_with_a_card_in_the_path", "evolis-tcp"])
def test_a_missing_one_would_be_found(suites: dict[str, list[str]], lost: str) -> None:
    """A clause that is gone from the page, and one that ran on less than it should."""
    text = page("contract.md")
    if lost in suites:
        text = "\n".join(line for line in text.splitlines() if lost not in line)
    else:
        text = text.replace(" green | green |", " green | - |", 1)
    assert rows(text) != suites


def test_marks() -> None:
    notes = Notes()
    assert notes.cell(None) == "-"
    assert notes.cell(["green", "green"]) == "green"
    assert notes.cell(["green", "no ribbon"]) == "green [1]"
    assert notes.cell(["no tray", "no ribbon"]) == "skipped [2], [1]"
    assert RED in notes.cell([])
    assert RED in notes.cell(["green", RED])


def test_a_clause_that_failed_is_red_on_the_page() -> None:
    recorder = Recorder()
    recorder.clauses["wire: x"] = Clause("wire: x", "It is.", "The wire", {"serial": [RED], "network": ["green"]})
    assert table(render(recorder), "The wire") == [["wire: x", "It is.", "**RED**", "green"]]
    assert contract_page.TARGET.name == "contract.md"
