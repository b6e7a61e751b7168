"""The things in the machine: cards with what was really printed on them, and the ribbon."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

COLUMNS, ROWS = 1016, 648
"""Dots of a CR80 face at 300 dpi, landscape (Evolis Programming Guide A5013 Rev E, p. 4)."""

Raster = NDArray[np.uint8]
"""ROWS x COLUMNS, origin top left as the holder reads the card, values 0 (none) to levels - 1 (full)."""


class Place(StrEnum):
    """Where the card in the path really is. BETWEEN: the rollers stopped under way, and can still move it."""

    NONE = "none"
    PRINT = "print"
    CONTACT = "contact"
    CONTACTLESS = "contactless"
    BETWEEN = "between"
    JAMMED = "jammed"


@dataclass(frozen=True, eq=False)
class Panel:
    """One pass of one ribbon panel. The head prints column 0 first; `fraction` of the columns got their dots.

    `side`: "front" or "back".
    """

    name: str
    levels: int
    raster: Raster = field(repr=False)
    fraction: float = 1.0
    side: str = "front"


@dataclass(frozen=True)
class Happening:
    """Something that befell a card, at simulated second `at`."""

    at: float
    event: str
    detail: str


@dataclass(eq=False)
class Card:
    """One piece of plastic. `chip` is opaque here: it is only handed to the antenna."""

    number: int
    sku: str = "wni"
    chip: object = None
    panels: list[Panel] = field(default_factory=list)
    history: list[Happening] = field(default_factory=list)


def blanks(chips: Iterable[object], sku: str = "wni", first: int = 1) -> list[Card]:
    """One new card for each chip, numbered from `first`."""
    return [Card(number, sku, chip) for number, chip in enumerate(chips, first)]


@dataclass
class Ribbon:
    """`kind`: the panels of one set in order, e.g. "ymcko", "ko", "k". `sets_left`: whole sets not yet begun."""

    kind: str = "ymcko"
    sets_left: int = 200
    capacity: int = 200
    broken: bool = False
    tag_readable: bool = True
    reached: int | None = None
    """Panels of the set under the head already passed; None between sets."""

    @property
    def ended(self) -> bool:
        return self.sets_left == 0 and self.reached is None

    def skip_to_next_set(self) -> None:
        self.reached = None

    def pull(self, panel: str) -> bool:
        """Bring `panel` under the head; whether a new set was begun. The ribbon only runs forward."""
        index = -1 if self.reached is None else self.kind.find(panel, self.reached)
        begins = index < 0
        if begins:
            index = self.kind.index(panel)
            self.sets_left -= 1
        self.reached = index + 1 if index + 1 < len(self.kind) else None
        return begins
