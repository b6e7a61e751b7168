"""Compare what the books say with what the simulated world really holds. Reads both, changes neither."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from drivers.sim.cards import Card
from drivers.sim.chip import Chip
from drivers.sim.world import World
from kiosk.render import render_face
from kiosk.rig.operator import is_whole
from kiosk.rig.residents import Resident
from kiosk.rig.specimen import unsigned


def good_cards(world: World) -> list[Card]:
    """Whole cards, in the output tray or taken out by hand."""
    census = world.census()
    return [card for card in census["output"] + census["by-hand"] if is_whole(card)]


def spoiled_cards(world: World) -> list[Card]:
    census = world.census()
    kept = [card for card in census["by-hand"] + census["output"] if not is_whole(card)]
    return census["reject"] + kept


def differences(world: World, accounts: Mapping[str, int], sku: str) -> list[str]:
    """Every account that has a physical place, against that place. Empty when all agree."""
    census = world.census()
    bad = accounts.get("spoiled", 0) + accounts.get("factory-defect", 0)
    pairs = {
        "hopper": (accounts.get("hopper", 0), len(census["hopper"])),
        "in-machine": (accounts.get("in-machine", 0), len(census["path"])),
        "printed": (accounts.get("printed", 0), len(good_cards(world))),
        "spoiled + factory-defect": (bad, len(spoiled_cards(world))),
    }
    found = [f"{sku} {name}: books {books}, world {real}" for name, (books, real) in pairs.items() if books != real]
    if sum(accounts.values()):
        found.append(f"{sku}: debits and credits differ by {sum(accounts.values())}")
    return found


def wrong_cards(cards: Sequence[Card], residents: Sequence[Resident]) -> list[str]:
    """Cards whose chip and print are not of one resident, and residents with more cards than one."""
    by_biodata = {resident.chip["6FF1"]: resident for resident in residents}
    found: list[str] = []
    served: Counter[str] = Counter()
    for card in cards:
        assert isinstance(card.chip, Chip)
        resident = by_biodata.get(chip_file(card.chip, 0x6FF1))
        if resident is None:
            found.append(f"card {card.number}: the chip holds no resident's data")
            continue
        served[resident.fields.nik] += 1
        if not shows(card, resident):
            found.append(f"card {card.number}: the print is not the person in the chip")
    found += [f"one resident has {count} cards" for count in served.values() if count > 1]
    return found


def chip_file(chip: Chip, name: int) -> bytes:
    content = chip.content(name)
    return content[2 : 2 + int.from_bytes(content[:2], "big")]


def shows(card: Card, resident: Resident) -> bool:
    """The black panel that came out is, dot by dot, the one that this resident's face has."""
    face = render_face(unsigned(resident))
    expected = np.frombuffer(face.resin, np.uint8).reshape(face.height, face.width) > 0
    return any(panel.name == "k" and np.array_equal(panel.raster > 0, expected) for panel in card.panels)
