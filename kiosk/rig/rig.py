"""Centre, devices and station brought up together: what a rehearsal and the console both stand on."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from drivers.sim.cards import Card
from kiosk.hub.app import create_app
from kiosk.hub.issue import issue
from kiosk.hub.keyring import HubKeys
from kiosk.hub.server import HubServer
from kiosk.hub.stations import add_station
from kiosk.hub.store import Store
from kiosk.people import People, Role
from kiosk.rig.devices import Devices, new_blanks
from kiosk.rig.outage import Outage
from kiosk.rig.process import StationProcess
from kiosk.rig.residents import Resident, invent

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

STATION = "kupang-01"
SKU = "wni"
BAST = "BAST-471/2018"
MOST_PEOPLE = 1_000_000

CONFIG = """\
station:
  id: "{station}"
  office: "Disdukcapil Kota Kupang"
printer:
  port: "{port}"
  compression: "runs"
  reply_timeout: {reply_timeout}
reader:
  link: "{link}"
  name: "{reader}"
  desk: "{desk}"
  appear_timeout: 3.0
hub:
  url: "{hub}"
  poll: 1.0
web:
  port: {web}
"""


@dataclass(frozen=True)
class Operator:
    """Somebody who may sign in at a rig's touchscreen."""

    id: str
    name: str
    role: Role
    pin: str


OPERATORS = (
    Operator("maria", "Maria Taek", Role.OPERATOR, "246810"),
    Operator("yosep", "Yosep Bria", Role.SUPERVISOR, "135791"),
)


@dataclass(frozen=True)
class Setting:
    """What to bring up. `speed`: simulated seconds a real second. `link`: "pcsc" or "in-process".

    `blanks` are delivered, `loaded` of them lie in the hopper, the others on the shelf. `tended`: see `Devices`.
    `operators` get a sign-in. `web_port` 0: any free one. `config`: what CONFIG is filled in of. `begins`: see
    `StationProcess`; `now`: the centre's clock, Unix seconds; `line`: what lies between it and the station.
    """

    directory: Path
    people: int
    blanks: int
    loaded: int
    speed: float
    seed: int
    link: str
    tended: bool = False
    operators: Sequence[Operator] = ()
    web_port: int = 0
    issued: date = field(default_factory=date.today)
    config: str = CONFIG
    begins: Sequence[str] = ("kiosk",)
    now: Callable[[], float] = time.time
    line: Callable[[WSGIApplication], WSGIApplication] = lambda app: app


class Rig:
    """Everything is up after construction and down after `close`; `shelf` holds the blanks beside the printer.

    The devices and the centre live in this process; the station is a child that may be killed and started again.
    """

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self._closing = ExitStack()
        self._rng = random.Random(setting.seed)  # noqa: S311  # a rehearsal must repeat, not be secret
        self._invented = invent(setting.seed, MOST_PEOPLE, issued=setting.issued)
        self.residents: list[Resident] = []
        for name in ("hub", "cards"):
            (setting.directory / name).mkdir(parents=True)
        with ExitStack() as undo:
            undo.callback(self.close)
            self._bring_up()
            undo.pop_all()

    def _bring_up(self) -> None:
        setting = self.setting
        blanks = new_blanks(setting.blanks, self._rng)
        self.shelf: list[Card] = blanks[setting.loaded :]
        self.devices = Devices(
            setting.directory, blanks[: setting.loaded], setting.link, setting.speed, tended=setting.tended
        )
        self._closing.callback(self.devices.close)
        self.store = Store.open(setting.directory / "hub")
        self._closing.callback(self.store.close)
        self._keys = HubKeys.open(setting.directory / "hub")
        self.outage = Outage(create_app(self.store, self._keys, setting.now))
        self.hub = HubServer(setting.line(self.outage))
        self._closing.callback(self.hub.stop)
        self.data = setting.directory / "station"
        self.web_port = setting.web_port or free_port()
        config = setting.directory / "config.yaml"
        config.write_text(self._config(), encoding="utf-8")
        log = setting.directory / "station.log"
        self.station = StationProcess(config, self.data, log, self.devices.environment, setting.begins)
        self._closing.callback(self.station.stop)
        self._open_station()

    def _config(self) -> str:
        return self.setting.config.format(
            station=STATION, port=self.devices.port, link=self.devices.link, reader=self.devices.reader,
            desk=self.devices.desk.name, hub=self.hub.url, web=self.web_port,
            reply_timeout=max(3.0, 30.0 / self.setting.speed),
        )  # fmt: skip

    def _open_station(self) -> None:
        """Enrolled, stocked, its people known, running."""
        code = add_station(self.store, STATION)
        self.station.enrol(code, self._keys.fingerprint)
        self.issue(self.setting.people)
        for operator in self.setting.operators:
            People(self.data).add(operator.id, operator.name, operator.role, operator.pin)
        if self.setting.blanks:
            self._deliver()
        self.station.start()

    def _deliver(self) -> None:
        delivered, loaded = (
            ["--sku", SKU, "--qty", str(quantity)] for quantity in (self.setting.blanks, self.setting.loaded)
        )
        self.station.command("stock", "receive", *delivered, "--document", BAST)
        self.station.command("stock", "release", *delivered)
        self.station.command("stock", "load", *loaded)

    def issue(self, count: int) -> list[Resident]:
        """Have the centre sign and lease the records of `count` more people. About 20 ms each."""
        people = self.invent(count)
        self.lease(people)
        return people

    def invent(self, count: int) -> list[Resident]:
        """So many more people, of whom the centre knows nothing yet."""
        people = list(islice(self._invented, count))
        self.residents += people
        return people

    def lease(self, people: Sequence[Resident]) -> list[str]:
        """Have the centre sign and lease their records; returns the references."""
        return issue(self.store, self._keys, people, STATION, now_s=self.setting.now(), rng=self._rng)

    @property
    def kiosk_url(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    def close(self) -> None:
        """The station first: it finishes the card in the machine. Idempotent."""
        self._closing.close()


def free_port(wanted: int = 0) -> int:
    """`wanted` if nobody has it, else any: a station's config names one, so that each start serves at the same."""
    try:
        listening = socket.create_server(("127.0.0.1", wanted))
    except OSError:
        listening = socket.create_server(("127.0.0.1", 0))
    with listening:
        return int(listening.getsockname()[1])
