"""The province: who serves, who prints, what goes wrong on the way, and what must be true in the end."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from kiosk.core.records import Record, dump_record, parse_record
from kiosk.crypto import jose
from kiosk.hub import leases, stations
from kiosk.hub.keyring import HubKeys
from kiosk.hub.schema import frames
from kiosk.hub.schema import leases as lease_rows
from kiosk.hub.status import status
from kiosk.hub.store import Store
from kiosk.journal import scan
from tests.postgresql import Cluster
from tests.province.office import Setting, serve
from tests.samples import sample_payload

PATIENCE_S = 120.0
LOOK_S = 0.05
TO_2000_S = 27 * 365.25 * 86_400
OF_TODAY_MS = 1_600_000_000_000
LOST, OF_2000, HEIR = "kupang-00", "kupang-01", "kupang-02"

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.province.office"])


class Far:
    """An office at the far end of a pipe."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self._orders, theirs = _context.Pipe()
        self._process = _context.Process(target=serve, args=(setting, theirs), daemon=True)
        self._process.start()
        theirs.close()

    def ask(self, order: str, *said: Any) -> None:
        self._orders.send((order, *said))
        assert self.answered() == "done"

    def answered(self) -> str:
        assert self._orders.poll(PATIENCE_S), f"{self.setting.name} does not answer"
        return str(self._orders.recv())

    def wait(self) -> None:
        self._process.join(LOOK_S)

    def kill(self) -> None:
        self._process.kill()
        self._process.join()
        self._orders.close()

    def ended(self) -> None:
        self.ask("end")
        self._process.join(PATIENCE_S)
        self._orders.close()


