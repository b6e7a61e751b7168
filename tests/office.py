"""A whole station in this process, on simulated devices that take no time, without a centre."""

from __future__ import annotations

import math
import random
import threading
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from drivers.sim.answers import PRIMACY, Identity
from drivers.sim.cards import Card, Ribbon
from drivers.sim.chip import Behaviour, Chip
from drivers.sim.chiplink import Antenna, SocketAntenna
from drivers.sim.clock import SimClock
from drivers.sim.firmware import Firmware
from drivers.sim.line import Line, PtyLine
from drivers.sim.world import World
from kiosk.books import Books
from kiosk.config import Config, HubConfig, PrinterConfig, ReaderConfig, ServiceConfig, WebConfig
from kiosk.core.equipment import EquipmentRole
from kiosk.core.frames import Frame
from kiosk.core.records import Record, dump_record
from kiosk.crypto import jose, keys
from kiosk.crypto.keyfile import KeyFile
from kiosk.journal import Clock
from kiosk.outbox import Inbox
from kiosk.rig.devices import DeskReader, new_blanks
from kiosk.rig.residents import Resident, invent
from kiosk.rig.specimen import unsigned
from kiosk.rig.world_check import differences
from kiosk.station import Station
from kiosk.stock import balances
from kiosk.sync.enrol import Pins, save_pins
from kiosk.sync.intake import judge
from tests import purity

STATION = "kupang-01"
PATIENCE_S, SLOW_PATIENCE_S = 120.0, 200.0


@cache
def _people() -> tuple[Resident, ...]:
    """Whoever comes to an office, drawn once for all offices of a test run."""
    return tuple(invent(3, 12, issued=date(2018, 8, 14)))


class Killed(Exception):
    """Stands for the process ending between two instructions."""


