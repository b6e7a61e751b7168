"""The card that is wanted on the reader of the desk, or goes from there into the feeder: one thing to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import Flask, request

from drivers.errors import Cause
from kiosk.core.accounts import Account
from kiosk.core.jobs import Answer, Why
from kiosk.core.plan import Step, step_of
from kiosk.core.verdicts import SpoilCause, fitting_answers
from kiosk.errors import UsageError
from kiosk.web.house import actor, done, house
from kiosk.worker import CardWanted

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from kiosk.worker import Halt

BLANK_BY_HAND = {"defect": {"cause": Cause.CHIP_SILENT.value}, "set-aside": {}}
"""What may be booked of a blank that no job has yet, out of the hopper it was taken from."""
NOT_ITS_CHIP = frozenset({"wrong-card", *Cause} - {Cause.CHIP_SILENT})


@dataclass(frozen=True)
class Asked:
    """`what`: blank, again, printed, confirm or feeder. `problem`: what lies on the reader instead, empty if nothing
    does; `owner`: whose card that is, a record, empty if it is not known. `answers`: what may be said of the card."""

    job: dict[str, Any]
    what: str
    problem: str
    owner: str
    answers: tuple[str, ...]

    @property
    def wrong_chip(self) -> bool:
        return self.problem in NOT_ITS_CHIP


def register(app: Flask) -> None:
    app.add_url_rule("/now/blank", view_func=book_blank, methods=["POST"])


def asked_at_desk(holdup: Halt | None, job: dict[str, Any] | None) -> Asked | None:
    """None if it is something else that keeps `job` from going on."""
    if holdup is None or job is None:
        return None
    card = job["card"]
    answers = tuple(answer.value for answer in fitting_answers(card)) if card else ()
    if Why.CARD_TO_FEEDER in holdup.reasons:
        return Asked(job, "feeder", "", "", answers)
    if not isinstance(holdup, CardWanted):
        return None
    return Asked(job, _wanted(card), holdup.problem, _whose(holdup.owner), answers)


def _wanted(card: dict[str, Any] | None) -> str:
    if card is None or not card["done"]:
        return "blank"
    match step_of(card):
        case Step.CONFIRM:
            return "confirm"
        case Step.IDENTIFY:
            return "printed"
    return "again"


def _whose(job: str) -> str:
    with house().station.books.look() as view:
        rows = [*view.rows("jobs"), *view.rows("finished")]
        return next((str(row["ref"]) for row in rows if row["id"] == job), "")


def book_blank() -> Response:
    """Of a blank that can't be used and that no job has: gone from the hopper."""
    movement = request.form.get("movement", "")
    if movement not in BLANK_BY_HAND:
        raise UsageError("movement: defect or set-aside")
    said = {"source": Account.HOPPER.value, **BLANK_BY_HAND[movement]}
    house().station.stock.move(actor(), movement, request.form.get("sku", ""), 1, key=request.form["key"], **said)
    return done("now")


WRONG_CHIP = SpoilCause.WRONG_CHIP.value
UNREADABLE = Answer.UNREADABLE.value
