"""Somebody at the world console: presses, tends the machine, tells the books; asks whether all agree."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import httpx

from drivers.sim.cards import Card
from kiosk.errors import Unavailable
from kiosk.hub.status import status as hub_status
from kiosk.rig.console.training import Training
from kiosk.rig.operator import ScriptedOperator
from kiosk.rig.rig import SKU
from kiosk.rig.world_check import differences

PATIENCE_S = 120.0

MENDED_BY = {
    "hub-down": ["hub-up"],
    "hub-error": ["hub-up"],
    "cable": ["cable-in"],
    "cover-open": ["cover-close"],
    "ribbon-end": ["ribbon-new"],
    "hopper-empty": ["hopper-load", "hopper-load"],
    "card-out": ["card-back"],
    "desk-blank": ["desk-lift"],
}
"""What is pressed after a button, if anything is."""


ANOTHER_DAY = ("card-spoil",)
"""Verbs that no card in the machine feels: they go with an entry in the books, and have a test of their own."""

MENDING = (
    "hub-up", "cable-in", "cover-close", "ribbon-new", "trays", "hopper-empty", "hopper-load", "hopper-load",
)  # fmt: skip


class Trainee:
    """Presses buttons in mid-print, answers what the station asks, tells the books what was loaded by hand."""

    def __init__(self, training: Training) -> None:
        self.training, self.rig = training, training.rig
        self.world = self.rig.devices.world
        self.operator = ScriptedOperator(self.rig.station, self.world, self.rig.devices.line)
        self.web = httpx.Client(base_url=training.console_url, timeout=PATIENCE_S, trust_env=False)

    def press(self, verb: str) -> httpx.Response:
        return self.web.post(f"/do/{verb}", headers={"Origin": self.training.console_url})

    def look(self) -> dict[str, Any]:
        seen: dict[str, Any] = self.web.get("/world").json()
        return seen

    def call(self, command: str, **arguments: Any) -> Any:
        return self.rig.station.call(command, **arguments)

    def until(self, reached: Callable[[], bool], step: Callable[[], None] = lambda: None) -> None:
        pause = threading.Event()
        deadline = time.monotonic() + PATIENCE_S
        while not reached():
            assert time.monotonic() < deadline, (self.call("jobs.list")[:2], self.call("station.status"))
            step()
            pause.wait(0.03)

    def print_and_press(self, verbs: list[str], cards: int = 1) -> None:
        """At the first card's magenta panel the simulation stands still until all `verbs` are pressed."""
        pressed = threading.Event()
        started: list[Card] = []

        def at_magenta(event: str, card: Card | None, detail: str) -> None:
            if (event, detail) == ("panel-started", "m") and not started and card is not None:
                started.append(card)
                assert pressed.wait(PATIENCE_S)

        stop = self.world.observe(at_magenta)
        jobs = self.call("jobs.run", count=cards)
        try:
            self.until(lambda: bool(started))
            answers = [self.press(verb).status_code for verb in verbs]
        finally:
            pressed.set()
            stop()
        assert answers == [200] * len(verbs)
        self.until(lambda: all(self.ended(job) for job in jobs), self.tend)

    def ended(self, job: str) -> bool:
        try:
            return bool(self.call("jobs.show", job=job)["state"] in ("completed", "aborted"))
        except Unavailable:
            return False

    def tend(self) -> None:
        try:
            self.operator.look(self.call("jobs.list"))
        except Unavailable:
            self.training.trouble.revive()

    def tell_the_books(self) -> None:
        """A count of the hopper, and the movement that makes the books say the same."""
        booked = self.call("stock.balance")[SKU].get("hopper", 0)
        surplus = len(self.world.hopper) - booked
        if surplus:
            movement = "load" if surplus > 0 else "unload"
            self.call("stock.move", movement=movement, sku=SKU, quantity=abs(surplus))

    def waiting(self) -> int:
        """Records that are at the station and not printed, as the centre knows it."""
        [known] = hub_status(self.rig.store)
        return known.records.get("arrived", 0)

    def make_ready(self) -> None:
        """People wait, 40 blanks lie ready, nothing is broken."""
        self.training.trouble.revive()
        for verb in MENDING:
            assert self.press(verb).status_code == 200
        self.until(lambda: all(self.ended(job["id"]) for job in self.call("jobs.list")), self.tend)
        self.tell_the_books()
        self.until(lambda: self.call("station.status")["sync"]["unsent"] == 0)  # the centre knows who waits no more
        if self.waiting() < 3:
            assert self.press("people").status_code == 200
            self.until(lambda: self.waiting() >= 3)

    def agree(self) -> None:
        accounts = self.call("stock.balance")[SKU]
        assert differences(self.world, accounts, SKU, self.rig.shelf) == []
