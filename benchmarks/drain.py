"""A station's backlog goes to a centre on PostgreSQL, against a bare script that inserts the same rows.

    .venv/bin/python -m benchmarks.drain [--frames 10000] [--rounds 5]

Each round takes a new data base of one cluster, which syncs its commits, and drains the same journal into it: by the
real Shipper in this process, over HTTP on loopback, into `keping hub run` in a process of its own. Signatures, hash
chain, leases and accounts are all there, and the centre has served another station before. Then come, into data bases
of their own:

* `bare`: the rows that the centre wrote for the same batches, ready in memory, a commit a batch: those of `frames` by
  psycopg's executemany; those of all other tables by the centre's own statements, as they were recorded beforehand;
* `copy`: the same with `frames` by COPY, the least that PostgreSQL can do.

The bar is held by the medians of the rounds. Memory is what is resident of the station and of the hub at 10, 50 and
100 % of the frames. Kept in benchmarks/results/drain.json; takes a minute.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
from sqlalchemy import event
from sqlalchemy.engine import Engine

from benchmarks.machine import machine, memory_mb, report
from benchmarks.opening import FastWriter, arrival, live_through, take_blanks
from kiosk import runtime
from kiosk.books import Books
from kiosk.core.frames import parse_link
from kiosk.core.records import Sku
from kiosk.crypto import keys
from kiosk.crypto.keys import OKPKey
from kiosk.hub.delivery import apply
from kiosk.hub.keyring import HubKeys
from kiosk.hub.schema import leases
from kiosk.hub.stations import add_station, called, signers, spend_token
from kiosk.hub.stations import enrol as enrol_here
from kiosk.hub.store import Store, insert_all
from kiosk.outbox import Outbox
from kiosk.sync.client import HubClient, connect
from kiosk.sync.enrol import enrol
from kiosk.sync.shipping import REQUEST_BYTES, Acknowledged, AckStore, Shipper
from tests.postgresql import Cluster

STATION, BATCH = "kupang-01", 500
BAR, FLAT = 2.0, 1.1
MARKS = (10, 50, 100)
INSERT = "INSERT INTO frames VALUES (%s, %s, %s, %s, %s, %s, %s)"
COPY = "COPY frames FROM STDIN"
WRITES = ("INSERT", "UPDATE", "DELETE")
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Backlog:
    """A station's DATA with frames that nobody has, `cards` cards among them, numbered from `first` on."""

    station: str
    data: Path
    key: OKPKey
    first: int
    cards: int

    @classmethod
    def make(cls, data: Path, count: int, station: str = STATION, first: int = 0) -> Backlog:
        key = keys.generate_signing()
        writer = FastWriter(data)
        genesis = {"station": station, "incarnation": "ab" * 8, "key": keys.thumbprint(key), "predecessor": None}
        writer.commit("genesis", genesis)
        take_blanks(writer, count)
        return cls(station, data, key, first, live_through(writer, first, count, 0))

    def references(self) -> list[str]:
        return [item["ref"] for item in arrival(range(self.first, self.first + self.cards))["records"]]


def ready_for(directory: Path, database: str, *backlogs: Backlog) -> tuple[Store, list[str]]:
    """The centre's tables before the drain, the records leased up to cursor 1, at which the journal is; and the codes
    with which the stations enrol."""
    store = Store.open(directory, database)
    codes = [add_station(store, backlog.station) for backlog in backlogs]
    with store.transaction() as connection:
        for backlog in backlogs:
            insert_all(connection, leases, [
                {"station": backlog.station, "cursor": number, "ref": ref, "sku": Sku.WNI.value, "jws": "a.b.c",
                 "state": "waiting", "changed_at": 0}
                for number, ref in enumerate(backlog.references(), 2 - backlog.cards)
            ])  # fmt: skip
    return store, codes


