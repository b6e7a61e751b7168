"""Calls that hang, without PC/SC: what is given up, what becomes of it, and how many there may be."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest

from drivers.errors import Stopped
from drivers.pcsc_calls import MOST_HUNG, Caller, hung_calls
from tests.chip.readers import assert_soon
from tests.patience import BUSY_S

NAME = "a reader that hangs"


class Handles:
    """A session that tells what was done with it, and by which thread."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.threads: set[int] = set()
        self.closed = threading.Event()

    def say(self, word: str) -> str:
        self.threads.add(threading.get_ident())
        self.said.append(word)
        return word

    def close(self) -> None:
        self.threads.add(threading.get_ident())
        self.closed.set()


class Bench:
    def __init__(self) -> None:
        self.sessions: list[Handles] = []
        self.release = threading.Event()
        self.caller = Caller(NAME, self._open)

    def _open(self) -> Handles:
        self.sessions.append(Handles())
        return self.sessions[-1]

    def hang(self, caller: Caller[Handles] | None = None) -> None:
        def never(session: Handles) -> str:
            self.release.wait(30)
            return session.say("late")

        with pytest.raises(Stopped) as stopped:
            (caller or self.caller).call(never, 0.02)
        assert stopped.value.reasons == {"reader-hung"}

    def another(self) -> Caller[Handles]:
        return Caller(NAME, self._open)


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    with closing(bench.caller):
        yield bench
        bench.release.set()
    assert_soon(lambda: hung_calls(NAME) == 0)


def saying(word: str) -> Callable[[Handles], str]:
    return lambda session: session.say(word)


def test_calls_are_answered_in_one_other_thread(bench: Bench) -> None:
    assert [bench.caller.call(saying(word), 5) for word in ("a", "b")] == ["a", "b"]
    bench.caller.close()
    bench.caller.close()
    (session,) = bench.sessions
    assert session.closed.is_set()
    assert len(session.threads) == 1
    assert threading.get_ident() not in session.threads
    assert hung_calls(NAME) == 0


def test_a_call_that_hangs_is_given_up_with_its_session(bench: Bench) -> None:
    bench.caller.call(saying("before"), 5)
    started = time.monotonic()
    bench.hang()
    assert time.monotonic() - started < 1 + BUSY_S
    assert bench.caller.call(saying("after"), 5) == "after"
    hung, fresh = bench.sessions
    assert (hung.said, fresh.said, hung_calls(NAME)) == (["before"], ["after"], 1)
    bench.release.set()
    assert hung.closed.wait(60)
    assert hung.said == ["before", "late"]
    assert len(hung.threads) == 1
    assert bench.caller.call(saying("again"), 5) == "again"
    assert fresh.said == ["after", "again"]
    assert_soon(lambda: hung_calls(NAME) == 0)


def test_a_row_changes_threads_once_and_tells_how_long_each_call_took(bench: Bench) -> None:
    heard: list[tuple[str, bool]] = []

    def row(session: Handles) -> Iterator[str]:
        yield session.say("a")
        bench.release.wait(0.03)
        yield session.say("b")

    bench.caller.calls(row, 5, lambda word, seconds: heard.append((word, seconds >= 0.03)))
    assert heard == [("a", False), ("b", True)]
    (session,) = bench.sessions
    assert len(session.threads) == 1
    assert bench.caller.call(saying("next"), 5) == "next"


def test_the_time_of_a_row_is_that_of_each_of_its_calls(bench: Bench) -> None:
    """Twice as long in all as the one may take."""

    def row(session: Handles) -> Iterator[str]:
        for word in "abcd":
            bench.release.wait(0.1)
            yield session.say(word)

    heard: list[str] = []
    bench.caller.calls(row, 0.2, lambda word, seconds: heard.append(word))
    assert heard == list("abcd")


def test_a_row_of_which_one_hangs_is_given_up_there(bench: Bench) -> None:
    """What was back is told, and after the one that hung nothing is begun, however late that comes back."""

    def row(session: Handles) -> Iterator[str]:
        yield session.say("back")
        bench.release.wait(30)
        yield session.say("late")
        yield session.say("never")

    heard: list[str] = []
    started = time.monotonic()
    with pytest.raises(Stopped):
        bench.caller.calls(row, 0.05, lambda word, seconds: heard.append(word))
    assert time.monotonic() - started < 1 + BUSY_S
    assert (heard, hung_calls(NAME)) == (["back"], 1)
    bench.release.set()
    assert bench.sessions[0].closed.wait(60)
    assert (heard, bench.sessions[0].said) == (["back"], ["back", "late"])


def test_so_many_hang_and_no_more_whoever_calls(bench: Bench) -> None:
    """The worker opens its link anew after each fault: the bound is the reader's, not the link's."""
    for _ in range(MOST_HUNG):
        bench.hang(bench.another())
    threads = threading.active_count()
    with pytest.raises(Stopped, match=rf"^{NAME}: {MOST_HUNG} calls hang; replug it or restart pcscd$") as stopped:
        bench.caller.call(saying("refused"), 5)
    assert stopped.value.reasons == {"reader-hung"}
    assert threading.active_count() == threads
    with closing(Caller("another reader", Handles)) as other:
        assert other.call(saying("not concerned"), 5)
    bench.release.set()
    assert_soon(lambda: hung_calls(NAME) == 0)
    assert bench.caller.call(saying("well"), 5) == "well"


def test_a_session_that_hangs_at_its_close_is_given_up(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drivers.pcsc_calls._CLOSE_TIMEOUT_S", 0.02)
    bench.caller.call(saying("before"), 5)
    bench.sessions[0].close = lambda: bench.release.wait(30)  # type: ignore[assignment,method-assign]
    bench.caller.close()
    assert hung_calls(NAME) == 1


@contextmanager
def uncaught() -> Iterator[list[type[BaseException] | None]]:
    """What ended threads; they are meant to show it on stderr."""
    seen: list[type[BaseException] | None] = []
    kept, threading.excepthook = threading.excepthook, lambda args: seen.append(args.exc_type)
    try:
        yield seen
    finally:
        threading.excepthook = kept


def test_a_call_that_fails_is_not_taken_for_one_that_hangs(bench: Bench) -> None:
    with uncaught() as seen, pytest.raises(RuntimeError, match=NAME):
        bench.caller.call(lambda session: session.say(1 // 0), 5)  # type: ignore[arg-type]
    assert bench.sessions[0].closed.wait(60)
    assert_soon(lambda: seen == [ZeroDivisionError])
    assert bench.caller.call(saying("on"), 5) == "on"


class Interrupt(Exception):
    """Stands for Ctrl-C: raised in the thread that waits, while it waits."""


def test_an_answer_that_nobody_waited_for_is_not_the_next_one(bench: Bench) -> None:
    def interrupt(_signal: int, _frame: object) -> None:
        raise Interrupt

    kept = signal.signal(signal.SIGUSR1, interrupt)
    try:
        with pytest.raises(Interrupt):
            bench.caller.call(_interrupted_and_late, 5)
    finally:
        signal.signal(signal.SIGUSR1, kept)
    assert bench.caller.call(saying("next"), 5) == "next"


def _interrupted_and_late(session: Handles) -> str:
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)
    return session.say("late")
