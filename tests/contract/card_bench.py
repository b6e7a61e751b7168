"""A printer on a bench: the driver under test, and the world outside it."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from drivers.errors import NotStarted
from drivers.printers.evolis import Evolis
from drivers.protocols import CardPrinter, Face, Position, Prepared, PrinterStatus, Tray
from drivers.serialport import SerialPort
from drivers.sim.answers import CLASSIC, PRIMACY
from drivers.sim.build import Capacity, Timings
from drivers.sim.cards import Card, Place, Ribbon, blanks
from drivers.sim.clock import SimClock
from drivers.sim.firmware import Firmware
from drivers.sim.line import Line, PtyLine, TcpLine
from drivers.sim.world import World
from kiosk.equipment import load_driver
from tests.contract.person import ByHand, Person

W, H = 1016, 648

POSITIONS = {
    Place.NONE: Position.NONE,
    Place.PRINT: Position.PRINT,
    Place.CONTACTLESS: Position.CONTACTLESS,
    Place.BETWEEN: Position.UNKNOWN,
    Place.JAMMED: Position.UNKNOWN,
}


class Wire(SerialPort):
    """The port of a simulated line. Once that line is cut nothing more can come, so it does not wait for it.

    `exchanges`: each command, and how many bytes its reply had.
    """

    line: Line
    exchanges: list[tuple[bytes, int]]

    @classmethod
    def to(cls, url: str, line: Line) -> Wire:
        made = cls.open(url)
        made.line, made.exchanges = line, []
        return made

    def write(self, data: bytes, deadline: float, shown: bytes | None = None) -> None:
        super().write(data, deadline, shown)
        self.exchanges.append((data, 0))

    def read_until(self, terminators: bytes, deadline: float, limit: int = 256) -> bytes:
        answer = super().read_until(terminators, deadline, limit)
        command, heard = self.exchanges[-1]
        self.exchanges[-1] = command, heard + len(answer) + 1
        return answer

    def _wait(self, event: int, deadline: float) -> bool:
        while not (ready := super()._wait(event, min(deadline, time.monotonic() + 0.005))):
            if time.monotonic() >= deadline or self.line.severed:
                return super()._wait(event, 0.0)
        return ready


@dataclass
class Bench:
    """`reopen`: another driver on the same line, as after a restart of the station."""

    printer: CardPrinter
    world: World
    line: Line
    wire: Wire | None = None
    reopen: Callable[[], CardPrinter] | None = None
    classic: bool = False
    ipp: bool = False
    cards: int = 3

    def unless_classic(self, reason: str) -> None:
        """Skip what a printer without status words can't fulfil."""
        if self.classic:
            pytest.skip(f"classic: {reason}")

    def unless_ipp(self, reason: str) -> None:
        """Skip what a printer that does a card in one can't fulfil."""
        if self.ipp:
            pytest.skip(f"ipp: {reason}")

    @property
    def fed_to(self) -> Position:
        """Where a card is after `feed`, as the driver tells."""
        return Position.PRINT if self.ipp else Position.CONTACTLESS

    def bring_out(self, tray: Tray) -> None:
        """A card into `tray`."""
        self.printer.feed()
        if self.ipp:
            self.printer.print_face(small_face(self.printer))
        self.printer.eject(tray)

    def agrees(self, status: PrinterStatus) -> bool:
        """Whether what is told of card and counters is so; where neither is known, one card is used at most."""
        if self.ipp:
            return status.position is Position.NONE and len(self.world.hopper) >= self.cards - 1
        meter = self.world.odometer
        counted = (status.counters.cards_fed, status.counters.panels_printed)
        return status.position is POSITIONS[self.world.place] and counted == (meter.cards_fed, meter.panels_printed)

    def now(self, event: str, act: Callable[[], object], detail: str | None = None) -> None:
        """Have `act` done the first time `event` happens in the world."""
        if isinstance(self.world, ByHand):
            self.world.at(event, act)
            return
        left = [act]

        def watch(name: str, card: Card | None, what: str) -> None:
            if name == event and detail in (None, what) and left:
                left.pop()()

        self.world.observe(watch)

    def commands(self) -> list[str]:
        """From here on, what the printer is told."""
        heard: list[str] = []

        def watch(name: str, card: Card | None, what: str) -> None:
            if name == "command":
                heard.append(what)

        self.world.observe(watch)
        return heard

    def lies(self, *, output: int, reject: int) -> None:
        """Fails unless so many cards lie in the trays."""
        if isinstance(self.world, ByHand):
            self.world.lies(output, reject)
        else:
            assert (len(self.world.output), len(self.world.reject)) == (output, reject)

    def truth(self) -> object:
        """All that can be counted or seen from outside, comparable; of a real printer, what it says itself."""
        if isinstance(self.world, ByHand):
            return self.printer.status()
        meter = self.world.odometer
        cards = {
            place: [(card.number, [(panel.name, panel.fraction) for panel in card.panels]) for card in held]
            for place, held in self.world.census().items()
        }
        return cards, self.world.place, meter.cards_fed, meter.panels_printed, meter.ribbon_left


