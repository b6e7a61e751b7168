"""A soak from the first card to the last: a station as a process, its centre as another, people and trouble."""

from __future__ import annotations

import random
import sys
import time
from collections import deque
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import machine
from drivers.sim.cards import Card
from drivers.sim.chip import Chip
from kiosk.errors import KepingError, Rejected, Unavailable
from kiosk.people import People
from kiosk.rig.operator import ScriptedOperator, is_whole
from kiosk.rig.rig import OPERATORS, free_port
from kiosk.rig.world_check import chip_file, good_cards
from tests.matrix.child import Child, Nursery
from tests.soak import audit
from tests.soak.centre import Centre
from tests.soak.hands import LOT, Hands
from tests.soak.memory import Sample, sample
from tests.soak.plant import Plant
from tests.soak.schedule import LASTS, OUTAGE, SEED, Blow, Schedule

STATION = "kupang-01"
SAMPLE_EVERY = 25
AHEAD, AT_A_TIME = 600, 50
"""Records that wait at the station, so that an outage finds it with work; and how many the centre issues at once."""
LOOKED_AT = 10
"""Of the cards in whose life nothing befell, the black panel of one in so many is held against the chip's owner."""
LOOK_S = 0.2
LOOKS_AT_REST = 10
PATIENCE_S = 120.0
CONFIG = """\
station: {{id: "{station}"}}
printer: {{port: "{port}", compression: "runs", reply_timeout: 1.0}}
reader: {{link: "in-process", name: "{reader}", appear_timeout: 0.3}}
hub: {{url: "{hub}", poll: 1.0}}
web: {{port: {web}}}
log: {{level: "warning"}}
journal: {{segment: 1}}
"""
"""The least segment, so that there are thirty seals: what the view keeps of cards in their holders' hands goes at the
second seal after."""
NO_DOTS = np.zeros((0, 0), np.uint8)


@dataclass
class Found:
    """`faults`: what did not add up; empty is what is wanted. `queued`: frames that waited at the end of each
    outage. `late`: answers that were not needed any more. `asked`: how often a person had to say what became of a
    card. `machine`: as benchmarks.machine tells it.
    """

    seed: int = SEED
    machine: dict[str, Any] = field(default_factory=dict)
    cards: int = 0
    seconds: float = 0.0
    starts: int = 0
    audits: int = 0
    asked: int = 0
    frames: int = 0
    segments: int = 0
    dealt: dict[str, int] = field(default_factory=dict)
    queued: list[int] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    balance: dict[str, int] = field(default_factory=dict)
    samples: list[Sample] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


