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
    """The face may be on the card: its print was begun, or done."""
    intent = card["intent"]
    return Step.PRINT in card["done"] or bool(intent and intent["step"] in (Step.PRINT, Step.EJECT))


def fitting_answers(card: dict[str, Any]) -> tuple[Answer, ...]:
    """The answers that can be true for this card."""
    good = (Answer.GOOD,) if may_be_printed(card) else ()
    return (*good, Answer.SPOILED, Answer.BLANK, Answer.NOT_THERE)


def resolve(job: dict[str, Any], answer: Answer, cause: SpoilCause | None) -> Resolution:
    """AnswerError if the answer does not fit."""
    card = job["card"]
    if answer not in fitting_answers(card):
        raise AnswerError(f"{answer} does not fit: this card was not printed yet")

    def to(target: Account) -> list[Transfer]:
        sku, lot = Sku(job["sku"]), card["lot"]
        feed = [] if card["booked"] else [Transfer(sku, lot, Account.HOPPER, Account.IN_MACHINE)]
        return [*feed, Transfer(sku, lot, Account.IN_MACHINE, target)]

    match answer:
        case Answer.GOOD:
            return Resolution("printed", to(Account.PRINTED), completes=True)
        case Answer.SPOILED:
            return Resolution("spoiled", to(Account.SPOILED), cause or SpoilCause.DAMAGED)
        case Answer.BLANK:
            return Resolution("hopper", to(Account.HOPPER) if card["booked"] else [])
        case Answer.NOT_THERE:
            moves = to(Account.COUNT_ADJUSTMENT) if card["booked"] else []
            return Resolution("count-adjustment", moves, SpoilCause.CARD_MISSING, aborts=may_be_printed(card))
