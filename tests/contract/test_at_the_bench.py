"""`--device`, from end to end: a simulated printer passes for a real one, and a script for the person before it."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from drivers.sim.cards import Card, Ribbon, blanks
from drivers.sim.chip import Behaviour, Chip
from drivers.sim.clock import SimClock
from drivers.sim.firmware import Firmware
from drivers.sim.line import PtyLine
from drivers.sim.vpcd import VpcdAntenna
from drivers.sim.world import World
from kiosk.rig.pcscd import PrivatePcscd
from tests.chip.readers import BY_THREAD, pcscd, vpcd_antenna
from tests.docs.pages import ROOT

__all__ = ["pcscd", "vpcd_antenna"]

PRINTER_SUITE, ENCODER_SUITE = "tests/contract/test_card_printer.py", "tests/contract/test_chip_encoder.py"
ASKED = re.compile(r">> (.*): $")
READY = "press ENTER, and as soon as a panel is printed "


@dataclass
class Script:
    """What the person does and says; `asked` is all that the terminal asked."""

    world: World
    asked: list[str] = field(default_factory=list)
    aside: list[Card] = field(default_factory=list)

    def answer(self, question: str) -> str:
        self.asked.append(question)
        if seen := re.match(r"Is it so\? (\d) in the output tray, (\d) in the reject tray", question):
            return "y" if [len(self.world.output), len(self.world.reject)] == [*map(int, seen.groups())] else "n"
        if "data cable" in question:
            return "s"
        what = re.split(r"; | \(", question.removeprefix(READY))[0]
        if question.startswith(READY):
            self._as_soon_as_it_prints(self.hands[what])
        elif what in self.hands:
            self.hands[what]()
        return ""

    @property
    def hands(self) -> dict[str, Callable[[], object]]:
        world = self.world
        return {
            "open the cover": world.open_cover,
            "close the cover": world.close_cover,
            "lay in a ribbon that has come to its end": world.end_ribbon,
            "take the ribbon out": lambda: world.replace_ribbon(None),
            "lay in the good ribbon": lambda: world.replace_ribbon(Ribbon()),
            "take the cards out of both trays": world.collect,
            "take all cards out of the hopper": self._empty,
            "put the cards back into the hopper": self._refill,
        }

    def _empty(self) -> None:
        self.aside = list(self.world.hopper)
        self.world.hopper.clear()

    def _refill(self) -> None:
        self.world.hopper.extend(self.aside)

    def _as_soon_as_it_prints(self, act: Callable[[], object]) -> None:
        def watch(event: str, card: Card | None, detail: str) -> None:
            if event == "panel-started":
                stop()
                act()

        stop = self.world.observe(watch)


@pytest.fixture
def world() -> World:
    return World(SimClock(math.inf), blanks(range(20)))


@pytest.fixture
def url(world: World) -> Iterator[str]:
    with PtyLine(Firmware(world), world.clock) as line:
        yield line.path


def run(suite: str, device: str, answer: Callable[[str], str], *options: str) -> str:
    """Everything that the terminal showed."""
    words = [sys.executable, "-m", "pytest", suite, "-p", "no:cacheprovider", "--device", device, *options]
    shown = ""
    with subprocess.Popen(
        words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        while part := process.stdout.read(1):
            shown += part
            if part == " " and (question := ASKED.search(shown.rpartition("\n")[2])):
                process.stdin.write(answer(question[1]) + "\n")
                process.stdin.flush()
    return shown


def test_a_person_at_the_bench_runs_what_needs_hands(world: World, url: str) -> None:
    """Every clause for any printer runs, and those that need hands too; nothing simulated does."""
    script = Script(world)
    shown = run(PRINTER_SUITE, f"evolis={url}", script.answer, "-s")
    assert re.search(r"^=+ 15 passed, 1 skipped, \d+ deselected in", shown, re.MULTILINE), shown
    assert "skipped at the bench" in shown
    assert f"evolis={url}: 16 clauses, which use up 10 blanks" in shown
    assert script.asked[0] == "ENTER begins, Ctrl-C does not"
    assert READY + "open the cover (s skips this clause)" in script.asked
    used = [card for place, held in world.census().items() if place != "hopper" for card in held]
    assert len(used) == 10 == 20 - len(world.hopper)
    assert not world.cover_open
    assert world.ribbon is not None
    assert world.path is None


def test_what_the_person_does_not_see_fails(world: World, url: str) -> None:
    """Negative control; and with --yes nobody is asked whether to begin."""
    world.output.append(world.hopper.popleft())

    class Blind(Script):
        @property
        def hands(self) -> dict[str, Callable[[], object]]:
            return {}

    script = Blind(world)
    shown = run(PRINTER_SUITE, f"evolis={url}", script.answer, "-s", "--yes", "-k", "11_trays")
    assert re.search(r"^=+ 1 failed, \d+ deselected in", shown, re.MULTILINE), shown
    assert "not so: 0 in the output tray, 1 in the reject tray" in shown
    assert "ENTER begins" not in shown


@pytest.mark.long
def test_without_a_terminal_nothing_is_begun(world: World, url: str) -> None:
    shown = run(PRINTER_SUITE, f"evolis={url}", Script(world).answer)
    assert "a person is asked at the bench: add -s" in shown
    assert len(world.hopper) == 20


@dataclass
class ChipHand:
    """The person at a reader: lays a new chip each time, and knows which one lies there."""

    antenna: VpcdAntenna
    laid: list[Chip] = field(default_factory=list)

    def answer(self, question: str) -> str:
        if question.startswith("lay "):
            used = "holds data" in question
            uid = bytes.fromhex("04A1B2C3D4") + len(self.laid).to_bytes(2)
            self.laid.append(Chip(uid, behaviour=Behaviour(used=used)))
            self.antenna.enter(self.laid[-1])
        elif question.startswith("take "):
            self.antenna.leave()
        elif question.startswith("Is it so?"):
            return "y" if self.laid[-1].uid.hex().upper() in question else "n"
        return ""


@pytest.mark.long
@pytest.mark.pcsc
@BY_THREAD
def test_a_person_at_a_reader_runs_what_a_real_chip_can(pcscd: PrivatePcscd, vpcd_antenna: VpcdAntenna) -> None:
    """What needs no simulated chip passes, and the number of chips was said before."""
    hand = ChipHand(vpcd_antenna)
    device = f"ktp_el=pcsc:{pcscd.reader_name}"
    shown = run(ENCODER_SUITE, device, hand.answer, "-s")
    vpcd_antenna.leave()
    assert re.search(r"^=+ 10 passed, 7 skipped, \d+ deselected in", shown, re.MULTILINE), shown
    assert f"{device}: 17 clauses, which use up 9 blanks" in shown
    assert sum(chip.updates > 0 for chip in hand.laid) > 3
