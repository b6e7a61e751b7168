"""What a projection works with: documents that it reads, changes that it returns. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

Document = dict[str, Any]
Read = Callable[[str, str], Document | None]

_TREES = frozenset({dict, list})


class Change(NamedTuple):
    """Put `document` under `key`, or delete the key when it is None."""

    table: str
    key: str
    document: Document | None


class ProjectionError(ValueError):
    """The event contradicts the state; it must not be written."""


def stored(read: Read, table: str, key: str, missing: str) -> Document:
    """A copy of the document, to be changed. ProjectionError(`missing`) if there is none."""
    document = read(table, key)
    if document is None:
        raise ProjectionError(missing)
    return {name: copied(part) if type(part) in _TREES else part for name, part in document.items()}


def copied(tree: Any) -> Any:
    """An object or a list of plain JSON: in a quarter of the time of `deepcopy`, which was half of a projection."""
    if type(tree) is dict:
        return {name: copied(part) if type(part) in _TREES else part for name, part in tree.items()}
    return [copied(part) if type(part) in _TREES else part for part in tree]


def counted(read: Read, what: str, by: int = 1) -> Change:
    """The tally of `what`, `by` higher."""
    return Change("tally", what, {"count": (read("tally", what) or {"count": 0})["count"] + by})
