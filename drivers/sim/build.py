"""How one printer is built: its times and the size of its trays. Data, so that a test can vary it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Timings:
    """Simulated seconds. Vendors publish cards an hour only, so these are stand-ins.

    `flip`: to turn a card over; None in a printer that can't.
    """

    feed: float = 2.5
    move: float = 1.5
    dye: float = 3.0
    resin: float = 2.0
    varnish: float = 2.5
    eject: float = 2.0
    boot: float = 5.0
    flip: float | None = None

    def panel(self, name: str) -> float:
        return {"k": self.resin, "o": self.varnish}.get(name, self.dye)


@dataclass(frozen=True)
class Capacity:
    """In cards."""

    hopper: int = 100
    output: int = 100
    reject: int = 30
