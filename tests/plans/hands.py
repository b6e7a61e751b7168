"""A person between the printer and the reader on the desk: looks at what the station asks, moves one card."""

from __future__ import annotations

from collections.abc import Callable

from drivers.sim.cards import Card
from drivers.sim.chip import Chip
from kiosk.core.plan import Plan
from kiosk.worker.halt import Halt
from tests.office import Office

WANTED, TO_FEEDER = "desk-card-wanted", "card-to-feeder"


class Hands:
    def __init__(self, office: Office, plan: Plan) -> None:
        self.office = office
        self.world = office.world
        office.station.equipment.use("test", "plan", plan.value)

    def begin(self) -> str:
        """One record, one job; its id."""
        self.office.bring_records(1)
        [job] = self.office.station.desk.run_jobs("test")
        return job

    @property
    def holdup(self) -> Halt | None:
        worker = self.office.station.worker
        return worker.holdup if worker else None

    def asked(self, reason: str = WANTED, problem: str | None = None) -> Halt:
        """Wait until the station asks for it."""

        def so() -> bool:
            holdup = self.holdup
            return bool(holdup and reason in holdup.reasons) and (
                problem is None or getattr(holdup, "problem", None) == problem
            )

        self.office.until(so)
        assert self.holdup is not None
        return self.holdup

    def next_blank(self) -> Card:
        """Out of the hopper, into the hand."""
        card = self.world.hopper[0]
        self.world.lift(card)
        return card

    def printed(self) -> Card:
        """The newest one in the output tray."""
        return self.world.output[-1]

    def lay(self, card: Card) -> None:
        """Out of the hopper, if it went back there."""
        if card in self.world.hopper:
            self.world.lift(card)
        if self.office.desk.card is not card:
            self.office.desk.lift()
            self.office.desk.lay(card)

    def feed(self, job: str, card: Card) -> None:
        """The encoded card goes in front of the others, and a person says so."""
        self.office.until(lambda: TO_FEEDER in self.office.reasons(job))
        self.office.desk.lift()
        self.world.put_back(card)
        self.office.station.desk.resume_job("op:maria", job)

    def finished(self, job: str) -> None:
        self.office.until(lambda: self.office.state(job) in ("completed", "aborted"))
        self.office.desk.lift()

    def help_through(self, job: str) -> None:
        """Whatever the station asks at the desk, until the job is at its end: a person who does it right."""
        self.help_through_with(job, None)

    def help_through_with(
        self, job: str, held: Card | None, until: Callable[[], bool] = lambda: False
    ) -> Card | None:
        """The same with a card in the hand, or until something else is so. Returns the card that is in the hand."""
        asked: object = None

        def over() -> bool:
            return until() or self.office.state(job) in ("completed", "aborted")

        def news() -> bool:
            return bool(self._wanted(job)) and self._seen(job) != asked

        while not over():
            self.office.until(lambda: over() or news())
            if over():
                break
            asked = self._seen(job)
            row = self.office.job(job)["card"]
            if TO_FEEDER in self._wanted(job):
                assert held is not None
                if held not in self.world.hopper:  # else a look that had begun before says it once more
                    self.feed(job, held)
            elif row and "eject" in row["done"]:
                self.lay(self.printed())
            else:
                held = held or self.card_with(row["uid"] if row else None) or self.next_blank()
                self.lay(held)
        self.office.desk.lift()
        return held

    def _wanted(self, job: str) -> set[str]:
        """By the books, which know better than what is said; a blank that no job has yet is only said."""
        row = self.office.job(job)
        said = self.holdup.reasons if self.holdup and row["card"] is None else frozenset[str]()
        return {WANTED, TO_FEEDER} & {*row["reasons"], *said}

    def _seen(self, job: str) -> object:
        """What is asked, at which step, and whether a card lies on the reader."""
        done = (self.office.job(job)["card"] or {}).get("done")
        return self._wanted(job), done, self.office.desk.card is None

    def card_with(self, uid: str | None) -> Card | None:
        cards = [card for place in self.world.census().values() for card in place]
        return next((card for card in cards if uid_of(card) == uid), None)


def uid_of(card: Card) -> str:
    assert isinstance(card.chip, Chip)
    return card.chip.uid.hex().upper()