@dataclass
class Province:
    """`records`: all that were ever given out, by reference."""

    directory: Path
    cluster: Cluster
    names: list[str]
    obedient: bool = True
    records: dict[str, Record] = field(default_factory=dict)
    offices: dict[str, Far] = field(default_factory=dict)

    def __enter__(self) -> Self:
        self._closing = ExitStack()
        self.database = self.cluster.database()
        self.store = Store.open(self.directory, self.database)
        self._closing.callback(self.store.close)
        self.keys = HubKeys.open(self.directory)
        self._urls = tuple(self._closing.enter_context(hub(self.directory, self.database)) for _ in range(2))
        return self

    def __exit__(self, *_: object) -> None:
        for each in self.offices.values():
            each.kill()
        self._closing.close()

    def open(self, cards: int) -> None:
        """Enrol all, and give each `cards` records."""
        for name in self.names:
            code = stations.add_station(self.store, name)
            setting = Setting(name, code, self.keys.fingerprint, self._urls, self.directory / name, self.obedient)
            self.offices[name] = Far(setting)
        for each in self.offices.values():
            assert each.answered() == "open"
        for name in self.names:
            self.give(name, [self._person(name) for _ in range(cards)])

    def _person(self, station: str) -> Record:
        ref = f"{len(self.records) + 1:032x}"
        made = parse_record(sample_payload(ref, station))
        self.records[ref] = made
        return made

    def give(self, station: str, records: list[Record]) -> None:
        with self.store.transaction() as connection:
            for record in records:
                own = replace(record, station=station)
                token = jose.sign(dump_record(own), self.keys.signing, jose.RECORD)
                leases.lease(connection, own, token, int(time.time() * 1000))

    def states(self, station: str | None = None) -> Counter[str]:
        """Live leases by state, of one station or all."""
        wanted = select(lease_rows.c.state).where(lease_rows.c.state != "revoked")
        if station is not None:
            wanted = wanted.where(lease_rows.c.station == station)
        with self.store.snapshot() as connection:
            return Counter(connection.execute(wanted).scalars())

    def until(self, true: Callable[[], bool]) -> None:
        """Also while the data base is away."""
        deadline = time.monotonic() + PATIENCE_S
        someone = next(iter(self.offices.values()))
        while not self._holds(true):
            assert time.monotonic() < deadline, [self.states(), *status(self.store)]
            someone.wait()

    def _holds(self, true: Callable[[], bool]) -> bool:
        try:
            return true()
        except OperationalError:
            return False

    def live(self, cards: int, kills: int = 1) -> None:
        """Everything that goes wrong, and the end of all work."""
        total = cards * len(self.names)
        self.offices[LOST].ask("rest")
        self.give(LOST, [self._person(LOST) for _ in range(cards)])
        for number in range(1, kills + 1):
            self.until(lambda due=total * number // (kills + 2): self.states()["printed"] >= due)
            self.cluster.kill()
            self.offices[OF_2000].ask("behind", TO_2000_S)
            self.cluster.start()
            for each in self.offices.values():
                each.ask("press")
        self.lose_one()
        self.give(OF_2000, [self._person(OF_2000) for _ in range(cards)])
        self.until(lambda: self.states() == {"printed": len(self.records)})
        for each in self.offices.values():
            each.ended()
        self.offices.clear()

    def lose_one(self) -> None:
        """What it holds and may not print goes to another; then it comes back, and may."""
        self.until(lambda: self.states(LOST)["waiting"] == 0)
        self.offices[LOST].kill()
        stations.declare_lost(self.store, LOST, int(time.time() * 1000))
        with self.store.snapshot() as connection:
            gone = select(lease_rows.c.ref).where(lease_rows.c.station == LOST, lease_rows.c.state == "revoked")
            refs = connection.execute(gone).scalars().all()
        assert refs, "it held nothing: this proves nothing"
        self.give(HEIR, [self.records[ref] for ref in refs])
        self.offices[LOST] = Far(self.offices[LOST].setting)
        assert self.offices[LOST].answered() == "open"


@contextmanager
def hub(directory: Path, database: str) -> Iterator[str]:
    """The URL of `keping hub run` in a process of its own."""
    words = [sys.executable, "-m", "kiosk", "--data", str(directory), "hub", "run", "--port", "0"]
    environment = {**os.environ, "KEPING_HUB_DATABASE": database}
    process = subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().split()[0]
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def faults(province: Province) -> list[str]:
    """What the journals of all stations and the tables of the centre have against each other."""
    found: list[str] = []
    made: Counter[str] = Counter()
    for name in province.names:
        own = list(scan(province.directory / name / "journal"))
        ended = (frame for frame in own if frame.kind == "job-ended" and frame.data["state"] == "completed")
        made.update(frame.data["ref"] for frame in ended)
        with province.store.snapshot() as connection:
            held = connection.execute(
                select(frames.c.seq, frames.c.head, frames.c.record)
                .where(frames.c.station == name)
                .order_by(frames.c.seq)
            ).all()
        if any(frame.stamp.time_ms < OF_TODAY_MS for frame in own):
            found.append(f"{name}: a frame bears the time of a clock that was wrong")
        if [tuple(row) for row in held] != [(frame.seq, frame.head, frame.record) for frame in own]:
            found.append(f"{name}: the centre has {len(held)} frames, the station {len(own)}, or others")
    found += [f"record {ref} was printed {times} times" for ref, times in made.items() if times > 1]
    found += [f"record {ref} was never printed" for ref in province.records if ref not in made]
    return found + _leases(province) + _alarms(province)


def _leases(province: Province) -> list[str]:
    with province.store.snapshot() as connection:
        wanted = select(lease_rows.c.ref).where(lease_rows.c.state == "printed")
        live = Counter(connection.execute(wanted).scalars())
    return [f"record {ref} has {live[ref]} leases that ended in a card" for ref in province.records if live[ref] != 1]


def _alarms(province: Province) -> list[str]:
    raised = {(each.station, alarm.kind) for each in status(province.store) for alarm in each.alarms}
    return [f"{station}: alarm {kind}" for station, kind in sorted(raised - {(LOST, "station-lost")})]
