"""Does the worker still come round? Told by the thread that moves cards, asked by the one that watches it."""

from __future__ import annotations

import time
from collections.abc import Callable

REST_S = 120.0
"""Between cards a look at devices that don't answer takes some seconds for each port."""
CARD_S = 480.0
"""A print ends within 300 s whatever happens, and a reply is waited for at most 120 s (`printer.reply_timeout`)."""


class Rounds:
    """Thread-safe. `making`: a card is under way. `clock`: seconds that only go up."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._came = clock()
        self.making = False

    def come(self) -> None:
        """At each turn of its loop, and before each use of a device."""
        self._came = self._clock()

    def late(self) -> bool:
        """It has been away for longer than anything takes."""
        return self._clock() - self._came > (CARD_S if self.making else REST_S)
