"""What the touchscreen says, held against the simulated world; the station itself is not asked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from drivers.sim.cards import Card
from drivers.sim.chip import Chip
from drivers.sim.status import Err
from drivers.sim.world import World
from kiosk.rig.rig import Rig
from kiosk.rig.world_check import chip_file, good_cards
from kiosk.web.words import BECAME, STEPS, STOPS

if TYPE_CHECKING:
    from playwright.sync_api import Page

BIODATA = 0x6FF1
IN_A_ROW = 3
"""card.refusals_in_a_row, as it is given."""
BARS_THE_WAY = frozenset({"media-jam", "cover-open", "marker-supply-empty", "connecting-to-device"})
"""With one of these no card goes on, wherever it is; an empty hopper bars the next one only."""


@dataclass(frozen=True)
class Sight:
    """One look at a page, by its words. `person`: whose card it shows; `became`: of the card that was cut off."""

    path: str
    text: str
    step: str
    stops: frozenset[str]
    asks: bool
    finished: str
    became: str
    person: str
    blanks: int | None

    @property
    def is_lost(self) -> bool:
        return "tidak tersambung ke stasiun" in self.text


LOOK = """() => [location.pathname, document.body.innerText, document.querySelector('#step')?.innerText,
  [...document.querySelectorAll('#page h1')].map(each => each.innerText)]"""


def look(page: Page, rig: Rig) -> Sight:
    path, text, step, headings = page.evaluate(LOOK)
    names = {each.fields.nama for each in rig.residents}
    finished = re.search(r"Kartu (.+) selesai", text)
    blanks = re.search(r"WNI\s+([\d.]+)", text)
    became = re.search(r"^(.+): (.+)$", text, re.MULTILINE) if path == "/interruption" else None
    return Sight(
        path, text, next((key for key, words in STEPS.items() if words == step), ""),
        frozenset(reason for reason, words in STOPS.items() if words in text), "Yang mana?" in text,
        finished[1] if finished else "",
        next((fate for fate, words in BECAME.items() if became and words == became[2]), ""),
        became[1] if became else next((each for each in headings if each in names), ""),
        int(blanks[1].replace(".", "")) if blanks else None,
    )  # fmt: skip


def owner(rig: Rig, card: Card | None) -> str:
    """Whose data the chip holds; empty if nobody's."""
    if card is None:
        return ""
    assert isinstance(card.chip, Chip)
    content = chip_file(card.chip, BIODATA)
    return next((each.fields.nama for each in rig.residents if each.chip["6FF1"] == content), "")


def real_stops(rig: Rig) -> set[str]:
    """What keeps the machine from going on, as it really is; a card that was torn out has left a mechanical error."""
    world, line, firmware = rig.devices.world, rig.devices.line, rig.devices.firmware
    with world.lock:
        facts = {
            "media-jam": world.stuck or Err.MECHANICAL in firmware.errors,
            "cover-open": world.cover_open,
            "media-empty": not world.hopper,
            "marker-supply-empty": world.ribbon is None or world.ribbon.ended or not world.ribbon.sets_left,
            "connecting-to-device": line.severed or not world.powered,
            "card-in-path": world.path is not None,
            "media-needed": world.path is None,
            "refusals-in-a-row": refused_in_a_row(world) >= IN_A_ROW,
        }
    return {name for name, so in facts.items() if so}


def refused_in_a_row(world: World) -> int:
    """Cards that came to nothing since one was good at the first try, by the order in which they left the hopper."""
    good = {card.number for card in good_cards(world)}
    fed = sorted(card.number for place, cards in world.census().items() if place != "hopper" for card in cards)
    row = 0
    for before, number in zip([None, *fed][-2::-1], fed[::-1], strict=False):
        if number not in good:
            row += 1
        elif before is None or before in good:
            break
    return row


def obstacles(rig: Rig) -> set[str]:
    """Those of the real stops that keep the card in the machine, or the next one, from going on."""
    real = real_stops(rig)
    empty = {"media-empty"} if rig.devices.world.path is None else set()
    return real & (BARS_THE_WAY | empty)


def lies(sight: Sight, rig: Rig, expected: int) -> list[str]:
    """Every sentence that is not so, and the one that is missing. `expected`: good cards when the work is done."""
    named = {owner(rig, card) for card in good_cards(rig.devices.world)}
    holder = owner(rig, rig.devices.world.path)
    said = {
        "the station is away": sight.is_lost,
        f"the card of {sight.finished} is finished": sight.finished and sight.finished not in named,
        f"the card of {sight.person} came out": sight.became == "printed" and sight.person not in named,
        f"{sight.person}'s card is being made, which is {holder}'s": sight.step and holder and sight.person != holder,
    }
    found = [f"says {stop}" for stop in sorted(sight.stops - real_stops(rig))]
    found += [f"says that {what}" for what, wrong in said.items() if wrong]
    return found + (silences(sight, rig, expected) if sight.path == "/now" else [])


def silences(sight: Sight, rig: Rig, expected: int) -> list[str]:
    """What the page that shows the work should say and does not."""
    if len(good_cards(rig.devices.world)) >= expected:
        return [] if sight.finished else ["does not say that the card is done"]
    barred = obstacles(rig)
    if barred and not (sight.asks or barred & sight.stops):
        return [f"does not say what bars the way: {sorted(barred)}"]
    return [] if sight.stops or sight.asks or sight.step else ["says nothing of the card that is not done"]
