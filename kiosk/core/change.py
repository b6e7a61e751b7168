"""What a projection works with: documents that it reads, changes that it returns. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

Document = dict[str, Any]
Read = Callable[[str, str], Document | None]

NO_RECORD = "no record {}"

_TREES = frozenset({dict, list})
"""What a document has inside that could be changed."""


class Change(NamedTuple):
    """Put `document` under `key`, or delete the key when it is None."""

    table: str
    key: str
    document: Document | None


class ProjectionError(ValueError):
    """The event contradicts the state; it must not be written."""


def stored(read: Read, table: str, key: str, missing: str) -> Document:
    """A copy of the document and of its parts, to be changed; what lies deeper is the stored one, to be replaced.

    ProjectionError if there is none: `missing`, with the key at its `{}`. A whole copy was a fifth of what a commit
    computes.
    """
    found = read(table, key)
    if found is None:
        raise ProjectionError(missing.format(key))
    document = found.copy()
    for name, part in found.items():
        if type(part) in _TREES:
            document[name] = part.copy()
    return document


def counted(read: Read, what: str, by: int = 1) -> Change:
    """The tally of `what`, `by` higher."""
    return Change("tally", what, {"count": (read("tally", what) or {"count": 0})["count"] + by})
