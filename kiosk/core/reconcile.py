"""One card, one open intent, and what the devices say now: done, not done, spoiled, or ask a person. Pure.

The rules are a table, read from the top; the first that fits decides. Anything that no rule names is asked.
A printer counts at feed, at each panel or at eject, and may forget its last counts when the power goes
(docs/adding-a-printer.md): no rule trusts a count alone where the position of the card can contradict it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from drivers.protocols import Position
from kiosk.core.plan import READING, Step

HOPPER = frozenset({"media-empty", "media-needed"})


class Verdict(StrEnum):
    DONE = "done"
    NOT_DONE = "not-done"
    SPOILED = "spoiled"
    ASK = "ask"


@dataclass(frozen=True)
class Evidence:
    """What is known of an intent without outcome.

    `fed`, `panels`: counter now minus counter in the intent. `panels_due`: what a whole face uses.
    `stopping`: printer-state-reasons that wait for a person. `same_printer`: the serial is the one in the intent.
    `let`: how many panels the host let onto the card, None if that is not known; `ended`: and all were answered OK.
    """

    step: Step
    position: Position
    fed: int
    panels: int
    panels_due: int
    just_reset: bool
    stopping: frozenset[str]
    same_printer: bool
    let: int | None = None
    ended: bool = False

    @property
    def let_some(self) -> bool:
        """Onto the card, and not all. The first has begun once it is counted, or once the second was let too."""
        return self.let is not None and 0 < self.let < self.panels_due and (self.let > 1 or self.panels > 0)

    @property
    def inside(self) -> bool:
        return self.position not in (Position.NONE, Position.UNKNOWN)

    @property
    def blocked(self) -> bool:
        """The printer waits for a person; an empty hopper is no matter to a card that is inside already."""
        return bool(self.stopping - HOPPER if self.inside else self.stopping)

    @property
    def gone(self) -> bool:
        return self.position is Position.NONE


@dataclass(frozen=True)
class Rule:
    name: str
    fits: Callable[[Evidence], bool]
    verdict: Verdict


RULES: tuple[Rule, ...] = (
    Rule("another printer", lambda e: not e.same_printer, Verdict.ASK),
    Rule("counters went back without a reset", lambda e: min(e.fed, e.panels) < 0 and not e.just_reset, Verdict.ASK),
    Rule("more cards or panels than ours", lambda e: e.fed > 1 or e.panels > e.panels_due, Verdict.ASK),
    Rule("nothing was fed, or somebody took the blank out", lambda e: e.step is Step.FEED and e.gone
         and (e.fed == 0 or (e.fed < 0 and e.just_reset)) and e.stopping <= HOPPER, Verdict.NOT_DONE),
    Rule("printer waits for a person", lambda e: e.blocked, Verdict.ASK),
    Rule("position not known", lambda e: e.position is Position.UNKNOWN, Verdict.ASK),
    Rule("fed, card inside", lambda e: e.step is Step.FEED and e.inside, Verdict.DONE),
    Rule("reading step, card inside", lambda e: e.step in READING and e.inside, Verdict.NOT_DONE),
    Rule("encode, card inside: same chip can be written again", lambda e: e.step is Step.ENCODE and e.inside,
         Verdict.NOT_DONE),
    Rule("print, card inside, all was answered OK", lambda e: e.step is Step.PRINT and e.inside and e.ended,
         Verdict.DONE),
    Rule("print, card inside, no panel was let onto it", lambda e: e.step is Step.PRINT and e.inside and e.let == 0
         and e.panels <= 0, Verdict.NOT_DONE),
    Rule("print, card inside, some panels were let onto it", lambda e: e.step is Step.PRINT and e.inside
         and e.let_some, Verdict.SPOILED),
    Rule("print, card inside, all panels", lambda e: e.step is Step.PRINT and e.inside and e.panels == e.panels_due
         and not e.just_reset, Verdict.DONE),
    Rule("print, card inside, some panels", lambda e: e.step is Step.PRINT and e.inside
         and 0 < e.panels < e.panels_due and not e.just_reset and e.let != 0, Verdict.SPOILED),
    Rule("eject, card still inside", lambda e: e.step is Step.EJECT and e.inside, Verdict.NOT_DONE),
    Rule("eject, path empty: it came out, or somebody took it", lambda e: e.step is Step.EJECT and e.gone,
         Verdict.DONE),
)  # fmt: skip


def reconcile(evidence: Evidence) -> tuple[Verdict, str]:
    """The verdict and the name of the rule that gave it."""
    for rule in RULES:
        if rule.fits(evidence):
            return rule.verdict, rule.name
    return Verdict.ASK, "no rule fits"
