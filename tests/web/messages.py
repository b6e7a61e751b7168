"""What must be translated: every `_()` of a template and every value of `kiosk.web.words` and its like."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

from babel.messages.extract import extract_from_dir

from kiosk.resources import resource
from kiosk.web import (
    desk_words,
    fault_words,
    life_words,
    paper_words,
    people_words,
    service_words,
    shift_words,
    stick_words,
    stock_words,
    supply_words,
    technician_words,
    words,
)


def in_templates() -> Iterator[tuple[str, str]]:
    """(message, file) of every `_()` in templates/kiosk."""
    found = extract_from_dir(
        str(resource("templates", "kiosk")),
        method_map=[("**.html", "jinja2.ext.babel_extract")],
        options_map={"**.html": {"silent": "false", "trimmed": "true"}},
    )
    for file, _line, message, _comments, _context in found:
        yield str(message), file


def in_words(module: ModuleType = words) -> Iterator[tuple[str, str]]:
    """(message, name of its table) of every value in the tables of words."""
    for name, table in vars(module).items():
        if name.isupper():
            for value in table.values():
                for text in (value,) if isinstance(value, str) else value:
                    yield text, name


def all_messages() -> dict[str, str]:
    found = (
        words, technician_words, desk_words, fault_words, life_words, stick_words, stock_words, supply_words,
        service_words, shift_words, paper_words, people_words,
    )  # fmt: skip
    return dict([*in_templates(), *(each for module in found for each in in_words(module))])
