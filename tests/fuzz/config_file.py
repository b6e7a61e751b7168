"""A config file as anybody may have left it: read whole, or refused in one line."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from random import Random
from typing import Any

from kiosk.config import Config, load_config
from kiosk.errors import UsageError
from tests.fuzz.engine import Finding, mutated

LINES = [line.partition(b"#")[0].rstrip() for line in Path("config.yaml").read_bytes().splitlines()]
SAMPLE = b"\n".join(filter(None, LINES)) + b"\n"
KEYS = [line.partition(b":")[0].strip() for line in SAMPLE.splitlines() if b":" in line]


class ConfigFile:
    """`budget`: some ten times what the sample costs."""

    budget = 2_000_000
    declared = (UsageError,)
    secrets = ()

    def __init__(self, directory: Path) -> None:
        self._path = directory / "config.yaml"

    def case(self, random: Random) -> bytes:
        if random.random() < 0.5:
            return mutated(random, SAMPLE)
        section = random.choice(
            [b"", b"station:\n", b"printer:\n", b"supply:\n", b"service:\n  quota:\n  ", b"hub:\n"]
        )
        return section + b"".join(
            b"  " * bool(section) + mutated(random, random.choice(KEYS) + b": 5") + b"\n" for _ in range(3)
        )

    def hold(self, case: bytes) -> str:
        self._path.write_bytes(case)
        try:
            config = load_config(self._path)
        except UsageError as exc:
            if "\n" in str(exc):
                raise Finding("an error of two lines") from exc
            raise
        _usable(config)
        return "defaults alone" if config == Config() else "values of its own"

    def close(self) -> None:
        self._path.unlink(missing_ok=True)


def _usable(section: Any) -> None:
    """Every value has the type of its default, and can be written down again."""
    for spec in dataclasses.fields(section):
        value, default = getattr(section, spec.name), getattr(type(section)(), spec.name)
        if dataclasses.is_dataclass(value):
            _usable(value)
        elif type(value) is not type(default):
            raise Finding(f"{spec.name} is {type(value).__name__}")
        elif isinstance(value, (str, tuple)):
            try:
                "".join(value).encode()
            except UnicodeEncodeError as exc:
                raise Finding(f"{spec.name} can't be written down") from exc
