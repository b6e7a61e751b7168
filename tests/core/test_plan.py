from itertools import pairwise

import pytest

from kiosk.config import CardConfig
from kiosk.core.plan import CHIP, FOR_RECORDS, PLANS, READING, Plan, Step, following, step_of

TABLE = {
    "inline": "feed identify encode verify print eject",
    "desktop-before": "identify encode verify feed print eject confirm",
    "desktop-after": "feed print eject identify encode verify",
    "test-card": "feed identify encode verify print eject",
    "test-print": "feed print eject",
    "test-chip": "feed identify encode verify eject",
}


def test_the_plans_are_these() -> None:
    assert {plan.value: " ".join(plan.steps) for plan in PLANS} == TABLE
    assert set(PLANS) == set(Plan)
    assert Plan(CardConfig().plan) is Plan.INLINE


@pytest.mark.parametrize("plan", FOR_RECORDS)
def test_what_every_plan_keeps(plan: Plan) -> None:
    """A chip is known before it is written, read back before its card is good; a card is in the machine while it is
    moved or printed, and at the desk while its chip is, in one stretch each."""
    steps = plan.steps
    assert len(set(steps)) == len(steps)
    for first, second in [
        *pairwise((Step.IDENTIFY, Step.ENCODE, Step.VERIFY)),
        *pairwise((Step.FEED, Step.PRINT, Step.EJECT)),
    ]:
        assert steps.index(first) < steps.index(second)
    machine = [steps.index(step) for step in steps if not plan.at_desk(step)]
    assert machine == list(range(machine[0], machine[-1] + 1))
    assert not any(plan.at_desk(step) for step in set(Step) - CHIP)


def test_chip_before_print_costs_no_ribbon_and_after_a_print_the_uid_is_seen_again() -> None:
    for plan in FOR_RECORDS:
        last_chip = max(plan.steps.index(step) for step in plan.steps if step in CHIP)
        encode_first = plan.steps.index(Step.ENCODE) < plan.steps.index(Step.PRINT)
        assert encode_first is (plan is not Plan.DESKTOP_AFTER)
        assert (last_chip > plan.steps.index(Step.PRINT)) is (plan is not Plan.INLINE)
    assert {Step.IDENTIFY, Step.VERIFY, Step.CONFIRM} == READING


def test_only_the_blank_that_was_encoded_may_be_fed() -> None:
    assert [plan for plan in Plan if plan.by_hand(Step.FEED)] == [Plan.DESKTOP_BEFORE]
    assert not any(plan.by_hand(step) for plan in Plan for step in set(Step) - {Step.FEED})
    assert [plan for plan in Plan if plan.ends_at_desk] == [Plan.DESKTOP_BEFORE, Plan.DESKTOP_AFTER]


def test_following() -> None:
    assert following(Plan.INLINE.steps, Step.FEED) is Step.IDENTIFY
    assert following(Plan.INLINE.steps, Step.EJECT) is None


def test_the_step_of_a_card() -> None:
    card = {"plan": "desktop-after", "done": ["feed"], "intent": None, "cause": None}
    assert step_of(card) is Step.PRINT
    assert step_of({**card, "intent": {"step": "identify"}}) is Step.IDENTIFY
    assert step_of({**card, "cause": "print-interrupted"}) is Step.EJECT
