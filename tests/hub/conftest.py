"""The centre's app with one enrolled station, called without a network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from kiosk.crypto import jose, keys
from kiosk.crypto.keys import OKPKey
from kiosk.hub import stations
from kiosk.hub.app import create_app
from kiosk.hub.keyring import HubKeys
from kiosk.hub.status import StationStatus, status
from kiosk.hub.store import Store
from tests.sync.centre import Clock, Journal

STATION = "kupang-01"


AT_THE_DOOR = pytest.mark.parametrize("database", [""], ids=["sqlite"])
"""Of a test whose answer is made before the data base is asked: one engine shows it. What a data base may choke on,
text above all, goes to both."""


@dataclass
class Hub:
    """`call` signs each request as the station does; keyword arguments spoil it."""

    store: Store
    keys: HubKeys
    clock: Clock
    key: OKPKey
    journal: Journal = field(repr=False)
    tokens: Iterator[int] = field(default_factory=lambda: count(10_000_000))

    def __post_init__(self) -> None:
        self.http = create_app(self.store, self.keys, self.clock).test_client()

    def token(self, method: str, path: str, body: bytes = b"", **change: Any) -> str:
        asked = jose.Request.of(STATION, self.keys.audience, method, path, body)
        now_s = change.get("now_s", self.clock())
        return jose.sign_request(asked, change.get("key", self.key), now_s, str(next(self.tokens)))

    def call(self, method: str, name: str, body: bytes = b"", **headers: str) -> TestResponse:
        path = f"/v1/stations/{STATION}/{name}"
        signed = {"Authorization": f"Bearer {self.token(method, path.split('?', maxsplit=1)[0], body)}", **headers}
        return self.http.open(path, method=method, data=body, headers=signed)

    def ship(self, body: bytes | None = None, checkpoint: str | None = None) -> TestResponse:
        """The journal, or other lines, under the journal's own checkpoint, or another."""
        lines = b"".join(frame.line for frame in self.journal.frames) if body is None else body
        headers = {"Keping-Checkpoint": checkpoint or self.journal.checkpoint()}
        return self.call("POST", "journal", lines, **headers)

    @property
    def status(self) -> StationStatus:
        return next(each for each in status(self.store) if each.station == STATION)

    @property
    def alarms(self) -> set[str]:
        return {alarm.kind for alarm in self.status.alarms}


def enrolled(directory: Path, database: str = "") -> Hub:
    store, clock, key = Store.open(directory, database), Clock(), keys.generate_signing()
    code = stations.add_station(store, STATION)
    stations.enrol(store, STATION, code, key, keys.generate_encryption(), 0)
    return Hub(store, HubKeys.generate(), clock, key, Journal(STATION, key))


@pytest.fixture
def hub(tmp_path: Path, database: str) -> Iterator[Hub]:
    made = enrolled(tmp_path, database)
    yield made
    made.store.close()
