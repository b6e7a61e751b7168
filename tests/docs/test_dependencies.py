"""docs/dependencies.md lists what pyproject.toml asks for: reason, licence as installed, hashes."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, distribution

import pytest

from tests.docs.pages import ROOT, page, table

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ASKED = {
    "The program": PROJECT["dependencies"],
    "The chip reader": PROJECT["optional-dependencies"]["pcsc"],
    "Tests and tools": PROJECT["optional-dependencies"]["dev"],
}
LOCKS = {
    "The program": ("station.txt", "dev.txt"),
    "The chip reader": ("pcsc.txt",),
    "Tests and tools": ("dev.txt",),
}
PAGE = page("dependencies.md")
ROWS = [row for heading in ASKED for row in table(PAGE, heading)]


def licence(name: str) -> str:
    """The first of: the SPDX expression, one line in words, the classifier, the title of the text that came along."""
    package = distribution(name)
    told = package.metadata.get_all
    classifiers = [each for each in told("Classifier") or [] if each.startswith("License :: OSI Approved :: ")]
    in_words = next((line for line in (told("License") or [""])[0].splitlines() if len(line) < 100), "")
    files = [each for each in package.files or [] if each.name.startswith("LICENSE")]
    if said := (told("License-Expression") or [in_words])[0] or "".join(classifiers).rpartition(" :: ")[2]:
        return said
    return files[0].read_text(encoding="utf-8").strip().splitlines()[0].strip() if files else "none"


def pinned_with_hashes(requirement: str, lock: str) -> bool:
    name, _, version = re.sub(r"\[.*\]", "", requirement).lower().partition("==")
    text = (ROOT / "packaging" / "requirements" / lock).read_text(encoding="utf-8").lower()
    line = rf"^{re.escape(name)}(\[[a-z,]+\])?=={re.escape(version)}( ;[^\n]*)? \\\n +--hash=sha256:"
    return re.search(line, text, re.MULTILINE) is not None


@pytest.mark.parametrize("heading", ASKED)
def test_the_page_lists_what_is_asked_for_in_its_order(heading: str) -> None:
    rows = table(PAGE, heading)
    assert [row[0] for row in rows] == [each.partition("==")[0] for each in ASKED[heading]]
    assert [row for row in rows if len(row) != 3 or len(row[1]) < 4] == []


@pytest.mark.parametrize(("name", "said"), [(row[0], row[2]) for row in ROWS])
def test_the_licence_is_what_the_installed_package_says(name: str, said: str) -> None:
    try:
        installed = licence(name.partition("[")[0])
    except PackageNotFoundError:
        pytest.skip(f"{name} is not installed")
    assert said == installed


@pytest.mark.parametrize("heading", ASKED)
def test_each_is_pinned_with_its_hashes(heading: str) -> None:
    missing = [
        (each, lock) for each in ASKED[heading] for lock in LOCKS[heading] if not pinned_with_hashes(each, lock)
    ]
    assert missing == []
    assert not pinned_with_hashes("flask==0.0.0", "dev.txt")
