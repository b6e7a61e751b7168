"""What a technician has looked at from the touchscreen: one examination at a time, shown as far as it has come.

The doctor looks from a thread of its own, for it may wait for a silent centre; a device is asked by the worker, which
owns it, between two cards.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from drivers.errors import DeviceError
from kiosk import diagnosis
from kiosk.core.equipment import EquipmentRole
from kiosk.doctor import Report, examine
from kiosk.errors import KepingError, Rejected, Unavailable
from kiosk.station import Station
from kiosk.wire_trace import code_of
from kiosk.worker import Devices

PATIENCE_S = 120.0
"""After this an examination that has not ended is in nobody's way any more."""
LEAVE_S = 2.0


class Kind(StrEnum):
    DOCTOR = "doctor"
    PRINTER = "printer"
    LATENCY = "latency"
    READERS = "readers"
    CHIP = "chip"


@dataclass
class Examination:
    """`found`: findings of the doctor, ms of each reading for the latency, else what `kiosk.diagnosis` says, in the
    order in which it came. `failure`: the keyword of what broke it off, `detail` the line for it."""

    kind: Kind
    began_s: float
    found: list[Any] = field(default_factory=list)
    ended: bool = False
    failure: str = ""
    detail: str = ""


class Examinations:
    """Thread-safe. `latest`: the one that runs or ran last. `report`: what the doctor said last, all of it."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._lock = threading.Lock()
        self._doctor: threading.Thread | None = None
        self.latest: Examination | None = None
        self.report: Report | None = None

    def begin(self, kind: Kind) -> None:
        """Blocks for no device. Rejected `examination-runs` while another has not ended, `card-moves` as the worker
        says; Unavailable if there is no worker."""
        with self._lock:
            if self.latest and not self.latest.ended and time.monotonic() - self.latest.began_s < PATIENCE_S:
                raise Rejected("an examination is running", "examination-runs")
            begun = Examination(kind, time.monotonic())
            if kind is Kind.DOCTOR:
                self._doctor = threading.Thread(target=self._examine, args=(begun,), name="doctor", daemon=True)
                self._doctor.start()
            else:
                self._ask(begun, _QUESTIONS[kind])
            self.latest = begun
        self._station.pulse.beat()

    def close(self) -> None:
        """The doctor is left behind if somebody does not answer it: it writes nothing."""
        if self._doctor:
            self._doctor.join(LEAVE_S)

    def _examine(self, begun: Examination) -> None:
        station = self._station
        self.report = examine(
            station.config,
            "",
            station.data,
            safe=station.safe,
            tell=lambda finding: self._tell(begun, finding),
        )
        self._end(begun)

    def _ask(self, begun: Examination, question: Callable[[Station, Devices], Iterable[Any]]) -> None:
        if self._station.worker is None:
            raise Unavailable("no worker: the station does not print")

        def asked(devices: Devices) -> None:
            for each in question(self._station, devices):
                self._tell(begun, each)

        self._station.worker.ask(asked).add_done_callback(lambda done: self._answered(begun, done))

    def _answered(self, begun: Examination, done: Future[None]) -> None:
        try:
            done.result()
        except DeviceError as exc:
            begun.failure, begun.detail = code_of(exc), str(exc)
        except (KepingError, CancelledError) as exc:
            begun.failure, begun.detail = "failed", str(exc)
        self._end(begun)

    def _tell(self, begun: Examination, found: Any) -> None:
        begun.found.append(found)
        self._station.pulse.beat()

    def _end(self, begun: Examination) -> None:
        begun.ended = True
        self._station.pulse.beat()


def _readers(station: Station, devices: Devices) -> Iterable[dict[str, Any]]:
    devices.release_chip()  # or its reader would be in use, by ourselves
    station.equipment.list_readers()
    listed = station.equipment.reader_at
    return diagnosis.readers(replace(
        station.config.reader,
        name=listed(EquipmentRole.READER), desk=listed(EquipmentRole.DESK), sam=listed(EquipmentRole.SAM),
    ))  # fmt: skip


_QUESTIONS: dict[Kind, Callable[[Station, Devices], Iterable[Any]]] = {
    Kind.PRINTER: lambda station, devices: [diagnosis.printer(devices.printer)],
    Kind.LATENCY: lambda station, devices: diagnosis.reading_times(devices.printer),
    Kind.READERS: _readers,
    Kind.CHIP: lambda station, devices: [diagnosis.chip(devices.encoder)],
}
