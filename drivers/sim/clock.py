"""Simulated time for one printer: how long things take, without waiting for them.

One thread, the simulator thread, moves time forward (`advance`, `step`, `idle`); any thread may read it, set alarms
and interrupt a wait. Within a busy stretch time moves by exactly the durations asked for, so that what a machine's
load costs in real time never shows in simulated figures.
"""

from __future__ import annotations

import heapq
import itertools
import math
import threading
import time
from collections.abc import Callable

MAX_LAG_S = 0.05
"""Real seconds of lateness that later waits make up for; a longer stall (of a slow observer) is forgotten."""

GRACE_S = 0.02
"""Real seconds an instant clock leaves a silent host before the mechanics get ahead of it."""


class ClockStopped(Exception):
    """The simulator is shutting down: raised in the simulator thread out of any wait."""


class SimClock:
    """Simulated seconds = real seconds * `speed`. `math.inf` is instant: waits return at once and time jumps."""

    def __init__(self, speed: float = 1.0) -> None:
        if not speed > 0:
            raise ValueError(f"speed must be positive, not {speed}")
        self.speed = speed
        self._turn = threading.Condition()
        self._now = 0.0
        self._anchor = time.monotonic()
        self._limit: float | None = None
        self._alarms: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._wakers: list[Callable[[], None]] = []
        self._interrupted = False
        self._stopped = False
        self._busy = 0.0
        self._busy_until = 0.0

    @property
    def instant(self) -> bool:
        return math.isinf(self.speed)

    @property
    def now(self) -> float:
        """Simulated seconds since the clock was made; flows during waits."""
        with self._turn:
            return self._read()

    @property
    def busy_seconds(self) -> float:
        """Simulated seconds in which mechanics moved or the wire carried bytes, overlaps counted once."""
        with self._turn:
            return self._busy - max(0.0, self._busy_until - self._read())

    def occupy(self, seconds: float) -> None:
        """Account the next `seconds` as busy. Passes no time."""
        with self._turn:
            now = self._read()
            self._busy += max(0.0, now + seconds - max(now, self._busy_until))
            self._busy_until = max(self._busy_until, now + seconds)

    def release(self) -> None:
        """What was under way stopped now: take back the busy time it will not use."""
        with self._turn:
            excess = max(0.0, self._busy_until - self._read())
            self._busy -= excess
            self._busy_until -= excess

    def after(self, seconds: float, call: Callable[[], None]) -> None:
        """Have `call` run in the simulator thread, `seconds` of simulated time from now. Any thread."""
        with self._turn:
            heapq.heappush(self._alarms, (self._read() + seconds, next(self._order), call))
        self.interrupt()

    def advance(self, seconds: float) -> None:
        """Pass `seconds`, running the alarms that fall due in order. Blocks seconds / speed. ClockStopped."""
        self._forget_stall()
        target = self.now + seconds
        while True:
            with self._turn:
                when = min(target, self._alarms[0][0]) if self._alarms else target
            self._wait_until(when, heed_interrupts=False)
            if not self._fire_due() and when >= target:
                return

    def skip(self, seconds: float) -> None:
        """Add `seconds` without waiting or running alarms: only meaningful on an instant clock. Any thread."""
        with self._turn:
            self._now += seconds

    def step(self) -> None:
        """Pass time up to the next alarm and run it; return early, with nothing run, if interrupted. ClockStopped."""
        self._forget_stall()
        with self._turn:
            if not self._alarms:
                raise RuntimeError("nothing is under way: no alarm to step to")
            when = self._alarms[0][0]
        if self._wait_until(when, heed_interrupts=True):
            self._fire_due()

    def idle(self, wait: Callable[[float | None], bool]) -> None:
        """Let time flow while `wait(timeout in real seconds)` blocks; it says whether something came in time.

        On an instant clock a silent host means the next alarm's time has come.
        """
        self._forget_stall()
        with self._turn:
            due = self._alarms[0][0] if self._alarms else math.inf
            timeout = None if math.isinf(due) else GRACE_S
            if not self.instant:
                self._limit = due
                timeout = None if math.isinf(due) else max(0.0, self._left(due))
        came = wait(timeout)
        with self._turn:
            self._raise_if_stopped()
            self._now, self._limit = self._read(), None
            if self.instant and not came and self._alarms:
                self._now = max(self._now, self._alarms[0][0])
        self._fire_due()

    def interrupt(self) -> None:
        """Have the simulator thread look up from its wait: the world changed. Any thread."""
        with self._turn:
            self._interrupted = True
            self._turn.notify_all()
            wakers = tuple(self._wakers)
        for wake in wakers:
            wake()

    def start(self, wake: Callable[[], None]) -> None:
        """Register how to wake a simulator thread that blocks in `idle`."""
        with self._turn:
            self._stopped = False
            self._wakers.append(wake)

    def stop(self, wake: Callable[[], None]) -> None:
        """End every wait of the simulator thread with ClockStopped, until the next `start`. Any thread."""
        with self._turn:
            self._stopped = True
        self.interrupt()
        with self._turn:
            if wake in self._wakers:
                self._wakers.remove(wake)

    def _read(self) -> float:
        if self._limit is None:
            return self._now
        return min(self._limit, max(self._now, (time.monotonic() - self._anchor) * self.speed))

    def _left(self, when: float) -> float:
        return self._anchor + when / self.speed - time.monotonic()

    def _forget_stall(self) -> None:
        with self._turn:
            late = -self._left(self._now)
            if late > MAX_LAG_S:
                self._anchor += late

    def _raise_if_stopped(self) -> None:
        if self._stopped:
            raise ClockStopped

    def _wait_until(self, when: float, *, heed_interrupts: bool) -> bool:
        """Whether `when` was reached."""
        with self._turn:
            self._raise_if_stopped()
            if self.instant:
                self._now = max(self._now, when)
                return True
            self._limit = when
            while (left := self._left(when)) > 0 and not (heed_interrupts and self._interrupted):
                self._turn.wait(left)
                if self._stopped:
                    break
            self._now = max(self._now, when) if left <= 0 else self._read()
            self._limit = None
            self._raise_if_stopped()
            if heed_interrupts:
                self._interrupted = False
            return left <= 0

    def _fire_due(self) -> bool:
        with self._turn:
            if not self._alarms or self._alarms[0][0] > self._now:
                return False
            _, _, call = heapq.heappop(self._alarms)
        call()
        return True
