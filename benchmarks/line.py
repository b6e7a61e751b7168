"""Which share of its time the wire carries bytes while a panel goes over it, and how a driver that pauses would look.

    .venv/bin/python -m benchmarks.line

The card of one invented resident is printed by the driver as it is, over the simulated line, which reads by credit:
over a pty at 115 200 baud, and over TCP at 1 MB/s, about what USB full speed carries. Time is that of the simulated
printer, `speed` seconds of it to one real one: at 4 what the driver costs weighs four times. A line is idle when it
looked for bytes and there were none.

Of each panel beyond 4 KB: the bytes after its first chunk, by those that the wire could have carried in that time.
`least`: of all panels; `all`: over the whole card, replies and questions between the panels included. The bar is on
`least`. `pausing` must fail it: the same driver on a port that waits for each 4 KB to be out, as one does that
flushes, and then 100 ms more.

The result is printed, and kept in benchmarks/results/line.json. Takes 30 s.
"""

from __future__ import annotations

import threading
from contextlib import closing
from typing import Any

from benchmarks.machine import machine, report
from benchmarks.panels import records
from drivers.printers.evolis import Evolis
from drivers.protocols import Face, Tray
from drivers.serialport import SerialPort
from drivers.sim.build import Timings
from drivers.sim.cards import Card, blanks
from drivers.sim.clock import SimClock
from drivers.sim.firmware import Firmware
from drivers.sim.line import BITS_A_BYTE, CHUNK, Line, PtyLine, TcpLine
from drivers.sim.world import World
from kiosk.render import render_face

BAR = 0.95
PIECE, PAUSE_S = 4096, 0.1
TIMINGS = Timings(feed=0.1, move=0.1, dye=1.0, resin=1.0, varnish=1.0, eject=0.1)
"""Short, so that a run is: the wire does not wait for them."""
WIRES = {"serial": (115_200, 4.0), "network": (1_000_000 * BITS_A_BYTE, 2.0)}
"""Baud, and simulated seconds to a real one: of a millisecond's chunk less than that is the simulator's own."""


class PausingPort(SerialPort):
    """Waits for each 4 KB to be carried, then 100 ms of the line's time."""

    line: Line
    clock: SimClock

    def write(self, data: bytes, deadline: float, shown: bytes | None = None) -> None:
        for at in range(0, len(data), PIECE):
            piece = data[at : at + PIECE]
            out = self.line.host_bytes + len(piece)
            super().write(piece, deadline, piece[:0] if shown is not None and at else shown)
            if len(piece) == PIECE:
                self._pause(out)

    def _pause(self, out: int) -> None:
        tick = threading.Event()
        while self.line.host_bytes < out:
            tick.wait(0.0002)
        self.clock.after(self.wire_time(CHUNK) + PAUSE_S, tick.set)  # a chunk counts when its time begins
        tick.wait()


class Share:
    """Watches the wire from the simulator thread: bytes carried and seconds passed, for each panel and between."""

    def __init__(self, world: World, clock: SimClock, baud: int) -> None:
        self.line: Line | None = None
        self.panels: list[float] = []
        self._clock, self._bytes_a_second = clock, baud / BITS_A_BYTE
        self._began: tuple[int, float] | None = None
        self._first: tuple[int, float] | None = None
        self._last = (0, 0.0)
        world.observe(self._watch)

    def _watch(self, event: str, card: Card | None, detail: str) -> None:
        if not event.startswith("download"):
            return
        assert self.line is not None
        here = (self.line.host_bytes, self._clock.now)
        if event == "download-started":
            self._began = here
            self._first = self._first or here
        elif self._began is not None:
            self._last = here
            if here[0] - self._began[0] > PIECE:
                self.panels.append(self._between(self._began, here))

    def _between(self, began: tuple[int, float], ended: tuple[int, float]) -> float:
        return (ended[0] - began[0]) / (ended[1] - began[1]) / self._bytes_a_second

    def found(self) -> dict[str, float]:
        assert self._first is not None
        return {"least": round(min(self.panels), 4), "all": round(self._between(self._first, self._last), 4)}


def measure(wire: str, face: Face, *, pausing: bool = False, speed: float | None = None) -> dict[str, float]:
    """The shares while `face` is printed over one of WIRES."""
    baud, usual = WIRES[wire]
    clock = SimClock(speed or usual)
    world = World(clock, blanks([None]), timings=TIMINGS)
    share = Share(world, clock, baud)
    firmware = Firmware(world)
    with PtyLine(firmware, clock, baud) if wire == "serial" else TcpLine(firmware, clock, baud=baud) as line:
        share.line = line
        port = (PausingPort if pausing else SerialPort).open(line.url, baud)
        if isinstance(port, PausingPort):
            port.line, port.clock = line, clock
        with closing(Evolis(port)) as printer:
            printer.initialise()
            printer.clear()
            prepared = printer.prepare(face)
            printer.feed()
            printer.print_face(prepared)
            printer.eject(Tray.OUTPUT)
    return share.found()


def judged(found: dict[str, Any]) -> dict[str, Any]:
    """The bars: [measured, limit, held]; that a pausing driver is below it is a bar too."""
    bars: dict[str, Any] = {}
    for wire, each in found.items():
        least, paused = each["driver"]["least"], each["pausing"]["least"]
        bars[f"busy_{wire}"] = [least, BAR, least >= BAR]
        bars[f"pausing_{wire}"] = [paused, BAR, paused < BAR]
    return bars


def main() -> None:
    """Print one JSON object and keep it; exit 0 whatever the figures are: a benchmark measures, it does not judge."""
    before = machine()
    face = render_face(next(records(1)))
    found = {wire: {"driver": measure(wire, face), "pausing": measure(wire, face, pausing=True)} for wire in WIRES}
    speeds = {wire: {"baud": baud, "speed": speed} for wire, (baud, speed) in WIRES.items()}
    report("line", before, {"wires": speeds, **found, "bars": judged(found)})


if __name__ == "__main__":
    main()
