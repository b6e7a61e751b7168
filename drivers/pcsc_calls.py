"""Calls that may never return, each made in a thread that can be left behind.

PC/SC bounds none of its calls but SCardGetStatusChange, and SCardCancel ends no other: when a reader's driver waits
for ever, or pcscd does, so does whoever called. The thread can't be ended; but nobody has to wait for it.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, Generic, Protocol, TypeVar

from drivers.errors import Stopped

MOST_HUNG = 3
"""Calls of one name that may hang at the same time: a reader that does not answer costs no more threads than that."""

_CLOSE_TIMEOUT_S = 1.0


class Session(Protocol):
    """What the calls act on: the handles that their thread alone uses."""

    def close(self) -> None:
        """Release everything, also what a call has brought that nobody waited for."""


S = TypeVar("S", bound=Session)
T = TypeVar("T")


def hung_calls(name: str) -> int:
    """How many calls of `name` were given up and have not returned, by whichever `Caller` of this process."""
    return sum(isinstance(each, _Worker) and each.given_up and each.name == name for each in threading.enumerate())


class Caller(Generic[S]):
    """Makes calls on a session, one at a time, in a daemon thread of its own. For one thread.

    A call that is not back in time is given up together with thread and session: when it returns after all, that
    thread closes that session and makes no further call. The next call begins with a new session.
    """

    def __init__(self, name: str, open_session: Callable[[], S]) -> None:
        self._name = name
        self._open_session = open_session
        self._worker: _Worker | None = None

    def call(self, act: Callable[[S], T], timeout_s: float) -> T:
        """What `act` returns. Blocks <= `timeout_s`. Stopped{reader-hung} if it is not back by then.

        Stopped{reader-hung} at once, and nothing was called, while MOST_HUNG calls of this name hang already.
        """
        results: list[T] = []
        self.calls(lambda session: [act(session)], timeout_s, lambda result, seconds: results.append(result))
        return results[0]

    def calls(self, acts: Callable[[S], Iterable[T]], timeout_s: float, heard: Callable[[T, float], object]) -> None:
        """As `call`, for a row of calls that changes threads once. Blocks <= `timeout_s` for each of them.

        `acts` yields what each call returns as soon as it is back; after one that was given up no other is begun.
        `heard` is given each of these, and its seconds, in this thread, when all are back or one was given up.
        """
        worker = self._worker = self._worker or self._start()
        worker.begin(acts)
        ended: bool | None = None
        try:
            ended = worker.await_end(timeout_s)
        finally:
            # Whatever ended the wait: an answer that comes now is not that of the next call.
            if not ended:
                self._worker = None
                worker.give_up()
            for result, seconds in worker.results:
                heard(result, seconds)
        if ended is None:
            raise Stopped(f"{self._name}: no answer within {timeout_s:.3g} s", frozenset({"reader-hung"}))
        if not ended:
            raise RuntimeError(f"{self._name}: the call failed in its thread, which shows how")

    def close(self) -> None:
        """Close the session. Blocks <= 1 s; if that hangs too, it is given up. Idempotent."""
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.end()
            worker.join(_CLOSE_TIMEOUT_S)
            worker.given_up = True

    def _start(self) -> _Worker:
        if (hung := hung_calls(self._name)) >= MOST_HUNG:
            raise Stopped(f"{self._name}: {hung} calls hang; replug it or restart pcscd", frozenset({"reader-hung"}))
        worker = _Worker(self._name, self._open_session())
        worker.start()
        return worker


class _Worker(threading.Thread):
    """`results`: of the row under way, or of the last; nobody else adds to it once the worker is given up."""

    def __init__(self, name: str, session: Session) -> None:
        super().__init__(name=name, daemon=True)
        self.given_up = False
        self.results: list[tuple[Any, float]] = []
        self._rows: queue.SimpleQueue[Callable[[Any], Iterable[Any]] | None] = queue.SimpleQueue()
        self._ends: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._since = 0.0
        self._session = session

    def begin(self, acts: Callable[[Any], Iterable[Any]]) -> None:
        self.results, self._since = [], time.monotonic()
        self._rows.put(acts)

    def await_end(self, timeout_s: float) -> bool | None:
        """Whether the row came to its end; None if a call of it is not back `timeout_s` after it was begun."""
        while True:
            try:
                return self._ends.get(timeout=max(self._since + timeout_s - time.monotonic(), 0))
            except queue.Empty:
                if time.monotonic() >= self._since + timeout_s:
                    return None

    def give_up(self) -> None:
        self.given_up, self.results = True, list(self.results)
        self._rows.put(None)

    def end(self) -> None:
        """Close the session after the row under way."""
        self._rows.put(None)

    def run(self) -> None:
        try:
            while (acts := self._rows.get()) is not None:
                results = self.results
                for result in acts(self._session):
                    begun, self._since = self._since, time.monotonic()
                    results.append((result, self._since - begun))
                    if self.given_up:
                        return
                self._ends.put(True)
        finally:
            self._ends.put(False)
            self._session.close()
