"""What befalls the station, and at which card: from a seed, and from how many cards there are to be. Pure."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

FULL = 10_000
SEED = 2018
KILL, OUTAGE, CABLE, READER = "kill", "outage", "cable", "reader"

OF_THE_PRINTER = ("command", "reply", "byte")
AT_CHIP = ("apdu",)
MOMENTS: Mapping[str, tuple[str, ...]] = MappingProxyType({
    KILL: (*OF_THE_PRINTER, *AT_CHIP), CABLE: OF_THE_PRINTER, READER: AT_CHIP,
    "power": (*OF_THE_PRINTER, *AT_CHIP), "cover": OF_THE_PRINTER,
})  # fmt: skip
"""What is counted in a card's life to find the moment; all others come as the card is fed."""

WHAT: Mapping[str, tuple[int, str]] = MappingProxyType({
    KILL: (50, "the station is killed (SIGKILL), one time in five with the printer's power"),
    OUTAGE: (5, "the centre is away while some three hundred cards are printed"),
    CABLE: (12, "the printer's serial line is pulled, and put back"),
    READER: (8, "the chip reader is pulled, and put back"),
    "lost-replies": (5, "the centre does what it is asked and answers 500, for thirty cards"),
    "power": (10, "the printer's power goes, the station's does not"),
    "cover": (20, "the cover is opened"),
    "jam:feed": (20, "a blank jams in the feeder"),
    "jam:print": (20, "a card jams under the head"),
    "jam:eject": (10, "a card jams on its way out"),
    "ribbon-torn": (5, "the ribbon tears"),
    "chip-dead": (20, "a chip that no reader sees"),
    "chip-used": (20, "a chip that holds data"),
    "chip-weak": (15, "a chip that keeps a wrong bit"),
    "chip-random-uid": (15, "a chip with another UID each time"),
    "chip-write-fails": (15, "a chip that can't be written"),
})  # fmt: skip
"""How often in FULL cards, and what it is."""

LASTS = {OUTAGE: 0.6, "lost-replies": 0.06}
"""The share of the cards between two audits that are printed meanwhile; an audit finds the centre there."""
AUDIT_EVERY = 500

CALM = ((0.25, 0.45), (0.65, 1.0))
"""Stretches of the run in which nobody is killed, so that a life is long enough to see memory grow."""
FIRST, LAST = 3, 0.95
"""The first cards show what an undisturbed life is made of; the last take what had to wait for its turn."""


@dataclass(frozen=True)
class Blow:
    """`card`: how many good cards there are before it. `share`: of what is counted as `moment` in that card's life,
    the part before it; no `moment`: as it is fed. `power`: the printer's goes too. `until`: the card that ends it.
    """

    card: int
    kind: str
    moment: str = ""
    share: float = 0.0
    power: bool = False
    until: int = 0


@dataclass(frozen=True)
class Schedule:
    """`amounts`: how often of each kind; by default as many as `cards` is of FULL, and one at least."""

    cards: int
    seed: int = SEED
    amounts: Mapping[str, int] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, int]:
        scaled = {kind: max(1, round(often * self.cards / FULL)) for kind, (often, _) in WHAT.items()}
        return {**scaled, **self.amounts}

    @property
    def step(self) -> int:
        """Cards from one audit to the next."""
        return min(AUDIT_EVERY, self.cards // 2)

    def blows(self) -> list[Blow]:
        """In order of their cards."""
        rng = random.Random(self.seed)
        found = [blow for kind, often in self.counts.items() for blow in self._of(kind, often, rng)]
        return sorted(found, key=lambda blow: blow.card)

    def _of(self, kind: str, often: int, rng: random.Random) -> Iterator[Blow]:
        if kind in LASTS:
            yield from self._lasting(kind, often, rng)
            return
        for number in range(often):
            card = self._a_card(rng, calm=kind != KILL)
            moment = rng.choice(MOMENTS[kind]) if kind in MOMENTS else ""
            yield Blow(card, kind, moment, rng.random(), power=kind == KILL and number % 5 == 4)

    def _a_card(self, rng: random.Random, *, calm: bool) -> int:
        while True:
            card = rng.randrange(FIRST, round(LAST * self.cards))
            if calm or not any(begin <= card / self.cards < end for begin, end in CALM):
                return card

    def _lasting(self, kind: str, often: int, rng: random.Random) -> Iterator[Blow]:
        """Spread over the run; the two kinds not between the same audits."""
        parts = self.cards // self.step
        for number in range(often):
            part = (number * parts // often + (kind != OUTAGE)) % parts
            begin = round((part + rng.uniform(0.1, 0.3)) * self.step)
            yield Blow(begin, kind, until=begin + max(1, round(LASTS[kind] * self.step)))
