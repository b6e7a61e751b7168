"""Composition root: from config and DATA to a station.

`Station(...)` opens books and vault: what a command needs when no station runs. `start()` adds worker, sync
and control socket; `close()` ends all of it, last the books.
"""

from __future__ import annotations

import logging
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from drivers.protocols import PrinterStatus
from kiosk.access import Access
from kiosk.authority import Authority
from kiosk.books import Books, DataLock
from kiosk.callbacks import CallBacks
from kiosk.callbook import CallBook
from kiosk.card_tests import CardTests
from kiosk.card_time import Pace
from kiosk.config import Config
from kiosk.control import ControlServer
from kiosk.core.frames import Frame
from kiosk.core.reconcile import Evidence
from kiosk.core.records import Record
from kiosk.corrections import Corrections
from kiosk.counter import Counter
from kiosk.crypto import keys
from kiosk.crypto.keyring import Keyring
from kiosk.desk import Desk
from kiosk.deskreader import DeskReader
from kiosk.equipment import check_drivers, load_driver, test_files
from kiosk.equipment_choice import EquipmentChoice
from kiosk.errors import Rejected, UsageError
from kiosk.gap import Gap
from kiosk.gate import open_keyring, require_enrolled
from kiosk.guard import Guard
from kiosk.interruption import Interruption, note_start, note_stop
from kiosk.janitor import Janitor
from kiosk.journal import Clock
from kiosk.link import Ends
from kiosk.people import Named, People
from kiosk.power import Power
from kiosk.pulse import Pulse
from kiosk.releases import Releases, follow
from kiosk.render import render_face
from kiosk.reprints import Reprints
from kiosk.roster import Roster
from kiosk.service_order import Service
from kiosk.shift import Shifts
from kiosk.staff import Staff
from kiosk.sticks import Sticks
from kiosk.stock import Stock
from kiosk.supply import Supply
from kiosk.sync.enrol import Pins, load_pins
from kiosk.sync.intake import RefusedRecord, judge
from kiosk.sync.loop import SyncLoop
from kiosk.vault import Vault
from kiosk.wire_trace import DIRECTORY as TRACE
from kiosk.wire_trace import Trace
from kiosk.worker import Devices, Prepress, PrintNote, Worker, without_printer

log = logging.getLogger(__name__)


