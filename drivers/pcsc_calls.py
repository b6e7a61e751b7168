"""Calls that may never return, each made in a thread that can be left behind.

PC/SC bounds none of its calls but SCardGetStatusChange, and SCardCancel ends no other: when a reader's driver waits
for ever, or pcscd does, so does whoever called. The thread can't be ended; but nobody has to wait for it.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
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
        worker = self._worker = self._worker or self._start()
        worker.acts.put(act)
        answer: tuple[Any] | None = None
        try:
            answer = worker.answers.get(timeout=timeout_s)
        except queue.Empty:
            raise Stopped(f"{self._name}: no answer within {timeout_s:.3g} s", frozenset({"reader-hung"})) from None
        finally:
            # Whatever ended the wait: an answer that comes now is not that of the next call.
            if answer is None:
                self._worker = None
                worker.give_up()
        if answer is None:
            raise RuntimeError(f"{self._name}: the call failed in its thread, which shows how")
        result: T = answer[0]
        return result

    def close(self) -> None:
        """Close the session. Blocks <= 1 s; if that hangs too, it is given up. Idempotent."""
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.acts.put(None)
            worker.join(_CLOSE_TIMEOUT_S)
            worker.given_up = True

    def _start(self) -> _Worker:
        if (hung := hung_calls(self._name)) >= MOST_HUNG:
            raise Stopped(f"{self._name}: {hung} calls hang; replug it or restart pcscd", frozenset({"reader-hung"}))
        worker = _Worker(self._name, self._open_session())
        worker.start()
        return worker


class _Worker(threading.Thread):
    def __init__(self, name: str, session: Session) -> None:
        super().__init__(name=name, daemon=True)
        self.given_up = False
        self.acts: queue.SimpleQueue[Callable[[Any], Any] | None] = queue.SimpleQueue()
        self.answers: queue.SimpleQueue[tuple[Any] | None] = queue.SimpleQueue()
        self._session = session

    def give_up(self) -> None:
        self.given_up = True
        self.acts.put(None)

    def run(self) -> None:
        try:
            while (act := self.acts.get()) is not None:
                self.answers.put((act(self._session),))
        finally:
            self.answers.put(None)
            self._session.close()
