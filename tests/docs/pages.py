"""The project's own text: where it is, and what its tables say."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
NOT_OURS = frozenset({".git", ".venv", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache",
                      ".import_linter_cache", ".hypothesis", "dist", "build", "var"})  # fmt: skip


def files(*suffixes: str, under: str = "") -> Iterator[Path]:
    """Every file of the project with one of the suffixes, without what tools leave behind."""
    for folder, folders, names in os.walk(ROOT / under):
        folders[:] = sorted(set(folders) - NOT_OURS)
        yield from (Path(folder, name) for name in sorted(names) if Path(name).suffix in suffixes)


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def table(text: str, heading: str) -> list[list[str]]:
    """The cells of the first table under a heading, without its head; code marks are taken off."""
    section = re.split(r"^#+ ", text.split(f"\n## {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows[2:]]
    return [[row[0].strip("|` "), *row[1:]] for row in cells]


def commands(text: str, heading: str) -> list[str]:
    """The lines of the indented blocks under a heading, each as a shell gets it: whole, without its comment."""
    section = re.split(r"^## ", text.split(f"\n## {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
    lines = re.findall(r"^    (?=\S)(.+)$", section.replace("\\\n", " "), re.MULTILINE)
    return [" ".join(line.partition(" #")[0].split()) for line in lines]
