"""The driver `ipp` on a bench: a simulated printer that speaks IPP, written from the standard, in the same world."""

from __future__ import annotations

import math
from dataclasses import dataclass

from drivers.printers.ipp import Ipp
from drivers.printers.ipp_wire import Wire
from drivers.sim.build import Capacity, Timings
from drivers.sim.cards import Ribbon, blanks
from drivers.sim.clock import SimClock
from drivers.sim.ipp_line import IppLine
from drivers.sim.ipp_printer import IppPrinter
from drivers.sim.world import World
from tests.contract.card_bench import Bench, Rig
from tests.patience import BUSY_S


@dataclass
class IppBench(Bench):
    """`sim`: the printer. A job that waits for a person is given up at once."""

    sim: IppPrinter | None = None
    ipp: bool = True


@dataclass
class IppRig(Rig):
    def bench(
        self, cards: int = 3, *, patience: float = 5.0, capacity: Capacity | None = None, ribbon: str = "ymcko",
        flip: float | None = None, keeps: bool = False, prompt: bool = True, stands: float = 0.0,
    ) -> IppBench:  # fmt: skip
        """`patience`: for one answer. `keeps`, `prompt`: see `IppPrinter`. `stands`: `stands_s` of `Ipp`."""
        clock = SimClock(math.inf)
        world = World(
            clock, blanks(range(cards)), capacity=capacity, ribbon=Ribbon(ribbon), timings=Timings(flip=flip)
        )
        sim = IppPrinter(world, keeps=keeps, prompt=prompt)
        line = IppLine(sim)

        def connect() -> Ipp:
            asks = 3.0 if patience >= 30.0 else BUSY_S  # a line that is cut hangs up: nothing waits so long
            printer = Ipp(Wire(line.url), patience_s=0.0, stands_s=stands, last_s=BUSY_S, ending_s=BUSY_S, ask_s=asks)
            self.opened.append(printer)
            printer.initialise()
            return printer

        made = IppBench(connect(), world, line, line, connect, cards=cards, sim=sim)
        self.benches.append(made)
        return made