class Office:
    """Devices that outlive the station, the station, and a person's verbs. `hub`, `service`: of the config, from a
    start on. `booked`: movements by which its first blanks came into the hopper.
    """

    hub = HubConfig()
    service = ServiceConfig()
    booked: tuple[str, ...] = ("receive", "release", "load")

    def __init__(self, directory: Path, blanks: int, printer: Identity = PRIMACY, speed: float = math.inf) -> None:
        self.directory = directory
        self.data = directory / "station"
        self.hub_key = keys.generate_signing()
        rng = random.Random(7)
        self.clock = SimClock(speed)
        self.machine: Clock | None = None
        self.world = World(self.clock, new_blanks(blanks, rng), ribbon=Ribbon(sets_left=200))
        self.antenna = self.lay_antenna()
        self.world.antenna = self.antenna  # type: ignore[assignment]
        self.desk_antenna = SocketAntenna(directory / "desk.sock")
        self.desk = DeskReader(self.desk_antenna, str(directory / "desk.sock"))
        self.line, self.port = self.lay_line(Firmware(self.world, printer))
        self.residents = list(_people())
        self._others = iter(invent(4, 1_000, issued=date(2018, 8, 14)))
        self._came: set[str] = set()
        self._refs = iter(range(1, 1_000))
        self._changed = threading.Condition()
        self._enrol()
        self.station = self._open()
        for movement in self.booked:
            self.station.stock.move("test", movement, "wni", blanks, "BAST-1")
        self.station.start()
        self._listen()
        self.until(lambda: self.station.equipment.booked(EquipmentRole.PRINTER) is not None)

    def lay_antenna(self) -> Antenna:
        return SocketAntenna(self.directory / "chip.sock")

    def lay_line(self, firmware: Firmware) -> tuple[Line, str]:
        """The printer's line, and the port at which a host finds it."""
        line = PtyLine(firmware, self.clock)
        return line, line.path

    def _enrol(self) -> None:
        folder = self.data / "keys"
        folder.mkdir(parents=True)
        signing, encryption = keys.generate_signing(), keys.generate_encryption()
        keys.save(folder / "signing.jwk", signing)
        keys.save(folder / "encryption.jwk", encryption)
        KeyFile.create(folder / "vault.key")
        chip = keys.generate_chip()
        save_pins(folder / "hub.json", Pins("", STATION, (self.hub_key,), encryption, chip))
        genesis = {"station": STATION, "incarnation": "ab" * 8, "key": keys.thumbprint(signing), "predecessor": None}
        Books.create(self.data, 1 << 20, genesis, "test").close()

    def _open(self) -> Station:
        config = Config(
            printer=self.printer(), reader=self.reader(), hub=self.hub, web=WebConfig(port=0), service=self.service
        )  # fmt: skip
        return Station(config, self.data, "test", clock=self.machine)

    def printer(self) -> PrinterConfig:
        return PrinterConfig(port=self.port, reply_timeout=1.0)

    def reader(self) -> ReaderConfig:
        socket = str(self.directory / "chip.sock")
        return ReaderConfig(link="in-process", name=socket, desk=self.desk.name, appear_timeout=0.3)

    def _listen(self) -> None:
        inner = self.station.books.on_commit

        def changed() -> None:
            with self._changed:
                self._changed.notify_all()

        def heard(frame: Frame) -> None:
            inner(frame)
            changed()

        assert self.station.worker is not None
        self.station.books.on_commit = heard
        self.station.worker.on_change = changed

    def token(self, resident: Resident, **changes: Any) -> tuple[Record, str]:
        """A record signed by the centre; `changes` to its payload before signing."""
        record = unsigned(resident, ref=f"{next(self._refs):032x}", station=STATION)
        record = Record(**{**vars(record), "chip": {**record.chip, "6FF6": b"\x01" * 80}})
        payload = {**dump_record(record), **changes}
        return record, jose.sign(payload, self.hub_key, jose.RECORD)

    def bring_records(self, count: int) -> list[str]:
        people = [self._who_is_new(resident) for resident in self.residents[:count]]
        judged = [judge(self.token(person)[1], STATION, [self.hub_key]) for person in people]
        Inbox(self.station.books, self.station.vault).accept(judged, "1")
        return [item.ref for item in judged]  # type: ignore[union-attr]

    def bring_for(self, *reasons: str) -> list[str]:
        """One record of each of these reasons, of somebody new, all in one frame."""
        people = [self._who_is_new(self.residents[0]) for _ in reasons]
        tokens = [self.token(who, reason=why, priority=1)[1] for who, why in zip(people, reasons, strict=True)]
        judged = [judge(token, STATION, [self.hub_key]) for token in tokens]
        Inbox(self.station.books, self.station.vault).accept(judged, str(next(self._refs)))
        return [item.ref for item in judged]  # type: ignore[union-attr]

    def _who_is_new(self, resident: Resident) -> Resident:
        """That one, or another: nobody gets a second card while the first one is here."""
        if resident.fields.nik in self._came:
            resident = next(self._others)
            self.residents.append(resident)
        self._came.add(resident.fields.nik)
        return resident

    def bring_more_and_run(self) -> list[str]:
        """One more record, and a job for it."""
        judged = [judge(self.token(self._who_is_new(self.residents[5]))[1], STATION, [self.hub_key])]
        Inbox(self.station.books, self.station.vault).accept(judged, "2")
        return self.station.desk.run_jobs("test")

    def until(self, reached: Callable[[], bool]) -> None:
        with self._changed:
            patience_s = PATIENCE_S if self.clock.instant else SLOW_PATIENCE_S
            assert self._changed.wait_for(reached, patience_s), self.describe()

    def describe(self) -> str:
        worker = self.station.worker
        state = (worker.holdup, worker.failure) if worker else None
        return f"{self.jobs()} holdup, failure: {state!r}"

    def jobs(self) -> list[dict[str, Any]]:
        return self.station.desk.list_jobs("test")

    def job(self, ident: str) -> dict[str, Any]:
        return self.station.desk.show_job("test", ident)

    def state(self, ident: str) -> str:
        return str(self.job(ident)["state"])

    def is_settled(self, ident: str) -> bool:
        """At its end, or a person is asked."""
        return self.state(ident) in ("completed", "aborted") or "outcome-unknown" in self.reasons(ident)

    def reasons(self, ident: str) -> set[str]:
        return set(self.job(ident)["reasons"])

    def until_held_up(self) -> set[str]:
        """Wait until the worker can't go on; returns why."""
        worker = self.station.worker
        assert worker is not None
        self.until(lambda: worker.holdup is not None)
        assert worker.holdup is not None
        return set(worker.holdup.reasons)

    def print_one(self) -> dict[str, Any]:
        """One record, one job, to its end."""
        self.bring_records(1)
        [ident] = self.station.desk.run_jobs("test")
        self.until(lambda: self.state(ident) in ("completed", "aborted"))
        return self.job(ident)

    def spoil_chip(self, index: int, behaviour: Behaviour) -> Card:
        card = self.world.hopper[index]
        assert isinstance(card.chip, Chip)
        card.chip = Chip(card.chip.uid, behaviour=behaviour)
        return card

    def accounts(self) -> dict[str, int]:
        with self.station.books.transaction() as view:
            return balances(view).get("wni", {})

    def frames(self) -> list[Frame]:
        from kiosk.journal import scan

        return list(scan(self.data / "journal"))

    def agree(self) -> None:
        assert differences(self.world, self.accounts(), "wni") == []

    def desk_taken_away(self) -> None:
        """As in an office that has no reader on the desk."""
        self.station._desk_reader._name = str

    def open_books(self) -> Books:
        """As a command does while no station runs."""
        return Books.open(self.data, 1 << 20, "test")

    def restart(self) -> None:
        self.station.close()
        self.reopen()

    def reopen(self) -> None:
        self.station = self._open()
        self.station.start()
        self._listen()

    def close(self) -> None:
        self.station.close()
        self.line.close()
        self.antenna.close()
        self.desk_antenna.close()


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setattr("kiosk.books.project", purity.project)
    place = Office(tmp_path, blanks=12)
    yield place
    place.close()
