"""How often a PIN may be wrong: the same count for the sign-in, the second person and the control socket.

In memory: a restart forgets it, and only root or the station's own user can restart the station, who could as well
read the hashes.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

LIMITS = ((3, 60.0), (5, 600.0), (10, 3600.0))
"""Wrong PINs allowed within so many seconds."""


class Throttle:
    """Counts wrong PINs of one name. Thread-safe. Waiting is said, never slept.

    `turn`: held while a PIN is tried, so that many tries at once are still counted one by one.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self.turn = threading.Lock()
        self._wrong: dict[str, deque[float]] = {}

    def wait_s(self, name: str) -> float:
        """Seconds until another try is allowed; 0 if now."""
        now = self._clock()
        with self._lock:
            wrong = list(self._wrong.get(name, ()))
        waits = [0.0]
        for most, within in LIMITS:
            recent = [at for at in wrong if now - at < within]
            if len(recent) >= most:
                waits.append(recent[-most] + within - now)
        return max(waits)

    def wrong(self, name: str) -> None:
        with self._lock:
            self._wrong.setdefault(name, deque(maxlen=LIMITS[-1][0])).append(self._clock())

    def right(self, name: str) -> None:
        with self._lock:
            self._wrong.pop(name, None)
