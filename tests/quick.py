"""What hundreds of tests would each do anew, done once a process, or at least cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.routing import Rule

from kiosk import people

AS_SHIPPED = people.COST
"""Of a PIN's hash, at a station."""
LEAST = 1, 8, 1


class Compiled(BytecodeCache):
    """In memory. Jinja2 looks itself whether a template's text is what was compiled."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


def built_once(build: Callable[..., Any]) -> Callable[..., Any]:
    """Rule._compile_builder: what it makes of one rule fits every rule of the same text."""
    kept: dict[tuple[object, ...], Any] = {}

    def built(rule: Rule, append_unknown: bool = True) -> Any:
        key = rule.rule, tuple(rule._trace), tuple(sorted((rule.defaults or {}).items())), append_unknown
        if key not in kept:
            kept[key] = build(rule, append_unknown)
        return kept[key]

    return built


@pytest.fixture(scope="session", autouse=True)
def quick() -> Iterator[None]:
    """PINs, templates and routes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(people, "COST", LEAST)
        patch.setattr(Flask, "jinja_options", {"bytecode_cache": Compiled()})
        patch.setattr(Rule, "_compile_builder", built_once(Rule._compile_builder))
        yield
