"""What can befall a station, and how a person mends it: one vocabulary for `--fault` and for the console."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from drivers.sim.cards import Card, Ribbon
from drivers.sim.chip import Behaviour, Chip
from kiosk.errors import Rejected, Unavailable
from kiosk.rig.rig import SKU, Rig
from kiosk.rig.world_check import good_cards

CHIPS = {
    "chip-dead": Behaviour(dead=True),
    "chip-used": Behaviour(used=True),
    "chip-weak": Behaviour(weak=True),
    "chip-random-uid": Behaviour(random_uid=True),
    "chip-write-fails": Behaviour(fail_write_at=5),
}
STACK = 20
MORE_PEOPLE = 10


class Trouble:
    """The verbs, on one rig. `dark_s`: real seconds without power.

    Those of the station and of the centre block until they are done, one at a time; the others return at once and
    may be called from an observer of the world. Rejected, with a reason, where the world does not allow it.
    """

    def __init__(self, rig: Rig, dark_s: float = 2.0) -> None:
        self._rig = rig
        self._world = rig.devices.world
        self._dark_s = dark_s
        self._one_at_a_time = threading.Lock()
        self._at_the_shelf = threading.Lock()
        self._at_the_counter = threading.Lock()
        self._laid = 0
        world, line = self._world, rig.devices.line
        self.verbs: dict[str, Callable[[], object]] = {
            "hub-down": self.cut_link,
            "hub-error": self.lose_replies,
            "hub-up": self.restore_link,
            "power": self.cut_power,
            "kill": self.kill_station,
            **{f"jam:{move}": partial(world.jam, move) for move in ("feed", "print", "eject")},
            "cover-open": world.open_cover,
            "cover-close": world.close_cover,
            **{name: partial(self.exchange_chip, name) for name in CHIPS},
            "cable": line.cut,
            "cable-in": line.restore,
            "hopper-empty": self.empty_hopper,
            "hopper-load": self.load_hopper,
            "stock-load": self.load_and_book,
            "ribbon-end": world.end_ribbon,
            "ribbon-new": lambda: world.replace_ribbon(Ribbon()),
            "card-out": self.take_card,
            "card-back": self.put_back,
            "trays": world.collect,
            "card-spoil": self.discard_last,
            "desk-blank": self.lay_blank_on_desk,
            "desk-lay": self.lay_on_desk,
            "desk-lift": self.lift_from_desk,
            "people": self.issue_more,
        }

    def cut_link(self) -> None:
        with self._one_at_a_time:
            self._rig.hub.pause()

    def lose_replies(self) -> None:
        """The centre does what it is asked and answers 500."""
        with self._one_at_a_time:
            self._rig.hub.resume()
            self._rig.outage.failing = True

    def restore_link(self) -> None:
        """The station is told; without that it would find out at its next try."""
        with self._one_at_a_time:
            self._rig.outage.failing = False
            self._rig.hub.resume()
            with suppress(Unavailable):
                self._rig.station.call("sync.now")

    def cut_power(self) -> None:
        """Station and printer lose power in the same instant, and get it back together."""
        with self._one_at_a_time:
            self._rig.station.kill()
            self._world.power_off()
            self._rig.station.wait()
            time.sleep(self._dark_s)
            self._world.power_on()
            self._rig.station.start()

    def kill_station(self) -> None:
        """SIGKILL; whoever watches over it, as systemd does, starts it again."""
        with self._one_at_a_time:
            self._rig.station.kill()
            self._rig.station.wait()
            self._rig.station.start()

    def revive(self) -> None:
        """Start a station that ended without having been told to. Unavailable if it does not come up."""
        with self._one_at_a_time:
            if not self._rig.station.alive:
                self._rig.station.start()

    def exchange_chip(self, name: str) -> None:
        """The next card to be fed has that flaw."""
        with self._world.lock:
            if not self._world.hopper:
                raise Rejected("the hopper is empty", "hopper-is-empty")
            card = self._world.hopper[0]
            assert isinstance(card.chip, Chip)
            card.chip = Chip(card.chip.uid, behaviour=CHIPS[name])

    def empty_hopper(self) -> None:
        with self._at_the_shelf:
            self._rig.shelf[:0] = self._world.empty_hopper()

    def load_hopper(self) -> None:
        """In the world alone: the books learn of it when somebody tells them."""
        with self._at_the_shelf:
            self._load(self._stack())

    def load_and_book(self) -> None:
        """Into the books, then into the hopper. Without a station, Unavailable and nothing moved."""
        with self._at_the_shelf:
            stack = self._stack()
            self._rig.station.call("stock.move", movement="load", sku=SKU, quantity=len(stack))
            self._load(stack)

    def _stack(self) -> list[Card]:
        stack = self._rig.shelf[:STACK]
        if not stack:
            raise Rejected("no blanks are left on the shelf", "shelf-is-empty")
        if len(self._world.hopper) + len(stack) > self._world.capacity.hopper:
            raise Rejected(f"{len(stack)} more do not fit into the hopper", "hopper-is-full")
        return stack

    def _load(self, stack: list[Card]) -> None:
        self._world.load(stack)
        del self._rig.shelf[: len(stack)]

    def take_card(self) -> Card:
        try:
            return self._world.take_card()
        except LookupError:
            raise Rejected("no card is in the machine", "path-is-empty") from None

    def put_back(self) -> None:
        """The card taken out last, as the next to be fed."""
        with self._world.lock:
            if not self._world.by_hand:
                raise Rejected("no card was taken out", "hand-is-empty")
            self._world.put_back(self._world.by_hand[-1])

    def discard_last(self) -> None:
        """The good card that came out last, into the box of spoiled ones: what follows a "bad card" on the screen."""
        with self._at_the_counter:
            cards = good_cards(self._world)
            if not cards:
                raise Rejected("no card is finished", "no-card-finished")
            self._world.discard(max(cards, key=lambda card: card.number))

    def lay_on_desk(self) -> None:
        """The next finished card, the oldest first, on the reader at the counter; after the last the first again."""
        with self._at_the_counter:
            cards = sorted(good_cards(self._world), key=lambda card: card.number)
            if not cards:
                raise Rejected("no card is finished", "no-card-finished")
            card = next((each for each in cards if each.number > self._laid), cards[0])
            self._lift()
            self._rig.devices.desk.lay(card)
            self._laid = card.number

    def lay_blank_on_desk(self) -> None:
        """The next one out of the hopper."""
        with self._at_the_counter:
            self._lift()
            with self._world.lock:
                if not self._world.hopper:
                    raise Rejected("the hopper is empty", "hopper-is-empty")
                blank = self._world.hopper[0]
                self._world.lift(blank)
            self._rig.devices.desk.lay(blank)

    def lift_from_desk(self) -> None:
        with self._at_the_counter:
            self._lift()

    def _lift(self) -> None:
        """One that bears no face goes into the hopper, as the next to be fed."""
        card = self._rig.devices.desk.card
        self._rig.devices.desk.lift()
        if card is not None and card in self._world.by_hand and not card.panels:
            self._world.put_back(card)

    def issue_more(self) -> None:
        with self._one_at_a_time:
            self._rig.issue(MORE_PEOPLE)
            with suppress(Unavailable):
                self._rig.station.call("sync.now")
