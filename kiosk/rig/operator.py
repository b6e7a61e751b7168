"""The scripted operator: looks only at the world, never at the books, and answers what the station asks."""

from __future__ import annotations

import logging
from typing import Any

from drivers.sim.cards import Card
from drivers.sim.line import Line
from drivers.sim.world import World
from kiosk.core.jobs import LET_GO_ON, Answer, Why
from kiosk.core.plan import Step
from kiosk.core.verdicts import SpoilCause
from kiosk.rig.process import StationProcess

log = logging.getLogger(__name__)

FACE_PANELS = 5


def is_whole(card: Card) -> bool:
    """Every panel is on it, each to its end."""
    return len(card.panels) == FACE_PANELS and all(panel.fraction == 1.0 for panel in card.panels)


class ScriptedOperator:
    """`answers`: what was asked and what it said, for the report."""

    def __init__(self, station: StationProcess, world: World, line: Line) -> None:
        self._station = station
        self._world = world
        self._line = line
        self._last_fed: Card | None = None
        self._taken: dict[tuple[str, int], tuple[Card, bool]] = {}
        self.answers: list[dict[str, Any]] = []
        world.observe(self._watch)

    def _watch(self, event: str, card: Card | None, detail: str) -> None:
        if event == "fed":
            self._last_fed = card

    def look(self, jobs: list[dict[str, Any]]) -> None:
        """One look at the station: clear what can be cleared, answer what is asked."""
        for job in jobs:
            reasons = set(job["reasons"])
            if job["state"] != "processing-stopped":
                continue
            if "connecting-to-device" in reasons:
                self._line.restore()
            if Why.OUTCOME_UNKNOWN in reasons:
                self._answer(job)
            elif LET_GO_ON & reasons:
                self._station.call("jobs.resume", job=job["id"])
        if self._world.cover_open:
            self._world.close_cover()

    def _answer(self, job: dict[str, Any]) -> None:
        card, jammed = self._card_of(job)
        if (
            card is not None and card.panels and card in self._world.hopper
        ):  # somebody laid it there: it must not be fed again
            self._world.lift(card)
        answer, cause = self._judge(card, jammed)
        log.info("operator: job=%s card=%s answer=%s", job["id"], card.number if card else None, answer)
        if answer is Answer.BLANK and card in self._world.by_hand:
            self._world.put_back(card)
        found = self._station.call("jobs.resolve", job=job["id"], answer=answer.value, cause=cause)
        self.answers.append({**found, "reasons": job["reasons"], "message": job["message"]})

    def _card_of(self, job: dict[str, Any]) -> tuple[Card | None, bool]:
        """The card, and whether it was jammed. Whoever is asked again has it in hand: its first answer was lost."""
        question = job["id"], job["card"]["n"]
        if self._world.path is not None:
            jammed = self._world.stuck
            self._taken[question] = self._world.take_card(), jammed
        return self._taken.get(question) or (self._out_of_the_path(job), False)

    def _out_of_the_path(self, job: dict[str, Any]) -> Card | None:
        """Before a feed is done the card that was fed last is another one, with an end of its own."""
        intent = job["card"]["intent"]
        return None if intent and intent["step"] == Step.FEED else self._last_fed

    def _judge(self, card: Card | None, jammed: bool) -> tuple[Answer, str | None]:
        if card is None:
            return Answer.NOT_THERE, None
        if is_whole(card):
            return Answer.GOOD, None
        if card.panels or jammed:
            return Answer.SPOILED, (SpoilCause.MEDIA_JAM if jammed else SpoilCause.PRINT_INTERRUPTED).value
        return Answer.BLANK, None
