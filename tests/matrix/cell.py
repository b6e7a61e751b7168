"""One cell: a station is killed at a point and started again, asks, is answered from the true world, and audited."""

from __future__ import annotations

import random
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from kiosk.books import Books, read_view
from kiosk.crypto import keys
from kiosk.errors import KepingError, Unavailable
from kiosk.hub.app import create_app
from kiosk.hub.issue import issue
from kiosk.hub.keyring import HubKeys
from kiosk.hub.server import HubServer
from kiosk.hub.stations import add_station
from kiosk.hub.status import status
from kiosk.hub.store import Store
from kiosk.outbox import Outbox
from kiosk.rig.devices import new_blanks
from kiosk.rig.operator import FACE_PANELS, ScriptedOperator
from kiosk.rig.residents import Resident
from kiosk.rig.world_check import differences, good_cards, wrong_cards
from kiosk.stock import balances
from kiosk.sync.client import HubClient, connect
from kiosk.sync.enrol import load_pins
from kiosk.sync.shipping import Acknowledged, AckStore, Shipper
from tests.matrix.bench import Bench
from tests.matrix.child import Child, Nursery
from tests.matrix.nursery import SEED, people
from tests.matrix.points import VARIANTS, Cell, Course

STATION = "kupang-01"
BLANKS = 4
PATIENCE_S = 60.0
LOOK_S = 0.05
CONFIG = """\
station: {{id: "{station}"}}
printer: {{port: "{port}", compression: "runs", reply_timeout: 1.0}}
reader: {{link: "in-process", name: "{reader}", appear_timeout: 0.3}}
hub: {{url: "{hub}", poll: 1.0}}
web: {{port: 0}}
"""


@dataclass
class Outcome:
    """`reached`: the life passed the point, else nobody was killed. `step`: of the intent that was open when the
    station died, None if there was none. `asked`: how many questions a person was asked for it. `faults`: what does
    not agree with the world; empty is what is wanted."""

    reached: bool = True
    step: str | None = None
    asked: int = 0
    faults: list[str] = field(default_factory=list)
    course: Course | None = None


