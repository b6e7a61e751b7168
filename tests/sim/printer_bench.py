"""A simulated printer without a wire, and panel bytes made by the plainest encoder there can be."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from drivers.sim.answers import PRIMACY, Identity
from drivers.sim.cards import COLUMNS, ROWS, Card, blanks
from drivers.sim.clock import SimClock
from drivers.sim.firmware import Firmware
from drivers.sim.world import World


class Chip:
    """Something to recognise by identity."""


class RecordingAntenna:
    def __init__(self) -> None:
        self.calls: list[object] = []

    def enter(self, chip: object) -> None:
        self.calls.append(chip)

    def leave(self) -> None:
        self.calls.append("left")


class Bench:
    """World, instant clock and firmware; `ask` is what a host would do over a wire."""

    def __init__(self, cards: int = 3, identity: Identity = PRIMACY, **world: Any) -> None:
        self.clock = SimClock(math.inf)
        self.chips = [Chip() for _ in range(cards)]
        self.world = World(self.clock, blanks(self.chips), **world)
        self.firmware = Firmware(self.world, identity)
        self.events: list[tuple[str, str]] = []
        self.world.observe(lambda event, card, detail: self.events.append((event, detail)))

    def ask(self, command: str | bytes) -> str:
        """One command, its one reply; "" if the printer said nothing."""
        data = command if isinstance(command, bytes) else f"\x1b{command}\r".encode()
        replies = list(self.firmware.receive(data))
        assert len(replies) <= 1, replies
        return replies[0].removesuffix(b"\x00").decode() if replies else ""

    def send(self, *commands: str | bytes) -> list[str]:
        return [self.ask(command) for command in commands]

    def words(self) -> tuple[int, int, int, int]:
        text = self.ask("Rpst")
        cfg, inf, war, err = (int(text[at : at + 8], 16) for at in range(0, 32, 8))
        return cfg, inf, war, err

    def when(self, event: str, act: Any, *, detail: str | None = None) -> None:
        """Do `act()` at the first `event`, inside the simulator thread."""

        def watch(name: str, card: Card | None, what: str) -> None:
            if name == event and detail in (None, what):
                stop()
                act()

        stop = self.world.observe(watch)


def download(panel: str, value: int = 1) -> bytes:
    """A raw download of one uniform panel: 2 levels for k and o, 32 for dye."""
    levels = 2 if panel in "ko" else 32
    return b"\x1bDb;%s;%d;" % (panel.encode(), levels) + encode_raw(uniform(value), levels) + b"\r"


def uniform(value: int) -> list[list[int]]:
    return [[value] * COLUMNS for _ in range(ROWS)]


def lines_of(rows: Any) -> list[list[int]]:
    """The order in which dots travel: column 0 first, each from the bottom row up."""
    return [[int(rows[ROWS - 1 - dot][x]) for dot in range(ROWS)] for x in range(COLUMNS)]


def encode_raw(rows: Any, levels: int) -> bytes:
    width = (levels - 1).bit_length()
    dots = np.array(rows, np.uint8)[::-1].T.reshape(-1)
    number = "".join(np.array([f"{value:0{width}b}" for value in range(levels)])[dots].tolist())
    return int(number, 2).to_bytes(len(number) // 8, "big")


def encode_lines(rows: Any) -> bytes:
    """K and O compressed, line by line."""
    out = bytearray()
    for line in lines_of(rows):
        packed = int("".join(map(str, line)), 2).to_bytes(ROWS // 8, "big")
        used = packed.rstrip(b"\x00")
        out += b"\xff" if packed == b"\xff" * len(packed) else bytes([len(used)]) + used
    return bytes(out)


def encode_runs(rows: Any, levels: int) -> bytes:
    """Dye compressed: single dots, runs of at most 255, and the blank rest of a line."""
    out = bytearray()
    for line in lines_of(rows):
        rest = len(line)
        while rest and line[rest - 1] == 0:
            rest -= 1
        at = 0
        while at < rest:
            end = at
            while end < rest and line[end] == line[at] and end - at < 255:
                end += 1
            out += bytes([line[at]]) if end - at == 1 else bytes([0x80 | line[at], end - at])
            at = end
        if rest < len(line):
            out += b"\x80\x00"
    return bytes(out)
