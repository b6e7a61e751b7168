"""Status words and error texts as the firmware gives them.

Bit values: Evolis C header `evo-printers.h` (published in evolis-sdk-swift). Texts: the vendor library's own table
and the VB sample `CPrinter`; `COVER OPEN` has no ERROR before it there, so a host may not look for that prefix.
"""

from __future__ import annotations

from enum import IntFlag

from drivers.sim.cards import Place
from drivers.sim.world import World

RIBBON_LOW_SETS = 10


class Cfg(IntFlag):
    PRIMACY = 0x80000000
    FLIP = 0x00100000
    CONTACTLESS = 0x00080000
    SMART = 0x00040000
    FEED_BY_FEEDER = 0x00002000
    REJECT_SLOT = 0x00000020


class Inf(IntFlag):
    CLAIM = 0x80000000
    CARD_CONTACTLESS = 0x08000000
    CARD_SMART = 0x04000000
    CARD_PRINT = 0x02000000
    UNKNOWN_RIBBON = 0x00100000
    RIBBON_LOW = 0x00080000
    RESET = 0x00010000
    RIBBON_CHANGED = 0x00000200
    PRINTING_RUNNING = 0x00000080
    BUSY = 0x00000001


class War(IntFlag):
    REJECT_BOX_FULL = 0x08000000
    FEEDER_EMPTY = 0x01000000
    HOPPER_FULL = 0x00100000
    RIBBON_ENDED = 0x00080000
    COVER_OPEN = 0x00020000
    NO_RIBBON = 0x00010000


class Err(IntFlag):
    HEAD_TEMP = 0x20000000
    FEEDER_ERROR = 0x08000000
    RIBBON_ERROR = 0x04000000
    COVER_OPEN = 0x02000000
    MECHANICAL = 0x01000000
    REJECT_BOX_FULL = 0x00800000
    BAD_RIBBON = 0x00400000
    RIBBON_ENDED = 0x00200000
    HOPPER_FULL = 0x00100000


class Fault(Exception):
    """A move that could not be made or finished."""

    def __init__(self, error: Err) -> None:
        super().__init__(error.name)
        self.error = error


TEXTS = {
    Err.COVER_OPEN: "COVER OPEN",
    Err.MECHANICAL: "ERROR MECA",
    Err.HEAD_TEMP: "ERROR HEAD",
    Err.FEEDER_ERROR: "ERROR FEEDER",
    Err.RIBBON_ERROR: "ERROR RIBBON",
    Err.BAD_RIBBON: "ERROR RIBBON",
    Err.RIBBON_ENDED: "ERROR RIBBON",
    Err.HOPPER_FULL: "ERROR HOPPER",
    Err.REJECT_BOX_FULL: "ERROR HOPPER",
}
"""By what a person should see first."""

BITS_OF_PLACE = {
    Place.PRINT: Inf.CARD_PRINT,
    Place.CONTACT: Inf.CARD_SMART,
    Place.CONTACTLESS: Inf.CARD_CONTACTLESS,
}

CARD_TEXTS = {
    Place.NONE: "OK",
    Place.PRINT: "CARD",
    Place.CONTACT: "SMART CARD",
    Place.CONTACTLESS: "CONTACTLESS CARD",
    Place.BETWEEN: "ERR CARD",
    Place.JAMMED: "ERR CARD",
}
"""Answers of `Rlr;p`: a card that no position sensor sees, but the path sensors do, is `ERR CARD`."""


def text_of(errors: Err) -> str:
    """What a mechanical command answers: OK, or the text of the gravest error."""
    return next((text for bit, text in TEXTS.items() if errors & bit), "OK")


def standing(world: World) -> Err:
    """Errors whose cause nobody has removed yet; `Scs` cannot clear these."""
    with world.lock:
        ribbon = world.ribbon
        causes = {
            Err.COVER_OPEN: world.cover_open,
            Err.MECHANICAL: world.stuck,
            Err.HEAD_TEMP: world.head_hot,
            Err.FEEDER_ERROR: not world.hopper,
            Err.RIBBON_ERROR: ribbon is not None and ribbon.broken,
            Err.RIBBON_ENDED: ribbon is None or ribbon.ended,
            Err.HOPPER_FULL: len(world.output) >= world.capacity.output,
            Err.REJECT_BOX_FULL: len(world.reject) >= world.capacity.reject,
        }
    return Err(sum(bit for bit, stands in causes.items() if stands))


def configuration(world: World) -> Cfg:
    word = Cfg.PRIMACY | Cfg.CONTACTLESS | Cfg.SMART | Cfg.FEED_BY_FEEDER | Cfg.REJECT_SLOT
    return word if world.timings.flip is None else word | Cfg.FLIP


def block(words: str, session: int) -> bytes:
    """The binary status that ends an answer, and is all of it where nothing was asked (evolis-sdk 9.4.1 reads it so).

    `words`: as `Rpst` answers. What the two bytes after the NUL mean no source tells: here, how many follow.
    """
    told = b"\x10" + bytes.fromhex(words) + b"\x02" + session.to_bytes(2)
    return b"\x00" + len(told).to_bytes(2) + told


def information(world: World, *, reset: bool, moving: bool, claimed: bool = False) -> Inf:
    with world.lock:
        readable = world.ribbon is not None and world.ribbon.tag_readable
        word = BITS_OF_PLACE.get(world.place, Inf(0))
        word |= Inf.UNKNOWN_RIBBON if world.ribbon is not None and not readable else Inf(0)
        word |= Inf.RIBBON_LOW if readable and world.odometer.ribbon_left <= RIBBON_LOW_SETS else Inf(0)
        word |= Inf.RESET if reset else Inf(0)
        word |= Inf.CLAIM if claimed else Inf(0)
        word |= Inf.RIBBON_CHANGED if world.ribbon_changed else Inf(0)
        word |= Inf.PRINTING_RUNNING if world.under_head is not None else Inf(0)
        return word | (Inf.BUSY if moving else Inf(0))


def warnings(world: World) -> War:
    now = standing(world)
    word = War.FEEDER_EMPTY if now & Err.FEEDER_ERROR else War(0)
    word |= War.COVER_OPEN if now & Err.COVER_OPEN else War(0)
    word |= War.HOPPER_FULL if now & Err.HOPPER_FULL else War(0)
    word |= War.REJECT_BOX_FULL if now & Err.REJECT_BOX_FULL else War(0)
    if world.ribbon is None:
        return word | War.NO_RIBBON
    return word | (War.RIBBON_ENDED if now & Err.RIBBON_ENDED else War(0))
