"""The step plans: what happens to a card, in which order and where. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from kiosk.core.accounts import Account


class Step(StrEnum):
    FEED = "feed"
    IDENTIFY = "identify"
    ENCODE = "encode"
    VERIFY = "verify"
    PRINT = "print"
    EJECT = "eject"
    CONFIRM = "confirm"


CHIP = frozenset({Step.IDENTIFY, Step.ENCODE, Step.VERIFY, Step.CONFIRM})
"""Steps that need the chip alone: on the printer's own antenna, or on a reader on the desk."""

READING = CHIP - {Step.ENCODE}
"""Steps that change neither card nor printer; safe to repeat."""


class Plan(StrEnum):
    """A card keeps the one with which it began."""

    INLINE = "inline"
    DESKTOP_BEFORE = "desktop-before"
    DESKTOP_AFTER = "desktop-after"
    TEST_CARD = "test-card"
    TEST_PRINT = "test-print"
    TEST_CHIP = "test-chip"

    @property
    def steps(self) -> tuple[Step, ...]:
        return PLANS[self]

    def at_desk(self, step: Step) -> bool:
        """A person lays the card on the reader of the desk for it."""
        return self in _AT_DESK and step in CHIP

    @property
    def is_test(self) -> bool:
        """Of a card that is made for nobody."""
        return self not in FOR_RECORDS

    @property
    def uses_desk(self) -> bool:
        return any(self.at_desk(step) for step in self.steps)

    @property
    def ends_at_desk(self) -> bool:
        """What comes out of the machine is not finished."""
        return self.at_desk(self.steps[-1])

    def by_hand(self, step: Step) -> bool:
        """The blank that is fed is not any one of the hopper: a person puts it in front first."""
        return step is Step.FEED and self.steps[0] is not step


FOR_RECORDS = (Plan.INLINE, Plan.DESKTOP_BEFORE, Plan.DESKTOP_AFTER)
"""Those that the config or a person may choose."""
_AT_DESK = frozenset({Plan.DESKTOP_BEFORE, Plan.DESKTOP_AFTER})

PLANS: Mapping[Plan, tuple[Step, ...]] = MappingProxyType({
    # Chip before print: a dead chip then costs no ribbon and is a factory defect, not a spoiled card.
    Plan.INLINE: (Step.FEED, Step.IDENTIFY, Step.ENCODE, Step.VERIFY, Step.PRINT, Step.EJECT),
    # The printer can't tell which blank it fed, so the finished card is touched once more.
    Plan.DESKTOP_BEFORE: (
        Step.IDENTIFY, Step.ENCODE, Step.VERIFY, Step.FEED, Step.PRINT, Step.EJECT, Step.CONFIRM,
    ),
    Plan.DESKTOP_AFTER: (Step.FEED, Step.PRINT, Step.EJECT, Step.IDENTIFY, Step.ENCODE, Step.VERIFY),
    Plan.TEST_CARD: (Step.FEED, Step.IDENTIFY, Step.ENCODE, Step.VERIFY, Step.PRINT, Step.EJECT),
    Plan.TEST_PRINT: (Step.FEED, Step.PRINT, Step.EJECT),
    Plan.TEST_CHIP: (Step.FEED, Step.IDENTIFY, Step.ENCODE, Step.VERIFY, Step.EJECT),
})  # fmt: skip


def following(plan: Sequence[Step], step: Step) -> Step | None:
    at = plan.index(step) + 1
    return plan[at] if at < len(plan) else None


def plan_of(card: Mapping[str, Any]) -> Plan:
    """Of a card of the books: the one with which it began."""
    return Plan(card.get("plan", Plan.INLINE))


def place_of(card: Mapping[str, Any]) -> Account:
    """Where the books hold a card under way; it follows from what was done."""
    if not card["done"]:
        return Account.HOPPER
    inside = Step.FEED in card["done"] and Step.EJECT not in card["done"]
    return Account.IN_MACHINE if inside else Account.BENCH


def step_of(card: Mapping[str, Any]) -> Step:
    """What is being done to a card of the books, or comes next. One that is refused only leaves the machine."""
    if card["intent"]:
        return Step(card["intent"]["step"])
    if card["cause"]:
        return Step.EJECT
    return next(step for step in plan_of(card).steps if step not in card["done"])


def named_plan(body: Mapping[str, Any]) -> dict[str, str]:
    """As in frames: the plan is named where it is another than `inline`."""
    plan = plan_of(body)
    return {} if plan is Plan.INLINE else {"plan": plan.value}
