"""Compare what the books say with what the simulated world really holds. Reads both, changes neither."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from drivers.sim.cards import Card
from drivers.sim.chip import Chip
from drivers.sim.world import World
from kiosk.core.accounts import Account
from kiosk.render import render_face
from kiosk.rig.operator import is_whole
from kiosk.rig.residents import Resident
from kiosk.rig.specimen import unsigned

PLACES: dict[str, tuple[Account, ...]] = {
    "shelf": (Account.VAULT, Account.SHIFT, Account.BENCH),
    "hopper": (Account.HOPPER,),
    "in-machine": (Account.IN_MACHINE,),
    "printed": (Account.PRINTED, Account.ISSUED),
    "spoiled": (Account.SPOILED, Account.FACTORY_DEFECT),
}
"""Where a card can lie, and the accounts that stand for it."""


def good_cards(world: World) -> list[Card]:
    """Whole cards, in the output tray or taken out by hand."""
    census = world.census()
    return [card for card in census["output"] + census["collected"] + census["by-hand"] if is_whole(card)]


def spoiled_cards(world: World) -> list[Card]:
    census = world.census()
    kept = census["by-hand"] + census["collected"] + census["output"]
    return census["reject"] + census["discarded"] + [card for card in kept if not is_whole(card)]


def count_world(world: World, shelf: Sequence[Card] = ()) -> dict[str, int]:
    """How many cards really lie at each of PLACES."""
    census = world.census()
    return {
        "shelf": len(shelf),
        "hopper": len(census["hopper"]),
        "in-machine": len(census["path"]),
        "printed": len(good_cards(world)),
        "spoiled": len(spoiled_cards(world)),
    }


def count_books(accounts: Mapping[str, int]) -> dict[str, int]:
    """How many cards lie at each of PLACES by the balances of one SKU."""
    return {place: sum(accounts.get(name, 0) for name in names) for place, names in PLACES.items()}


def differences(
    world: World, accounts: Mapping[str, int], sku: str, shelf: Sequence[Card] | None = None
) -> list[str]:
    """Every place by the books, against the world; without `shelf` that one is not looked at. Empty if all agree."""
    books, real = count_books(accounts), count_world(world, shelf or ())
    looked_at = [place for place in PLACES if place != "shelf" or shelf is not None]
    found = [
        f"{sku} {place}: books {books[place]}, world {real[place]}"
        for place in looked_at
        if books[place] != real[place]
    ]
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
