"""The centre of a soak, in a process of its own: issues records, serves, goes away; and knows whose card is whose."""

from __future__ import annotations

import multiprocessing
import os
import queue
import random
import time
from collections import Counter
from collections.abc import Callable
from datetime import date
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from drivers.sim.cards import Card
from kiosk.hub.app import create_app
from kiosk.hub.issue import issue
from kiosk.hub.keyring import HubKeys
from kiosk.hub.schema import frames
from kiosk.hub.server import HubServer
from kiosk.hub.stations import add_station
from kiosk.hub.status import status
from kiosk.hub.store import Store
from kiosk.rig.outage import Outage
from kiosk.rig.residents import Resident, invent
from kiosk.rig.world_check import shows

PATIENCE_S = 120.0
LOOK_S = 5.0
MOST = 1_000_000


class Centre:
    """The far end of `serve`: `ask` waits for the answer, `tell` does not. Not thread-safe."""

    def __init__(self, directory: Path, station: str, seed: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._answers, theirs = context.Pipe(duplex=False)
        self._orders: Any = context.Queue()
        self._process = context.Process(
            target=serve, args=(directory, station, seed, self._orders, theirs), daemon=True
        )
        self._process.start()

    def tell(self, order: str, *said: Any) -> None:
        self._orders.put((order, said, False))

    def ask(self, order: str, *said: Any) -> Any:
        """After all that was told. AssertionError if no answer comes."""
        self._orders.put((order, said, True))
        assert self._answers.poll(PATIENCE_S), "the centre's process does not answer"
        return self._answers.recv()

    def close(self) -> None:
        if self._process.is_alive():
            self.tell("end")
            self._process.join(PATIENCE_S)
        self._orders.close()


def serve(directory: Path, station: str, seed: int, orders: Any, answers: Connection) -> None:
    """Until it is told to end, or whoever began it is gone."""
    parent, hall = os.getppid(), Hall(directory, station, seed)
    try:
        while os.getppid() == parent:
            try:
                order, said, wanted = orders.get(timeout=LOOK_S)
            except queue.Empty:
                continue
            if order == "end":
                return
            answer = hall.verbs[order](*said)
            if wanted:
                answers.send(answer)
    finally:
        hall.close()


class Hall:
    def __init__(self, directory: Path, station: str, seed: int) -> None:
        directory.mkdir()
        self._station = station
        self._store = Store.open(directory)
        self._keys = HubKeys.open(directory)
        self._outage = Outage(create_app(self._store, self._keys, time.time))
        self._server = HubServer(self._outage)
        self._rng = random.Random(seed)
        self._invented = invent(seed, MOST, issued=date(2018, 8, 14))
        self._people: dict[bytes, Resident] = {}
        self._served: Counter[bytes] = Counter()
        self._faults: list[str] = []
        self.verbs: dict[str, Callable[..., Any]] = {
            "begin": lambda: (self._server.url, add_station(self._store, station), self._keys.fingerprint),
            "issue": self.issue, "away": self._server.pause, "back": self._server.resume,
            "lose-replies": self.lose_replies, "look-at": self.look_at, "faults": lambda: self._faults,
            "stands": self.stands,
        }  # fmt: skip

    def issue(self, count: int) -> None:
        people = [next(self._invented) for _ in range(count)]
        issue(self._store, self._keys, people, self._station, now_s=time.time(), rng=self._rng)
        self._people |= {person.chip["6FF1"]: person for person in people}

    def lose_replies(self, lost: bool) -> None:
        self._outage.failing = lost

    def look_at(self, card: Card, biodata: bytes) -> None:
        """A whole card that came out: whose chip it has, whether they have one already, and, if the card comes with
        its black panel, whose face that is."""
        self._served[biodata] += 1
        person = self._people.pop(biodata, None)
        if self._served[biodata] > 1:
            self._faults.append(f"card {card.number}: this resident has {self._served[biodata]} cards")
        elif person is None:
            self._faults.append(f"card {card.number}: the chip holds no resident's data")
        elif card.panels and not shows(card, person):
            self._faults.append(f"card {card.number}: the print is not the person in the chip")

    def stands(self) -> dict[str, Any]:
        """What it has of the station's journal, and what that comes to."""
        [known] = status(self._store)
        with self._store.snapshot() as connection:
            held = connection.execute(
                select(func.count()).where(frames.c.station == self._station)
            ).scalar_one()  # fmt: skip
        stock = {account: quantity for (sku, account), quantity in known.stock.items() if quantity and sku == "wni"}
        return {
            "seq": known.seq, "head": known.head, "frames": held, "stock": stock, "records": dict(known.records),
            "alarms": [str(alarm) for alarm in known.alarms],
        }  # fmt: skip

    def close(self) -> None:
        self._server.stop()
        self._store.close()
