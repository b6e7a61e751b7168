"""What the printer answers to read commands that only sensors and NV memory decide."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from drivers.sim.cards import Place
from drivers.sim.status import CARD_TEXTS, Err, standing
from drivers.sim.world import World

UNREADABLE_RIBBON = "ERR RIB DETECTION"


@dataclass(frozen=True)
class Identity:
    """What `Rtp`, `Rfv` and `Rkn` answer; the serial number is the world's.

    `classic`: a printer of the guide's time, before status words. That it names the stations as newer ones do, no
    source tells.
    """

    model: str = "Primacy"
    firmware: str = "1932"
    head_kit: str = "K0004711"
    classic: bool = False


PRIMACY = Identity()
CLASSIC = Identity("New Pebble", "0412", classic=True)
"""The guide names the model; the texts are stand-ins."""


def answers(world: World, identity: Identity) -> dict[str, Callable[[], str]]:
    """Command text to answer. Sensor voltages have a decimal comma (seen on KC200-class printers).

    An empty path is `NO CARD` in the guide (p. 34), `OK` on newer printers.
    """
    cards = CARD_TEXTS | ({Place.NONE: "NO CARD"} if identity.classic else {})
    return {
        "Rok": lambda: "OK",
        "Rtp": lambda: identity.model,
        "Rfv": lambda: identity.firmware,
        "Rsn": lambda: world.serial,
        "Rkn": lambda: identity.head_kit,
        "Rco;c": lambda: str(world.odometer.cards_fed),
        "Rco;p": lambda: str(world.odometer.panels_printed),
        "Rrt;count": lambda: _of_ribbon(world, world.odometer.ribbon_left),
        "Rrt;qty": lambda: _of_ribbon(world, world.ribbon.capacity if world.ribbon else 0),
        "Rse;o": lambda: _volts(not world.cover_open),
        "Rse;f": lambda: _volts(bool(world.hopper)),
        "Rlr;p": lambda: cards[world.place],
        "Rcr": lambda: "ERROR RIBBON" if standing(world) & Err.RIBBON_ENDED else "OK",
    }


def _volts(high: bool) -> str:
    return "5,00 Volts" if high else "0,00 Volts"


def _of_ribbon(world: World, value: int) -> str:
    readable = world.ribbon is not None and world.ribbon.tag_readable
    return str(value) if readable else UNREADABLE_RIBBON
