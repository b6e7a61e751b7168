"""What the text points to is there: links, anchors, paths in pages and in docstrings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, files

PAGES = sorted(files(".md"))
LINK = re.compile(r"\]\(([^)\s]+)\)")
PATH = re.compile(r"(?<![\w/.-])((?:kiosk|drivers|tests|docs|templates|packaging|\.ci)/[\w./-]*\w)(?![\w<*/-])")


IN_WHEEL = "kiosk/_data"  # there lies what a checkout has at its top, and
INTO_WHEEL = re.compile(r'^"(.+)" = "kiosk/_data/(.+)"$', re.MULTILINE)  # what pyproject.toml puts there
PCSCD_OWN = frozenset({"drivers/serial"})  # a folder of pcscd's, of the same first name


def slug(heading: str) -> str:
    """The anchor that a forge gives a heading."""
    return re.sub(r"[^\w -]", "", heading.strip().lower()).replace(" ", "-")


def anchors(text: str) -> set[str]:
    return {slug(heading) for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}


def broken_links(path: Path, text: str) -> Iterator[str]:
    for target in LINK.findall(re.sub(r"^    .*$", "", text, flags=re.MULTILINE)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        found = (path.parent / name).resolve() if name else path
        if not found.exists() or (anchor and anchor not in anchors(found.read_text(encoding="utf-8"))):
            yield target


def missing_paths(text: str) -> Iterator[str]:
    """Paths of this tree that are written in `text` and do not exist; `<family>` and `*` stand for any name."""
    put = {f"{IN_WHEEL}/{there}": here for here, there in INTO_WHEEL.findall(text)}
    for name in (put.get(found, found) for found in PATH.findall(text)):
        if name not in PCSCD_OWN and not (ROOT / name.removeprefix(IN_WHEEL).lstrip("/")).exists():
            yield name


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_and_paths_of_a_page(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert list(broken_links(path, text)) == []
    assert list(missing_paths(text)) == []


def test_paths_in_code_and_configuration() -> None:
    sources = [*files(".py", under="kiosk"), *files(".py", under="drivers"),
               *files(".yaml", ".toml", ".sh"), ROOT / "Makefile"]  # fmt: skip
    missing = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in sources
        for name in missing_paths(path.read_text(encoding="utf-8"))
    }
    assert missing == set()


def test_code_names_no_page_that_is_not_in_docs() -> None:
    """`printers.md 6` in a docstring is of no use to a reader who has no printers.md."""
    known = {path.name for path in PAGES}
    named = {
        f"{path.relative_to(ROOT)}: {name}"
        for folder in ("kiosk", "drivers")
        for path in files(".py", under=folder)
        for name in re.findall(r"[\w-]+\.md\b", path.read_text(encoding="utf-8"))
        if name not in known
    }
    assert named == set()


def test_every_page_is_linked_from_another() -> None:
    linked = {
        (path.parent / target.partition("#")[0]).resolve()
        for path in PAGES
        for target in LINK.findall(path.read_text(encoding="utf-8"))
        if not re.match(r"[a-z]+:", target) and not target.startswith("#")
    }
    entrances = {ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"}
    decisions = {path for path in PAGES if path.parent.name == "adr"}
    assert {path for path in PAGES if path not in linked | entrances | decisions} == set()


def test_broken_ones_would_be_found() -> None:
    here = ROOT / "docs" / "design.md"
    text = "[a](nowhere.md) [b](#no-heading) [c](vocabulary.md#accounts) [d](https://example.org) `kiosk/gone.py`"
    assert list(broken_links(here, text)) == ["nowhere.md", "#no-heading"]
    assert list(missing_paths(text)) == ["kiosk/gone.py"]
    assert list(missing_paths("`drivers/printers/<family>.py`, `tests/golden/`, `vault/<ref>.head`")) == []