@dataclass
class Rig:
    """Makes benches and takes them down again.

    `link`: what is between driver and simulated printer, pty or tcp. `classic`: one without status words.
    """

    link: str = "pty"
    classic: bool = False
    benches: list[Bench] = field(default_factory=list)
    opened: list[CardPrinter] = field(default_factory=list)
    real: CardPrinter | None = None
    hands: ByHand = field(default_factory=lambda: ByHand(Person()))

    def bench(
        self,
        cards: int = 3,
        *,
        patience: float = 5.0,
        capacity: Capacity | None = None,
        ribbon: str = "ymcko",
        flip: float | None = None,
    ) -> Bench:
        """A simulated printer, its restart already acknowledged. Time in it is instant. `flip`: see `Timings`."""
        clock = SimClock(math.inf)
        world = World(
            clock, blanks(range(cards)), capacity=capacity, ribbon=Ribbon(ribbon), timings=Timings(flip=flip)
        )
        firmware = Firmware(world, CLASSIC if self.classic else PRIMACY)
        line = (TcpLine if self.link == "tcp" else PtyLine)(firmware, clock)
        url = line.path if isinstance(line, PtyLine) else f"socket://127.0.0.1:{line.port}"
        wires: list[Wire] = []

        def connect() -> Evolis:
            for old in wires:
                old.close()
            wires.append(Wire.to(url, line))
            printer = Evolis(wires[-1], ribbon, reply_timeout_s=patience)
            self.opened.append(printer)
            printer.initialise()
            return printer

        printer = connect()
        printer.clear()
        made = Bench(printer, world, line, wires[-1], connect, self.classic)
        self.benches.append(made)
        return made

    def device(self, spec: str) -> Bench:
        """A real one, named as `driver=url`, with a person before it. A card that a test leaves in it is rejected."""
        family, _, url = spec.partition("=")
        module = load_driver("printers", family)

        def connect() -> CardPrinter:
            if self.real is not None:
                self.real.close()
            self.real = module.open(url)
            return self.real

        printer = connect()
        printer.clear()
        return Bench(printer, self.hands, self.hands, reopen=connect)

    def close(self) -> None:
        if self.real is not None:
            self._tidy(self.real)
            self.real.close()
        for printer in self.opened:
            printer.close()
        for bench in self.benches:
            bench.line.close()
        self.opened.clear()
        self.benches.clear()

    def _tidy(self, real: CardPrinter) -> None:
        """Leave the printer as the next clause wants it."""
        with contextlib.suppress(NotStarted):  # the clause may have closed it
            if self.hands.tidy():
                real.clear()
            real.eject(Tray.REJECT)


def small_face(printer: CardPrinter) -> Prepared:
    """Two panels, resin and varnish; short on the wire."""
    resin = bytearray(W * H)
    resin[(H - 20) * W + 5 : (H - 20) * W + 300] = b"\xff" * 295
    return printer.prepare(Face(W, H, bytes(resin)))


LIFE: tuple[tuple[str, Callable[[CardPrinter], object]], ...] = (
    ("feed", lambda printer: printer.feed()),
    ("status", lambda printer: printer.status()),
    ("print", lambda printer: printer.print_face(small_face(printer))),
    ("eject", lambda printer: printer.eject(Tray.OUTPUT)),
)
"""One card, from hopper to tray."""


def live(printer: CardPrinter) -> None:
    for _, step in LIFE:
        step(printer)
