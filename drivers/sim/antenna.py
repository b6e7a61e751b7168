"""The field of the contactless station: which chip lies in it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

from drivers.sim.cards import Card, Place

if TYPE_CHECKING:
    from drivers.sim.world import World


class Antenna(Protocol):
    """Called from the simulator thread, and from the thread that calls a power verb or takes the card out."""

    def enter(self, chip: object) -> None:
        """A chip lies in a powered field from now on."""

    def leave(self) -> None:
        """It was moved away, or the field went."""


class Field:
    """Keeps the world's antenna in line with power and place; level-triggered, so no race leaves a chip behind."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._lock = threading.RLock()
        self._lying: Card | None = None

    def follow(self) -> None:
        world = self._world
        with self._lock:
            with world.lock:
                lies = world.path if world.powered and world.place is Place.CONTACTLESS else None
            if lies is self._lying:
                return
            self.drop()
            self._lying = lies
            if world.antenna is not None and lies is not None:
                world.antenna.enter(lies.chip)

    def drop(self) -> None:
        with self._lock:
            if self._world.antenna is not None and self._lying is not None:
                self._world.antenna.leave()
            self._lying = None
