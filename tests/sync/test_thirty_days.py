"""Thirty days without a link, three sticks, one lost: the centre's ledger is the station's, and memory stays flat.

The books, the vault and the centre are the real ones; the cards are what worker and counter would write of them, for
no device is asked here. The clock is the test's: a card takes its share of a day.
"""

from __future__ import annotations

import json
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from kiosk.books import Books
from kiosk.config import HubConfig
from kiosk.core.records import parse_record
from kiosk.crypto import keys
from kiosk.crypto.keyfile import KeyFile
from kiosk.crypto.keyring import Keyring
from kiosk.hub import stations
from kiosk.hub.app import create_app
from kiosk.hub.issue import issue
from kiosk.hub.keyring import HubKeys
from kiosk.hub.schema import frames, leases
from kiosk.hub.status import status
from kiosk.hub.sticks import Sticks
from kiosk.hub.store import Store
from kiosk.journal import scan
from kiosk.journal.clock import Clock, Moment, boot_id, machine_clocks
from kiosk.link import Ends
from kiosk.stock import balances
from kiosk.sync.client import HubClient, connect
from kiosk.sync.enrol import Pins
from kiosk.sync.intake import Intake
from kiosk.sync.shipping import Shipper
from kiosk.vault import Vault
from tests.conftest import Measured
from tests.crash import events
from tests.samples import sample_payload

STATION = "kupang-01"
DAYS, DAY_MS = 30, 86_400_000
OUT, BACK, LOST, LAST = 10, 13, 20, 30
"""The first stick leaves and comes back, the second is lost, the third goes at the end."""
MOST_MB = 20


class Days:
    """The machine's clocks, which go only when a test says so."""

    def __init__(self) -> None:
        self.began = machine_clocks()
        self.passed_ms = 0

    def __call__(self) -> Moment:
        return Moment(self.began.wall_ms + self.passed_ms, boot_id(), self.began.monotonic_ms + self.passed_ms)


