from itertools import product

import pytest

from kiosk.core.jobs import FINAL, TRANSITIONS, JobEvent, JobState, TransitionError, transition

EXPECTED = {
    "pending": {"start": "processing", "hold": "pending-held", "cancel": "canceled", "abort": "aborted"},
    "pending-held": {"release": "pending", "cancel": "canceled"},
    "processing": {"stop": "processing-stopped", "complete": "completed", "abort": "aborted"},
    "processing-stopped": {
        "stop": "processing-stopped",
        "resume": "processing",
        "cancel": "canceled",
        "complete": "completed",
        "abort": "aborted",
    },
    "canceled": {},
    "aborted": {},
    "completed": {},
}


@pytest.mark.parametrize(("state", "event"), list(product(JobState, JobEvent)))
def test_every_state_and_event(state: JobState, event: JobEvent) -> None:
    target = EXPECTED[state].get(event)
    if target is None:
        with pytest.raises(TransitionError, match=f"{state} can't {event}"):
            transition(state, event)
    else:
        assert transition(state, event) == target


def test_final_states_have_no_way_out() -> None:
    assert not [pair for pair in TRANSITIONS if pair[0] in FINAL]


def test_a_card_in_the_machine_can_not_be_canceled() -> None:
    assert (JobState.PROCESSING, JobEvent.CANCEL) not in TRANSITIONS
