"""A projection that fails where it changes what is stored: it may be refused half-way, and others are reading."""

from __future__ import annotations

import copy

from kiosk.core import projection
from kiosk.core.change import Change, Document, Read
from kiosk.core.frames import Frame


def project(frame: Frame, read: Read) -> list[Change]:
    """As `kiosk.core.projection.project`. AssertionError if a document that it read is not what it was."""
    seen: dict[tuple[str, str], tuple[Document, Document]] = {}

    def remembered(table: str, key: str) -> Document | None:
        document = read(table, key)
        if document is not None and (table, key) not in seen:
            seen[table, key] = document, copy.deepcopy(document)
        return document

    body = copy.deepcopy(frame.data)
    try:
        return projection.project(frame, remembered)
    finally:
        assert frame.data == body, f"{frame.kind} changed the frame"
        for (table, key), (document, before) in seen.items():
            assert document == before, f"{frame.kind} changed {table} {key}"
