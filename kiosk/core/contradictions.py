"""Answers that the devices contradict: what a person says of a card in the machine, against what is read there. Pure.

Sensors and counters can be wrong, so a contradiction is refused with its reason, and a supervisor may still insist
(docs/adr/0029-an-answer-against-the-machine.md). `spoiled` of a card that is out is never contradicted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from drivers.protocols import Position
from kiosk.core.jobs import Answer
from kiosk.core.plan import Step
from kiosk.core.reconcile import Evidence

IN_HAND = frozenset({Answer.GOOD, Answer.SPOILED, Answer.BLANK, Answer.NOT_THERE})


@dataclass(frozen=True)
class Contradiction:
    """`keyword`: as the refusal's reason. `says`: for the command line, what is read and what to do."""

    keyword: str
    answers: frozenset[Answer]
    fits: Callable[[Evidence], bool]
    says: str


TABLE = (
    Contradiction(
        "card-still-inside", IN_HAND, lambda e: e.same_printer and e.position is not Position.NONE,
        "the printer's sensors see a card ({e.position}): take it out and look at it, then answer",
    ),
    Contradiction(
        "not-all-printed", frozenset({Answer.GOOD}), lambda e: e.step is Step.PRINT and _some_missing(e),
        "{e.let} of {e.panels_due} panels were let onto it and {e.panels} were counted: it can't be whole, so it is "
        "spoiled, or another card",
    ),
    Contradiction(
        "printed-on", frozenset({Answer.BLANK}), lambda e: e.step is Step.PRINT and _some_there(e),
        "{e.let} of {e.panels_due} panels were let onto it and {e.panels} were counted: it is no blank, so it is "
        "spoiled, or another card",
    ),
)  # fmt: skip


def _some_missing(e: Evidence) -> bool:
    """What never went out is on no card; and a counter that has begun to count would count the others too."""
    counted_some = e.same_printer and not e.just_reset and 0 < e.panels < e.panels_due
    return counted_some or (e.let is not None and e.let < e.panels_due)


def _some_there(e: Evidence) -> bool:
    """A counter may forget, but never counts too many. What was let and not counted may be in the printer's memory: a
    head that is too hot is told of when all has been sent."""
    return e.ended or (e.same_printer and e.panels > 0)


def contradiction(answer: Answer, evidence: Evidence) -> tuple[str, str] | None:
    """The keyword of the first row that fits, and what it says. None if nothing speaks against the answer."""
    for row in TABLE:
        if answer in row.answers and row.fits(evidence):
            return row.keyword, row.says.format(e=evidence)
    return None
