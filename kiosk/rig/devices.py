"""The simulated devices of a rig: one printer on its wire, one chip antenna, blanks with chips of their own."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from drivers.sim.build import Capacity, Timings
from drivers.sim.cards import Card, Ribbon, blanks
from drivers.sim.chip import Chip
from drivers.sim.chiplink import SocketAntenna
from drivers.sim.clock import SimClock
from drivers.sim.firmware import Firmware
from drivers.sim.line import Line, PtyLine
from drivers.sim.vpcd import VpcdAntenna
from drivers.sim.world import World
from kiosk.errors import UsageError
from kiosk.rig.pcscd import READER_NAME, PrivatePcscd, unavailable_reason

NXP = 0x04
"""First byte of the invented UIDs: a registered IC manufacturer (ISO/IEC 7816-6), never the random 08."""


def choose_link(wanted: str | None) -> tuple[str, str | None]:
    """ "pcsc" where it can run, else "in-process", with the reason. UsageError if "pcsc" was asked for and can't."""
    reason = unavailable_reason()
    if wanted == "pcsc" and reason:
        raise UsageError(f"--link pcsc: {reason}")
    return (wanted or ("in-process" if reason else "pcsc")), reason


def new_blanks(count: int, rng: random.Random, sku: str = "wni", first: int = 1) -> list[Card]:
    """Blanks with empty chips; the UIDs come from `rng` and are distinct."""
    uids: set[bytes] = set()
    while len(uids) < count:
        uids.add(bytes([NXP]) + rng.randbytes(6))
    return blanks([Chip(uid) for uid in sorted(uids)], sku, first)


class _Field:
    """The world's antenna: hands its chips to a link, and times how long the host takes to speak to each."""

    def __init__(self, antenna: VpcdAntenna | SocketAntenna) -> None:
        self._antenna = antenna
        self._entered = 0.0
        self.insert_ms: list[float] = []

    def enter(self, chip: object) -> None:
        assert isinstance(chip, Chip)
        self._entered = time.monotonic()
        self._antenna.enter(chip)

    def leave(self) -> None:
        self._antenna.leave()

    def spoken_to(self, apdu: bytes) -> None:
        if self._entered:
            self.insert_ms.append((time.monotonic() - self._entered) * 1000)
            self._entered = 0.0


class DeskReader:
    """The second antenna, on the desk: a person lays a finished card on it. `name` is what `reader.desk` takes."""

    def __init__(self, antenna: VpcdAntenna | SocketAntenna, name: str) -> None:
        self._antenna = antenna
        self.name = name
        self.card: Card | None = None

    def lay(self, card: Card) -> None:
        """RuntimeError if a card lies there."""
        assert isinstance(card.chip, Chip)
        self._antenna.enter(card.chip)
        self.card = card

    def lift(self) -> None:
        """Idempotent."""
        self._antenna.leave()
        self.card = None


class Devices:
    """Printer and antenna, running until `close`. `speed`: simulated seconds a real second.

    `port`, `reader` and `environment` are what a station's config and process need to reach them. `tended`: a person
    refills and empties the printer, so it is as small as a real one; otherwise it has room and ribbon for all cards.
    `wire`: what the printer hangs on.
    """

    def __init__(
        self, directory: Path, cards: list[Card], link: str, speed: float, *, tended: bool = False,
        timings: Timings | None = None, wire: Callable[[Firmware, SimClock], Line] = PtyLine,
    ) -> None:  # fmt: skip
        self._closing = ExitStack()
        self.clock = SimClock(speed)
        most = max(500, len(cards))
        room = Capacity() if tended else Capacity(hopper=most, output=most, reject=most)
        ribbon = Ribbon() if tended else Ribbon(sets_left=most, capacity=most)
        self.world = World(self.clock, cards, ribbon=ribbon, capacity=room, timings=timings)
        self.link = link
        self.environment: dict[str, str] = {}
        antenna: VpcdAntenna | SocketAntenna
        desk: VpcdAntenna | SocketAntenna
        if link == "pcsc":
            pcscd = self._closing.enter_context(PrivatePcscd())
            antenna = VpcdAntenna("127.0.0.1", pcscd.port)
            desk = VpcdAntenna("127.0.0.1", pcscd.port + 1)
            self.reader, self.environment = pcscd.reader_name, pcscd.environment
            self.desk = DeskReader(desk, f"{READER_NAME} 00 01")
        else:
            antenna = SocketAntenna(directory / "chip.sock")
            desk = SocketAntenna(directory / "desk.sock")
            self.reader = str(directory / "chip.sock")
            self.desk = DeskReader(desk, str(directory / "desk.sock"))
        self._closing.callback(antenna.close)
        self._closing.callback(desk.close)
        self._field = self.world.antenna = _Field(antenna)
        for card in cards:
            assert isinstance(card.chip, Chip)
            card.chip.on_apdu(self._field.spoken_to)
        self.firmware = Firmware(self.world)
        self.line = self._closing.enter_context(wire(self.firmware, self.clock))
        self.port = self.line.url

    @property
    def insert_ms(self) -> list[float]:
        """For each chip laid down, how long the host took to send its first command."""
        return list(self._field.insert_ms)

    def close(self) -> None:
        self._closing.close()
