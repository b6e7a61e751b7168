"""Moves: what the motors do, how long it takes, and what goes wrong.

A move is a generator. It changes the world between two `yield`s, with the world's lock held; it yields seconds to let
time pass and an `Event` to tell the observers. So power can fail between any two of its steps and nowhere else.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Sequence
from dataclasses import dataclass

from drivers.sim.cards import Card, Panel, Place, Ribbon
from drivers.sim.status import Err, Fault
from drivers.sim.world import PowerLost, UnderHead, World


@dataclass(frozen=True)
class Event:
    name: str
    card: Card | None = None
    detail: str = ""


Motion = Generator[float | Event, None, None]


class Mechanics:
    """One set of motors: moves run one after the other, in the background until `settle`. Simulator thread only."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.epoch = world.epoch
        self._queue: deque[Motion] = deque()
        self.errors = Err(0)

    @property
    def moving(self) -> bool:
        return bool(self._queue)

    def restart(self) -> None:
        """The firmware booted: nothing moves, no error is known."""
        self.epoch = self._world.epoch
        self._queue.clear()
        self.errors = Err(0)

    def start(self, motion: Motion) -> None:
        """Begin `motion` as soon as those before it have ended."""
        self._queue.append(motion)
        if len(self._queue) == 1:
            self._run(motion)

    def settle(self) -> None:
        """Block until nothing moves any more. PowerLost, ClockStopped."""
        self.check_power()
        while self._queue:
            self._world.clock.step()
            self.check_power()
            self.heed_cover()

    def check_power(self) -> None:
        if self.epoch != self._world.epoch:
            raise PowerLost

    def heed_cover(self) -> None:
        """A cover opened during a move stops the motors."""
        if self._queue and self._world.cover_open:
            self._fail(Err.COVER_OPEN)

    def _fail(self, error: Err) -> None:
        self.errors |= error
        self._queue.clear()
        self._world.clock.release()

    def _run(self, motion: Motion) -> None:
        """Carry `motion` on to its next wait. Does nothing if it was given up meanwhile."""
        while self._queue and self._queue[0] is motion:
            try:
                with self._world.lock:
                    if self.epoch != self._world.epoch:
                        return
                    self._must_be_closed()
                    item = next(motion)
            except StopIteration:
                self._queue.popleft()
                if not self._queue:
                    return
                motion = self._queue[0]
            except Fault as fault:
                self._fail(fault.error)
            else:
                if self._handle(item, motion):
                    return

    def _must_be_closed(self) -> None:
        if self._world.cover_open:
            raise Fault(Err.COVER_OPEN)

    def _handle(self, item: float | Event, motion: Motion) -> bool:
        """Whether `motion` now waits."""
        if isinstance(item, Event):
            self._world.emit(item.name, item.card, item.detail)
            return False
        self._world.clock.occupy(item)
        self._world.clock.after(item, lambda: self._run(motion))
        return True


def travel(world: World, move: str, seconds: float, panel: int | None = None) -> Motion:
    """Turn the rollers for `seconds`; a jam that waits for this move stops them on the way."""
    if world.stuck:
        raise Fault(Err.MECHANICAL)
    card = world.path
    jam = world.springs(move, panel)
    yield seconds if jam is None else seconds * jam.at
    if card is None or world.path is not card:
        raise Fault(Err.MECHANICAL)
    if jam is not None:
        world.stop_panel(jam.at)
        world.stuck, world.place = True, Place.JAMMED
        yield Event("jammed", card, move)
        raise Fault(Err.MECHANICAL)


def leave_station(world: World) -> Motion:
    was, world.place = world.place, Place.BETWEEN
    if was is Place.CONTACTLESS:
        yield Event("left-contactless", world.path)


def feed(world: World) -> Motion:
    """Pick one card from the hopper and bring it to the print position."""
    if world.stuck:
        raise Fault(Err.MECHANICAL)
    if not world.hopper:
        raise Fault(Err.FEEDER_ERROR)
    world.path, world.place, world.facing = world.hopper.popleft(), Place.BETWEEN, "front"
    yield from travel(world, "feed", world.timings.feed)
    world.place = Place.PRINT
    world.odometer.fed()
    yield Event("fed", world.path)


def to_station(world: World, place: Place) -> Motion:
    """Bring the card to `place`; one is fed first if the path is empty."""
    if world.path is None:
        yield from feed(world)
    if world.place is place:
        return
    yield from leave_station(world)
    yield from travel(world, "contactless" if place is Place.CONTACTLESS else "move", world.timings.move)
    world.place = place
    if place is Place.CONTACTLESS:
        yield Event("at-contactless", world.path)


def face(world: World, side: str) -> Motion:
    """Have the card at the head show it `side`."""
    if world.facing == side:
        return
    assert world.timings.flip is not None, "the firmware takes no back without a flip station"
    world.place = Place.BETWEEN
    yield from travel(world, "flip", world.timings.flip)
    world.place, world.facing = Place.PRINT, side
    yield Event("turned", world.path, side)


def usable_ribbon(world: World, panel: str) -> Ribbon:
    ribbon = world.ribbon
    if world.head_hot:
        raise Fault(Err.HEAD_TEMP)
    if ribbon is None or ribbon.ended:
        raise Fault(Err.RIBBON_ENDED)
    if ribbon.broken:
        raise Fault(Err.RIBBON_ERROR)
    if panel not in ribbon.kind:
        raise Fault(Err.BAD_RIBBON)
    return ribbon


def print_panel(world: World, panel: Panel, position: int) -> Motion:
    """Print `panel`, the job's `position`th (from 1), onto the card in the path; one is fed if there is none."""
    yield from to_station(world, Place.PRINT)
    yield from face(world, panel.side)
    ribbon = usable_ribbon(world, panel.name)
    if position == 1:
        ribbon.skip_to_next_set()
        if ribbon.ended:
            raise Fault(Err.RIBBON_ENDED)
    seconds = world.timings.panel(panel.name)
    world.odometer.panel_started(ribbon.pull(panel.name))
    world.under_head = UnderHead(panel, world.clock.now, seconds)
    yield Event("panel-started", world.path, panel.name)
    yield from travel(world, "print", seconds, position)
    if world.under_head is None:  # the cover was open for an instant, shorter than a look at its switch
        raise Fault(Err.COVER_OPEN)
    world.stop_panel(1.0)
    world.odometer.panel_printed()
    yield Event("panel-printed", world.path, panel.name)


def eject(world: World, tray: str) -> Motion:
    """Move the card into `tray`, "output" or "reject"; with an empty path, nothing."""
    card = world.path
    if card is None:
        return
    cards = world.output if tray == "output" else world.reject
    room = world.capacity.output if tray == "output" else world.capacity.reject
    if len(cards) >= room:
        raise Fault(Err.HOPPER_FULL if tray == "output" else Err.REJECT_BOX_FULL)
    yield from leave_station(world)
    yield from travel(world, "eject", world.timings.eject)
    world.path, world.place = None, Place.NONE
    cards.append(card)
    world.odometer.ejected()
    if world.ribbon is not None:
        world.ribbon.skip_to_next_set()
    yield Event("ejected" if tray == "output" else "rejected", card)


def reprint(world: World, panels: Sequence[Panel], *, keep_inside: bool) -> Motion:
    """What `Pem;0` does on its own once a person has mended the fault: the whole card again, on another blank."""
    yield from eject(world, "reject")
    for position, panel in enumerate(panels, 1):
        yield from print_panel(world, panel, position)
    if not keep_inside:
        yield from eject(world, "output")
