"""Where a card that is not good goes, and what a person's answer moves. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from drivers.errors import Cause
from kiosk.core.accounts import Account, Transfer
from kiosk.core.jobs import Answer
from kiosk.core.plan import Step
from kiosk.core.records import Sku


class SpoilCause(StrEnum):
    """Why a blank was spoiled, where the chip was not the cause."""

    MEDIA_JAM = "media-jam"
    PRINT_INTERRUPTED = "print-interrupted"
    DAMAGED = "damaged"
    MISPRINT = "misprint"
    CARD_MISSING = "card-missing"


_USED = frozenset({Cause.CHIP_USED, Cause.CHIP_UID_CONSUMED})


def account_of_refused(cause: str) -> Account:
    """A chip that never worked is a factory defect; one that was used before, or a bad print, is spoiled."""
    if cause in set(Cause) and cause not in _USED:
        return Account.FACTORY_DEFECT
    return Account.SPOILED


@dataclass(frozen=True)
class Resolution:
    """What an answer makes true. `end` is the account where the card ends, `completes`/`aborts` the job."""

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


def fitting_answers(card: dict[str, Any]) -> tuple[Answer, ...]:
    """The answers that can be true for this card, by what the machine's evidence says of it."""
    good = may_be_printed(card) and Step.VERIFY in card["done"] and not card["cause"]
    blank = Step.PRINT not in card["done"]
    fitting = {Answer.GOOD: good, Answer.SPOILED: True, Answer.BLANK: blank, Answer.NOT_THERE: True}
    return tuple(answer for answer, fits in fitting.items() if fits)


def resolve(job: dict[str, Any], answer: Answer, cause: SpoilCause | None) -> Resolution:
    """AnswerError if the answer does not fit."""
    card = job["card"]
    if answer not in fitting_answers(card):
        known = "was printed" if answer is Answer.BLANK else "was not printed, or was refused"
        raise AnswerError(f"{answer} does not fit: by the machine's evidence this card {known}")

    def to(target: Account) -> list[Transfer]:
        sku, lot = Sku(job["sku"]), card["lot"]
        feed = [] if card["booked"] else [Transfer(sku, lot, Account.HOPPER, Account.IN_MACHINE)]
        return [*feed, Transfer(sku, lot, Account.IN_MACHINE, target)]

    match answer:
        case Answer.GOOD:
            return Resolution("printed", to(Account.PRINTED), completes=True)
        case Answer.SPOILED:
            why = cause or card["cause"] or SpoilCause.DAMAGED
            return Resolution(account_of_refused(why), to(account_of_refused(why)), why)
        case Answer.BLANK:
            return Resolution("hopper", to(Account.HOPPER) if card["booked"] else [])
        case Answer.NOT_THERE:
            if not card["booked"]:
                return Resolution("hopper")  # nothing was fed, so nothing that came in is missing
            gone = to(Account.COUNT_ADJUSTMENT)
            return Resolution("count-adjustment", gone, SpoilCause.CARD_MISSING, aborts=may_be_printed(card))