class Office:
    """A station without devices, its centre, and sticks between them. `peaks`: MB that each piece of work took."""

    def __init__(self, directory: Path, a_day: int) -> None:
        self.directory, self.a_day = directory, a_day
        self.days = Days()
        self.made = self.trips = 0
        self.waiting: list[str] = []
        self.peaks: dict[str, float] = {}
        self.store = Store.open(directory / "hub")
        self.keys = HubKeys.open(directory / "hub")
        self.key, encryption = keys.generate_signing(), keys.generate_encryption()
        code = stations.add_station(self.store, STATION)
        stations.enrol(self.store, STATION, code, self.key, encryption, 0)
        data = self.data = directory / "station"
        (data / "keys").mkdir(parents=True)
        keys.save(data / "keys" / "encryption.jwk", encryption)
        vault = Vault(data / "vault", Keyring(data / "vault", KeyFile.create(data / "keys" / "vault.key")))
        genesis = {**events.GENESIS, "key": keys.thumbprint(self.key)}
        Books.create(data, 1 << 20, genesis, "test").close()
        self.books = Books.open(data, 1 << 20, "test", key=self.key, clock=Clock(data, self.days))
        self.pins = Pins("", STATION, (self.keys.signing,), self.keys.encryption, self.keys.chip)
        self.told: list[int] = []
        hub = HubConfig(days_ahead=90)
        self.ends = Ends(hub, data, self.books, vault, self.pins, self.key, self.told.append)
        self.carrier = self.ends.carrier()
        self.hub = Sticks(self.store, self.keys, int(time.time() * 1000))
        for kind, body in events.opening(DAYS * a_day):
            self.books.commit(kind, body, "cli:test")

    def issue(self, count: int) -> None:
        """At the centre; the references are queued here as they would come."""
        people = (parse_record(sample_payload()) for _ in range(count))
        self.waiting += issue(self.store, self.keys, people, STATION, now_s=time.time())

    def link(self) -> None:
        """The last day with a link."""
        app = create_app(self.store, self.keys, time.time)
        with connect("http://127.0.0.1", transport=httpx.WSGITransport(app)) as http:
            client = HubClient(http, STATION, self.key, self.pins.signing)
            intake, shipper = (
                Intake(client, self.ends.inbox),
                Shipper(client, self.ends.outbox, self.ends.acknowledged),
            )
            while intake.step() or shipper.step():
                continue

    def work(self) -> None:
        """One day."""
        for _ in range(self.a_day):
            self.made += 1
            ref = self.waiting.pop(0)
            for kind, body in self._life(self.made, ref):
                self.days.passed_ms += DAY_MS // self.a_day // 9
                self.books.commit(kind, body, "op:maria")

    def _life(self, number: int, ref: str) -> Iterator[events.Event]:
        for kind, body in events.card(number):
            yield kind, {**body, "ref": ref} if "ref" in body else body
        yield "handed-over", {
            "job": f"{number:08x}", "ref": ref, "uid": f"04{number:012X}", "taker": "holder", "verified": "ktp-lama",
            "chip": "read", "old_card": "taken", "signed": True,
            "moves": [["wni", events.LOT, "printed", "issued", 1]],
        }  # fmt: skip

    def export(self) -> Path:
        self.trips += 1
        stick = self.directory / f"stick-{self.trips}"
        stick.mkdir()
        self.measured(f"export {self.trips}", lambda: self.carrier.export(stick))
        return stick

    def visit(self, stick: Path) -> None:
        [taken] = self.measured(f"centre takes {stick.name}", lambda: self.hub.take(stick))
        assert taken.reason == ""
        [told] = self.hub.told(stick)
        self.measured(f"centre answers {stick.name}", lambda: self.hub.answer(stick, told))

    def take(self, stick: Path) -> Any:
        found = self.measured(f"station takes {stick.name}", lambda: self.carrier.take(stick))
        assert found.unused == []
        return found

    def measured(self, what: str, act: Callable[[], Any]) -> Any:
        tracemalloc.start()
        try:
            return act()
        finally:
            self.peaks[what] = tracemalloc.get_traced_memory()[1] / 1e6
            tracemalloc.stop()

    def held(self) -> Iterator[bytes]:
        with self.store.snapshot() as connection:
            rows = connection.execute(select(frames.c.record).order_by(frames.c.seq))
            yield from (row.record for row in rows)

    def leased(self) -> dict[str, int]:
        with self.store.snapshot() as connection:
            rows = connection.execute(select(leases.c.state, func.count().label("n")).group_by(leases.c.state))
            return {row.state: row.n for row in rows}

    def close(self) -> None:
        self.books.close()
        self.store.close()


@pytest.mark.parametrize("cards", [60, pytest.param(6000, marks=[pytest.mark.long, pytest.mark.timeout(7200)])])
def test_thirty_days_offline(tmp_path: Path, cards: int, measured: Measured) -> None:
    office = Office(tmp_path, cards // DAYS)
    begun = time.perf_counter()
    try:
        office.issue(cards * 2 // 3)
        office.link()
        known, under_way = office.ends.acknowledged.position.seq, tmp_path
        for day in range(1, DAYS + 1):
            if day == BACK:
                office.visit(under_way)
                found = office.take(under_way)
                assert found.records == cards // 3
                assert found.confirmed == office.ends.acknowledged.position.seq - known > 0
            office.work()
            if day == OUT:
                under_way = office.export()
                office.issue(cards // 3)
            elif day == LOST:
                office.export()  # and nobody sees it again
        last = office.export()
        office.visit(last)
        assert office.take(last).acknowledged == office.books.seq
        seconds = time.perf_counter() - begun
        check(office, cards)
    finally:
        office.close()
    most = max(office.peaks.values())
    measured(f"{cards} cards, {office.books.seq} frames, peak MB {json.dumps(office.peaks)}, {seconds:.0f} s")
    assert most < MOST_MB, office.peaks


def check(office: Office, cards: int) -> None:
    own = list(scan(office.data / "journal"))
    assert list(office.held()) == [frame.record for frame in own]
    assert office.leased() == {"issued": cards}
    [known] = status(office.store)
    assert known.alarms == ()
    with office.books.transaction() as view:
        here = {("wni", account): n for account, n in balances(view)["wni"].items() if n}
    assert known.stock == here
    assert here["wni", "issued"] == cards
    times = [frame.stamp.time_ms for frame in own]
    assert times == sorted(times)
    assert times[-1] - times[0] >= (DAYS - 1) * DAY_MS
    assert office.told == sorted(set(office.told))
