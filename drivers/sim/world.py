"""What is really there: cards, ribbon, cover, power; and what a person or fate can do to them.

The truth of a simulation. The firmware sees it only through sensors, the host only through the firmware; a test or
a rig sees all of it. Verbs may be called from any thread, also from an observer.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from drivers.sim.antenna import Antenna, Field
from drivers.sim.build import Capacity, Timings
from drivers.sim.cards import Card, Happening, Panel, Place, Ribbon
from drivers.sim.clock import SimClock
from drivers.sim.odometer import Counting, Odometer

Observer = Callable[[str, Card | None, str], None]

NOT_OF_A_CARD = frozenset({"command", "download-started", "download-finished", "power-off", "power-on"})


class PowerLost(Exception):
    """The firmware's program ended between two instructions. Never leaves the simulator."""


@dataclass(frozen=True)
class Jam:
    """A jam that waits for its move: `panel` counts a job's panels from 1; `at` is the part of the move done."""

    move: str
    panel: int | None
    at: float


@dataclass(frozen=True)
class UnderHead:
    panel: Panel
    since: float
    seconds: float


class World:
    """`epoch` counts the firmware's lives: it changes at each power-off, power-on and reset."""

    def __init__(
        self,
        clock: SimClock,
        cards: Iterable[Card] = (),
        *,
        ribbon: Ribbon | None = None,
        counting: Counting | None = None,
        timings: Timings | None = None,
        capacity: Capacity | None = None,
        serial: str = "KP000123",
    ) -> None:
        self.clock, self.serial = clock, serial
        self.timings = timings or Timings()
        self.capacity = capacity or Capacity()
        self.lock = threading.RLock()
        self.hopper: deque[Card] = deque()
        self.output: list[Card] = []
        self.reject: list[Card] = []
        self.collected: list[Card] = []
        self.by_hand: list[Card] = []
        self.discarded: list[Card] = []
        self.path: Card | None = None
        self.place = Place.NONE
        self.facing = "front"
        self.under_head: UnderHead | None = None
        self.ribbon: Ribbon | None = ribbon or Ribbon()
        self.ribbon_changed = False
        self.odometer = Odometer(counting or Counting(), self.ribbon.sets_left)
        self.cover_open = self.stuck = self.head_hot = False
        self.powered = True
        self.epoch = 0
        self.antenna: Antenna | None = None
        self._field = Field(self)
        self._ready_at = clock.now
        self._jams: list[Jam] = []
        self._observers: list[Observer] = []
        self.load(cards)

    @property
    def ready(self) -> bool:
        """Whether the firmware runs: powered, and done booting."""
        with self.lock:
            return self.powered and self.clock.now >= self._ready_at

    def census(self) -> dict[str, list[Card]]:
        """Every card ever loaded, by where it is now."""
        with self.lock:
            return {
                "hopper": list(self.hopper),
                "path": [] if self.path is None else [self.path],
                "output": list(self.output),
                "reject": list(self.reject),
                "collected": list(self.collected),
                "by-hand": list(self.by_hand),
                "discarded": list(self.discarded),
            }

    def observe(self, callback: Observer) -> Callable[[], None]:
        """Have `callback(event, card or None, detail)` called as things happen; returns how to stop that.

        It runs in the simulator thread (power verbs: in their caller's), with no lock held; the simulation stands
        still meanwhile. What it raises ends the simulator thread.
        """
        self._observers.append(callback)
        return lambda: self._observers.remove(callback)

    def emit(self, event: str, card: Card | None = None, detail: str = "") -> None:
        """Tell what happened. Never called with the lock held, so that an observer may wait for another thread."""
        if card is not None and event not in NOT_OF_A_CARD:
            card.history.append(Happening(self.clock.now, event, detail))
        self._field.follow()
        for callback in tuple(self._observers):
            callback(event, card, detail)

    def load(self, cards: Iterable[Card]) -> None:
        """Put blanks under those in the hopper: they are fed after them. ValueError if they do not all fit."""
        stack = list(cards)
        with self.lock:
            if len(self.hopper) + len(stack) > self.capacity.hopper:
                raise ValueError(f"{len(stack)} cards do not fit: the hopper holds {self.capacity.hopper}")
            self.hopper.extend(stack)
        self.clock.interrupt()

    def empty_hopper(self) -> list[Card]:
        """A person lifts all cards out of the hopper and carries them away, top card first."""
        with self.lock:
            cards = list(self.hopper)
            self.hopper.clear()
        self.clock.interrupt()
        return cards

    def lift(self, card: Card) -> None:
        """A person takes that one card out of the hopper. ValueError if it is not there."""
        with self.lock:
            self.hopper.remove(card)
            self.by_hand.append(card)
        self.clock.interrupt()

    def put_back(self, card: Card) -> None:
        """Lay a card taken by hand into the hopper so that it is fed next."""
        with self.lock:
            if card in self.by_hand:
                self.by_hand.remove(card)
            self.hopper.appendleft(card)
        self.clock.interrupt()

    def take_card(self) -> Card:
        """A person removes the card in the path, and with it what jammed. LookupError if there is none."""
        with self.lock:
            if self.path is None:
                raise LookupError("no card in the path")
            self.stop_panel()
            card, self.path, self.place = self.path, None, Place.NONE
            self.stuck = False
            self.by_hand.append(card)
            self.odometer.taken()
        self._field.follow()
        self.clock.interrupt()
        return card

    def collect(self) -> list[Card]:
        """A person empties the output and the reject tray."""
        with self.lock:
            cards = self.output + self.reject
            self.collected += cards
            self.output.clear()
            self.reject.clear()
        self.clock.interrupt()
        return cards

    def discard(self, card: Card) -> None:
        """A person throws a card that came out into the box of spoiled ones. ValueError if it did not come out."""
        with self.lock:
            for pile in (self.output, self.reject, self.by_hand, self.collected):
                if card in pile:
                    pile.remove(card)
                    self.discarded.append(card)
                    return
        raise ValueError(f"card {card.number} did not come out")

    def open_cover(self) -> None:
        """Lifts the head: a panel being printed stays partial, and every move stops."""
        with self.lock:
            self.cover_open = True
            self.stop_panel()
        self.clock.interrupt()

    def close_cover(self) -> None:
        with self.lock:
            self.cover_open = False
        self.clock.interrupt()

    def jam(self, move: str, panel: int | None = None, at: float = 0.5) -> None:
        """Arm one jam at the next `move`: feed, contactless, print (a job's panel k, or any), flip, move or eject."""
        if move not in {"feed", "contactless", "print", "flip", "move", "eject"}:
            raise ValueError(f"no such move: {move}")
        with self.lock:
            self._jams.append(Jam(move, panel, at))

    @property
    def armed(self) -> list[str]:
        """The moves at which a jam waits."""
        with self.lock:
            return [jam.move for jam in self._jams]

    def springs(self, move: str, panel: int | None) -> Jam | None:
        """The jam that meets this move, if one was armed; it is spent. With the lock held."""
        for jam in self._jams:
            if jam.move == move and jam.panel in (None, panel):
                self._jams.remove(jam)
                return jam
        return None

    def end_ribbon(self) -> None:
        """The ribbon is on its end mark from now on, whatever its tag says."""
        with self.lock:
            if self.ribbon is not None:
                self.ribbon.sets_left, self.ribbon.reached = 0, None

    def replace_ribbon(self, ribbon: Ribbon | None) -> None:
        """Lay in another ribbon, or take it out (None)."""
        with self.lock:
            self.ribbon, self.ribbon_changed = ribbon, True
            self.odometer.new_ribbon(ribbon.sets_left if ribbon else 0)
        self.clock.interrupt()

    def power_off(self, after_s: float = 0.0) -> None:
        """Cut the power now, or in the simulator thread `after_s` simulated seconds from now."""
        if after_s > 0:
            self.clock.after(after_s, self.power_off)
            return
        with self.lock:
            if not self.powered:
                return
            self.powered = False
            self.epoch += 1
            self.stop_panel()
            self.odometer.power_lost()
            self.clock.release()
        self.clock.interrupt()
        self.emit("power-off", self.path)

    def power_on(self) -> None:
        """The firmware is deaf for `timings.boot` simulated seconds (on an instant clock: ready on return)."""
        with self.lock:
            if self.powered:
                return
            self.powered = True
            self._boot()
        self.clock.interrupt()
        self.emit("power-on", self.path)

    def reset(self) -> None:
        """The firmware restarts itself: as a power cycle, but NV memory was written first and the field drops."""
        self._field.drop()
        with self.lock:
            self.stop_panel()
            self.odometer.flush()
            self._boot()
        self._field.follow()

    def stop_panel(self, fraction: float | None = None) -> None:
        """Leave what is under the head on the card: `fraction` of it, or as much as time allowed. Lock held."""
        if self.under_head is None:
            return
        head, self.under_head = self.under_head, None
        if fraction is None:
            fraction = (self.clock.now - head.since) / head.seconds if head.seconds else 1.0
        assert self.path is not None, "a head prints on a card"
        self.path.panels.append(replace(head.panel, fraction=min(1.0, fraction)))

    def _boot(self) -> None:
        self.epoch += 1
        if self.clock.instant:
            self.clock.skip(self.timings.boot)
            self._ready_at = self.clock.now
        else:
            self._ready_at = self.clock.now + self.timings.boot
