"""Limits of size and of names (docs/adr/0009-deviations-from-the-first-plan.md)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.docs.pages import ROOT, files

FILE_LINES = 300
FUNCTION_LINES = 40
FILES_APART = {"drivers/protocols.py": 200}
SAYS_NOTHING = frozenset({"utils", "util", "helpers", "helper", "manager", "base", "common", "misc"})


def measured() -> list[Path]:
    """Program, benchmarks, and what tests share; a suite of tests may be longer: nobody reads it from end to end."""
    shared = [path for path in files(".py", under="tests") if not path.name.startswith("test_")]
    return [*(path for under in ("kiosk", "drivers", "benchmarks") for path in files(".py", under=under)), *shared]


def too_long(source: str, limit: int) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or 0) - node.lineno + 1
            if lines > limit:
                yield f"{node.name}: {lines}"


def test_files() -> None:
    found = {}
    for path in measured():
        name, lines = path.relative_to(ROOT).as_posix(), len(path.read_text(encoding="utf-8").splitlines())
        if lines > FILES_APART.get(name, FILE_LINES):
            found[name] = lines
    assert found == {}


def test_functions() -> None:
    found = {
        f"{path.relative_to(ROOT)} {name}"
        for path in measured()
        for name in too_long(path.read_text(encoding="utf-8"), FUNCTION_LINES)
    }
    assert found == set()


def test_names_say_something() -> None:
    assert {path for path in files(".py") if path.stem in SAYS_NOTHING} == set()


def test_decisions_state_the_figures() -> None:
    """Who raises a limit writes it down."""
    text = (ROOT / "docs" / "adr" / "0009-deviations-from-the-first-plan.md").read_text(encoding="utf-8")
    figures = [f"up to {FILE_LINES} lines", f"up to {FUNCTION_LINES}", *(str(each) for each in FILES_APART.values())]
    assert [figure for figure in figures if figure not in text] == []


def test_a_long_function_would_be_found() -> None:
    body = "\n".join("    x = 1" for _ in range(FUNCTION_LINES))
    assert list(too_long(f"def long():\n{body}\n", FUNCTION_LINES)) == ["long: 41"]
    assert list(too_long(f"def fits():\n{body[10:]}\n", FUNCTION_LINES)) == []
