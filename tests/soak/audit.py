"""Trays, chips, ledger, job states and the centre, each held against the simulated world."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kiosk.books import read_view
from kiosk.core.records import Sku
from kiosk.journal import scan
from kiosk.rig.operator import FACE_PANELS
from kiosk.rig.rig import SKU
from kiosk.rig.world_check import differences, good_cards
from tests.soak.hands import Hands
from tests.soak.plant import Plant


def standing(
    plant: Plant, hands: Hands, books: dict[str, Any], status: dict[str, Any], centre: dict[str, Any]
) -> Iterator[str]:
    """What does not agree while nothing is under way: the station's balances and status, what the centre has."""
    accounts = {name: quantity for name, quantity in books.get(SKU, {}).items() if quantity}
    yield from differences(plant.world, accounts, SKU, hands.shelf)
    piles = plant.world.census()
    there = sum(len(pile) for pile in piles.values()) + len(hands.shelf)
    if there != hands.delivered:
        yield f"{hands.delivered} blanks were delivered, {there} are there"
    for card in (card for pile in piles.values() for card in pile):
        if len(card.panels) > FACE_PANELS:
            yield f"card {card.number} was printed twice"
    if len(hands.issued) != accounts.get("issued", 0):
        yield f"{len(hands.issued)} cards are in their holders' hands, {accounts.get('issued', 0)} by the books"
    if status["finished"] != (good := len(good_cards(plant.world))):
        yield f"{status['finished']} jobs are finished, {good} good cards came out"
    yield from _of_the_centre(status, accounts, centre, len(hands.issued))


def _of_the_centre(
    status: dict[str, Any], accounts: dict[str, int], centre: dict[str, Any], issued: int
) -> Iterator[str]:
    if (centre["seq"], centre["head"]) != (status["seq"], status["head"]):
        yield f"the centre's head is of {centre['seq']}, the station's of {status['seq']}"
    if centre["frames"] != status["seq"]:
        yield f"the centre has {centre['frames']} frames of {status['seq']}"
    if centre["stock"] != accounts:
        yield f"the centre's books: {centre['stock']}, the station's: {accounts}"
    records = centre["records"]
    if (records.get("printed", 0), records.get("issued", 0)) != (status["finished"] - issued, issued):
        yield f"the centre's records: {records}; {status['finished']} finished, {issued} issued"
    yield from centre["alarms"]


def of_the_journal(data: Path, cards: int) -> Iterator[str]:
    """After the station has ended: each job's end, once."""
    ends: Counter[str] = Counter()
    served: Counter[str] = Counter()
    acts: Counter[str] = Counter()
    for frame in scan(data / "journal"):
        if frame.kind == "job-ended":
            ends[frame.data["state"]] += 1
            served[frame.data["ref"]] += 1
        acts["created"] += frame.kind == "job-created"
    if ends != {"completed": cards} or acts["created"] != cards:
        yield f"{acts['created']} jobs, of which ended {dict(ends)}"
    if twice := [ref for ref, count in served.items() if count > 1]:
        yield f"{len(twice)} records were printed twice"
    if left := read_view(data).count("jobs"):
        yield f"{left} jobs are open"
    assert SKU in set(Sku)
