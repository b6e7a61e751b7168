"""Where a card that is not good goes, and what a person's answer moves. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from drivers.errors import Cause
from kiosk.core.accounts import Account, Transfer
from kiosk.core.jobs import SEEN_BEFORE, Answer
from kiosk.core.plan import Step, place_of, plan_of, step_of
from kiosk.core.records import Sku


class SpoilCause(StrEnum):
    """Why a blank was spoiled, where the chip was not the cause."""

    MEDIA_JAM = "media-jam"
    PRINT_INTERRUPTED = "print-interrupted"
    DAMAGED = "damaged"
    MISPRINT = "misprint"
    CARD_MISSING = "card-missing"
    WRONG_CHIP = "wrong-chip"
    TEST = "test"
    WRONG_DATA = "wrong-data"


SET_ASIDE = "set-aside"
"""Why a blank leaves the machine of which nothing is wrong: its chip is not to be read there any more."""

_USED = frozenset({Cause.CHIP_USED, Cause.CHIP_UID_CONSUMED})


def account_of_refused(cause: str, *, printed: bool = False) -> Account:
    """A chip that never worked is a factory defect; one that was used before, or a bad print, is spoiled.

    `printed`: it bears a face, so it is destroyed with the spoiled ones and never sent back, whatever its chip has.
    """
    if cause == SET_ASIDE:
        return Account.BENCH
    if cause == SEEN_BEFORE:
        return Account.HOPPER  # where the blank still lies that the books saw fed
    if cause in set(Cause) and cause not in _USED and not printed:
        return Account.FACTORY_DEFECT
    return Account.SPOILED


@dataclass(frozen=True)
class Resolution:
    """What an answer makes true. `end` is the account where the card ends, `completes`/`aborts` the job.

    `end` empty: the face is good and the chip's turn comes at the desk; the card goes on.
    """

    end: str
    moves: list[Transfer] = field(default_factory=list)
    cause: str | None = None
    completes: bool = False
    aborts: bool = False


class AnswerError(ValueError):
    """The answer does not fit where the card was."""


def may_be_printed(card: dict[str, Any]) -> bool:
    """Something of the face may be on the card: its print was begun, broken off, or done."""
    intent = card["intent"]
    begun = bool(intent and intent["step"] == Step.PRINT)
    return begun or Step.PRINT in card["done"] or card["cause"] == SpoilCause.PRINT_INTERRUPTED


def lies_at_desk(card: dict[str, Any]) -> bool:
    """It is in a person's hands, outside of the machine: for its chip, or to be put into the feeder."""
    plan, step = plan_of(card), step_of(card)
    return plan.at_desk(step) or (plan.by_hand(step) and card["intent"] is None)


def question_of(card: dict[str, Any]) -> str:
    """Which question it is that is asked of this card: an answer to it is none to the next one of the same job."""
    return f"{card['n']}-{step_of(card)}"


def fitting_answers(card: dict[str, Any]) -> tuple[Answer, ...]:
    """The answers that can be true for this card, by what the machine's evidence says of it."""
    plan = plan_of(card)
    chip = not plan.is_test and (Step.VERIFY in card["done"] or plan.ends_at_desk)
    fitting = {
        Answer.GOOD: may_be_printed(card) and chip and not card["cause"] and not lies_at_desk(card),
        Answer.SPOILED: True,
        Answer.BLANK: Step.PRINT not in card["done"],
        Answer.NOT_THERE: True,
        Answer.UNREADABLE: plan.at_desk(step_of(card)),
    }
    return tuple(answer for answer, fits in fitting.items() if fits)


_CONTRADICTS = {
    Answer.GOOD: "was not printed, was refused, or its chip is not done",
    Answer.BLANK: "was printed",
    Answer.UNREADABLE: "is in the machine, or its chip is not asked for",
}


def _why_refused(card: dict[str, Any], answer: Answer, cause: SpoilCause | None) -> str:
    """As it is said, else why it was on its way out; one that was only set aside has another reason."""
    if answer is Answer.UNREADABLE:
        return Cause.CHIP_SILENT
    before = None if card["cause"] == SET_ASIDE else card["cause"]
    return str(cause or before or SpoilCause.DAMAGED)


def resolve(job: dict[str, Any], answer: Answer, cause: SpoilCause | None) -> Resolution:
    """AnswerError if the answer does not fit."""
    card = job["card"]
    if answer not in fitting_answers(card):
        raise AnswerError(f"{answer} does not fit: by the machine's evidence this card {_CONTRADICTS[answer]}")

    def to(target: Account) -> list[Transfer]:
        sku, lot, source = Sku(job["sku"]), card["lot"], place_of(card)
        if source is not Account.HOPPER:
            return [Transfer(sku, lot, source, target)]
        return [
            Transfer(sku, lot, source, Account.IN_MACHINE), Transfer(sku, lot, Account.IN_MACHINE, target)
        ]  # fmt: skip

    untouched = place_of(card) is Account.HOPPER
    match answer:
        case Answer.GOOD:
            finished = not plan_of(card).ends_at_desk
            end = Account.PRINTED if finished else Account.BENCH
            return Resolution(end if finished else "", to(end), completes=finished)
        case Answer.SPOILED | Answer.UNREADABLE:
            why = _why_refused(card, answer, cause)
            end = account_of_refused(why, printed=may_be_printed(card))
            return Resolution(end, to(end), why)
        case Answer.NOT_THERE if not untouched:
            gone = to(Account.COUNT_ADJUSTMENT)
            return Resolution("count-adjustment", gone, SpoilCause.CARD_MISSING, aborts=may_be_printed(card))
    # A blank; or nothing was fed, so nothing that came in is missing.
    return Resolution("hopper", [] if untouched else to(Account.HOPPER))
