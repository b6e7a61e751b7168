"""The step plan: what happens to a card, in which order. Data from config, checked here. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum


class Step(StrEnum):
    FEED = "feed"
    IDENTIFY = "identify"
    ENCODE = "encode"
    VERIFY = "verify"
    PRINT = "print"
    EJECT = "eject"


INLINE = (Step.FEED, Step.IDENTIFY, Step.ENCODE, Step.VERIFY, Step.PRINT, Step.EJECT)
"""Chip before print: a dead chip then costs no ribbon and is a factory defect, not a spoiled card."""

READING = frozenset({Step.IDENTIFY, Step.VERIFY})
"""Steps that change neither card nor printer; safe to repeat."""


class PlanError(ValueError):
    """The order can't be carried out; the message says why."""


def check_plan(names: Sequence[str]) -> tuple[Step, ...]:
    """Turn configured names into a plan. PlanError names the first rule that is broken."""
    try:
        plan = tuple(Step(name) for name in names)
    except ValueError as exc:
        raise PlanError(f"{exc}; steps are {', '.join(Step)}") from exc
    if sorted(plan) != sorted(INLINE):
        raise PlanError(f"each of {', '.join(INLINE)} exactly once")
    if plan[0] is not Step.FEED or plan[-1] is not Step.EJECT:
        raise PlanError("feed comes first and eject last")
    if not plan.index(Step.IDENTIFY) < plan.index(Step.ENCODE) < plan.index(Step.VERIFY):
        raise PlanError("identify before encode before verify")
    return plan


def following(plan: Sequence[Step], step: Step) -> Step | None:
    at = plan.index(step) + 1
    return plan[at] if at < len(plan) else None
