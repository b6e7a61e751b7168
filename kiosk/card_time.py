"""How long a card takes here: measured from real cards, for the time that is shown."""

from __future__ import annotations

from collections import deque
from statistics import median

KEPT = 20
FIRST_GUESS_S = 30.0


class Pace:
    """Follows the frames of a card: `began` at its first intent, `ended` when it is booked. One thread writes."""

    def __init__(self) -> None:
        self._took: deque[float] = deque(maxlen=KEPT)
        self.began_ms: int | None = None

    @property
    def seconds(self) -> float:
        """Median of the last cards; a guess before the first."""
        return median(self._took) if self._took else FIRST_GUESS_S

    def began(self, monotonic_ms: int) -> None:
        self.began_ms = monotonic_ms

    def ended(self, monotonic_ms: int) -> None:
        if self.began_ms is not None:
            self._took.append((monotonic_ms - self.began_ms) / 1000)
        self.began_ms = None
