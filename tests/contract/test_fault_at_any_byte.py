"""Clause 19: whatever happens in the printer, and at whatever byte of a card's life, what the driver claims is true.

Cover, jam, ribbon and power, each at bytes drawn with a seed.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import pytest

from drivers.errors import DeviceError
from drivers.sim.cards import Place, Ribbon
from tests.contract.card_bench import LIFE, Bench, Rig
from tests.contract.test_link_cut import claims_hold
from tests.patience import BUSY_S

PRINTERS = ["evolis-pty", "evolis-tcp", "evolis-classic", "ipp"]

AT = 4
PATIENCE_S = 0.5
"""A printer without power is silent, and a machine with much to do is slow."""


def mend(bench: Bench) -> None:
    world = bench.world
    world.close_cover()
    world.power_on()
    if world.place is Place.JAMMED:
        world.take_card()
    if world.ribbon is None or world.ribbon.ended or world.ribbon.broken:
        world.replace_ribbon(Ribbon())


def tear_ribbon(bench: Bench) -> None:
    bench.world.ribbon.broken = True


FAULTS: dict[str, Callable[[Bench], object]] = {
    "cover": lambda bench: bench.world.open_cover(),
    "jam at the next panel": lambda bench: bench.world.jam("print"),
    "jam at the eject": lambda bench: bench.world.jam("eject"),
    "ribbon torn": tear_ribbon,
    "ribbon at its end": lambda bench: bench.world.end_ribbon(),
    "power": lambda bench: bench.world.power_off(),
}


def live(bench: Bench) -> bool:
    """Whether the life was lived to its end; else one call failed as it may."""
    for call, step in LIFE:
        began = time.monotonic()
        try:
            step(bench.printer)
        except DeviceError:
            assert time.monotonic() - began < 3 + BUSY_S
            return False
        assert claims_hold(call, bench), f"{call} returned"
    return True


def bytes_of_a_life(rig: Rig) -> int:
    bench = rig.bench()
    begun = bench.line.host_bytes
    assert live(bench)
    rig.close()
    return bench.line.host_bytes - begun


@pytest.mark.parametrize("fault", FAULTS)
def test_19_a_fault_at_any_byte(rig: Rig, fault: str) -> None:
    """Nothing but a DeviceError, in time; no call claims what is not so; mended, status tells the truth."""
    total = bytes_of_a_life(rig)
    stopped = 0
    for at in [1, *random.Random(19).sample(range(2, total), AT)]:
        bench = rig.bench(patience=PATIENCE_S)
        bench.line.at_byte(at, lambda bench=bench: FAULTS[fault](bench))
        stopped += not live(bench)
        mend(bench)
        printer = bench.reopen()
        printer.clear()
        status = printer.status()
        assert bench.agrees(status), at
        assert status.stopping == frozenset(), at
        rig.close()
    assert stopped > 0, "nothing was ever noticed: no fault was made"
