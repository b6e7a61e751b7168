"""Simulated time: order of alarms, union of busy spans, waits that can be ended."""

from __future__ import annotations

import math
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.sim.clock import ClockStopped, SimClock
from tests.patience import BUSY_S


def nothing() -> None:
    return


@pytest.mark.parametrize("speed", [0, -1, math.nan])
def test_time_runs_forward(speed: float) -> None:
    with pytest.raises(ValueError, match="speed"):
        SimClock(speed)


@given(st.lists(st.floats(0, 10), min_size=1, max_size=8))
def test_alarms_run_in_order_at_their_time(delays: list[float]) -> None:
    clock = SimClock(math.inf)
    seen: list[tuple[float, float]] = []
    for delay in delays:
        clock.after(delay, lambda delay=delay: seen.append((delay, clock.now)))
    clock.advance(20)
    assert seen == [(delay, delay) for delay in sorted(delays)]
    assert clock.now == 20


def test_an_alarm_may_set_another() -> None:
    clock = SimClock(math.inf)
    seen: list[float] = []
    clock.after(1, lambda: clock.after(1, lambda: seen.append(clock.now)))
    clock.advance(1.5)
    assert seen == []
    clock.advance(1.5)
    assert seen == [2.0]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9)), max_size=8))
def test_busy_time_is_a_union(spans: list[tuple[int, int]]) -> None:
    clock = SimClock(math.inf)
    seconds = set()
    for gap, length in spans:
        clock.advance(gap)
        clock.occupy(length)
        seconds |= set(range(int(clock.now), int(clock.now) + length))
    clock.advance(10)
    assert clock.busy_seconds == len(seconds)


def test_busy_time_counts_what_has_passed() -> None:
    clock = SimClock(math.inf)
    clock.occupy(4)
    clock.advance(1)
    assert clock.busy_seconds == 1
    clock.release()
    clock.advance(9)
    assert clock.busy_seconds == 1


def test_real_time_is_simulated_time_over_speed() -> None:
    began = time.monotonic()
    clock = SimClock(100)
    clock.advance(5)
    assert 0.05 <= time.monotonic() - began < 2 + BUSY_S
    assert clock.now == 5


def test_a_long_stall_is_not_made_up_for() -> None:
    """After an observer blocked the simulator, moves still take their time."""
    clock = SimClock(100)
    threading.Event().wait(0.15)
    began = time.monotonic()
    clock.advance(10)
    assert time.monotonic() - began >= 0.1 - 0.001


def test_an_instant_clock_waits_for_nothing() -> None:
    clock = SimClock(math.inf)
    began = time.monotonic()
    clock.advance(86_400)
    assert time.monotonic() - began < 1 + BUSY_S
    assert clock.now == 86_400


def test_interrupt_ends_a_step_early() -> None:
    clock = SimClock(0.001)
    fired: list[bool] = []
    clock.after(10, lambda: fired.append(True))
    clock.step()
    threading.Timer(0.01, clock.interrupt).start()
    clock.step()
    assert fired == []
    assert 0 < clock.now < 10


def test_stop_ends_every_wait() -> None:
    clock = SimClock(0.001)
    threading.Timer(0.01, clock.stop, [nothing]).start()
    with pytest.raises(ClockStopped):
        clock.advance(1000)
    with pytest.raises(ClockStopped):
        clock.advance(1)
    clock.start(nothing)
    clock.advance(0)


def test_nothing_to_step_to() -> None:
    with pytest.raises(RuntimeError):
        SimClock(1).step()


def test_silence_lets_an_instant_clock_run_on_and_bytes_do_not() -> None:
    clock = SimClock(math.inf)
    fired: list[float] = []
    clock.after(3, lambda: fired.append(clock.now))
    clock.idle(lambda timeout: True)
    assert fired == []
    clock.idle(lambda timeout: False)
    assert fired == [3.0]


def test_idle_time_flows_at_speed_up_to_the_next_alarm() -> None:
    clock = SimClock(1000)
    fired: list[float] = []
    clock.after(5, lambda: fired.append(clock.now))
    timeouts: list[float | None] = []

    def wait(timeout: float | None) -> bool:
        timeouts.append(timeout)
        threading.Event().wait(0.02)
        return False

    clock.idle(wait)
    assert fired == [5.0]
    assert timeouts[0] is not None
    assert 0 <= timeouts[0] <= 0.005
