"""The station is killed at any commit, the card is pulled at any command: the same card goes on, counted once."""

from __future__ import annotations

import random
from itertools import product

import pytest

from drivers.sim.cards import Card
from drivers.sim.chip import Chip
from kiosk.core.plan import Plan
from kiosk.rig.world_check import good_cards, wrong_cards
from tests.office import Killed, Office
from tests.plans.hands import Hands, uid_of
from tests.station.test_in_doubt import answer_truly, die_at

BEFORE, AFTER = Plan.DESKTOP_BEFORE, Plan.DESKTOP_AFTER
COMMITS = {BEFORE: 9, AFTER: 7}
EVERY = [(plan, nth, when) for plan in COMMITS for nth, when in product(range(COMMITS[plan]), ("before", "after"))]
QUICK = {
    (BEFORE, 0, "after"), (BEFORE, 1, "before"), (BEFORE, 3, "after"), (BEFORE, 7, "after"),
    (AFTER, 3, "before"), (AFTER, 3, "after"), (AFTER, 4, "after"), (AFTER, 6, "before"),
}  # fmt: skip
APDUS = 60
"""At least as many commands as a card takes on the desk: where none is left, nothing is pulled."""


def all_is_well(office: Office, job: str) -> None:
    assert office.state(job) == "completed"
    office.agree()
    assert office.accounts().get("bench", 0) == 0
    assert len(good_cards(office.world)) == 1
    assert wrong_cards(good_cards(office.world), office.residents) == []


@pytest.mark.parametrize(
    ("plan", "nth", "when"),
    [pytest.param(*each, marks=[] if each in QUICK else pytest.mark.long) for each in EVERY],
)
def test_killed_at_every_commit(office: Office, plan: Plan, nth: int, when: str) -> None:
    hands = Hands(office, plan)
    worker = office.station.worker
    assert worker is not None
    die_at(office, nth, when)
    job = hands.begin()
    held = hands.help_through_with(job, None, lambda: worker.failure is not None)
    office.until(lambda: worker.failure is not None)
    assert isinstance(worker.failure, Killed)

    office.restart()
    held = hands.help_through_with(job, held, lambda: "outcome-unknown" in office.reasons(job))
    if office.state(job) != "completed":
        answer_truly(office, job)
        hands.help_through_with(job, held)
    all_is_well(office, job)


def chip_of(card: Card) -> Chip:
    assert isinstance(card.chip, Chip)
    return card.chip


@pytest.mark.parametrize("plan", [BEFORE, AFTER])
@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 20))])
def test_pulled_at_any_command(office: Office, plan: Plan, seed: int) -> None:
    """Three times on the way to a card, at commands that are drawn by lot."""
    rng = random.Random(f"{plan} {seed}")
    at = {rng.randrange(APDUS) for _ in range(3)}
    seen = 0

    def count(apdu: bytes) -> None:
        nonlocal seen
        seen += 1
        if seen in at and office.desk.card is not None:
            office.desk.lift()

    card = office.world.hopper[0]
    chip_of(card).on_apdu(count)
    hands = Hands(office, plan)
    job = hands.begin()
    hands.help_through(job)
    assert [each["uid"] for each in office.job(job)["cards"]] == [uid_of(card)]
    all_is_well(office, job)
