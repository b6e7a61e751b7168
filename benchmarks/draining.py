"""What the printing loop loses while a backlog goes to the centre: cards an hour, in turn with an empty outbox.

    .venv/bin/python -m benchmarks.draining [--frames 300000] [--cards 3] [--speed 6] [--rounds 5]

`keping run` prints on the simulated printer over its line, `speed` seconds of it to one real one: what the station
costs weighs so many times. The centre is `keping hub run` on PostgreSQL; as it stands for another machine, it runs
when nobody else wants the processor. In each round the cards are printed first when the centre has all frames. It is
then set back to the backup of the first hour, which has none, and the station ships them all again while it prints
as many cards. There are so many frames that they last: the bar does not hold if none was left at the last card.

Cards an hour are of the cards after the first, from one ejection to the next. The bar is held by the medians of both
sides; at a printer's own pace the loss is about a `speed`th of it (`--speed 1 --frames 1200000` measures that). Kept
in benchmarks/results/draining.json; takes ten minutes.
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
PATIENCE_S, LOOK_S = 120.0, 0.05
FEW = 1_000


class Place:
    """A station with a backlog, its devices, and a centre that can be set back. Everything is up until `close`."""

    def __init__(self, directory: Path, frames: int, cards: int, speed: float) -> None:
        self._closing = ExitStack()
        self._directory, self._port = directory, free_port()
        self.ejected: list[float] = []
        cluster = Cluster(durable=True)
        self._closing.callback(cluster.remove)
        self._cluster = cluster
        backlog = Backlog.make(directory / "station", frames)
        self._backup = self._issue(backlog, cards)
        self._hub = self._serve()
        devices = Devices(directory, new_blanks(cards, random.Random(SEED)), "in-process", speed)  # noqa: S311
        self._closing.callback(devices.close)
        devices.world.observe(self._happened)
        config = directory / "config.yaml"
        config.write_text(CONFIG.format(
            station=STATION, port=devices.port, link="in-process", reader=devices.reader, desk=devices.desk.name,
            hub=self._hub.url, web=free_port(), reply_timeout=max(3.0, 30.0 / speed),
        ))  # fmt: skip
        self.station = StationProcess(config, backlog.data, directory / "log", devices.environment)
        self._closing.callback(self._hub_away)
        self._closing.callback(self.station.stop)

    def _issue(self, backlog: Backlog, cards: int) -> str:
        """The station enrolled, records of so many people leased to it; the name of that data base."""
        hub, database = self._directory / "hub", self._cluster.database()
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
        return database.partition("?")[0].rpartition("/")[2]

    def _serve(self) -> HubProcess:
        hub = HubProcess(self._directory / "hub", self._cluster.empty(self._backup), self._port)
        os.setpriority(os.PRIO_PROCESS, hub.pid, 19)
        return hub

    def _hub_away(self) -> None:
        self._hub.close()

    def set_back(self) -> None:
        """The centre comes back as it was before the first frame, and the station has noticed."""
        self._hub.close()
        self._hub = self._serve()
        self.station.call("sync.now")
        self.until(lambda: self.unsent() > FEW)

    def unsent(self) -> int:
        return int(self.station.call("station.status")["sync"]["unsent"])

    def until(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < deadline, self.station.call("station.status")
            time.sleep(LOOK_S)

    def _happened(self, event: str, card: Card | None, _detail: str) -> None:
        if event == "ejected" and card is not None:
            self.ejected.append(time.perf_counter())

    def cards_an_hour(self, count: int) -> float:
        begun = len(self.ejected)
        self.until(lambda: len(self.station.call("jobs.run", count=count)) == count)
        self.until(lambda: len(self.ejected) == begun + count)
        return (count - 1) * 3600 / (self.ejected[-1] - self.ejected[begun])

    def close(self) -> None:
        self._closing.close()


def one_round(place: Place, cards: int) -> dict[str, float]:
    place.until(lambda: place.unsent() == 0)
    empty = place.cards_an_hour(cards)
    place.until(lambda: place.unsent() == 0)
    place.set_back()
    draining = place.cards_an_hour(cards)
    return {"empty": round(empty, 1), "draining": round(draining, 1), "left": place.unsent()}


def judged(rounds: list[dict[str, float]]) -> dict[str, Any]:
    """The bar: [measured, limit, held]; `lasted`: the drain outlived the cards in each round."""
    empty, draining = (median(each[name] for each in rounds) for name in ("empty", "draining"))
    loss = 1 - draining / empty
    lasted = all(each["left"] > 0 for each in rounds)
    return {"lasted": lasted, "bars": {"loss": [round(loss, 4), BAR, lasted and loss <= BAR]}}


def measure(frames: int, cards: int, speed: float, rounds: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name, ExitStack() as closing:
        place = Place(Path(name), frames, 2 * cards * rounds, speed)
        closing.callback(place.close)
        place.station.start()
        found = [one_round(place, cards) for _ in range(rounds)]
    return {"frames": frames, "cards": cards, "speed": speed, "rounds": found, **judged(found)}


def main() -> None:
    """Print one JSON object and keep it; exit 0 whatever the figures are: a benchmark measures, it does not judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=300_000)
    parser.add_argument("--cards", type=int, default=3)
    parser.add_argument("--speed", type=float, default=6.0)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    before = machine()
    report("draining", before, measure(given.frames, given.cards, given.speed, given.rounds))


if __name__ == "__main__":
    main()
