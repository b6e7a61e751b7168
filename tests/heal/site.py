"""A station whose devices can be lost: what a host sees of it is the loss alone, in this one process."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drivers.errors import DeviceError
from drivers.sim.chip import Chip
from drivers.sim.chiplink import Antenna
from drivers.sim.firmware import Firmware
from drivers.sim.line import Line
from drivers.sim.vpcd import VpcdAntenna
from kiosk.config import PrinterConfig, ReaderConfig
from kiosk.core.frames import Frame
from kiosk.core.jobs import Why
from kiosk.rig.operator import ScriptedOperator
from kiosk.rig.pcscd import PrivatePcscd
from kiosk.rig.world_check import good_cards, wrong_cards
from tests.heal.jacks import Adapter, Jack, Network
from tests.office import Office

if TYPE_CHECKING:
    from tests.heal.troubles import Trouble

AT_REST = frozenset({"completed", "aborted"})


class Site(Office):
    """`trouble`: what it is built for. `pcscd`: what is between station and chip, if any.

    `faults`: how often the station has found a device gone. `committed` is called with each frame, in the worker's
    thread, before anything else follows from it.
    """

    def __init__(
        self, directory: Path, trouble: type[Trouble], pcscd: PrivatePcscd | None, speed: float = math.inf
    ) -> None:
        self.trouble = trouble
        self.pcscd = pcscd
        self.faults = self.fault_seq = 0
        self.committed: Callable[[Frame], object] = lambda frame: None
        super().__init__(directory, blanks=24, speed=speed)
        self._thread = self.station.worker
        self.operator = ScriptedOperator(self, self.world, self.line)  # type: ignore[arg-type]

    def lay_line(self, firmware: Firmware) -> tuple[Line, str]:
        self.jack: Jack
        if self.trouble.wire == "tcp":
            self.jack = Network()
            return Line(self.jack, firmware, self.clock), f"socket://127.0.0.1:{self.jack.port}"
        self.jack = Adapter(self.directory, "ttyUSB0")
        return Line(self.jack, firmware, self.clock), str(self.jack.path)

    def lay_antenna(self) -> Antenna:
        return VpcdAntenna("127.0.0.1", self.pcscd.port) if self.pcscd else super().lay_antenna()

    def printer(self) -> PrinterConfig:
        allowed = (str(self.directory / "ttyUSB*"),) if self.trouble.renames else ()
        return PrinterConfig(port=self.port, ports=allowed, reply_timeout=self.trouble.reply_timeout_s)

    def reader(self) -> ReaderConfig:
        if self.pcscd is None:
            return super().reader()
        name = self.pcscd.reader_name
        if self.trouble.renames:
            name = name.replace(" 00 00", " 07 00")
        return ReaderConfig(link="pcsc", name=name, appear_timeout=5.0)

    def _listen(self) -> None:
        super()._listen()
        books, devices = self.station.books, self.station._devices
        assert devices is not None
        told, traced = books.on_commit, devices.on_fault

        def committed(frame: Frame) -> None:
            self.committed(frame)
            told(frame)

        def failed(fault: DeviceError) -> None:
            traced(fault)
            self.faults, self.fault_seq = self.faults + 1, books.seq
            self.changed()

        books.on_commit, devices.on_fault = committed, failed

    def changed(self) -> None:
        """Whoever waits with `until` looks again."""
        with self._changed:
            self._changed.notify_all()

    def in_simulator(self, act: Callable[[], object]) -> None:
        """Have `act` done in the simulator thread, which alone may touch the line; wait for its end."""
        if threading.current_thread().name == "printer-line":
            act()
            return
        done = threading.Event()
        self.clock.after(0, lambda: (act(), done.set()))
        assert done.wait(10)

    def chips(self) -> list[Chip]:
        return [card.chip for card in self.world.hopper if isinstance(card.chip, Chip)]

    def misses(self, job: str | None) -> bool:
        """The station waits for a device: with its card, not for a person; between cards, for the printer."""
        if job is None:
            return self.station.printer_status is None
        holdup = self.station.worker.holdup if self.station.worker else None
        return holdup is not None and Why.OUTCOME_UNKNOWN not in holdup.reasons

    def goes_on(self, job: str) -> bool:
        """The station has found a device gone, and has done something with the card since, or asks about it."""
        return bool(self.faults) and (self.station.books.seq > self.fault_seq or self.is_settled(job))

    @property
    def unrestarted(self) -> bool:
        """The same thread of the same process still owns the devices."""
        return self._thread is self.station.worker and self._thread.is_alive() and self.station.failed is None

    def call(self, command: str, **arguments: Any) -> Any:
        return self.station.execute(command, arguments, "test")

    def finish(self, ident: str) -> int:
        """To the end of the job, with a person who looks at the world and answers; how often one was asked."""
        before = len(self.operator.answers)
        self.until(lambda: self.is_settled(ident))
        while self.state(ident) not in AT_REST:
            self.operator.look([self.job(ident)])
            self.until(lambda: self.is_settled(ident))
        return len(self.operator.answers) - before

    def check(self, jobs: int) -> None:
        """Books and world agree, and each of the jobs that were completed has made one good card of its own."""
        self.agree()
        good = good_cards(self.world)
        assert wrong_cards(good, self.residents) == []
        assert len(good) == jobs
        assert self.accounts().get("in-machine", 0) == 0
