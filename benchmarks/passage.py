"""How long a simulated printer stands still for each card, and what it waits for: by its own clock and motors.

A card's time, from the last card in the tray to this one, is what the motors take and five ways of standing still:

* `between`: the last card is in the tray, and this one is not being drawn in yet;
* `chip`: it lies at the antenna, and no byte of a panel has come;
* `first_panel`: it lies there still, and the first panel is on the wire;
* `panels`: between two panels;
* `eject`: the last panel is on it, and it is not being moved out.

All in seconds. What the host does shows nowhere else. `between_wall` is beside that, by the machine's clock: from the
moment at which the printer tells that the card is out to the next command that moves one. A simulator that comes late
on a busy machine stretches it.
"""

from __future__ import annotations

import time
from collections import defaultdict
from itertools import pairwise

from drivers.sim.build import Timings
from drivers.sim.cards import Card
from drivers.sim.world import World

CARD_S = 3600 / 225
_USUAL = Timings()
_PLAIN_S = _USUAL.feed + 3 * _USUAL.dye + _USUAL.resin + _USUAL.varnish + _USUAL.eject
_PART = CARD_S / _PLAIN_S
TIMINGS = Timings(
    feed=_USUAL.feed * _PART, move=_USUAL.move * _PART, dye=_USUAL.dye * _PART, resin=_USUAL.resin * _PART,
    varnish=_USUAL.varnish * _PART, eject=_USUAL.eject * _PART,
)  # fmt: skip
"""A printer of 225 cards an hour. That figure is of plain cards: the ways to the antenna and back come on top of it.
How the 16 s fall to feeding, panels and ejecting no vendor says: as in the simulator's own stand-ins."""
WAYS_S = 2 * TIMINGS.move
PARTS = ("between", "chip", "first_panel", "panels", "eject")
Passage = dict[str, float]


class Watch:
    """Notes what happens from construction on, in the simulator thread."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._seen: dict[int, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        self._out_at = 0.0
        self.between_wall: list[float] = []
        world.observe(self._happened)

    def _happened(self, event: str, card: Card | None, detail: str) -> None:
        if card is not None:
            self._seen[card.number][event].append(self._world.clock.now)
        if event == "ejected":
            self._out_at = time.monotonic()
        elif detail == "Sic" and self._out_at:
            self.between_wall.append(time.monotonic() - self._out_at)
            self._out_at = 0.0

    def passages(self) -> list[Passage]:
        """Of each card after the first, in the order in which they came out."""
        out = sorted((each for each in self._seen.values() if each["ejected"]), key=lambda each: each["ejected"])
        return [self._passage(last["ejected"][0], each) for last, each in pairwise(out)]

    def _passage(self, last_out: float, seen: dict[str, list[float]]) -> Passage:
        timings = self._world.timings
        started, printed = seen["panel-started"], seen["panel-printed"]
        return {
            "card": seen["ejected"][0] - last_out,
            "between": seen["fed"][0] - timings.feed - last_out,
            "chip": seen["download-started"][0] - seen["at-contactless"][0],
            "first_panel": seen["left-contactless"][0] - seen["download-started"][0],
            "panels": sum(begin - end for end, begin in zip(printed, started[1:], strict=False)),
            "eject": seen["ejected"][0] - timings.eject - printed[-1],
        }
