"""When the sync thread tries, when it waits, and what it says of itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from kiosk.errors import Rejected
from kiosk.sync.client import HubRefused, HubUnreachable
from kiosk.sync.intake import Intake
from kiosk.sync.loop import LONGEST_DELAY_S, Backoff, SyncLoop
from kiosk.sync.shipping import ForkDetected
from tests.sync.centre import Centre, Clock, Sink, Station


class Script:
    """Shipper or intake by a list of outcomes; the last one repeats."""

    def __init__(self, *outcomes: bool | Exception) -> None:
        self.outcomes = list(outcomes)
        self.steps = self.reviews = 0
        self.acknowledged, self.unsent = 3, 2
        self.stepped = threading.Semaphore(0)

    def step(self) -> bool:
        self.steps += 1
        self.stepped.release()
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def review(self) -> None:
        self.reviews += 1


def loop_of(*outcomes: bool | Exception, clock: Clock | None = None) -> tuple[SyncLoop, Script]:
    shipper = Script(*outcomes)
    loop = SyncLoop(shipper, Script(False), clock=clock or Clock(), jitter=lambda: 1.0, poll_s=30.0)
    return loop, shipper


def test_delays_double_up_to_the_cap_and_start_over() -> None:
    loop, shipper = loop_of(HubUnreachable("x"))
    assert [loop.step() for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]
    shipper.outcomes = [False]
    assert loop.step() == 30.0
    shipper.outcomes = [HubUnreachable("x")]
    assert loop.step() == 1


def test_jitter_spreads_over_the_whole_interval() -> None:
    draws = iter([0.0, 0.5, 0.25])
    backoff = Backoff(lambda: next(draws))
    assert [backoff.failed() for _ in range(3)] == [0.0, 1.0, 1.0]


def test_retry_after_is_the_least_wait_and_has_a_bound() -> None:
    loop, shipper = loop_of(HubUnreachable("x", 100.0))
    assert loop.step() == 101.0
    shipper.outcomes = [HubUnreachable("x", 1e9)]
    assert loop.step() <= 3600 + LONGEST_DELAY_S


def test_more_work_is_done_at_once() -> None:
    loop, _ = loop_of(True, False)
    assert [loop.step(), loop.step()] == [0.0, 30.0]


def test_the_centre_is_asked_for_records_each_poll_however_many_frames_are_shipped() -> None:
    shipper, intake, now = Script(True, True, True, False), Script(True, False), Clock(0.0)
    loop = SyncLoop(shipper, intake, clock=Clock(), poll_s=30.0, monotonic=lambda: now.now_s)
    for _ in range(5):
        loop.step()
    assert (shipper.steps, intake.steps) == (5, 2)  # the first page said that there may be more
    now.now_s = 29.0
    loop.step()
    assert intake.steps == 2
    now.now_s = 30.0
    loop.step()
    assert intake.steps == 3


def test_frames_do_not_put_the_poll_off(running: list[SyncLoop]) -> None:
    """A station at work is woken all the time, and asks for records all the same."""
    shipper, intake = Script(False), Script(False)
    loop = SyncLoop(shipper, intake, clock=Clock(), poll_s=0.1)
    running.append(loop)
    loop.start()
    assert seen(intake)
    while not intake.stepped.acquire(timeout=0.01):
        loop.wake()
    assert shipper.steps > 2


def test_a_person_asks_for_records_at_once(running: list[SyncLoop]) -> None:
    loop, shipper = loop_of(False)
    intake = loop._intake = Script(False)  # type: ignore[assignment]
    running.append(loop)
    loop.start()
    assert seen(shipper)
    assert seen(intake)
    loop.wake()
    assert seen(shipper)
    assert not_seen(intake)
    loop.wake(now=True)
    assert seen(intake)


def test_state_tells_since_when_and_why() -> None:
    clock = Clock(100.0)
    loop, shipper = loop_of(False, clock=clock)
    assert (loop.state.online, loop.state.since, loop.state.last_contact) == (False, 100.0, None)
    clock.now_s = 200.0
    loop.step()
    assert (loop.state.online, loop.state.since, loop.state.last_error) == (True, 200.0, "")
    shipper.outcomes = [HubUnreachable("no route")]
    for clock.now_s in (300.0, 400.0):
        loop.step()
    state = loop.state
    assert (state.online, state.since, state.last_contact) == (False, 300.0, 200.0)
    assert (state.last_error, state.unsent, state.acknowledged, state.alarm) == ("no route", 2, 3, "")


def test_refusal_is_contact_but_no_success() -> None:
    loop, _ = loop_of(HubRefused("declared lost", "station-lost", 403))
    assert loop.step() == 1
    assert (loop.state.online, loop.state.last_error) == (True, "declared lost")


@pytest.mark.parametrize("error", [OSError("disk full"), Rejected("no", "x")])
def test_own_trouble_is_retried_and_shown(error: Exception) -> None:
    loop, _ = loop_of(error)
    assert loop.step() == 1
    assert (loop.state.online, loop.state.last_error) == (False, str(error))


def test_fork_stops_both_directions_until_a_person_asks_again() -> None:
    shipper, intake = Script(ForkDetected("branched", "fork")), Script(False)
    loop = SyncLoop(shipper, intake, clock=Clock(), jitter=lambda: 1.0)
    for _ in range(3):
        loop.step()
    assert (shipper.steps, intake.steps, loop.state.alarm) == (1, 0, "branched")


@pytest.fixture
def running() -> Iterator[list[SyncLoop]]:
    loops: list[SyncLoop] = []
    yield loops
    for loop in loops:
        assert loop.stop()


def seen(script: Script) -> bool:
    return script.stepped.acquire(timeout=5)


def not_seen(script: Script) -> bool:
    return not script.stepped.acquire(timeout=0.05)


def test_wake_ends_the_poll_but_not_a_back_off(running: list[SyncLoop]) -> None:
    loop, shipper = loop_of(False, HubUnreachable("x"))
    running.append(loop)
    loop.start()
    assert seen(shipper)
    loop.wake()
    assert seen(shipper)
    loop.wake()
    assert not_seen(shipper)
    loop.wake(now=True)
    assert seen(shipper)


def test_person_can_ask_again_after_an_alarm(running: list[SyncLoop]) -> None:
    loop, shipper = loop_of(ForkDetected("branched", "fork"), False)
    running.append(loop)
    loop.start()
    assert seen(shipper)
    loop.wake()
    assert not_seen(shipper)
    loop.wake(now=True)
    assert seen(shipper)
    assert loop.stop()
    assert (shipper.reviews, loop.state.alarm, loop.state.online) == (1, "", True)


def test_stop_is_quick_and_repeatable() -> None:
    loop, shipper = loop_of(False)
    assert loop.stop()
    loop, shipper = loop_of(False)
    loop.start()
    assert seen(shipper)
    assert loop.stop(1.0)
    assert loop.stop(1.0)
    assert loop.state.alarm == ""


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_fault_of_the_program_is_shown_and_not_hidden() -> None:
    loop, shipper = loop_of(ZeroDivisionError())
    loop.start()
    assert seen(shipper)
    assert loop.stop(5.0)
    assert "fault of the program" in loop.state.alarm


def test_weeks_offline_then_everything_goes_over(centre: Centre, station: Station) -> None:
    """The whole of it: the port is closed, frames pile up, the port opens again."""
    refs = centre.issue(station.name, 3)
    sink, shipper = Sink(), station.shipper()
    loop = SyncLoop(shipper, Intake(station.client(), sink), clock=Clock(), jitter=lambda: 1.0)
    centre.server.pause()
    station.journal.stock(20)
    assert loop.step() == 1
    assert (loop.state.online, loop.state.unsent) == (False, 21)
    centre.server.resume()
    while loop.step() == 0:
        continue
    assert (loop.state.online, loop.state.unsent) == (True, 0)
    assert len(sink.held) == len(refs)
    assert len(centre.held(station.name)) == 21


@pytest.mark.parametrize(("online", "steps"), [(True, 2), (False, 1)])
def test_what_was_written_last_goes_out_at_the_stop_if_the_centre_is_there(online: bool, steps: int) -> None:
    loop, shipper = loop_of(False if online else HubUnreachable("x"))
    loop.start()
    assert shipper.stepped.acquire(timeout=5)
    assert loop.stop()
    assert shipper.steps == steps
