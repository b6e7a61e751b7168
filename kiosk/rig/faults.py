"""The fault language of a rehearsal: `KIND@N`, `KIND@N:STEP`, `hub-down@FROM-TO`; N counts good cards from 1."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kiosk.core.plan import Step
from kiosk.errors import UsageError

CHIPS = ("chip-dead", "chip-used", "chip-weak", "chip-random-uid", "chip-write-fails")
MACHINE = ("jam", "cover-open", "cable")
HOST = ("kill", "power")
LINK = ("hub-down", "hub-error")
KINDS = (*CHIPS, *MACHINE, *HOST, *LINK)

_FORM = re.compile(r"(?P<kind>[a-z-]+)@(?P<first>[1-9]\d*)(?:-(?P<last>[1-9]\d*))?(?::(?P<step>[a-z]+))?")
_DEFAULT_STEP = {
    "jam": Step.PRINT,
    "cover-open": Step.PRINT,
    "cable": Step.PRINT,
    "kill": Step.PRINT,
    "power": Step.PRINT,
}


@dataclass(frozen=True)
class Fault:
    """`first`: the card at which it comes. `last`: a link fault lasts until that card is out. `step`: where in it."""

    kind: str
    first: int
    last: int
    step: Step | None

    def __str__(self) -> str:
        return f"{self.kind}@{self.first}" + (f":{self.step}" if self.step else "")


def parse_fault(text: str) -> Fault:
    """UsageError says what is wrong with `text`."""
    match = _FORM.fullmatch(text)
    if not match or match["kind"] not in KINDS:
        raise UsageError(f"fault {text!r}: write KIND@N, KIND@N:STEP or KIND@N-M; kinds are {', '.join(KINDS)}")
    kind, first = match["kind"], int(match["first"])
    last = int(match["last"] or first)
    if last < first or (match["last"] and kind not in LINK):
        raise UsageError(f"fault {text!r}: only {', '.join(LINK)} take a range, from the lower to the higher")
    if match["step"] and kind not in _DEFAULT_STEP:
        raise UsageError(f"fault {text!r}: {kind} takes no step")
    if match["step"] and match["step"] not in set(Step):
        raise UsageError(f"fault {text!r}: steps are {', '.join(Step)}")
    step = Step(match["step"]) if match["step"] else _DEFAULT_STEP.get(kind)
    if kind in MACHINE and step not in (Step.FEED, Step.PRINT, Step.EJECT):
        raise UsageError(f"fault {text!r}: {kind} comes at feed, print or eject")
    return Fault(kind, first, last, step)
