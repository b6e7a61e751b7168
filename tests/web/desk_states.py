"""What a clerk can meet where the chip is written on a reader on the desk: a part of tests/web/states.py."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kiosk.core.plan import Plan
from tests.plans.hands import TO_FEEDER, Hands
from tests.web.states import State

if TYPE_CHECKING:
    from tests.office import Office


def at_desk(office: Office) -> Iterator[State]:
    """Two cards, and the plan of before again."""
    hands = Hands(office, Plan.DESKTOP_BEFORE)
    [job] = office.bring_more_and_run()
    hands.asked()
    yield State("now, blank wanted", "/now")
    yield State("locked, card wanted", "/sign-in", signed_in=False)
    blank = hands.next_blank()
    hands.lay(blank)
    hands.asked(TO_FEEDER)
    yield State("now, card to the feeder", "/now")
    hands.feed(job, blank)
    hands.asked()
    hands.lay(hands.printed())
    hands.finished(job)
    hands = Hands(office, Plan.DESKTOP_AFTER)
    [job] = office.bring_more_and_run()
    hands.asked()
    yield State("now, printed card wanted", "/now")
    hands.lay(office.world.output[0])
    hands.asked(problem="wrong-card")
    yield State("now, wrong card on the desk", "/now")
    hands.lay(hands.printed())
    hands.finished(job)
    Hands(office, Plan.INLINE)
