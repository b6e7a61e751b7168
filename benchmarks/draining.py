"""What the printing loop loses while a backlog goes to the centre: cards an hour, in turn with an empty outbox.

    .venv/bin/python -m benchmarks.draining [--frames 100000] [--cards 3] [--speed 6] [--rounds 5]

`keping run` prints on the simulated printer over its line, `speed` seconds of it to one real one: what the station
costs weighs so many times. The centre is `keping hub run` on PostgreSQL; as it stands for another machine, it runs
when nobody else wants the processor. In each round the cards are printed first when the centre has all frames. It is
then set back to before the first one, and the station ships them all again while it prints as many cards. Whenever
the centre has most of them it is set back once more, in one transaction: so the backlog lasts through the printing,
however long that takes. That is looked at twenty times a second, and a run in which it ended fails.

Cards an hour are of the cards after the first, from one ejection to the next. The bar is held by the medians of both
sides; at a printer's own pace the loss is about a `speed`th of it (`--speed 1` measures that). Kept in
benchmarks/results/draining.json; takes six minutes.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

import psycopg

from benchmarks.drain import STATION, Backlog, HubProcess, ready_for
from benchmarks.machine import machine, report
from drivers.sim.cards import Card
from kiosk.crypto import keys
from kiosk.crypto.keyfile import KeyFile
from kiosk.hub.issue import issue
from kiosk.hub.keyring import HubKeys
from kiosk.hub.stations import enrol
from kiosk.rig.devices import Devices, new_blanks
from kiosk.rig.process import StationProcess
from kiosk.rig.residents import invent
from kiosk.rig.rig import CONFIG, free_port
from kiosk.sync.enrol import Pins, save_pins
from tests.postgresql import Cluster

BAR = 0.02
SEED, ISSUED = 2018, date(2018, 8, 14)
PATIENCE_S, CARD_S, LOOK_S = 300.0, 60.0, 0.05
MOST = 0.7
"""Of the backlog: where the centre has so much of it, it is set back. The rest lasts for some seconds more."""
SET_BACK = (
    "SELECT 1 FROM stations FOR UPDATE",  # whoever delivers has it
    "TRUNCATE frames, journals",
    "UPDATE leases SET state = 'waiting', chip_uid = NULL",
)


class Ended(Exception):
    """The backlog did not outlast the printing: what was measured is of something else."""


class Place:
    """A station with a backlog, its devices, and a centre that can be set back. Everything is up until `close`."""

    def __init__(
        self, directory: Path, frames: int, cards: int, bring_up: Callable[[Path, list[Card]], Devices],
        config: str = CONFIG,
    ) -> None:  # fmt: skip
        self._closing = ExitStack()
        self._directory, self._frames = directory, frames
        self.web_port = free_port()
        self.ejected: list[float] = []
        self.laps = 0
        cluster = Cluster(durable=True)
        self._closing.callback(cluster.remove)
        backlog = Backlog.make(directory / "station", frames)
        database = cluster.database()
        self._issue(database, backlog, cards)
        self._centre = psycopg.connect(database, autocommit=True)
        self._closing.callback(self._centre.close)
        hub = HubProcess(directory / "hub", database)
        os.setpriority(os.PRIO_PROCESS, hub.pid, 19)
        self.devices = devices = bring_up(directory, new_blanks(cards, random.Random(SEED)))  # noqa: S311
        self._closing.callback(devices.close)
        devices.world.observe(self._happened)
        written = directory / "config.yaml"
        written.write_text(config.format(
            station=STATION, port=devices.port, link=devices.link, reader=devices.reader, desk=devices.desk.name,
            hub=hub.url, web=self.web_port, reply_timeout=max(3.0, 30.0 / devices.clock.speed),
        ))  # fmt: skip
        self.data = backlog.data
        self.station = StationProcess(written, self.data, directory / "log", devices.environment)
        self._closing.callback(hub.close)
        self._closing.callback(self.station.stop)

    def _issue(self, database: str, backlog: Backlog, cards: int) -> None:
        """The station enrolled, and records of so many people leased to it."""
        hub = self._directory / "hub"
        known = HubKeys.open(hub)
        store, [code] = ready_for(hub, database, backlog)
        folder, encryption = backlog.data / "keys", keys.generate_encryption()
        enrol(store, STATION, code, backlog.key, encryption, 0)
        issue(store, known, invent(SEED, cards, issued=ISSUED), STATION, now_s=time.time())
        store.close()
        folder.mkdir()
        keys.save(folder / "signing.jwk", backlog.key)
        keys.save(folder / "encryption.jwk", encryption)
        KeyFile.create(folder / "vault.key")
        save_pins(folder / "hub.json", Pins("", STATION, (known.signing,), known.encryption, known.chip))

    def set_back(self) -> None:
        """The centre is as it was before the first frame."""
        with self._centre.transaction():
            for statement in SET_BACK:
                self._centre.execute(statement)

    def begin_draining(self) -> None:
        self.set_back()
        self.station.call("sync.now")
        self.until(lambda: self.held() > 0)

    def held(self) -> int:
        """The centre's newest frame."""
        row = self._centre.execute("SELECT seq FROM journals").fetchone()
        return int(row[0]) if row else 0

    def go_on_draining(self) -> None:
        held = self.held()
        if held >= self._frames:
            raise Ended(f"the centre had all {self._frames} frames before the last card: more --frames")
        if held > self._frames * MOST:
            self.set_back()
            self.laps += 1

    def unsent(self) -> int:
        return int(self.station.call("station.status")["sync"]["unsent"])

    def until(
        self, holds: Callable[[], bool], meanwhile: Callable[[], None] = lambda: None, patience_s: float = PATIENCE_S
    ) -> None:
        """`meanwhile`: also once behind it."""
        deadline = time.monotonic() + patience_s
        while not holds():
            meanwhile()
            assert time.monotonic() < deadline, self.station.call("station.status")
            time.sleep(LOOK_S)
        meanwhile()

    def _happened(self, event: str, card: Card | None, _detail: str) -> None:
        if event == "ejected" and card is not None:
            self.ejected.append(time.perf_counter())

    def cards_an_hour(self, count: int, meanwhile: Callable[[], None] = lambda: None) -> float:
        begun = len(self.ejected)
        self.until(lambda: len(self.station.call("jobs.run", count=count)) == count)
        self.until(lambda: len(self.ejected) == begun + count, meanwhile, PATIENCE_S + CARD_S * count)
        return (count - 1) * 3600 / (self.ejected[-1] - self.ejected[begun])

    def close(self) -> None:
        self._closing.close()


