"""The whole scene as JSON: world, station and centre in one look, by reading alone."""

from __future__ import annotations

from typing import Any

from drivers.sim import status
from drivers.sim.cards import Card, Place
from drivers.sim.chip import Chip
from kiosk.rig.console.books import Ledgers, compare
from kiosk.rig.console.diary import Diary
from kiosk.rig.console.pictures import as_it_is, under_head, version
from kiosk.rig.rig import Rig
from kiosk.rig.world_check import PLACES, count_books, count_world

SHOWN = 10
"""Cards of a tray that are shown, the newest first."""

AFTER_MOVE = {"fed": "from-print", "left-contactless": "from-chip", "panel-printed": "to-tray"}
JAMMED_AT = {
    "feed": "feeding",
    "contactless": "from-print",
    "move": "from-chip",
    "print": "print",
    "eject": "to-tray",
}


class Scene:
    """One rig, looked at from outside. `look` takes about 10 ms and asks no device."""

    def __init__(self, rig: Rig, diary: Diary) -> None:
        self._rig = rig
        self._world = rig.devices.world
        self._diary = diary
        self._ledgers = Ledgers(rig)

    def look(self) -> dict[str, Any]:
        centre, station = self._ledgers.centre(), self._ledgers.station()
        process, rig = self._rig.station, self._rig
        books, held = count_books(station.accounts), count_books(centre.accounts)
        real = count_world(self._world, rig.shelf)
        return {
            "station": {
                "state": process.state, "starts": process.starts, "seq": station.seq, "head": station.head[:8],
                "fresh": station.fresh, "holdup": list(station.holdup), "people": len(rig.residents),
            },
            "centre": {"link": _link(rig), "seq": centre.seq, "head": centre.head[:8]},
            "ledgers": compare(station, centre),
            "rows": [
                {"place": name, "station": books[name], "centre": held[name], "world": real[name]} for name in PLACES
            ],
            "printer": self._printer(),
            "path": self._path(),
            "trays": self._trays(),
            "next": self._next(),
            "desk": desk.number if (desk := rig.devices.desk.card) else 0,
            "events": [vars(entry) for entry in self._diary.last()],
        }  # fmt: skip

    def find(self, number: int) -> Card | None:
        """A copy of the card as it is now, wherever it lies."""
        cards = [card for place in self._world.census().values() for card in place] + list(self._rig.shelf)
        found = next((card for card in cards if card.number == number), None)
        return as_it_is(self._world, found) if found else None

    def _printer(self) -> dict[str, Any]:
        world, firmware, line = self._world, self._rig.devices.firmware, self._rig.devices.line
        with world.lock:
            ribbon, counters = world.ribbon, world.odometer
            moving = world.under_head is not None or world.place is Place.BETWEEN
            bits = [*_bits(firmware.errors | status.standing(world)), *_bits(status.warnings(world))]
            return {
                "powered": world.powered, "ready": world.ready, "cable": not line.severed,
                "cover_open": world.cover_open, "armed": world.armed,
                "bits": list(dict.fromkeys(bits)),
                "state": _bits(status.information(world, reset=False, moving=moving)),
                "counters": {"cards": counters.cards_fed, "panels": counters.panels_printed},
                "ribbon": {"left": ribbon.sets_left if ribbon else 0, "ended": not ribbon or ribbon.ended},
            }  # fmt: skip

    def _path(self) -> dict[str, Any] | None:
        world = self._world
        with world.lock:
            card, place, head = world.path, world.place, under_head(world)
        if card is None:
            return None
        now = as_it_is(world, card)
        return {
            "number": card.number, "where": whereabouts(card, place), "moving": place is Place.BETWEEN,
            "jammed": place is Place.JAMMED, "picture": _address(now),
            "panels": [{"name": panel.name, "part": round(panel.fraction, 3)} for panel in now.panels],
            "head": {"panel": head[0], "part": round(head[1], 3)} if head else None,
            "chip": _chip(card),
        }  # fmt: skip

    def _trays(self) -> dict[str, Any]:
        census = self._world.census()
        return {
            name: {"count": len(census[name]), "cards": [
                {"number": card.number, "picture": _address(card)} for card in reversed(census[name][-SHOWN:])
            ]} for name in ("output", "reject", "by-hand", "collected")
        }  # fmt: skip

    def _next(self) -> dict[str, Any] | None:
        hopper = self._world.census()["hopper"]
        return {"number": hopper[0].number, "flaw": _flaw(hopper[0])} if hopper else None


def whereabouts(card: Card, place: Place) -> str:
    """feeding, print, from-print, chip, from-chip or to-tray: where along the path, also between two positions."""
    moves = [happening for happening in card.history if happening.event in {*AFTER_MOVE, "jammed", "at-contactless"}]
    match place:
        case Place.PRINT:
            return "print"
        case Place.CONTACTLESS:
            return "chip"
        case Place.JAMMED if moves and moves[-1].event == "jammed":
            return JAMMED_AT.get(moves[-1].detail, "print")
    return AFTER_MOVE.get(moves[-1].event, "feeding") if moves else "feeding"


def _address(card: Card) -> str:
    return f"/card/{card.number}.jpg?v={version(card)}"


def _bits(word: status.Err | status.War | status.Inf) -> list[str]:
    return [bit.name for bit in word if bit.name]


def _link(rig: Rig) -> str:
    if not rig.hub.listening:
        return "down"
    return "losing-replies" if rig.outage.failing else "up"


def _chip(card: Card) -> dict[str, Any]:
    chip = card.chip
    assert isinstance(chip, Chip)
    files = []
    for fid, size in chip.profile.files.items():
        content = chip.content(fid)
        files.append({
            "name": f"{fid:04X}", "size": size, "bytes": int.from_bytes(content[:2], "big") if any(content) else 0,
        })  # fmt: skip
    return {"uid": chip.uid.hex().upper(), "updates": chip.updates, "flaw": _flaw(card), "files": files}


def _flaw(card: Card) -> str:
    chip = card.chip
    assert isinstance(chip, Chip)
    flaws = {
        "chip-dead": chip.behaviour.dead, "chip-used": chip.behaviour.used, "chip-weak": chip.behaviour.weak,
        "chip-random-uid": chip.behaviour.random_uid,
        "chip-write-fails": chip.behaviour.fail_write_at is not None,
    }  # fmt: skip
    return next((name for name, has in flaws.items() if has), "")
