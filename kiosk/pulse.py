"""Tells whoever waits that something changed: a counter that only goes up."""

from __future__ import annotations

import threading


class Pulse:
    """Thread-safe. `beat` never blocks for long; a reader compares the count with the one it knows."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._count = 0

    @property
    def count(self) -> int:
        with self._changed:
            return self._count

    def beat(self) -> None:
        with self._changed:
            self._count += 1
            self._changed.notify_all()

    def wait(self, known: int, timeout_s: float) -> int:
        """Block until the count is not `known`, at most `timeout_s`; returns the count."""
        with self._changed:
            self._changed.wait_for(lambda: self._count != known, timeout_s)
            return self._count
