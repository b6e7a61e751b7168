"""What the people of an office do all day: blanks in, cards out, ribbons, shifts, jobs. Each may be tried again."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import httpx

from drivers.sim.cards import Card, Ribbon
from kiosk.control import call
from kiosk.core.shift import COUNTED
from kiosk.errors import Rejected
from kiosk.people import Named
from kiosk.rig.devices import new_blanks
from kiosk.rig.operator import is_whole
from kiosk.rig.rig import OPERATORS, SKU
from tests.matrix.child import Child
from tests.soak.plant import Plant

LOT, STACK, RUN = 500, 100, 25
LOW = 5
"""So few jobs are left when the next run is ordered."""
ROUNDS = 20
"""Cards between two rounds: to the trays, to the counter, to the touchscreen."""
HANDED_OVER = 0.9
"""The share of all cards that is fetched at once; the others are when there are MOST_KEPT of them."""
MOST_KEPT = 50
PAGES = ("/now", "/queue", "/supplies", "/printed")

MARIA = Named(OPERATORS[0].id, OPERATORS[0].pin)


class Hands:
    """`shelf`: blanks released to the shift. `issued`: UIDs of cards in their holders' hands. `out` is told of each
    card that is taken out of a tray. Unavailable out of any of them if the station is gone: the same again, then."""

    def __init__(
        self, child: Child, plant: Plant, rng: random.Random, web: str, out: Callable[[Card], object]
    ) -> None:
        self._child, self._plant, self._rng, self._web, self._out = child, plant, rng, web, out
        self.shelf: list[Card] = []
        self.delivered = self.loads = self.ribbons = self.shifts = self.pages = 0
        self.issued: set[str] = set()
        self._kept: dict[str, str] = {}
        self._stack = 0
        self._levels = rng.choice((0, 10, 40))
        self._round_at = 0

    def keep_going(self, finished: int, ordered: int, until: int) -> int:
        """One look around; returns how many jobs there are in all."""
        world = self._plant.world
        if world.ribbon is None or world.ribbon.ended or world.ribbon.broken:
            world.replace_ribbon(Ribbon())
            self.ribbons += 1
        if len(world.reject) >= world.capacity.reject or len(world.output) >= world.capacity.output:
            self.empty_trays()
        if len(world.hopper) <= self._levels or self._stack:
            self._load()
        if ordered - finished <= LOW and ordered < until:
            ordered = self._order(until)
        if finished - self._round_at >= ROUNDS:
            self._round_at = finished
            self._go_round()
        return ordered

    def _move(self, movement: str, quantity: int, key: str, **said: str) -> None:
        self._child.call("stock.move", movement=movement, sku=SKU, quantity=quantity, key=key, **said)

    def _load(self) -> None:
        """Into the books, then into the hopper; a lot comes when the shelf is bare."""
        world = self._plant.world
        if not self.shelf:
            number = self.delivered // LOT + 1
            self._move("receive", LOT, f"receive-{number}", document=f"BAST-{number}/2018")
            self._move("release", LOT, f"release-{number}")
            self.shelf = new_blanks(LOT, random.Random(f"{number}"), first=self.delivered + 1)
            self._plant.deliver(self.shelf)
            self.delivered += LOT
        self._stack = self._stack or min(STACK, len(self.shelf), world.capacity.hopper - len(world.hopper))
        self._move("load", self._stack, f"load-{self.loads + 1}")
        world.load(self.shelf[: self._stack])
        del self.shelf[: self._stack]
        self.loads += 1
        self._stack, self._levels = 0, self._rng.choice((0, 10, 40))

    def empty_trays(self) -> None:
        """Good cards that came out by hand lie beside them."""
        world = self._plant.world
        cards = world.collect()
        with world.lock:
            by_hand = [card for card in world.by_hand if is_whole(card)]
            for card in by_hand:
                world.by_hand.remove(card)
                world.collected.append(card)
                self._plant.marked.add(card.number)
        for card in cards + by_hand:
            self._out(card)

    def _order(self, until: int) -> int:
        """A run of jobs, as many as are left to `until`. Who lost the answer counts before asking again."""
        there = self._child.call("station.status")["finished"] + len(self.open_jobs())
        count = min(RUN, until - there)
        try:
            return there + (len(self._child.call("jobs.run", count=count)) if count > 0 else 0)
        except Rejected as exc:
            if exc.reason != "queue-empty":  # no record has arrived yet
                raise
            return there

    def open_jobs(self) -> list[dict[str, Any]]:
        jobs = self._child.call("jobs.list")
        return [job for job in jobs if job["state"] not in ("completed", "aborted", "canceled")]

    def _go_round(self) -> None:
        if self._rng.random() < 0.5:  # else a tray may run full
            self.empty_trays()
        self.hand_over()
        self._tap()

    def hand_over(self) -> None:
        """Most of the finished cards to their holders."""
        for job in self._child.call("jobs.list"):
            uid = str((job["cards"] or [{}])[-1].get("uid"))
            if job["state"] != "completed" or uid in self.issued or uid in self._kept:
                continue
            if self._rng.random() > HANDED_OVER:
                self._kept[uid] = job["id"]
                continue
            self._hand_over(job["id"], uid)
        while len(self._kept) > MOST_KEPT:
            uid, ident = next(iter(self._kept.items()))
            self._hand_over(ident, uid)
            del self._kept[uid]

    def _hand_over(self, job: str, uid: str) -> None:
        try:
            self._child.call("jobs.hand-over", job=job, taker="holder", verified="ktp-lama")
        except Rejected as exc:
            if exc.reason != "handed-over-already":  # the answer was lost
                raise
        self.issued.add(uid)

    def _tap(self) -> None:
        """Somebody signs in at the touchscreen and looks around."""
        with httpx.Client(base_url=self._web, trust_env=False, timeout=20) as browser:
            try:
                browser.post("/sign-in", data={"person": MARIA.person, "pin": MARIA.pin})
                for page in PAGES:
                    self.pages += browser.get(page).status_code == 200
            except httpx.TransportError:  # it is being killed
                return

    def change_shift(self) -> None:
        """Blindly counted, closed without a difference, and the next one opened."""
        if self._child.call("station.status")["shift"]:
            places = {"shift": len(self.shelf), "hopper": len(self._plant.world.hopper), "bench": 0}
            counted = [
                [place.value, sku, places[place] if sku == SKU else 0] for place in COUNTED for sku in ("wni", "wna")
            ]
            self._as_maria("shift.count", counted=counted)
            self._as_maria("shift.close")
        self._as_maria("shift.open")
        self.shifts += 1

    def _as_maria(self, command: str, **said: Any) -> Any:
        return call(self._child.data, command, said, MARIA)
