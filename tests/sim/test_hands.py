"""What a person does to the machine in the middle of a move is never taken for a good print."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from drivers.sim.cards import COLUMNS, ROWS, Panel, blanks
from drivers.sim.clock import SimClock
from drivers.sim.mechanics import Event, print_panel
from drivers.sim.status import Err, Fault
from drivers.sim.world import World

YELLOW = Panel("y", 128, np.zeros((ROWS, COLUMNS), np.uint8))


def new_world() -> World:
    return World(SimClock(float("inf")), blanks([None, None, None]))


def flick(world: World) -> None:
    world.open_cover()
    world.close_cover()


def print_disturbed(world: World, act: Callable[[World], object]) -> None:
    for item in print_panel(world, YELLOW, 1):
        if isinstance(item, Event) and item.name == "panel-started":
            act(world)


@pytest.mark.parametrize(("act", "error"), [(World.take_card, Err.MECHANICAL), (flick, Err.COVER_OPEN)])
def test_at_the_instant_when_a_panel_begins(act: Callable[[World], object], error: Err) -> None:
    world = new_world()
    with pytest.raises(Fault) as caught:
        print_disturbed(world, act)
    assert caught.value.error is error
    assert world.odometer.panels_printed == 0


def test_undisturbed_it_counts() -> None:
    world = new_world()
    list(print_panel(world, YELLOW, 1))
    assert world.odometer.panels_printed == 1


def test_hands_in_the_hopper() -> None:
    world = new_world()
    second = world.hopper[1]
    world.lift(second)
    assert (world.by_hand, len(world.hopper)) == ([second], 2)
    with pytest.raises(ValueError, match="not in deque"):
        world.lift(second)
    assert [card.number for card in world.empty_hopper()] == [1, 3]
    assert not world.hopper


def test_an_armed_jam_is_seen_until_it_is_spent() -> None:
    world = new_world()
    world.jam("print")
    assert world.armed == ["print"]
    with pytest.raises(Fault):
        list(print_panel(world, YELLOW, 1))
    assert world.armed == []
