"""What is pinned to be installed is what the project says that it needs."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PINNED = re.compile(r"^(?P<name>[a-z0-9.-]+)==(?P<version>[^ ;]+)", re.MULTILINE)
SAID = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(\[[^]]*\])?==(?P<version>[^ ;]+)")


def pinned(*files: str) -> dict[str, str]:
    texts = [(ROOT / "packaging" / "requirements" / file).read_text(encoding="utf-8") for file in files]
    return {found["name"]: found["version"] for text in texts for found in PINNED.finditer(text)}


def said() -> dict[str, str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [
        *project["dependencies"],
        *(line for extra in project["optional-dependencies"].values() for line in extra),
    ]
    matches = [SAID.fullmatch(line.partition(";")[0].strip()) for line in lines]
    return {found["name"].lower().replace("_", "-"): found["version"] for found in matches if found}


def test_every_dependency_is_pinned_with_its_hashes() -> None:
    assert len(said()) > 10
    assert said().items() <= pinned("dev.txt", "pcsc.txt").items()


def blocks(file: str) -> dict[str, set[str]]:
    """The hashes of each pinned line."""
    text = (ROOT / "packaging" / "requirements" / file).read_text(encoding="utf-8")
    parts = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)
    return {part.split()[0]: set(re.findall(r"sha256:[0-9a-f]{64}", part)) for part in parts if part.strip()}


def test_a_station_gets_what_was_tested_and_no_more() -> None:
    """All that the project needs to run, the very files that the tests ran with, and none of the tools."""
    station, tested = blocks("station.txt"), blocks("dev.txt")
    assert all(station.values())
    assert station.items() <= tested.items()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = {found["name"].lower() for line in project["dependencies"] if (found := SAID.fullmatch(line))}
    assert len(needed) == len(project["dependencies"])
    assert needed <= pinned("station.txt").keys()
    assert not {"pytest", "ruff", "mypy", "playwright", "hatchling"} & pinned("station.txt").keys()
