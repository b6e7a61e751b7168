"""What the station works with: the choice in its books, else the config. A choice is booked and used at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from drivers.errors import DeviceError
from drivers.protocols import ChipEncoder
from kiosk.books import Books, read_view
from kiosk.config import Config
from kiosk.core.equipment import FIELDS, TABLE, EquipmentRole, pick_reader
from kiosk.core.plan import FOR_RECORDS, Plan
from kiosk.equipment import Found, Opened, found_readers, has_chip_station, identified_printer, open_encoder
from kiosk.errors import KepingError, Rejected, UsageError
from kiosk.search import PrinterSearch
from kiosk.wire_trace import Trace
from kiosk.worker import Worker

READERS = (EquipmentRole.READER, EquipmentRole.DESK, EquipmentRole.SAM)
STATION = "station"
LOOK_S = 4.0


def as_chosen(config: Config, data: Path) -> Config:
    """`config` with the readers that the books name; as it is where no books can be read. For beside a station."""
    try:
        rows = {row["role"]: row["name"] for row in read_view(data).rows(TABLE) if "name" in row}
    except (KepingError, OSError):
        return config
    fields = {EquipmentRole.READER: "name", EquipmentRole.DESK: "desk", EquipmentRole.SAM: "sam"}
    names: dict[str, Any] = {field: rows[role] for role, field in fields.items() if role in rows}
    return replace(config, reader=replace(config.reader, **names))


class EquipmentChoice:
    """Thread-safe, but for `open_printer`, `open_encoder` and `look_here`: for the thread that owns the devices.

    That is the worker's, from `serve` on; before, whoever asks looks.
    """

    def __init__(self, books: Books, config: Config, trace: Trace | None = None) -> None:
        self._books = books
        self._config = config
        self._trace = trace
        self._search = PrinterSearch(config.printer.port, config.printer.ports, self._open_at)
        self.readers: tuple[str, ...] = ()
        self.ask: Callable[[], Future[None]] = self._ask_here
        self.changed: Callable[[], None] = lambda: None
        self.seen: Callable[[], None] = lambda: None
        self.commands: dict[str, Callable[..., Any]] = {
            "equipment.list": self.look_and_tell,
            "equipment.use": self.use,
        }

    @property
    def printers(self) -> tuple[Found, ...]:
        """Those that answered when last looked for."""
        return self._search.found

    def booked(self, role: EquipmentRole) -> dict[str, Any] | None:
        """The row of the books, None if nobody has chosen."""
        with self._books.look() as view:
            return view.get(TABLE, role.value)

    def name_of(self, role: EquipmentRole) -> str:
        """The reader that shall serve as `role`; empty: there is none."""
        row = self.booked(role)
        return str(row["name"]) if row else self._configured(role)

    def _configured(self, role: EquipmentRole) -> str:
        reader = self._config.reader
        return {
            EquipmentRole.READER: reader.name,
            EquipmentRole.DESK: reader.desk,
            EquipmentRole.SAM: reader.sam,
            EquipmentRole.PLAN: self._config.card.plan,
        }.get(role, "")

    @property
    def desk(self) -> str:
        """The reader on the desk; empty: there is none."""
        return self.name_of(EquipmentRole.DESK)

    @property
    def plan(self) -> Plan:
        """With which the next card begins."""
        return Plan(self.name_of(EquipmentRole.PLAN))

    def look_and_tell(self, by: str) -> dict[str, Any]:
        """Blocks <= LOOK_S."""
        self.look()
        return self.told

    @property
    def told(self) -> dict[str, Any]:
        """What is used as what, whether books or config say so, and what was found when last looked for."""
        used = []
        for role in EquipmentRole:
            if row := self.booked(role):
                used.append({**row, "said_by": "books"})
            elif name := self._configured(role):
                used.append({"role": role.value, "name": name, "said_by": "config"})
        return {"used": used, "printers": [asdict(each) for each in self.printers], "readers": [*self.readers]}

    def use(self, by: str, role: str, name: str) -> dict[str, Any]:
        """From now on `name` (of a printer: its serial) serves as `role`. Said twice, it is booked once.

        Rejected `equipment-missing` if it was not found; `no-desk-reader` of a plan that needs one.
        """
        try:
            wanted = EquipmentRole(role)
        except ValueError:
            raise UsageError(f"role: {role!r} is not one of {', '.join(EquipmentRole)}") from None
        row = {"role": wanted.value, **self._fields(wanted, name)}
        with self._books.transaction() as view:
            if view.read(TABLE, wanted.value) == row:
                return row
            self._books.commit("equipment", row, by)
        self.changed()
        return row

    def _fields(self, role: EquipmentRole, name: str) -> dict[str, str]:
        if role is EquipmentRole.PLAN:
            self._check_plan(name)
        elif not self._was_found(role, name):
            self.look()
        if not self._was_found(role, name):
            raise Rejected(f"no {role} {name!r} was found (keping equipment list)", "equipment-missing")
        if role is EquipmentRole.PRINTER:
            return {"serial": name, "model": next(each.model for each in self.printers if each.serial == name)}
        return dict.fromkeys(FIELDS[role], name)

    def _check_plan(self, name: str) -> None:
        if name not in FOR_RECORDS:
            raise UsageError(f"plan: {name!r} is not one of {', '.join(FOR_RECORDS)}")
        if not Plan(name).uses_desk and not has_chip_station(self._config.printer.driver):
            raise Rejected("this printer has no chip station", "equipment-missing")
        if Plan(name).uses_desk and not self.desk:
            raise Rejected("there is no reader on the desk (reader.desk)", "no-desk-reader")

    def _was_found(self, role: EquipmentRole, name: str) -> bool:
        if role is EquipmentRole.PRINTER:
            return any(each.serial == name for each in self.printers)
        return role not in READERS or name in self.readers

    # The devices.

    def open_printer(self) -> Opened:
        """The one that is booked or, until its card is accounted for, the one that has it: as `PrinterSearch.open`.

        The first that the station meets is booked by the station itself.
        """
        before = self.printers
        try:
            opened = self._search.open(self._known())
        finally:
            self._tell(self.printers != before)
        try:
            with self._books.transaction() as view:
                if view.read(TABLE, EquipmentRole.PRINTER) is None:
                    fields = {"serial": opened.identity.serial, "model": opened.identity.model}
                    self._books.commit("equipment", {"role": EquipmentRole.PRINTER.value, **fields}, STATION)
        except KepingError:
            opened.printer.close()
            raise
        return opened

    def _open_at(self, port: str) -> Opened:
        return identified_printer(replace(self._config.printer, port=port), self._trace)

    def _known(self) -> list[str]:
        """Serials: the choice first, then whichever has the card that is under way."""
        with self._books.transaction() as view:
            row = view.read(TABLE, EquipmentRole.PRINTER)
            cards = [job["card"] for job in view.rows("jobs") if job["card"]]
        holding = [card["intent"]["printer"] for card in cards if card["intent"] and card["intent"].get("printer")]
        return [row["serial"], *holding] if row else holding

    def open_encoder(self) -> ChipEncoder:
        """On the reader that serves now, with the SAM. Opens neither yet. Blocks as `list_readers`."""
        self.list_readers()
        name, sam = self.reader_at(EquipmentRole.READER), self.reader_at(EquipmentRole.SAM)
        return open_encoder(replace(self._config.reader, name=name, sam=sam), self._trace)

    def open_desk(self, appear_timeout_s: float) -> ChipEncoder:
        """The same on the desk's reader, which waits that long for a chip. For one thread at a time, of any."""
        self.list_readers()
        name, sam = self.reader_at(EquipmentRole.DESK), self.reader_at(EquipmentRole.SAM)
        config = replace(self._config.reader, name=name, sam=sam, appear_timeout=appear_timeout_s)
        return open_encoder(config, self._trace)

    def reader_at(self, role: EquipmentRole) -> str:
        """How the reader that serves as `role` is listed now; as it is called if it was not found."""
        wanted = self.name_of(role)
        others = {self.name_of(each) for each in READERS if each is not role}
        return pick_reader(wanted, self.readers, others) or wanted

    def list_readers(self) -> None:
        """Blocks for milliseconds, <= 2 s if pcscd hangs. Touches no reader."""
        before = self.readers
        try:
            self.readers = tuple(found_readers(self._config.reader))
        except DeviceError:  # whoever uses a reader now is told what it is
            self.readers = ()
        self._tell(self.readers != before)

    def look(self) -> None:
        """Have it looked what is there. Blocks <= LOOK_S; while a card is made, what was found before stands."""
        try:
            asked = self.ask()
        except KepingError:
            return
        try:
            asked.result(LOOK_S)
        except (TimeoutError, DeviceError, KepingError):
            asked.cancel()

    def look_here(self, in_use: Found | None = None) -> None:
        """Blocks <= 5 s. The printer that is `in_use` is not asked."""
        before = self.printers
        self.list_readers()
        self._search.look(in_use)
        self._tell(self.printers != before)

    def serve(self, worker: Worker, seen: Callable[[], None]) -> None:
        """From now on the `worker` owns the devices. `seen` is called when something else than before was found."""
        self.ask = lambda: worker.ask(lambda bench: self.look_here(bench.in_use))
        self.changed = worker.refit
        self.seen = seen
        worker.glanced = self.list_readers

    def _ask_here(self) -> Future[None]:
        self.look_here()
        done: Future[None] = Future()
        done.set_result(None)
        return done

    def _tell(self, other: bool) -> None:
        if other:
            self.seen()
