"""The simulated devices of a soak, whose cables can be pulled, and the hand that strikes at the scheduled moments."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from drivers.sim.cards import Card
from drivers.sim.chip import Chip
from drivers.sim.chiplink import SocketAntenna
from drivers.sim.clock import SimClock
from drivers.sim.firmware import Firmware
from drivers.sim.world import World
from kiosk.rig.operator import is_whole
from kiosk.rig.trouble import CHIPS
from tests.heal.jacks import Adapter
from tests.matrix.bench import FEED, WatchedLine
from tests.soak.schedule import CABLE, KILL, READER, Blow

PATIENCE_S = 20.0
TTY = "ttyUSB0"


class Slot:
    """A chip reader that can be pulled: without it there is no socket. `plug` in the simulator thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._inner: SocketAntenna | None = SocketAntenna(path)
        self._pulled: SocketAntenna | None = None
        self._lying: Chip | None = None

    def enter(self, chip: object) -> None:
        assert isinstance(chip, Chip)
        self._lying = chip
        if self._inner:
            self._inner.enter(chip)

    def leave(self) -> None:
        self._lying = None
        if self._inner:
            self._inner.leave()

    def pull(self) -> None:
        """Also from a chip's own callback: whoever speaks to it hears no answer, and finds no reader."""
        self._pulled, self._inner = self._inner, None
        self._path.unlink()
        assert self._pulled is not None, "it is pulled already"
        self._pulled.leave()

    def plug(self) -> None:
        assert self._pulled is not None, "it was not pulled"
        self._pulled.close()
        self._pulled = None
        inner = SocketAntenna(self._path)
        if self._lying is not None:
            inner.enter(self._lying)
        self._inner = inner

    def close(self) -> None:
        for antenna in (self._inner, self._pulled):
            if antenna:
                antenna.close()


class Plant:
    """A printer with trays and ribbon as small as a real one's, and a reader; until `close`.

    `kill`: ends the station, at once. `good`: whole cards that came out; a person counts those that came out by hand.
    `dealt`: blows by kind. `marked`: numbers of the cards in whose life something befell. `wake` is set when
    something happened that a person should look at. `undone`: what was pulled or cut and is not mended.
    """

    def __init__(self, directory: Path, blows: Sequence[Blow]) -> None:
        self.clock = SimClock(float("inf"))
        self.world = World(self.clock)
        self.slot = Slot(directory / "chip.sock")
        self.world.antenna = self.slot  # type: ignore[assignment]
        self.jack = Adapter(directory, TTY)
        self.port = str(self.jack.path)
        self.kill: Callable[[], object] = lambda: None
        self.good = 0
        self.dealt: Counter[str] = Counter()
        self.marked: set[int] = set()
        self.undone: deque[tuple[Blow, Callable[[], object]]] = deque()
        self.wake = threading.Event()
        self._due = deque(blows)
        self._life: Counter[str] = Counter()
        self._usual: Counter[str] = Counter()
        self._armed: Blow | None = None
        self._quiet = False
        self.world.observe(self._happened)
        self.line = WatchedLine(self.jack, Firmware(self.world), self.clock, self._replying)  # type: ignore[arg-type]

    def deliver(self, cards: Sequence[Card]) -> None:
        for card in cards:
            assert isinstance(card.chip, Chip)
            card.chip.on_apdu(self._spoken_to)

    def _happened(self, event: str, card: Card | None, detail: str) -> None:
        if event == "command":
            if detail == FEED and self.world.path is None and self.world.hopper:
                self._begin()
            self._count("command")
        elif event == "ejected" and card is not None and is_whole(card):
            self.good += 1
            if self._quiet:
                self._life["byte"] = self.line.host_bytes - self._life["begin"]
                self._usual = self._life
            else:
                self.marked.add(card.number)
            self.wake.set()

    def _begin(self) -> None:
        """A card is fed: what is due comes now, or is armed; of those with a moment one in each life."""
        self._life = Counter({"begin": self.line.host_bytes})
        self._quiet = self._armed is None
        waiting: list[Blow] = []
        while self._due and self._due[0].card <= self.good:
            blow = self._due.popleft()
            if not blow.moment:
                self._quiet = False
                self._deal(blow)
            elif self._armed is None:
                self._quiet = False
                self._arm(blow)
            else:
                waiting.append(blow)
        self._due.extendleft(reversed(waiting))

    def _arm(self, blow: Blow) -> None:
        self._armed = blow
        if blow.moment == "byte":
            self.line.at_byte(max(1, int(blow.share * self._usual["byte"])), self._strike)

    def _count(self, moment: str) -> None:
        blow = self._armed
        if blow and blow.moment == moment and self._life[moment] >= int(blow.share * self._usual[moment]):
            self._strike()
        self._life[moment] += 1

    def _replying(self, moment: str) -> None:
        if moment == "held":
            self._count("reply")

    def _spoken_to(self, apdu: bytes) -> None:
        self._count("apdu")

    def _strike(self) -> None:
        blow, self._armed = self._armed, None
        if blow:
            self._deal(blow)

    def _deal(self, blow: Blow) -> None:
        """In the thread in which its moment is."""
        world, kind = self.world, blow.kind
        self.dealt[kind] += 1
        verbs: dict[str, tuple[Callable[[], object], Callable[[], object] | None]] = {
            KILL: (self.kill, None),
            CABLE: (self.jack.unplug, lambda: self._in_simulator(lambda: self.jack.plug(TTY))),
            READER: (self.slot.pull, lambda: self._in_simulator(self.slot.plug)),
            "power": (world.power_off, world.power_on),
            "cover": (world.open_cover, world.close_cover),
            "ribbon-torn": (self._tear_ribbon, None),
            "jam:print": (lambda: world.jam("print", panel=2), None),
            **{f"jam:{move}": (partial(world.jam, move), None) for move in ("feed", "eject")},
            **{name: (partial(self._exchange_chip, name), None) for name in CHIPS},
        }
        for act, mend in (verbs[kind], *([verbs["power"]] if blow.power else [])):
            act()
            if mend:
                self.undone.append((blow, mend))
        self.wake.set()

    def _tear_ribbon(self) -> None:
        assert self.world.ribbon is not None
        self.world.ribbon.broken = True

    def _exchange_chip(self, kind: str) -> None:
        with self.world.lock:
            card = self.world.hopper[0]
            assert isinstance(card.chip, Chip)
            card.chip = Chip(card.chip.uid, behaviour=CHIPS[kind])
            card.chip.on_apdu(self._spoken_to)

    def _in_simulator(self, act: Callable[[], object]) -> None:
        """Have `act` done in the simulator thread, which alone may touch the line; wait for its end."""
        done = threading.Event()
        self.clock.after(0, lambda: (act(), done.set()))
        assert done.wait(PATIENCE_S), "the simulator does not answer"

    def close(self) -> None:
        self.line.close()
        self.slot.close()
