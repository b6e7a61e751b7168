"""One office of a story: a rig whose clock the story sets, the hands that tend it, and what befalls its cards."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np

from drivers.iso7816 import Ins
from drivers.sim.cards import Card, Ribbon
from drivers.sim.chip import Chip
from kiosk.config import load_config
from kiosk.control import call
from kiosk.core.plan import Step
from kiosk.errors import Rejected, Unavailable
from kiosk.hub.status import status as hub_status
from kiosk.people import Named
from kiosk.rig.devices import new_blanks
from kiosk.rig.operator import ScriptedOperator, is_whole
from kiosk.rig.residents import Resident
from kiosk.rig.rig import OPERATORS, SKU, Rig, Setting
from kiosk.rig.scenario_plan import HOLIDAYS, Plan
from kiosk.rig.story_clock import StoryClock
from kiosk.rig.story_line import StoryLine
from kiosk.rig.world_check import chip_file, shows

CARRIERS = "Sekretaris, Bendahara Barang"
WITA = timezone(timedelta(hours=8), "WITA")
OPENS, CLOSES = 8, 15
GROUP = 40
"""Cards that are ordered at once; the trays are emptied and the hopper filled in between."""
SPARE = 5
LOOKED_AT = 25
"""Of one card in so many, and of each in whose life something befell, the black panel is held against its owner."""
WRITTEN = 3
"""UPDATE BINARY commands that a chip takes before the power goes."""
LOOK_S, PATIENCE_S = 0.05, 120.0
NO_DOTS = np.zeros((0, 0), np.uint8)
MARIA, YOSEP = (Named(person.id, person.pin) for person in OPERATORS[:2])
CONFIG = """\
station: {{id: "{station}", office: "Dinas Kependudukan dan Pencatatan Sipil Kota Kupang"}}
printer: {{port: "{port}", compression: "runs", reply_timeout: 30.0}}
reader: {{link: "{link}", name: "{reader}", desk: "{desk}", appear_timeout: 5.0}}
hub: {{url: "{hub}", poll: 3600}}
web: {{port: {web}}}
log: {{level: "warning"}}
paper: {{address: "Jalan S.K. Lerik, Kelapa Lima", city: "Kupang"}}
"""
"""The centre is asked for records when somebody presses for it: each morning, or with the person at the counter."""
FREE_DAYS = "supply: {{holidays: [" + ", ".join(f'"{day}"' for day in HOLIDAYS) + "]}}\n"


def at(day: date, hour: int) -> int:
    """Unix ms."""
    return round(datetime(day.year, day.month, day.day, hour, tzinfo=WITA).timestamp() * 1000)


class StoryOffice:
    """Up after construction, down after `close`. `starts`: of the station. `problems`: what is wrong with cards.

    `vault`, `shift`: blanks beside the printer; `here`: references of the records that have come in. Nothing is asked
    of the station that a person could not ask.
    """

    def __init__(self, directory: Path, plan: Plan) -> None:
        directory.mkdir(parents=True)
        self.plan = plan
        self.clock = StoryClock(directory / "clock", at(plan.days[0], OPENS) - 3_600_000)
        self.line = StoryLine(self.clock)
        self.rig = Rig(Setting(
            directory, people=0, blanks=0, loaded=0, speed=float("inf"), seed=plan.seed, link="in-process",
            tended=True, operators=OPERATORS, issued=plan.days[0], config=CONFIG + FREE_DAYS, now=self.clock.now_s,
            begins=("kiosk.rig.clocked", "--clock", str(directory / "clock")), line=self.line.before,
        ))  # fmt: skip
        self.config = load_config(directory / "config.yaml")
        self.station, self.world = self.rig.station, self.rig.devices.world
        self.operator = ScriptedOperator(self.station, self.world, self.rig.devices.line)
        self.vault: list[Card] = []
        self.shift: list[Card] = []
        self.problems: list[str] = []
        self.cards: dict[str, Card] = {}
        self.here: set[str] = set()
        self._leased: set[str] = set()
        self._people: dict[bytes, Resident] = {}
        self._marked: set[int] = set()
        self._fed = 0
        self._cut_at: str | None = None
        self._writes = 0
        self._rng = random.Random(plan.seed)  # noqa: S311  # a story must repeat, not be secret
        self.happened = threading.Event()
        self.world.observe(self._watch)

    def close(self) -> None:
        self.rig.close()
        self.clock.close()

    # Blanks

    def receive(self, quantity: int, document: str, day: date) -> None:
        """Two carriers bring them, with a BAST."""
        self.move("receive", quantity, YOSEP, document=document, dated=day.isoformat(), carriers=CARRIERS)
        cards = new_blanks(quantity, self._rng, SKU, first=len(self.cards) + 1)
        for card in cards:
            assert isinstance(card.chip, Chip)
            card.chip.on_apdu(self._spoken_to)
            self.cards[card.chip.uid.hex().upper()] = card
        self.vault += cards

    def move(self, movement: str, quantity: int, by: Named | None = None, **said: str) -> None:
        self.ask("stock.move", by, movement=movement, sku=SKU, quantity=quantity, **said)

    def ask(self, command: str, by: Named | None = None, **said: Any) -> Any:
        return call(self.rig.data, command, said, by, PATIENCE_S)

    def fill(self) -> None:
        """Hopper and ribbon for a group of cards, as far as there are blanks; the trays are emptied."""
        world = self.world
        if world.ribbon is None or world.ribbon.sets_left < GROUP + SPARE:
            world.replace_ribbon(Ribbon())
        if len(world.hopper) < GROUP + SPARE and (self.shift or self.vault):
            wanted = world.capacity.hopper - len(world.hopper)
            if len(self.shift) < wanted and self.vault:
                given = min(len(self.vault), wanted)
                self.move("release", given)
                self.shift += self.vault[:given]
                del self.vault[:given]
            loaded = min(len(self.shift), wanted)
            self.move("load", loaded)
            world.load(self.shift[:loaded])
            del self.shift[:loaded]
        self.empty_trays()

    @property
    def blanks(self) -> int:
        return len(self.vault) + len(self.shift) + len(self.world.hopper)

    def empty_trays(self) -> None:
        """What comes out is looked at once; its dots are not kept."""
        for card in self.world.collect() + self.world.by_hand:
            if card.panels and card.panels[0].raster is not NO_DOTS:
                self._look_at(card)
                card.panels = [replace(panel, raster=NO_DOTS) for panel in card.panels]

    def _look_at(self, card: Card) -> None:
        if not is_whole(card):
            return
        assert isinstance(card.chip, Chip)
        owner = self._people.pop(chip_file(card.chip, 0x6FF1), None)
        if owner is None:
            self.problems.append(f"card {card.number}: the chip is nobody's, or of somebody who has a card")
        elif (card.number % LOOKED_AT == 0 or card.number in self._marked) and not shows(card, owner):
            self.problems.append(f"card {card.number}: the print is not the person in the chip")

    # Records

    def lease(self, people: Sequence[Resident]) -> list[str]:
        """At the centre; the station has them when it has asked."""
        self._people |= {person.chip["6FF1"]: person for person in people}
        refs = self.rig.lease(people)
        self._leased |= set(refs)
        return refs

    def call_centre(self) -> None:
        """The line is on: somebody presses, and all that is leased comes in, all frames go out."""
        self.rig.hub.resume()
        self.station.call("sync.now")
        self._until(self._at_rest, twice=True)
        self.here |= self._leased

    def hang_up(self) -> None:
        """The line is off, and no answer is under way any more: only now the clock may be set. Idempotent."""
        self.rig.hub.pause()
        self._until(self._heard)

    def _until(self, done: Callable[[], bool], *, twice: bool = False) -> None:
        pause, seen, left = threading.Event(), -1.0, PATIENCE_S
        while left > 0:
            answered_s = self.line.answered_s
            if done() and (seen == answered_s or not twice):
                return
            seen = answered_s
            pause.wait(LOOK_S)
            left -= LOOK_S
        raise Unavailable(f"station and centre do not come to rest: {self.station.call('station.status')['sync']}")

    def _at_rest(self) -> bool:
        """Nothing is left to send, nothing to take in."""
        sync = self.station.call("station.status")["sync"]
        return bool(sync["online"]) and self._heard() and not sync["unsent"] and not self._waiting()

    def _heard(self) -> bool:
        """The station has made of the centre's last answer what follows from it, or knows that it lost it."""
        answered_s, sync = self.line.answered_s, self.station.call("station.status")["sync"]
        return not self.line.busy and ((sync["last_contact"] or 0) >= answered_s or not sync["online"])

    def _waiting(self) -> int:
        """Records that are leased and of which the centre has not read that they came."""
        return hub_status(self.rig.store)[0].records.get("waiting", 0)

    # Cards

    def make(self, refs: Sequence[str]) -> dict[str, dict[str, Any]]:
        """A card for each, one after the other. Returns their jobs by reference; Unavailable after two minutes."""
        before = self.station.call("station.status")["finished"]
        self._order(refs)
        left = PATIENCE_S
        while left > 0:
            try:
                status = self.station.call("station.status")
                if status["finished"] >= before + len(refs):
                    return {job["ref"]: job for job in self.station.call("jobs.list") if job["ref"] in refs}
                if status["holdup"]:
                    self._help()
            except Unavailable:
                self._revive()
            left -= LOOK_S
            self.happened.wait(LOOK_S)
            self.happened.clear()
        raise Unavailable(f"no card comes out: {self.station.call('jobs.list')}")

    def _order(self, refs: Sequence[str]) -> None:
        """Whoever lost the answer looks first which jobs there are."""
        while True:
            try:
                known = {job["ref"] for job in self.station.call("jobs.list")}
                if missing := [ref for ref in refs if ref not in known]:
                    self.station.call("jobs.run", refs=missing)
            except Rejected as exc:
                if exc.reason != "record-missing":  # it is on its way
                    raise
                self.happened.wait(LOOK_S)
            except Unavailable:
                self._revive()
            else:
                return

    def _help(self) -> None:
        try:
            self.operator.look(self.station.call("jobs.list"))
        except Rejected:  # it went on before it was answered
            self.happened.set()

    def _revive(self) -> None:
        """The mains are back: another boot, printer and station are switched on."""
        self.station.wait()
        self.clock.boot_anew()
        self.world.power_on()
        self.station.start()
        if self.rig.hub.listening:
            self._until(lambda: bool(self.station.call("station.status")["sync"]["online"]))

    # What befalls them

    def _watch(self, event: str, card: Card | None, detail: str) -> None:
        """In the simulator's thread."""
        if event == "fed" and card is not None:
            self._fed += 1
            self._writes = 0
            self._cut_at = self.plan.cuts.get(self._fed)
            if self._fed in self.plan.jams:
                self.world.jam(Step.PRINT.value, panel=2)
            if self._fed in self.plan.jams or self._cut_at:
                self._marked |= {card.number, card.number + 1}
        elif event == "panel-started" and detail.startswith("m") and self._cut_at == Step.PRINT:
            self._cut_power()
        elif event in ("ejected", "jammed"):
            self.happened.set()

    def _spoken_to(self, apdu: bytes) -> None:
        if self._cut_at == Step.ENCODE and apdu[1] == Ins.UPDATE_BINARY:
            self._writes += 1
            if self._writes > WRITTEN:
                self._cut_power()

    def _cut_power(self) -> None:
        """The station is killed in the middle of a card, and the printer goes dark with it."""
        self._cut_at = None
        self.station.kill()
        self.world.power_off()
        self.happened.set()
