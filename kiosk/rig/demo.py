"""A whole day in a minute: centre, station and devices come up, N people get their cards, everything is checked."""

from __future__ import annotations

import json
import logging
import random
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from drivers.sim.chip import Chip
from drivers.sim.decoder import draw_card
from kiosk.books import read_view
from kiosk.core.frames import Frame
from kiosk.desk import balances
from kiosk.errors import KepingError, Unavailable
from kiosk.hub.app import create_app
from kiosk.hub.issue import issue
from kiosk.hub.keyring import HubKeys
from kiosk.hub.server import HubServer
from kiosk.hub.stations import add_station
from kiosk.hub.status import status as hub_status
from kiosk.hub.store import Store
from kiosk.journal import scan
from kiosk.rig.devices import Devices, new_blanks
from kiosk.rig.faults import Fault
from kiosk.rig.operator import ScriptedOperator
from kiosk.rig.outage import Outage
from kiosk.rig.process import StationProcess
from kiosk.rig.residents import invent
from kiosk.rig.script import Script
from kiosk.rig.world_check import differences, good_cards, spoiled_cards, wrong_cards
from kiosk.views import View

log = logging.getLogger(__name__)

STATION = "kupang-01"
SKU = "wni"
BAST = "BAST-471/2018"
SPARE = 10
LOOK_S = 0.05
CARD_S = 60.0
CONVERGE_S = 60.0

CONFIG = """\
station:
  id: "{station}"
printer:
  port: "{port}"
  reply_timeout: {reply_timeout}
reader:
  link: "{link}"
  name: "{reader}"
  appear_timeout: 3.0
hub:
  url: "{hub}"
  poll: 1.0
web:
  port: 0
"""


@dataclass(frozen=True)
class Plan:
    """What to rehearse. `speed`: simulated seconds a real second. `link`: "pcsc" or "in-process"."""

    directory: Path
    cards: int
    speed: float
    seed: int
    link: str
    faults: Sequence[Fault] = ()
    issued: date = field(default_factory=date.today)


