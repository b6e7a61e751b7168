"""A whole day in a minute: centre, station and devices come up, N people get their cards, everything is checked."""

from __future__ import annotations

import json
import logging
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
from kiosk.errors import KepingError, Unavailable
from kiosk.hub.status import status as hub_status
from kiosk.journal import scan
from kiosk.rig.faults import Fault
from kiosk.rig.operator import ScriptedOperator
from kiosk.rig.rig import SKU, Rig, Setting
from kiosk.rig.script import Script
from kiosk.rig.trouble import Trouble
from kiosk.rig.world_check import differences, good_cards, spoiled_cards, wrong_cards
from kiosk.stock import balances
from kiosk.views import View

log = logging.getLogger(__name__)

SPARE = 10
LOOK_S = 0.05
CARD_S = 60.0
CONVERGE_S = 60.0


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
        blanks = plan.cards + SPARE + len(plan.faults)
        self._rig = Rig(Setting(
            plan.directory, people=plan.cards, blanks=blanks, loaded=blanks, speed=plan.speed, seed=plan.seed,
            link=plan.link, issued=plan.issued,
        ))  # fmt: skip
        self._station, self._devices = self._rig.station, self._rig.devices
        self._operator = ScriptedOperator(self._station, self._devices.world, self._devices.line)
        self._trouble = Trouble(self._rig, dark_s=0.0)
        self._script = Script(plan.faults, self._rig, self._trouble)

    def close(self) -> None:
        self._rig.close()

    def run(self) -> dict[str, Any]:
        """Print all cards, let the centre catch up, compare books and world. Blocks for the whole rehearsal."""
        self._await_records()
        started, busy = time.monotonic(), self._devices.clock.busy_seconds
        self._station.call("jobs.run", count=self._plan.cards)
        self._print_all()
        seconds = time.monotonic() - started
        busy = self._devices.clock.busy_seconds - busy
        self._trouble.restore_link()
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
            self._trouble.verbs[self._script.todo.get()]()

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
        hub = hub_status(self._rig.store)[0]
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
        problems = differences(world, books["balance"][SKU], SKU) + wrong_cards(
            good_cards(world), self._rig.residents
        )
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