def one_round(place: Place, cards: int) -> dict[str, float]:
    """`laps`: how often the centre was set back while the cards were printed."""
    place.until(lambda: place.unsent() == 0)
    empty = place.cards_an_hour(cards)
    place.until(lambda: place.unsent() == 0)
    place.begin_draining()
    before = place.laps
    draining = place.cards_an_hour(cards, place.go_on_draining)
    return {"empty": round(empty, 1), "draining": round(draining, 1), "laps": place.laps - before}


def judged(rounds: list[dict[str, float]]) -> dict[str, Any]:
    """The bar: [measured, limit, held]."""
    empty, draining = (median(each[name] for each in rounds) for name in ("empty", "draining"))
    loss = 1 - draining / empty
    return {"bars": {"loss": [round(loss, 4), BAR, loss <= BAR]}}


def measure(frames: int, cards: int, speed: float, rounds: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name, ExitStack() as closing:
        place = Place(
            Path(name), frames, 2 * cards * rounds, lambda at, blanks: Devices(at, blanks, "in-process", speed)
        )
        closing.callback(place.close)
        place.station.start()
        found = [one_round(place, cards) for _ in range(rounds)]
    return {"frames": frames, "cards": cards, "speed": speed, "rounds": found, **judged(found)}


def main() -> None:
    """Print one JSON object and keep it; exit 0 whatever the figures are: a benchmark measures, it does not judge.
    Only a run that measured something else, `Ended`, leaves no figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=100_000)
    parser.add_argument("--cards", type=int, default=3)
    parser.add_argument("--speed", type=float, default=6.0)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    before = machine()
    report("draining", before, measure(given.frames, given.cards, given.speed, given.rounds))


if __name__ == "__main__":
    main()
