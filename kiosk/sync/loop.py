"""The sync thread: ship, take in, wait; longer after each failure, at once when there is something new.

What is new here is shipped at once; what is new at the centre is asked for each `poll_s`, however many frames there
are meanwhile: a card writes ten.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from kiosk.errors import KepingError
from kiosk.sync.client import HubRefused, HubUnreachable
from kiosk.sync.intake import Intake
from kiosk.sync.shipping import ForkDetected, Shipper

POLL_S = 30.0
FIRST_DELAY_S = 1.0
LONGEST_DELAY_S = 60.0
LONGEST_RETRY_AFTER_S = 3600.0

CLOSED = frozenset({"superseded", "station-lost", "key-retired"})
"""Refusals after which this station has no lease any more: it was restored elsewhere, given up, or is an old copy of
its disk, with keys that were replaced since."""
CENTRE_KEY = "centre-key"
"""How it refuses those who name a key that it has retired: its `status` tells which came after."""
UNKNOWN_KEY = "unsigned"
"""How a centre refuses that never heard of the station's key."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SyncState:
    """`since`: when `online` last changed, `last_contact`: the centre's last answer; Unix seconds, None never.

    `last_error` is empty after a good round. `alarm`: sync has stopped until a person decides.
    """

    online: bool
    since: float
    acknowledged: int
    unsent: int
    last_contact: float | None
    last_error: str
    alarm: str


class Backoff:
    """Exponential with full jitter: a delay anywhere in 0..min(cap, first * 2**failures).

    After an outage many stations return at once; spreading over the whole interval needs the least work
    of all (M. Brooker, "Exponential Backoff and Jitter", AWS 2015).
    """

    def __init__(self, jitter: Callable[[], float]) -> None:
        self._jitter = jitter
        self.failures = 0

    def succeeded(self) -> None:
        self.failures = 0

    def failed(self, retry_after_s: float | None = None) -> float:
        """Seconds to wait. A Retry-After is the least of them, up to an hour."""
        ceiling = min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0**self.failures)
        self.failures = min(self.failures + 1, 32)
        least = min(retry_after_s or 0.0, LONGEST_RETRY_AFTER_S)
        return least + self._jitter() * ceiling


class Turn(Protocol):
    """What is done after each round that left nothing to do: a change of keys. Blocks and raises as HubClient."""

    def step(self) -> None: ...

    def tell_again(self) -> bool:
        """The centre doesn't know our key: tell how it came about. False if there is nothing to tell."""


class SyncLoop:
    """One daemon thread. All it knows is durable elsewhere, so it may be abandoned at any point. `keys`: set by who
    begins it.

    `clock`: Unix seconds, for `state` only. `jitter`: uniform in 0..1. `on_closed` is called, in the thread, with why
    the centre takes nothing of this station any more.
    """

    def __init__(
        self,
        shipper: Shipper,
        intake: Intake,
        *,
        clock: Callable[[], float] = time.time,
        jitter: Callable[[], float] = random.random,
        poll_s: float = POLL_S,
        monotonic: Callable[[], float] = time.monotonic,
        on_closed: Callable[[str], None] = lambda why: None,
    ) -> None:
        self.keys: Turn | None = None
        self._on_closed = on_closed
        self._shipper = shipper
        self._intake = intake
        self._clock = clock
        self._poll_s = poll_s
        self._monotonic = monotonic
        self._ask_at = monotonic()
        self._backoff = Backoff(jitter)
        self._changed = threading.Condition()
        self._woken = self._pressed = self._stopping = False
        self._thread: threading.Thread | None = None
        self._online = False
        self._since = clock()
        self._contact: float | None = None
        self._error = self._alarm = ""

    @property
    def state(self) -> SyncState:
        return SyncState(
            self._online,
            self._since,
            self._shipper.acknowledged,
            self._shipper.unsent,
            self._contact,
            self._error,
            self._alarm,
        )

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="sync", daemon=True)
        self._thread.start()

    def wake(self, *, now: bool = False) -> None:
        """There are new frames. Ends the wait for the next poll, but not a back-off.

        `now`: a person asks; ends a back-off too, and looks again after an alarm.
        """
        with self._changed:
            self._woken = True
            self._pressed = self._pressed or now
            self._changed.notify()

    def stop(self, timeout_s: float = 2.0) -> bool:
        """End the thread; False if a request is still under way, which may then finish or be cut, no matter."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread is None:
            return True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def step(self) -> float:
        """One round of both directions; returns the seconds until the next is due. Raises only what is a bug."""
        if self._alarm:
            return self._poll_s
        try:
            more = self._shipper.step()
            more = self._take_in() or more
            if not more:
                self._turn_keys()
        except ForkDetected as exc:
            _log.error("sync stopped: %s", exc)
            self._alarm = str(exc)
            return self._failed(exc, reached=True)
        except HubRefused as exc:
            self._heed(exc)
            return self._failed(exc, reached=True)
        except HubUnreachable as exc:
            return self._failed(exc, reached=False, retry_after_s=exc.retry_after_s)
        except (KepingError, OSError) as exc:
            return self._failed(exc, reached=False)
        self._backoff.succeeded()
        self._note(online=True, error="")
        return 0.0 if more else self._poll_s

    def _turn_keys(self) -> None:
        if self.keys:
            self.keys.step()

    def _heed(self, refusal: HubRefused) -> None:
        if refusal.reason in CLOSED:
            self._on_closed(str(refusal))
            self._alarm = str(refusal)
        elif refusal.reason == CENTRE_KEY:
            self._shipper.review()
        elif refusal.reason == UNKNOWN_KEY:
            self._tell_again()

    def _tell_again(self) -> None:
        """At the next round it may know us."""
        try:
            if self.keys and self.keys.tell_again():
                _log.warning("sync: the centre did not know the station's key and was told of its change")
        except (KepingError, OSError) as exc:
            _log.warning("sync: the centre does not know the station's key, nor the one before: %s", exc)

    def _take_in(self) -> bool:
        if self._monotonic() < self._ask_at:
            return False
        more = self._intake.step()
        if not more:
            self._ask_at = self._monotonic() + self._poll_s
        return more

    def _failed(self, error: Exception, *, reached: bool, retry_after_s: float | None = None) -> float:
        if str(error) != self._error:
            _log.warning("sync: %s", error)
        self._note(online=reached, error=str(error))
        return self._backoff.failed(retry_after_s)

    def _note(self, *, online: bool, error: str) -> None:
        if online != self._online:
            self._since = self._clock()
        if online:
            self._contact = self._clock()
        self._online = online
        self._error = error

    def _run(self) -> None:
        """A bug ends the thread and not the station; the screen shows the alarm, the log the traceback."""
        try:
            while not self._stopping:
                self._wait(self.step())
            if self._online:
                self.step()  # so that the centre has what was written last
        finally:
            if not self._stopping:
                self._alarm = "sync has stopped on a fault of the program; restart the station"

    def _wait(self, delay_s: float) -> None:
        backing_off = self._backoff.failures > 0
        if not backing_off:
            delay_s = min(delay_s, max(0.0, self._ask_at - self._monotonic()))
        with self._changed:
            self._changed.wait_for(
                lambda: self._stopping or self._pressed or (self._woken and not backing_off), delay_s
            )
            if self._pressed:
                self._alarm = ""
                self._shipper.review()
                self._ask_at = self._monotonic()
                self._backoff.succeeded()
            self._woken = self._pressed = False
