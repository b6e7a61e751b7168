"""Outcomes of cells that were played, kept while the code is the same: a run that is broken off goes on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.matrix.cell import Outcome
from tests.matrix.points import Cell

ROOT = Path(__file__).parents[2]
PLAYED = ("kiosk", "drivers", "tests/matrix")


def digest() -> str:
    """Of all code that a cell runs."""
    whole = hashlib.sha256()
    for path in sorted(path for folder in PLAYED for path in (ROOT / folder).rglob("*.py")):
        whole.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return whole.hexdigest()


class Kept:
    """At `path`, a line for each cell. What other code has left there is thrown away."""

    def __init__(self, path: Path, code: str) -> None:
        self._path = path
        self.outcomes = dict(self._read(code))
        path.parent.mkdir(parents=True, exist_ok=True)
        if not self.outcomes:
            path.write_text(json.dumps({"code": code}) + "\n")

    def _read(self, code: str) -> Iterator[tuple[str, Outcome]]:
        with suppress(FileNotFoundError):
            first, *lines = [json.loads(line) for line in self._path.read_text().splitlines()]
            if first == {"code": code}:
                yield from ((line.pop("cell"), _outcome(line)) for line in lines)

    def add(self, cell: Cell, outcome: Outcome) -> None:
        self.outcomes[str(cell)] = outcome
        said = {name: value for name, value in asdict(outcome).items() if name != "course"}
        with self._path.open("a") as file:
            file.write(json.dumps({"cell": str(cell), **said}) + "\n")


def _outcome(line: dict[str, Any]) -> Outcome:
    return Outcome(**line)
