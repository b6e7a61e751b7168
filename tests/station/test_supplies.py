"""What is used up keeps the next card away before a blank is spent; when it is back the work goes on by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from drivers.sim.cards import Ribbon
from drivers.sim.world import World
from kiosk.core.card_test import is_test
from tests.office import Office


def part_of_a_set(world: World) -> None:
    """The last set was begun under a card that jammed: what is left of it is no card."""
    assert world.ribbon is not None
    world.ribbon.sets_left, world.ribbon.reached = 0, 2
    world.odometer.ribbon_left = 0


def full(tray: str, times: int) -> Callable[[World], None]:
    def fill(world: World) -> None:
        world.capacity = replace(world.capacity, **{tray: times})

    return fill


def new_ribbon(world: World) -> None:
    world.replace_ribbon(Ribbon(sets_left=50))


CASES = {
    "part of a set": (part_of_a_set, "marker-supply-empty", new_ribbon),
    "ribbon at its end": (World.end_ribbon, "marker-supply-empty", new_ribbon),
    "no ribbon": (lambda world: world.replace_ribbon(None), "marker-supply-missing", new_ribbon),
    "output tray full": (full("output", 0), "output-area-full", full("output", 9)),
    "reject tray full": (full("reject", 0), "output-area-full", full("reject", 9)),
}


@pytest.mark.parametrize("case", CASES)
def test_no_blank_is_spent_without_it_and_the_work_goes_on_by_itself(office: Office, case: str) -> None:
    take, reason, bring = CASES[case]
    take(office.world)
    office.bring_records(1)
    [job] = office.station.desk.run_jobs("test")
    assert office.until_held_up() == {reason}
    assert (len(office.world.hopper), office.world.path) == (12, None)
    assert office.accounts()["hopper"] == 12
    bring(office.world)
    office.until(lambda: office.state(job) == "completed")
    assert office.accounts()["hopper"] == 11
    office.agree()


def test_a_head_that_is_too_hot_is_waited_for(office: Office) -> None:
    """It is told of when the face was sent; the card is looked at, and the next one waits until it has cooled."""
    office.world.head_hot = True
    office.bring_records(1)
    [job] = office.station.desk.run_jobs("test")
    office.until(lambda: {"fuser-over-temp", "outcome-unknown"} <= office.reasons(job))
    office.world.put_back(office.world.take_card())
    office.station.desk.resolve_job("test", job, "blank")
    office.until(lambda: office.reasons(job) == {"fuser-over-temp", "printer-stopped"})
    assert (len(office.world.hopper), office.world.path) == (12, None)
    office.world.head_hot = False
    office.until(lambda: office.state(job) == "completed")
    office.agree()


def test_a_test_of_the_chip_needs_no_ribbon(office: Office) -> None:
    part_of_a_set(office.world)
    office.station.card_tests.begin("test", "wni", "test-chip")
    office.until(lambda: "ended" in (office.station.card_tests.last or {}))
    last = office.station.card_tests.last
    assert last is not None
    assert is_test(last)
    assert last["state"] == "completed"


def test_a_ribbon_that_cannot_be_read_stops_nothing(office: Office) -> None:
    assert office.world.ribbon is not None
    office.world.ribbon.tag_readable = False
    office.world.odometer.ribbon_left = 0
    assert office.print_one()["state"] == "completed"