class Soak:
    """Everything is up after construction and down after `close`. `leak`: the station is one that leaks. `thief`: the
    card after whose printing one is taken out of the tray, by nobody's booking. `each`: cards between two samples of
    what the station holds."""

    def __init__(
        self, directory: Path, schedule: Schedule, *, leak: bool = False, thief: int | None = None,
        each: int = SAMPLE_EVERY,
    ) -> None:  # fmt: skip
        self.schedule, self._thief, self._each = schedule, thief, each
        self.found = Found(schedule.seed, machine())
        self._closing = ExitStack()
        with ExitStack() as undo:
            undo.callback(self.close)
            self._bring_up(directory, leak=leak)
            undo.pop_all()

    def _bring_up(self, directory: Path, *, leak: bool) -> None:
        schedule, blows = self.schedule, self.schedule.blows()
        self._centre = Centre(directory / "hub", STATION, schedule.seed)
        self._closing.callback(self._centre.close)
        self._far = deque(blow for blow in blows if blow.kind in LASTS)
        self._plant = Plant(directory, [blow for blow in blows if blow.kind not in LASTS])
        self._closing.callback(self._plant.close)
        nursery = Nursery()
        self._closing.callback(nursery.close)
        url, code, fingerprint = self._centre.ask("begin")
        web = free_port()
        config = directory / "config.yaml"
        config.write_text(CONFIG.format(
            station=STATION, port=self._plant.port, reader=directory / "chip.sock", hub=url, web=web
        ))  # fmt: skip
        self._child = Child(nursery, config, directory / "station", directory / "log", leak=leak)
        self._closing.callback(self._end_child)
        self._plant.kill = self._child.kill
        self._child.command("enrol", "--code", code, "--fingerprint", fingerprint)
        for person in OPERATORS:
            People(self._child.data).add(person.id, person.name, person.role, person.pin)
        rng = random.Random(schedule.seed)
        self._hands = Hands(self._child, self._plant, rng, f"http://127.0.0.1:{web}", self._out)
        self._operator = ScriptedOperator(self._child, self._plant.world, self._plant.line)  # type: ignore[arg-type]
        self._away: list[Blow] = []
        self._issued = self._finished = self._ordered = 0
        self._struck: dict[int, float] = {}

    def run(self) -> Found:
        begun, found, cards = time.monotonic(), self.found, self.schedule.cards
        self._start()
        self._hands.change_shift()
        step = self.schedule.step
        for until in (*range(step, cards - step + 1, step), cards):
            self._print_until(until)
            self._until_audited()
            found.seconds = time.monotonic() - begun
            self._say()
        self._child.stop()
        found.faults += audit.of_the_journal(self._child.data, cards)
        self._child.command("ledger", "verify")
        hands = self._hands
        found.asked = len(self._operator.answers)
        found.segments = sum(1 for _ in (self._child.data / "journal").iterdir())
        found.counts = {
            "lots": hands.delivered // LOT, "loads": hands.loads, "ribbons": hands.ribbons, "shifts": hands.shifts,
            "hand-overs": len(hands.issued), "pages": hands.pages,
        }  # fmt: skip
        return found

    def _say(self) -> None:
        found, last = self.found, self.found.samples[-1]
        sys.stderr.write(
            f"{found.cards} cards, {found.seconds:.0f} s, {found.starts} starts, {last.rss_kb} kB, "
            f"{last.handles} handles, {last.threads} threads, {len(found.faults)} faults\n"
            + "".join(f"  {fault}\n" for fault in found.faults[-3:])
        )
        sys.stderr.flush()

    def _start(self) -> None:
        self._child.start()
        self.found.starts += 1

    def _print_until(self, until: int) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while self._finished < until or self._plant.undone:
            self._plant.wake.wait(LOOK_S)
            self._plant.wake.clear()
            before = self._finished
            try:
                self._mend()
                if not self._child.alive():
                    self._start()
                self._look(until)
            except Unavailable:  # it was killed a moment ago
                assert not self._child.alive(PATIENCE_S), "it lives and does not answer"
            if self._finished > before:
                deadline = time.monotonic() + PATIENCE_S
            assert time.monotonic() < deadline, f"stuck: {self._child.call('station.status')}"

    def _look(self, until: int) -> None:
        status = self._child.call("station.status")
        self._finished = status["finished"]
        if status["holdup"]:
            self._help()
        self._far_end(status)
        self._ordered = self._hands.keep_going(self._finished, self._ordered, until)
        samples = self.found.samples
        if not samples or self._finished >= samples[-1].card + self._each or samples[-1].life != self.found.starts:
            self._sample()
        if self._thief is not None and self._finished >= self._thief and self._plant.world.output:
            self._plant.world.output.pop()
            self._thief = None

    def _help(self) -> None:
        """Somebody answers, from what they see; a whole card that was taken out by hand came out too."""
        before = len(self._operator.answers)
        try:
            self._operator.look(self._child.call("jobs.list"))
        except Rejected as exc:  # it went on before it was answered
            self.found.late.append(str(exc))
        self._plant.good += sum(1 for said in self._operator.answers[before:] if said["answer"] == "good")

    def _sample(self, *, rest: bool = False) -> None:
        with suppress(OSError):
            self.found.samples.append(sample(self._child.pid, self._finished, self.found.starts, rest=rest))

    def _mend(self) -> None:
        """Whatever was pulled or cut is put back a moment later."""
        for blow, act in list(self._plant.undone):
            since = self._struck.setdefault(id(act), time.monotonic())
            if time.monotonic() - since >= 0.2 + 0.8 * blow.share:
                act()
                self._plant.undone.remove((blow, act))
                del self._struck[id(act)]

    def _far_end(self, status: dict[str, Any]) -> None:
        """Records come ahead; the centre goes away and comes back."""
        if self._issued - self._finished < AHEAD and self._issued < self.schedule.cards:
            count = min(AT_A_TIME, self.schedule.cards - self._issued)
            self._centre.tell("issue", count)
            self._issued += count
        while self._far and self._far[0].card <= self._finished:
            blow = self._far.popleft()
            self._centre.tell(*(("away",) if blow.kind == OUTAGE else ("lose-replies", True)))
            self._plant.dealt[blow.kind] += 1
            self._away.append(blow)
        for blow in [blow for blow in self._away if blow.until <= self._finished]:
            self._centre.tell(*(("back",) if blow.kind == OUTAGE else ("lose-replies", False)))
            self._away.remove(blow)
            if blow.kind == OUTAGE:
                self.found.queued.append(status["sync"]["unsent"])

    def _out(self, card: Card) -> None:
        """A card taken out of a tray: what is on it is looked at once, and its dots are not kept."""
        if is_whole(card):
            assert isinstance(card.chip, Chip)
            looked_at = card.number in self._plant.marked or card.number % LOOKED_AT == 0
            black = [panel for panel in card.panels if looked_at and panel.name == "k"]
            self._centre.tell("look-at", Card(card.number, panels=black), chip_file(card.chip, 0x6FF1))
        card.panels = [replace(panel, raster=NO_DOTS) for panel in card.panels]
        card.chip, card.history = None, []

    def _until_audited(self) -> None:
        while True:
            try:
                self._audit()
            except Unavailable:  # what was to strike in a card's life came after it
                assert not self._child.alive(PATIENCE_S), "it lives and does not answer"
                self._start()
            else:
                return

    def _audit(self) -> None:
        """Nothing is under way, the centre is there: everything must add up."""
        child, found = self._child, self.found
        self._hands.hand_over()
        self._hands.empty_trays()
        self._hands.change_shift()
        child.call("sync.now")
        status, books, stands = self._at_rest()
        found.faults += audit.standing(self._plant, self._hands, books, status, stands)
        found.faults += [fault for fault in self._centre.ask("faults") if fault not in found.faults]
        found.audits += 1
        found.cards, found.frames, found.dealt = (
            len(good_cards(self._plant.world)),
            status["seq"],
            dict(self._plant.dealt),
        )
        found.balance = books["wni"]
        for _ in range(LOOKS_AT_REST):
            self._sample(rest=True)
            self._plant.wake.wait(LOOK_S)

    def _at_rest(self) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        """Status and balances of the station, and what the centre has, with no frame between the one and the other:
        records may still be coming in."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            status = self._child.call("station.status")
            books, stands = self._child.call("stock.balance"), self._centre.ask("stands")
            moved = self._child.call("station.status")["seq"] != status["seq"]
            if not moved and not status["sync"]["unsent"] and not self._hands.open_jobs():
                return status, books, stands
            assert time.monotonic() < deadline, f"it does not come to rest: {status}"
            self._plant.wake.wait(LOOK_S)

    def _end_child(self) -> None:
        if self._child.alive():
            self._child.kill()

    def close(self) -> None:
        """Idempotent."""
        with suppress(KepingError):
            self._closing.close()