class Station:
    """One station on one DATA directory, which it locks for its lifetime. Unavailable if another process has it.

    `passphrase`: of a locked vault, else Rejected `vault-locked`. `safe`: only looked at. `clock`: the machine's.
    """

    def __init__(
        self, config: Config, data: Path, by: str, passphrase: str | None = None, *, safe: bool = False,
        clock: Clock | None = None,
    ) -> None:  # fmt: skip
        self.config = config
        self.safe = safe
        self.data = data
        require_enrolled(data)
        self._lock = DataLock(data, needed=not safe)
        try:
            pins = load_pins(data / "keys" / "hub.json")
            if pins.station != config.station.id:
                raise UsageError(f"station.id is {config.station.id!r}, but {data} is {pins.station!r}'s")
            self._key = keys.load_okp(data / "keys" / "signing.jwk", keys.SIGNING)
            keyring = open_keyring(data, config.vault.unlock, passphrase)
            self.vault = Vault(data / "vault", keyring)
            room = config.disk.reserve << 20
            self.books = Books.for_looking(data) if safe else Books.open(data, config.journal.segment << 20, by,
                key=self._key, reserve_bytes=room, clock=clock)  # fmt: skip
        except BaseException:  # whatever it was, the lock goes with it
            self._lock.release()
            raise
        self.trace = Trace(data / TRACE)
        self.pulse = Pulse()
        self.corrections = Corrections(self.books, self.vault.has_biometrics)
        self._open_desk(keyring, pins)
        self.worker: Worker | None = None
        self.sync: SyncLoop | None = None
        self._link = ExitStack()
        self._prepress: Prepress | None = None
        self._devices: Devices | None = None
        self._control: ControlServer | None = None
        self.pace = Pace()
        self.interruption: Interruption | None = None
        self.closing = False

    def _open_desk(self, keyring: Keyring, pins: Pins) -> None:
        """What a person may ask, and what follows from it without one."""
        self.equipment = EquipmentChoice(self.books, self.config, self.trace)
        self._desk_reader = DeskReader(lambda: self.equipment.desk, self.equipment.open_desk)
        self.counter = Counter(self.books, self.vault, self._desk_reader, self.config.reader.appear_timeout)
        people = People(self.data)
        self._guard = Guard(self.books, self.data, self.config, self._wake)
        self.access = Access(people, self.books)
        self.staff = Staff(self.books, people, self.access)
        self.stock = Stock(self.books, self.access.second, self._wake)
        self.shifts = Shifts(self.books, self.access, self.data, self.stock, required=self.config.shift.required)
        self.power = Power(self.data, self._wake, lambda: self.books.time.time_ms)
        self.reprints = Reprints(self.books, self.vault, self.access.second, self._wake, self._may_start)
        self.roster = Roster(self.vault)
        self.service = Service(self.books, self.config.service, self.roster, self.access.second, self._wake)
        self.callbacks = CallBacks(self.books, CallBook(self.data / "vault" / "calls", keyring), self.roster)
        self.gap = Gap(self.books, self.roster, self.access.second, self._cards_fed, self._wake)
        self.card_tests = CardTests(
            self.books, self._wake, self._may_start, colour="y" in self.config.printer.ribbon,
            files=lambda: test_files(self.config.reader.encoder),
        )  # fmt: skip
        self._janitor = Janitor(
            self.books, self.vault, self.callbacks.close_old, self.config.vault,
            lambda: self.books.time.known_s(by_centre=bool(self.config.hub.url)),
        )  # fmt: skip
        self._ends = Ends(self.config.hub, self.data, self.books, self.vault, pins, self._key, self._confirmed)
        self.sticks = Sticks(self._ends.carrier(), self.config.stick, self.pulse.beat)
        self.authority = Authority(self.books, lambda: self.sticks.acknowledged, self.config.hub, self._wake)
        parts = (
            self.stock, self.counter, self.reprints, self.callbacks, self.shifts, self.staff, self.gap,
            self.equipment, self.card_tests, self.power, self.sticks, self.authority, self.service, self.corrections,
            self._ends.rotation, self._janitor, Releases(self.books, self._wake), Supply(self.books, self.config),
        )  # fmt: skip
        self._bars = (self._guard, self.power, self.shifts, self.authority)
        more = {name: action for part in parts for name, action in part.commands.items()}
        self.desk = Desk(
            self.books, self._wake, self._may_start, more, self.service, self._witness, self.access.is_supervisor
        )

    def start(self) -> None:
        """Begin to serve. Blocks for no device: printer and reader are opened by the worker when they are needed."""
        config = self.config
        check_drivers(config.printer, config.reader, self.equipment.plan)
        self._devices = Devices(self.equipment.open_printer, self.equipment.open_encoder, PrintNote(self.data))
        self._devices.on_fault = self.trace.fault
        self._prepress = Prepress(
            self.vault, self._check_record, render_face, self._devices.prepare, self.card_tests.specimen
        )
        sync = self._ends.link(self._link, self._guard.close_down) if config.hub.url else None
        self.books.on_commit = self._committed
        # What can be refused was built before this line; from here on cards may move.
        self.worker = Worker(
            self.books, self._devices, self._desk_reader, self._prepress, lambda: self.equipment.plan,
            config.card.refusals_in_a_row,
        )  # fmt: skip
        self.worker.turn = self.service.rules.key
        self.worker.on_change = self.pulse.beat
        self.worker.barred = lambda: next(filter(None, (each.barred() for each in self._bars)), None)
        self.equipment.serve(self.worker, self.pulse.beat)
        self.begin_roster()
        self.interruption = note_start(self.books)
        self.worker.start()
        self._janitor.sweep(self._ends.acknowledged.position.seq)
        self._janitor.start()
        self._guard.start(self.pulse)
        if sync:
            self.sync = sync
            sync.start()
        self._control = ControlServer(self.data, self.ask)

    def begin_roster(self) -> None:
        """All of safe mode: who waits can be looked up. No driver is loaded, no device opened, nothing written."""
        with self.books.transaction() as view:
            self.roster.begin(view.rows("records"))

    def ask(self, command: str, arguments: dict[str, Any], by: str, named: Named | None = None) -> Any:
        """The door of control socket and shell: `execute`, if the table of permissions lets `named`, else `by`."""
        return self.execute(command, arguments, self.access.admit(command, arguments, by, named))

    def execute(self, command: str, arguments: dict[str, Any], by: str) -> Any:
        """One command, the station's own or the desk's. Whoever calls this has asked who may (`ask`)."""
        if command == "station.status":
            return self.status()
        if command == "sync.now":
            if self.sync is None:
                raise Rejected("no centre is configured (hub.url)", "no-hub")
            return self.sync.wake(now=True)
        return self.desk.execute(command, arguments, by)

    def status(self) -> dict[str, Any]:
        """What is going on, without a person's data: position, hold-up, link, devices. Asks no device."""
        worker, sync = self.worker, self.sync
        holdup = worker.holdup if worker else None
        with self.books.transaction() as view:
            finished = view.get("tally", "finished")
        return {
            "station": self.config.station.id,
            "seq": self.books.seq,
            "head": self.books.head,
            "finished": finished["count"] if finished else 0,
            "poisoned": self.books.poisoned,
            "holdup": {"reasons": sorted(holdup.reasons), "message": str(holdup)} if holdup else None,
            "sync": vars(sync.state) if sync else None,
            "keys": self._ends.rotation.state,
            "authority": self.authority.status,
            "shift": self.shifts.current,
            "plan": self.equipment.plan.value,
            "devices": {"printer": self._devices.said if self._devices else None, "reader_open": self.reader_open},
            **self._guard.status,
        }

    @property
    def printer_status(self) -> PrinterStatus | None:
        """What the printer said last, None if it does not answer. Asks nothing."""
        return self._devices.last_status if self._devices else None

    def _cards_fed(self) -> tuple[str, int] | None:
        return self._devices.fed if self._devices else None

    @property
    def reader_open(self) -> bool:
        """The chip reader is in use and has raised no fault since it was opened. Asks nothing."""
        return bool(self._devices and self._devices.reader_open)

    def record(self, ref: str) -> Record:
        """The record from the vault, verified. Rejected or DamagedData if it can't be had."""
        return self._check_record(self.vault.token(ref))

    @property
    def failed(self) -> str | None:
        """Why the process must end: the medium failed, or the worker did. None while all is well."""
        failure = self.worker.failure if self.worker else None
        return self.books.poisoned or (str(failure) if failure else None)

    def close(self) -> None:
        """Finish the card in the machine, then end everything. Idempotent. Blocks <= 2 min."""
        self.closing = True
        self.pulse.beat()
        if self._control:
            self._control.close()
        if self.worker:
            self.worker.stop()
            if not self.failed:
                note_stop(self.books)
        if self._prepress:
            self._prepress.close()
        self._janitor.close()
        self._guard.close()
        if self.sync and self.sync.stop():
            self._link.close()
        self._control = self.worker = self._prepress = self.sync = None
        self.books.close()
        self._lock.release()

    def _may_start(self) -> None:
        self._guard.check_new_job()
        self.shifts.check_open()

    def _witness(self, job: dict[str, Any]) -> Evidence:
        """What speaks for or against an answer. Blocks <= 5 s, for the devices."""
        return (self.worker.witness(job) if self.worker else None) or without_printer(job, PrintNote(self.data))

    def _wake(self) -> None:
        if self.worker:
            self.worker.wake()
        self.pulse.beat()

    def _confirmed(self, seq: int) -> None:
        """The centre has the frames up to `seq`: some data may go, and more may be done without it."""
        self._janitor.sweep(seq)
        self._wake()

    def _committed(self, frame: Frame) -> None:
        if self.sync:
            self.sync.wake()
        self.roster.follow(frame)
        self.authority.follow(frame)
        if frame.kind == "job-ended":
            self.pace.ended(frame.stamp.monotonic_ms)
        elif frame.kind == "step" and not frame.data.get("outcome"):
            self.pace.began(frame.stamp.monotonic_ms)
        follow(self.books, self.vault, frame)
        self.pulse.beat()

    def _check_record(self, token: str) -> Record:
        """Signature, lease and schema again, right before a blank is spent on it."""
        judged = judge(token, self.config.station.id, self._ends.pinned.pins.believed)
        if isinstance(judged, RefusedRecord):
            raise Rejected(f"the record may not be printed here: {judged.detail}", judged.reason)
        load_driver("encoders", self.config.reader.encoder).check(judged.record.chip)
        return judged.record
