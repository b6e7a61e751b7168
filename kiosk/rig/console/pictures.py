"""Pictures of the simulated cards as they are now, on plastic that looks like a blank."""

from __future__ import annotations

import io
import threading
from collections import OrderedDict
from functools import lru_cache

from PIL import Image, ImageChops

from drivers.sim.cards import COLUMNS, ROWS, Card, Panel
from drivers.sim.decoder import draw_card
from drivers.sim.world import World
from kiosk.core.records import Sku
from kiosk.rig.specimen import draw_blank

MOST = 64
STEPS = 40
"""A panel under the head is drawn anew at each such part of its way."""
SHRINK = 2


def under_head(world: World) -> tuple[str, float] | None:
    """Name of the panel being printed and the part of its columns that is on the card."""
    with world.lock:
        head = world.under_head
        if head is None:
            return None
        done = (world.clock.now - head.since) / head.seconds if head.seconds else 1.0
        return head.panel.name, max(0.0, min(1.0, done))


def as_it_is(world: World, card: Card) -> Card:
    """A copy with what the head has printed so far."""
    with world.lock:
        panels = list(card.panels)
        passing = under_head(world)
        if card is world.path and world.under_head is not None and passing is not None:
            panel = world.under_head.panel
            part = round(passing[1] * STEPS) / STEPS
            panels.append(Panel(panel.name, panel.levels, panel.raster, part))
    return Card(card.number, card.sku, card.chip, panels)


def version(card: Card) -> str:
    """Changes with the picture."""
    return "".join(f"{panel.name}{round(panel.fraction * 1000)}" for panel in card.panels) or "blank"


class Album:
    """JPEGs by card and version, the last MOST of them. Thread-safe; one is drawn at a time, in about 30 ms."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[int, str], bytes] = OrderedDict()

    def picture(self, card: Card) -> bytes:
        """`card`: a copy from `as_it_is`."""
        key = (card.number, version(card))
        with self._lock:
            if key not in self._kept:
                self._kept[key] = _draw(card)
                while len(self._kept) > MOST:
                    self._kept.popitem(last=False)
            return self._kept[key]


def _draw(card: Card) -> bytes:
    face = ImageChops.multiply(draw_card(card), _plastic(Sku(card.sku)))
    out = io.BytesIO()
    face.reduce(SHRINK).save(out, "JPEG", quality=88)
    return out.getvalue()


@lru_cache(maxsize=len(Sku))
def _plastic(sku: Sku) -> Image.Image:
    return draw_blank(COLUMNS, ROWS, sku)
