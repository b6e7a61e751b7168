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