class Template:
    """A station that is enrolled, has records and blanks and knows its printer, and its centre: to be copied."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.residents: list[Resident] = people()

    def make(self, nursery: Nursery) -> None:
        directory = self.directory
        directory.mkdir(parents=True)
        (directory / "hub").mkdir()
        bench = Bench(directory, self.blanks(), VARIANTS["at feed"])
        store = Store.open(directory / "hub")
        hub_keys = HubKeys.open(directory / "hub")
        server = HubServer(create_app(store, hub_keys, time.time))
        try:
            self._fill(bench, store, hub_keys, server.url, nursery)
        finally:
            server.stop()
            store.close()
            bench.close()

    def blanks(self) -> list[Any]:
        return new_blanks(BLANKS, random.Random(SEED))  # the same in each cell

    def _fill(self, bench: Bench, store: Store, hub_keys: HubKeys, url: str, nursery: Nursery) -> None:
        config = write_config(self.directory, bench.path, url)
        child = Child(nursery, config, self.directory / "station", self.directory / "log")
        code = add_station(store, STATION)
        child.command("enrol", "--code", code, "--fingerprint", hub_keys.fingerprint)
        issue(store, hub_keys, self.residents, STATION, now_s=time.time(), rng=random.Random(SEED))
        for movement in ("receive", "release", "load"):
            paper = ["--document", "BAST-1"] if movement == "receive" else []
            child.command("stock", movement, "--sku", "wni", "--qty", str(BLANKS), *paper)
        child.start()
        deadline = time.monotonic() + PATIENCE_S
        while not (child.call("station.status")["devices"]["printer"] and self._taken_in(child)):
            assert child.alive(LOOK_S), "it ended"
            assert time.monotonic() < deadline, "waited in vain"
        child.stop()

    def _taken_in(self, child: Child) -> bool:
        with suppress(KepingError):
            return read_view(child.data).count("records", state="waiting") == len(self.residents)
        return False


def write_config(directory: Path, port: str, hub: str = "") -> Path:
    path = directory / "config.yaml"
    path.write_text(CONFIG.format(station=STATION, port=port, reader=directory / "chip.sock", hub=hub))
    return path


class Life:
    """`cell` None: nobody is killed, and the outcome says what such a life is made of."""

    def __init__(self, template: Template, nursery: Nursery, place: Path, cell: Cell | None, retry: bool) -> None:
        shutil.copytree(template.directory / "station", place / "station")
        shutil.copytree(template.directory / "hub", place / "hub")
        self._place, self._cell, self._template = place, cell, template
        variant = VARIANTS[cell.variant] if cell else VARIANTS["at feed"]
        self._bench = Bench(place, template.blanks(), variant, feeds=2 if cell and cell.fault else 1)
        self._bench.point = cell.point if cell else None
        self._bench.kill = self._kill
        self._data = place / "station"
        self._child = Child(nursery, write_config(place, self._bench.path), self._data, place / "log", retry)
        self._operator = ScriptedOperator(self._child, self._bench.world, self._bench.line)  # type: ignore[arg-type]
        self._outcome = Outcome()
        self._killed = threading.Event()

    def run(self) -> Outcome:
        try:
            self._live()
            self._child.stop()
            self._audit()
        except (KepingError, AssertionError, OSError) as exc:
            self._outcome.faults.append(f"{type(exc).__name__}: {exc}")
        finally:
            if self._child.alive():
                self._child.kill()
            self._bench.close()
        return self._outcome

    def _kill(self) -> None:
        """In the thread in which the point is reached; the simulation stands still meanwhile."""
        self._child.kill()
        if self._cell and self._cell.power:
            self._bench.world.power_off()
        self._killed.set()

    def _live(self) -> None:
        cell = self._cell
        if cell and cell.fault:
            self._bench.world.jam("feed")
        at_commit = cell is not None and cell.point.kind == "commit"
        self._child.start({"commit": cell.point.number, "moment": cell.point.moment} if cell and at_commit else None)
        try:
            self._child.call("jobs.run", count=1)
            self._until_over()
        except Unavailable:  # its sockets are closed a moment before it is gone
            assert not self._child.alive(PATIENCE_S), "it lives and does not answer"
        else:
            self._outcome.reached = False
            self._outcome.course = self._bench.course
            return
        assert cell is not None, "nobody was to kill it"
        if at_commit and cell.power:
            self._bench.world.power_off()
        elif not at_commit:
            assert self._killed.wait(PATIENCE_S), "it died, but not at the point"
        self._outcome.step = self._open_step()
        before = len(self._operator.answers)
        self._bench.world.power_on()
        self._child.start()
        if not self._jobs():  # it died before the job was on record
            self._child.call("jobs.run", count=1)
        self._until_over()
        self._outcome.asked = len(self._operator.answers) - before

    def _until_over(self) -> None:
        """Answer what is asked until the job is at its end. Unavailable if the station dies."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            jobs = self._jobs()
            if all(job["state"] in ("completed", "aborted") for job in jobs):
                return
            if time.monotonic() > deadline:
                raise AssertionError(f"stuck: {jobs}")
            self._operator.look(jobs)
            if not self._child.alive(LOOK_S):
                raise Unavailable("it died")

    def _jobs(self) -> list[dict[str, Any]]:
        return list(self._child.call("jobs.list"))

    def _open_step(self) -> str | None:
        for job in read_view(self._data).rows("jobs"):
            if job["card"] and job["card"]["intent"]:
                return str(job["card"]["intent"]["step"])
        return None

    def _audit(self) -> None:
        """Trays, chips, ledger, job and centre, each against the world."""
        faults, world = self._outcome.faults, self._bench.world
        cards = [card for pile in world.census().values() for card in pile]
        good = good_cards(world)
        faults += wrong_cards(good, self._template.residents)
        faults += [f"card {card.number} was printed twice" for card in cards if len(card.panels) > FACE_PANELS]
        with self._books() as books, books.transaction() as view:
            held = balances(view).get("wni", {})
            faults += differences(world, held, "wni")
            ends = Counter(job["state"] for job in view.rows("finished"))
            self._bench.course.commits = sum(row["ended"] - row["created"] + 1 for row in view.rows("finished"))
        if ends != {"completed": 1} or len(good) != 1:
            faults.append(f"jobs {dict(ends)}, good cards {len(good)}")
        self._ship(held)

    def _ship(self, held: dict[str, int]) -> None:
        """The link is back: the centre has every frame, and the same books."""
        store = Store.open(self._place / "hub")
        app = create_app(store, HubKeys.open(self._place / "hub"), time.time)
        pins = load_pins(self._data / "keys" / "hub.json")
        key = keys.load_okp(self._data / "keys" / "signing.jwk", keys.SIGNING)
        with self._books() as books, connect("http://127.0.0.1", transport=httpx.WSGITransport(app)) as http:
            client = HubClient(http, STATION, key, pins.signing)
            source, acks = Outbox(books, STATION, key), AckStore(self._data / "sync" / "ack.json")
            shipper = Shipper(client, source, Acknowledged(source, acks, STATION, pins.signing))
            while shipper.acknowledged < books.seq:
                shipper.step()
            [known] = status(store)
            there = {account: n for (_, account), n in known.stock.items() if n}
            if (known.seq, known.head) != (books.seq, books.head) or known.alarms:
                self._outcome.faults.append(f"the centre stands at {known.seq}, {known.alarms}")
            if there != {account: n for account, n in held.items() if n}:
                self._outcome.faults.append(f"the centre's books: {there}")
            if sorted(known.records.items()) != [("arrived", 1), ("printed", 1)]:
                self._outcome.faults.append(f"the centre's records: {dict(known.records)}")
        store.close()

    @contextmanager
    def _books(self) -> Iterator[Books]:
        books = Books.open(self._data, 1 << 20, "test")
        try:
            yield books
        finally:
            books.close()
