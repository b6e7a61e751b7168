"""config.yaml is the page on configuration: every key, its default, what it means, and nothing else."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from kiosk.config import Config, load_config
from kiosk.errors import UsageError
from tests.docs.pages import ROOT

PAGE = ROOT / "config.yaml"
TEXT = PAGE.read_text(encoding="utf-8")


def specs(config: Any, prefix: str = "") -> Iterator[tuple[str, dataclasses.Field[Any]]]:
    """Every key of the schema that takes a value, with its dots."""
    for spec in dataclasses.fields(config):
        value = getattr(config, spec.name)
        if dataclasses.is_dataclass(value):
            yield from specs(value, f"{prefix}{spec.name}.")
        else:
            yield prefix + spec.name, spec


def comments(text: str) -> dict[str, str]:
    """Key -> the comment above it; keys that follow each other share one, those of a section within a section its."""
    found: dict[str, str] = {}
    path: list[str] = []
    comment = ""
    for line in text.splitlines():
        if match := re.fullmatch(r"((?:  )*)([a-z_]+):( .+)?", line):
            indent, key, value = match.groups()
            path = [*path[: len(indent) // 2], key]
            if value is not None:
                found[".".join(path)] = comment
            elif not indent:
                comment = ""
        elif match := re.fullmatch(r" *# ?(.*)", line):
            previous = line_before(text, line)
            comment = f"{comment} {match[1]}" if previous.lstrip().startswith("#") else match[1]
        else:
            comment = ""
    return found


def line_before(text: str, line: str) -> str:
    lines = ["", *text.splitlines()]
    return lines[lines.index(line) - 1]


def test_it_is_the_default() -> None:
    assert load_config(PAGE) == Config()


def keys(section: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in section.items():
        yield from keys(value, f"{prefix}{name}.") if isinstance(value, dict) else [prefix + name]


def test_every_key_is_written_out() -> None:
    assert set(keys(yaml.safe_load(TEXT))) == {name for name, _ in specs(Config())}


def test_every_key_has_a_comment() -> None:
    said = comments(TEXT)
    assert {name for name, _ in specs(Config())} == set(said)
    assert [name for name, comment in said.items() if len(comment) < 10] == []


def test_ranges_and_choices_that_a_comment_states_are_those_of_the_schema() -> None:
    said = comments(TEXT)
    stated = 0
    for name, spec in specs(Config()):
        if match := re.search(r"([\d.]+) to ([\d.]+)\.", said[name]):
            stated += 1
            low, high = spec.metadata.get("range", (None, None))
            limits = re.search(r"\{(\d+),(\d+)\}", spec.metadata.get("pattern", ""))
            wanted = (float(limits[1]), float(limits[2])) if limits else (low, high)
            assert (float(match[1]), float(match[2])) == wanted, name
        for choice in spec.metadata.get("choice", ()):
            assert choice in said[name], name
    assert stated >= 4


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (TEXT.replace("  poll:", "  pole:"), r"hub\.pole: unknown key \(did you mean 'poll'\?\)"),
        (TEXT.replace("segment: 8", "segment: many"), r"journal\.segment: expected int"),
    ],
)
def test_a_page_that_differs_would_be_refused(tmp_path: Path, changed: str, message: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(changed, encoding="utf-8")
    with pytest.raises(UsageError, match=message):
        load_config(path)


def test_a_key_without_a_comment_would_be_found() -> None:
    assert comments("a:\n  # Means b.\n  b: 1\n\n  c: 2\n") == {"a.b": "Means b.", "a.c": ""}
