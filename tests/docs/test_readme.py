"""The commands that a stranger reads first are those that CI runs."""

from __future__ import annotations

import re

from tests.docs.pages import ROOT, commands

README = (ROOT / "README.md").read_text(encoding="utf-8")
RUN = re.compile(r"^run (.+)$", re.MULTILINE)


def made(text: str) -> list[str]:
    """What it has in an indented block for `make`."""
    return re.findall(r"^    (make [^#\n]*?)\s*(?:#.*)?$", text, re.MULTILINE)


def test_ci_runs_what_the_readme_names_and_nothing_else() -> None:
    named = commands(README, "Two commands")
    assert named[0].startswith("make demo")
    assert len(named) == 2
    assert RUN.findall((ROOT / ".ci" / "run").read_text(encoding="utf-8")) == named
    assert made(README) == named, "one that CI does not run stands elsewhere on the page"


def test_the_makefile_has_each_target_that_a_page_names() -> None:
    pages = [README, (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")]
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {target for text in pages for target in re.findall(r"(?:^    |`)make ([a-z-]+)", text, re.MULTILINE)}
    assert named - targets == set()
    assert targets - named == {"setup"}, "CONTRIBUTING.md does not say what it is for"


def test_a_block_is_read_as_a_shell_reads_it() -> None:
    text = "\n## A\n\nsays `x`\n\n    make a   # why\n    b --c \\\n        --d\n\n## B\n\n    e\n"
    assert commands(text, "A") == ["make a", "b --c --d"]
    assert commands(text, "B") == ["e"]
