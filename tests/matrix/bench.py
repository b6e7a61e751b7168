"""The devices of one cell, watched from outside, and the hand that kills the station at its point."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from drivers.sim.cards import Card, Ribbon
from drivers.sim.chip import Chip
from drivers.sim.chiplink import SocketAntenna
from drivers.sim.clock import SimClock
from drivers.sim.firmware import Firmware
from drivers.sim.line import Line
from drivers.sim.odometer import Counting
from drivers.sim.ports import PtyPort
from drivers.sim.world import World
from tests.matrix.points import Course, Point

FEED = "Sic"


class Tapped(PtyPort):
    """`limit`: as many more bytes come through; what comes then is lost, and `full` is called."""

    limit: int | None = None

    def __init__(self, full: Callable[[], object]) -> None:
        super().__init__()
        self._full = full

    def read(self, size: int) -> bytes:
        data = super().read(size)
        if self.limit is None or not data:
            return data
        if self.limit == 0:
            self.limit = None
            self._full()
            while super().read(size):
                continue
            return b""
        data, self.limit = data[: self.limit], self.limit - min(self.limit, len(data))
        return data


class WatchedLine(Line):
    """`replying` is told of each reply before it is sent and after."""

    def __init__(self, port: Tapped, firmware: Firmware, clock: SimClock, replying: Callable[[str], object]) -> None:
        self._replying = replying
        super().__init__(port, firmware, clock)

    def _send(self, reply: bytes) -> None:
        self._replying("held")
        super()._send(reply)
        self._replying("sent")


class Bench:
    """Printer and chip antenna, until `close`. `kill` is called once, at `point` of the life of the card that is fed
    as the `feeds`-th; `course`: what came since. With `point` None nobody is killed.
    """

    def __init__(self, directory: Path, blanks: list[Card], counting: Counting, feeds: int = 1) -> None:
        self.clock = SimClock(float("inf"))
        self.world = World(self.clock, blanks, ribbon=Ribbon(sets_left=200), counting=counting)
        self.antenna = self.world.antenna = SocketAntenna(directory / "chip.sock")  # type: ignore[assignment]
        self.point: Point | None = None
        self.kill: Callable[[], object] = lambda: None
        self.course = Course()
        self.struck = False
        self._feeds = feeds
        self._begin = 0
        self._port = Tapped(self._strike)
        for card in blanks:
            assert isinstance(card.chip, Chip)
            card.chip.on_apdu(self._spoken_to)
        self.world.observe(self._happened)
        self.line = WatchedLine(self._port, Firmware(self.world), self.clock, self._replying)
        self.path = self._port.path

    @property
    def _under_way(self) -> bool:
        return self._feeds == 0

    def _strike(self) -> None:
        if not self.struck:
            self.struck = True
            self.kill()

    def _at(self, kind: str, index: int, moment: str) -> None:
        if self.point == (kind, index, moment):
            self._strike()

    def _happened(self, event: str, card: Card | None, detail: str) -> None:
        if event == "command" and detail == FEED and not self._under_way:
            self._feeds -= 1
            self._begin = self.line.host_bytes
            if self._under_way and self.point and self.point.kind == "bytes":
                self._port.limit = self.point.number
        if not self._under_way:
            return
        if event == "command":
            self.course.commands += 1
            self._at("command", self.course.commands - 1, "received")
        elif event == "download-started":
            self.course.panels.append((self.line.host_bytes - self._begin, 0))
        elif event == "download-finished":
            self.course.panels[-1] = self.course.panels[-1][0], self.line.host_bytes - self._begin

    def _replying(self, moment: str) -> None:
        if self._under_way:
            self._at("reply", self.course.replies, moment)
            self.course.replies += moment == "sent"

    def _spoken_to(self, apdu: bytes) -> None:
        if self._under_way:
            self.course.apdus += 1
            self._at("apdu", self.course.apdus - 1, "begun")

    def close(self) -> None:
        self.line.close()
        self.antenna.close()
