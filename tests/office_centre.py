"""The centre of an office, in a directory of its own: no line leads there, only a stick."""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path

from kiosk.crypto import keys
from kiosk.hub import stations
from kiosk.hub.issue import issue
from kiosk.hub.keyring import HubKeys
from kiosk.hub.sticks import Sticks
from kiosk.hub.store import Store
from kiosk.rig.residents import invent
from tests.office import STATION, Office


class Centre:
    """Has the keys that the office has pinned."""

    def __init__(self, office: Office, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(parents=True)
        own = [
            keys.load_okp(office.data / "keys" / f"{name}.jwk", curve)
            for name, curve in (("signing", keys.SIGNING), ("encryption", keys.ENCRYPTION))
        ]
        keys.save(directory / "signing.json", office.hub_key)
        keys.save(directory / "encryption.json", own[1])  # the one that the office has pinned
        keys.save(directory / "chip.json", keys.generate_chip())
        self.store = Store.open(directory)
        code = stations.add_station(self.store, STATION)
        stations.enrol(self.store, STATION, code, own[0], own[1], 0)

    def issue(self, count: int) -> list[str]:
        people = invent(9, count, issued=date(2018, 8, 14))
        return issue(self.store, HubKeys.open(self.directory), people, STATION, now_s=1e9, rng=random.Random(1))

    def visit(self, stick: Path) -> None:
        """Read what lies there, and answer."""
        sticks = Sticks(self.store, HubKeys.open(self.directory), 0)
        assert not [each for each in sticks.take(stick) if each.reason]
        for told in sticks.told(stick):
            sticks.answer(stick, told)
