"""What every page asks of the books, kept until the answer may be another. Thread-safe: an answer is one tuple."""

from __future__ import annotations

import json

from kiosk.books import Books
from kiosk.core.service_order import Line
from kiosk.service_order import Service


class Waiting:
    """Who waits, in order of service: sorted once for each state of the books and each day, not for each page."""

    def __init__(self) -> None:
        self._known: tuple[tuple[int, int], Line] = ((-1, 0), Line([], {}))

    def line(self, books: Books, service: Service) -> Line:
        """For looking only."""
        (key, line), day = self._known, service.day
        with books.look() as view:
            if key != (view.seq, day):
                key, line = (view.seq, day), service.line(view)
        self._known = key, line
        return line


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
