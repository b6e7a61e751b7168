"""The threat model's tests are there, and no threat stands without one."""

from __future__ import annotations

import ast
import re

from tests.docs.pages import ROOT

PAGE = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
WANTED = ("Promised:", "Not promised:", TEST.pattern)
THREATS = (
    "A thief with the box", "A curious operator", "A forged centre", "An evil stick", "A hostile page in another tab",
    "A bent supervisor",
)  # fmt: skip


def missing(page: str) -> list[str]:
    """Tests that are named and not there."""
    gone = []
    for path, name in TEST.findall(page):
        file = ROOT / path
        tree = ast.parse(file.read_text(encoding="utf-8")) if file.is_file() else ast.Module([], [])
        if name not in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}:
            gone.append(f"{path}::{name}")
    return gone


def unanswered(page: str) -> list[str]:
    """Threats of which promise, limit or test is missing."""
    sections = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL))
    return [
        threat for threat in THREATS
        if not all(re.search(wanted, sections.get(threat, "")) for wanted in WANTED)
    ]  # fmt: skip


def test_each_test_that_is_named_exists() -> None:
    assert len(TEST.findall(PAGE)) > 20
    assert missing(PAGE) == []
    assert missing("`tests/web/test_guard.py::test_none` `tests/none.py::test_x`") == [
        "tests/web/test_guard.py::test_none", "tests/none.py::test_x",
    ]  # fmt: skip


def test_each_threat_has_its_promise_its_limit_and_its_test() -> None:
    assert unanswered(PAGE) == []
    assert unanswered(PAGE.replace("Not promised:", "", 1)) == [THREATS[0]]
    assert unanswered(re.sub(r"- `tests/sync/test_stick.*", "", PAGE)) == ["An evil stick"]
