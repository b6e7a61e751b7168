"""The last things that happened, in the order in which they did."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

from drivers.sim.cards import Card
from drivers.sim.world import World

KEPT = 10
QUIET = frozenset({"command", "download-started", "download-finished"})
"""The host's own talk with the printer, several a second."""


@dataclass(frozen=True)
class Entry:
    """`kind`: an event of the world or a verb. `card`: its number, 0 without one."""

    number: int
    kind: str
    card: int
    detail: str


class Diary:
    """Listens to the world; the console adds what was pressed. Thread-safe."""

    def __init__(self, world: World) -> None:
        self._lock = threading.Lock()
        self._entries: deque[Entry] = deque(maxlen=KEPT)
        self._count = 0
        self.close = world.observe(self._happened)

    def note(self, kind: str, card: int = 0, detail: str = "") -> None:
        with self._lock:
            self._count += 1
            self._entries.append(Entry(self._count, kind, card, detail))

    def last(self) -> list[Entry]:
        """Newest first."""
        with self._lock:
            return list(reversed(self._entries))

    def _happened(self, event: str, card: Card | None, detail: str) -> None:
        if event not in QUIET:
            self.note(event, card.number if card else 0, detail)