class HubProcess:
    """`keping hub run` over one data base, until `close`."""

    def __init__(self, directory: Path, database: str, port: int = 0) -> None:
        words = [sys.executable, "-m", "kiosk", "--data", str(directory), "hub", "run", "--port", str(port)]
        self._process = subprocess.Popen(  # noqa: S603  # the program under test
            words, env={**os.environ, "KEPING_HUB_DATABASE": database}, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().split()[0]
        self.pid = self._process.pid

    def close(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.communicate(timeout=30)


class Hub(HubProcess):
    """The stations' records are leased in it, and the stations enrolled."""

    def __init__(self, directory: Path, database: str, *backlogs: Backlog) -> None:
        known = HubKeys.open(directory)
        store, codes = ready_for(directory, database, *backlogs)
        store.close()
        super().__init__(directory, database)
        for backlog, code in zip(backlogs, codes, strict=True):
            own = (backlog.key, keys.generate_encryption())
            self.pins = enrol(self.url, backlog.station, code, known.fingerprint, own)


@contextmanager
def shipping(hub: Hub, backlog: Backlog) -> Iterator[tuple[Books, Shipper]]:
    books, station = Books.open(backlog.data, 8 << 20, "bench"), backlog.station
    with tempfile.TemporaryDirectory() as acks, connect(hub.url) as http:
        client, outbox = HubClient(http, station, backlog.key, hub.pins.signing), Outbox(books, station, backlog.key)
        acknowledged = Acknowledged(outbox, AckStore(Path(acks) / "ack.json"), station, hub.pins.signing)
        yield books, Shipper(client, outbox, acknowledged)
    books.close()


def drain(hub: Hub, backlog: Backlog) -> dict[str, Any]:
    """Seconds, frames, and what both sides hold in memory on the way."""
    with shipping(hub, backlog) as (books, shipper):
        runtime.keep()  # as `keping run` does
        memory: dict[str, dict[str, float]] = {}
        measuring = 0.0
        begun, more = time.perf_counter(), True
        while more:
            more = shipper.step()
            looked = time.perf_counter()
            for mark in MARKS:
                if str(mark) not in memory and shipper.acknowledged * 100 >= books.seq * mark:
                    memory[str(mark)] = {"station": memory_mb(os.getpid())["rss"], "hub": memory_mb(hub.pid)["rss"]}
            measuring += time.perf_counter() - looked
        seconds = time.perf_counter() - begun - measuring
        assert shipper.acknowledged == books.seq
        return {"seconds": seconds, "frames": books.seq, "rss_mb": memory}


@dataclass(frozen=True)
class Batch:
    """What one request makes the centre write: rows of `frames`, and statements of the other tables."""

    frames: list[Row]
    others: list[tuple[str, Any, bool]]


def recorded(store: Store, code: str, backlog: Backlog) -> list[Batch]:
    """The drain once more, call by call in this process, with an eye on what goes to the data base."""
    books = Books.open(backlog.data, 8 << 20, "bench")
    outbox = Outbox(books, STATION, backlog.key)
    enrol_here(store, STATION, code, backlog.key, keys.generate_encryption(), 0)
    found: list[Batch] = []
    seen: list[tuple[str, Any, bool]] = []

    @event.listens_for(Engine, "before_cursor_execute")
    def note(_connection: Any, _cursor: Any, statement: str, given: Any, _context: Any, many: bool) -> None:
        if statement.startswith(WRITES):
            seen.append((statement, given, many))

    seq, now_ms = 0, int(time.time() * 1000)
    while seq < books.seq:
        lines = books.lines_after(seq, REQUEST_BYTES)
        with store.transaction() as connection:
            known = called(connection, STATION, now_ms, "")
            assert known
            spend_token(connection, STATION, f"{seq:022}", now_ms // 1000, now_ms)
            apply(connection, known, signers(connection, STATION), lines, outbox.checkpoint(), now_ms)
        seq += len(lines)
        rows = [(STATION, outbox.incarnation, link.seq, link.kind, link.head, link.record, now_ms)
                for link in map(parse_link, lines)]  # fmt: skip
        found.append(Batch(rows, seen.copy()))
        seen.clear()
    event.remove(Engine, "before_cursor_execute", note)
    books.close()
    return found


def bare(cursor: psycopg.Cursor, rows: Sequence[Row]) -> None:
    cursor.executemany(INSERT, rows)


def copy(cursor: psycopg.Cursor, rows: Sequence[Row]) -> None:
    with cursor.copy(COPY) as into:
        for row in rows:
            into.write_row(row)


def inserting(how: Any, database: str, directory: Path, backlog: Backlog, batches: list[Batch]) -> float:
    """Seconds for all batches, their frames by `how`, into new tables of the same shape."""
    ready_for(directory, database, backlog)[0].close()
    with psycopg.connect(database) as connection:
        begun = time.perf_counter()
        for batch in batches:
            with connection.cursor() as cursor:
                how(cursor, batch.frames)
                for statement, given, many in batch.others:
                    (cursor.executemany if many else cursor.execute)(statement, given)  # type: ignore[operator]
            connection.commit()
        return time.perf_counter() - begun


def one_round(
    cluster: Cluster, place: Path, backlog: Backlog, before: Backlog, batches: list[Batch]
) -> dict[str, Any]:
    hub = Hub(place, cluster.database(), backlog, before)
    try:
        drain(hub, before)
        found = drain(hub, backlog)
    finally:
        hub.close()
    assert sum(len(batch.frames) for batch in batches) == found["frames"]
    for how in (bare, copy):
        found[how.__name__] = inserting(how, cluster.database(), place, backlog, batches)
    return {**found, "batches": len(batches), "ratio": found["seconds"] / found["bare"]}


def grown(rounds: list[dict[str, Any]], side: str) -> float:
    """How much more is held at the end than at a tenth of the way, at worst."""
    return max(each["rss_mb"]["100"][side] / each["rss_mb"]["10"][side] for each in rounds)


def judged(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """The bars: [measured, limit, held]."""
    middle = {name: median(each[name] for each in rounds) for name in ("seconds", "bare", "copy")}
    ratio = middle["seconds"] / middle["bare"]
    bars: dict[str, Any] = {"ratio": [round(ratio, 3), BAR, ratio <= BAR]}
    for side in ("station", "hub"):
        growth = grown(rounds, side)
        bars[f"memory_{side}"] = [round(growth, 3), FLAT, growth <= FLAT]
    return {"median": middle, "frames_a_second": round(rounds[0]["frames"] / middle["seconds"]), "bars": bars}


def measure(count: int, rounds: int) -> dict[str, Any]:
    cluster = Cluster(durable=True)
    try:
        with tempfile.TemporaryDirectory() as place:
            root = Path(place)
            backlog = Backlog.make(root / "station", count)
            before = Backlog.make(root / "before", 2 * BATCH, "kupang-02", first=count)
            store, [code] = ready_for(root / "recorded", cluster.database(), backlog)
            batches = recorded(store, code, backlog)
            store.close()
            found = [one_round(cluster, root / f"hub{n}", backlog, before, batches) for n in range(rounds)]
    finally:
        cluster.remove()
    return {"rounds": found, **judged(found)}


def main() -> None:
    """Print one JSON object and keep it; exit 0 whatever the figures are: a benchmark measures, it does not judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    before = machine()
    report("drain", before, measure(given.frames, given.rounds))


if __name__ == "__main__":
    main()