class Demo:
    """Everything is up after construction and down after `close`; `run` prints the cards and returns the result."""

    def __init__(self, plan: Plan, progress: Callable[[int], None]) -> None:
        self._plan = plan
        self._progress = progress
        self._closing = ExitStack()
        rng = random.Random(plan.seed)  # noqa: S311  # a rehearsal must repeat, not be secret
        for name in ("hub", "cards"):
            (plan.directory / name).mkdir(parents=True)
        self._residents = list(invent(plan.seed, plan.cards, issued=plan.issued))
        self._blanks = plan.cards + SPARE + len(plan.faults)
        self._devices = Devices(plan.directory, new_blanks(self._blanks, rng), plan.link, plan.speed)
        self._closing.callback(self._devices.close)
        self._bring_up_hub()
        self._bring_up_station(rng)
        self._operator = ScriptedOperator(self._station, self._devices.world, self._devices.line)
        self._script = Script(plan.faults, self._devices.world, self._devices.line, self._station.kill)

    def _bring_up_hub(self) -> None:
        directory = self._plan.directory / "hub"
        self._store = Store.open(directory)
        self._closing.callback(self._store.close)
        self._keys = HubKeys.open(directory)
        self._outage = Outage(create_app(self._store, self._keys, time.time))
        self._hub = HubServer(self._outage)
        self._closing.callback(self._hub.stop)

    def _bring_up_station(self, rng: random.Random) -> None:
        directory = self._plan.directory
        config = directory / "config.yaml"
        config.write_text(CONFIG.format(
            station=STATION, port=self._devices.port, link=self._devices.link, reader=self._devices.reader,
            hub=self._hub.url, reply_timeout=max(3.0, 30.0 / self._plan.speed),
        ), encoding="utf-8")  # fmt: skip
        data = directory / "station"
        self._station = StationProcess(config, data, directory / "station.log", self._devices.environment)
        self._closing.callback(self._station.stop)
        code = add_station(self._store, STATION)
        self._station.command("enrol", "--code", code, "--fingerprint", self._keys.fingerprint)
        issue(self._store, self._keys, self._residents, STATION, now_s=time.time(), rng=rng)
        quantity = ["--sku", SKU, "--qty", str(self._blanks)]
        self._station.command("stock", "receive", *quantity, "--document", BAST)
        self._station.command("stock", "release", *quantity)
        self._station.command("stock", "load", *quantity)
        self._station.start()

    def close(self) -> None:
        self._closing.close()

    def run(self) -> dict[str, Any]:
        """Print all cards, let the centre catch up, compare books and world. Blocks for the whole rehearsal."""
        self._await_records()
        started, busy = time.monotonic(), self._devices.clock.busy_seconds
        self._station.call("jobs.run", count=self._plan.cards)
        self._print_all()
        seconds = time.monotonic() - started
        busy = self._devices.clock.busy_seconds - busy
        self._hub.resume()
        self._outage.failing = False
        self._converge()
        code = self._station.stop()
        return self._result(seconds, busy, code)

    def _await_records(self) -> None:
        deadline = time.monotonic() + CONVERGE_S
        view = read_view(self._plan.directory / "station")
        while len(view.table("records")) < self._plan.cards:
            if time.monotonic() > deadline:
                raise Unavailable("the records did not arrive from the centre")
            time.sleep(LOOK_S)
            view = read_view(self._plan.directory / "station")

    def _print_all(self) -> None:
        """The rig's own loop: faults that need a thread, the operator's looks, a limit on each card."""
        done, deadline = 0, time.monotonic() + CARD_S
        while done < self._plan.cards:
            self._carry_out()
            try:
                self._operator.look(self._station.call("jobs.list"))
                finished = self._station.call("station.status")["finished"]
            except Unavailable:  # it was killed a moment ago
                finished = done
            if finished > done:
                done, deadline = finished, time.monotonic() + CARD_S
                self._progress(done)
            if time.monotonic() > deadline:
                raise KepingError(f"card {done + 1} did not come out in {CARD_S:.0f} s; see station.log")
            time.sleep(LOOK_S)

    def _carry_out(self) -> None:
        while not self._script.todo.empty():
            match self._script.todo.get():
                case "kill":
                    self._station.wait()
                    self._station.start()
                case "power":
                    self._devices.world.power_off()
                    self._station.wait()
                    self._devices.world.power_on()
                    self._station.start()
                case "hub-down":
                    self._hub.pause()
                case "hub-error":
                    self._outage.failing = True
                case "hub-up":
                    self._outage.failing = False
                    self._hub.resume()
                    self._station.call("sync.now")

    def _converge(self) -> None:
        self._station.call("sync.now")
        deadline = time.monotonic() + CONVERGE_S
        while (state := self._station.call("station.status"))["sync"]["unsent"]:
            if time.monotonic() > deadline:
                raise Unavailable(f"the centre did not catch up: {state['sync']}")
            time.sleep(LOOK_S)

    def _result(self, seconds: float, busy: float, code: int) -> dict[str, Any]:
        data = self._plan.directory / "station"
        books = self._books(read_view(data), list(scan(data / "journal")))
        problems = self._problems(books, code)
        inserts = self._devices.insert_ms
        return {
            "requested": self._plan.cards,
            **books,
            "balanced": not problems,
            "problems": problems,
            **self._cards_out(),
            "seconds": round(seconds, 2),
            "device_seconds": round(busy, 2),
            "overhead_ms_per_card": round((seconds - busy / self._plan.speed) / self._plan.cards * 1000),
            "chip_insert_ms": round(statistics.median(inserts)) if inserts else None,
            "chip_link": self._plan.link,
            "station_starts": self._station.starts,
            "faults": self._script.fired,
            "asked": self._operator.answers,
        }

    def _books(self, view: View, frames: list[Frame]) -> dict[str, Any]:
        balance = balances(view)
        hub = hub_status(self._store)[0]
        ended = [frame.data["state"] for frame in frames if frame.kind == "job-ended"]
        return {
            "printed": ended.count("completed"),
            "spoiled": balance[SKU].get("spoiled", 0),
            "factory_defect": balance[SKU].get("factory-defect", 0),
            "causes": {f"{row['account']}/{row['cause']}": row["quantity"] for row in view.table("causes").all()},
            "unresolved": len(view.table("jobs")),
            "blanks_received": -balance[SKU].get("supplier", 0),
            "balance": balance,
            "hub_acknowledged": hub.seq,
            "journal_head": frames[-1].head,
            "hub_head": hub.head,
            "journal_frames": frames[-1].seq,
        }

    def _problems(self, books: dict[str, Any], code: int) -> list[str]:
        world = self._devices.world
        problems = differences(world, books["balance"][SKU], SKU) + wrong_cards(good_cards(world), self._residents)
        if books["hub_head"] != books["journal_head"]:
            problems.append("the centre's head is not the journal's")
        if code:
            problems.append(f"the station ended with exit {code}")
        return problems

    def _cards_out(self) -> dict[str, Any]:
        """Draw every card that came out, and count them."""
        kinds = {"good": good_cards(self._devices.world), "bad": spoiled_cards(self._devices.world)}
        for kind, cards in kinds.items():
            for card in cards:
                draw_card(card).save(self._plan.directory / "cards" / f"{card.number:04d}-{kind}.png")
        return {
            "cards_out": {kind: len(cards) for kind, cards in kinds.items()},
            "chips_distinct": len({card.chip.uid for card in kinds["good"] if isinstance(card.chip, Chip)}),
        }


def rehearse(plan: Plan, progress: Callable[[int], None]) -> dict[str, Any]:
    """Run one demo and take everything down again, whatever happens."""
    with ExitStack() as closing:
        demo = Demo(plan, progress)
        closing.callback(demo.close)
        result = demo.run()
    (plan.directory / "result.json").write_text(json.dumps(result, indent=2), encoding="utf-8")
    return result


def succeeded(result: dict[str, Any]) -> bool:
    """Everything agrees and everybody has a card."""
    return bool(
        result["balanced"]
        and result["printed"] == result["requested"] == result["cards_out"]["good"] == result["chips_distinct"]
        and not result["unresolved"]
    )
