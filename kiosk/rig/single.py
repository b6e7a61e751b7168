"""One simulated device by itself, for experiments with one's own host program."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from drivers.sim.cards import Card
from drivers.sim.chip import Chip
from drivers.sim.clock import SimClock
from drivers.sim.decoder import draw_card
from drivers.sim.firmware import Firmware
from drivers.sim.line import PtyLine, TcpLine
from drivers.sim.vpcd import VpcdAntenna
from drivers.sim.world import World
from kiosk.errors import UsageError
from kiosk.rig.devices import NXP, new_blanks


def run_printer(
    where: Path | tuple[str, int], blanks: int, speed: float, cards: Path, wait: Callable[[], object]
) -> None:
    """A printer on a pty that the link `where` names, or on TCP; each card that comes out is drawn into `cards`.

    Blocks until `wait` returns. UsageError if the link's name is taken.
    """
    clock = SimClock(speed)
    world = World(clock, new_blanks(blanks, random.SystemRandom()))
    cards.mkdir(parents=True, exist_ok=True)

    def draw(event: str, card: Card | None, detail: str) -> None:
        if event in ("ejected", "rejected") and card is not None:
            draw_card(card).save(cards / f"{card.number:04d}-{event}.png")

    world.observe(draw)
    with ExitStack() as closing:
        if isinstance(where, Path):
            line = closing.enter_context(PtyLine(Firmware(world), clock))
            try:
                where.symlink_to(line.path)
            except FileExistsError:
                raise UsageError(f"{where}: exists already; remove it or give another name") from None
            closing.callback(where.unlink, missing_ok=True)
        else:
            closing.enter_context(TcpLine(Firmware(world), clock, *where))
        wait()


def run_chip(port: int, wait: Callable[[], object]) -> None:
    """A blank chip on the antenna of the vpcd reader at `port` of this machine. Blocks until `wait` returns."""
    antenna = VpcdAntenna("127.0.0.1", port)
    antenna.enter(Chip(bytes([NXP]) + random.SystemRandom().randbytes(6)))
    wait()
    antenna.close()
