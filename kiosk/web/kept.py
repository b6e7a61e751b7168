"""What every page asks of the books, kept until the answer may be another. Thread-safe: an answer is one tuple."""

from __future__ import annotations

import json
from typing import Any

from kiosk.books import Books


class Waiting:
    """Records that wait, in order of service: sorted once for each state of the books, not for each page."""

    def __init__(self) -> None:
        self._known: tuple[int, list[dict[str, Any]]] = (-1, [])

    def records(self, books: Books) -> list[dict[str, Any]]:
        """For looking only."""
        seq, records = self._known
        with books.look() as view:
            if view.seq == seq:
                return records
            seq, records = view.seq, view.rows("records", state="waiting")
        records.sort(key=lambda row: (row["priority"], row["order"]))
        self._known = (seq, records)
        return records


class Unsent:
    """When the oldest frame was written that the centre has not confirmed: read once for each confirmation."""

    def __init__(self) -> None:
        self._known: tuple[int, int | None] = (-1, None)

    def since_ms(self, books: Books, acknowledged: int) -> int | None:
        """Unix milliseconds; None if all is confirmed."""
        known, time_ms = self._known
        if known == acknowledged and time_ms is not None:
            return time_ms
        lines = books.lines_after(acknowledged, 1)
        time_ms = int(json.loads(lines[0])["r"]["t"]) if lines else None
        self._known = (acknowledged, time_ms)
        return time_ms
