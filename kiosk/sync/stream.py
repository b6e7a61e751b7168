"""What the centre has for a station, as lines: one item each with a cursor of its own, so a lost link costs one line.

Newline-delimited JSON as in docs/openapi.yaml. At most one line is in memory, and never one that is too long.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

NDJSON = "application/x-ndjson"
RECORD, WITHDRAWAL, OVERSIZE = "record", "withdrawal", "oversize"
KINDS = frozenset({RECORD, WITHDRAWAL})

LINE_BYTES = 1 << 20
"""The longest line that is looked at; a record with its photo has some 50 KB."""
LONGEST_SKIPPED = 16 << 20
"""A longer one is passed over up to here, by the cursor that it begins with; beyond, the answer is no list."""

_BEGINNING = re.compile(rb'\{"cursor": ?"([0-9]{1,19})"')
CURSOR = re.compile(r"[0-9]{1,19}")


class NotItems(ValueError):
    """These lines are not a list of the centre's."""


@dataclass(frozen=True)
class Item:
    """`cursor`: how far the list was read with this. `token`: the signed word, not yet verified; of one that is
    `oversize` the SHA-256 of the line, hex."""

    cursor: str
    kind: str
    token: str


def read_items(chunks: Iterable[bytes]) -> Iterator[Item]:
    """One item for each whole line, as soon as it is there; what comes after the last newline is none.

    Raises NotItems, and whatever `chunks` raises.
    """
    line = _Line()
    for chunk in chunks:
        *whole, rest = chunk.split(b"\n")
        for part in whole:
            line.add(part)
            yield line.item()
            line = _Line()
        line.add(rest)


class _Line:
    """Grows up to LINE_BYTES; of a longer one its beginning and its digest are kept."""

    def __init__(self) -> None:
        self._kept = bytearray()
        self._digest = hashlib.sha256()
        self._length = 0

    def add(self, part: bytes) -> None:
        self._length += len(part)
        if self._length > LONGEST_SKIPPED:
            raise NotItems("a line has no end")
        self._digest.update(part)
        self._kept += part[: LINE_BYTES - len(self._kept)]

    def item(self) -> Item:
        if self._length <= LINE_BYTES:
            return _item(bytes(self._kept))
        return Item(_cursor_of(bytes(self._kept[:64])), OVERSIZE, self._digest.hexdigest())


def _cursor_of(beginning: bytes) -> str:
    found = _BEGINNING.match(beginning)
    if found is None:
        raise NotItems("a line is too long, and does not begin with its cursor")
    return found[1].decode()


def _item(line: bytes) -> Item:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        raise NotItems("a line is not JSON") from None
    if not isinstance(value, dict):
        raise NotItems("a line is no object")
    cursor, kinds = value.get("cursor"), KINDS & value.keys()
    if not isinstance(cursor, str) or not CURSOR.fullmatch(cursor) or len(kinds) != 1:
        raise NotItems("a line holds no cursor, or not one item")
    [kind] = kinds
    if not isinstance(value[kind], str):
        raise NotItems("an item is not a signed word")
    return Item(cursor, kind, value[kind])
