"""The printer's own counters in NV memory. No manual says when they move, so that is a setting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Counting:
    """When the counters move, and how many of the last increments were not in NV yet when the power went.

    `cards`: at the end of the feed, at the end of the card's first panel (at eject if none was printed), or at eject.
    `panels` (and the ribbon sets): at the start of each panel, at its end, or all of a card's at its eject.
    """

    cards: Literal["feed", "panel", "eject"] = "feed"
    panels: Literal["start", "end", "eject"] = "end"
    lag: int = 0


class Odometer:
    """`cards_fed`, `panels_printed`: lifetime. `ribbon_left`: sets, as the ribbon's tag says."""

    def __init__(self, counting: Counting, ribbon_left: int) -> None:
        self._counting = counting
        self.cards_fed = 0
        self.panels_printed = 0
        self.ribbon_left = ribbon_left
        self._volatile: list[tuple[str, int]] = []
        self._owed: dict[str, int] = {}

    def fed(self) -> None:
        self._owe("cards_fed", 1)
        if self._counting.cards == "feed":
            self._count("cards_fed")

    def panel_started(self, new_set: bool) -> None:
        if new_set:
            self._owe("ribbon_left", -1)
        if self._counting.panels == "start":
            self._owe("panels_printed", 1)
            self._count("panels_printed", "ribbon_left")

    def panel_printed(self) -> None:
        if self._counting.panels != "start":
            self._owe("panels_printed", 1)
        if self._counting.panels == "end":
            self._count("panels_printed", "ribbon_left")
        if self._counting.cards == "panel":
            self._count("cards_fed")

    def ejected(self) -> None:
        self._count("cards_fed", "panels_printed", "ribbon_left")

    def taken(self) -> None:
        """The card never passed the exit sensor: what waited for that is never counted."""
        self._owed.clear()

    def new_ribbon(self, sets: int) -> None:
        self.ribbon_left = sets
        self._volatile = [entry for entry in self._volatile if entry[0] != "ribbon_left"]
        self._owed.pop("ribbon_left", None)

    def power_lost(self) -> None:
        """Fall back to what NV memory holds."""
        for name, amount in self._volatile:
            setattr(self, name, getattr(self, name) - amount)
        self.flush()

    def flush(self) -> None:
        """An orderly reset writes NV memory first; what was owed lived in RAM and is gone."""
        self._volatile.clear()
        self._owed.clear()

    def _owe(self, name: str, amount: int) -> None:
        self._owed[name] = self._owed.get(name, 0) + amount

    def _count(self, *names: str) -> None:
        for name in names:
            amount = self._owed.pop(name, 0)
            unit = 1 if amount > 0 else -1
            for _ in range(abs(amount)):
                setattr(self, name, getattr(self, name) + unit)
                self._volatile.append((name, unit))
        self._volatile = self._volatile[-self._counting.lag :] if self._counting.lag else []
