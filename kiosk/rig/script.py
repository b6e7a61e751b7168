"""Carries out the faults of a rehearsal at their moment: some in the simulator's thread, some in the rig's."""

from __future__ import annotations

import logging
import queue
from collections.abc import Sequence

from drivers.iso7816 import Ins
from drivers.sim.cards import Card
from drivers.sim.chip import Chip
from kiosk.core.plan import Step
from kiosk.rig.faults import CHIPS, HOST, LINK, Fault
from kiosk.rig.operator import is_whole
from kiosk.rig.rig import Rig
from kiosk.rig.trouble import Trouble

log = logging.getLogger(__name__)

_UPDATES_BEFORE = 5
"""A fault in ENCODE comes at this UPDATE BINARY: some files are written, most are not."""


class Script:
    """`good`: whole cards in the output tray. `todo`: verbs that block, for the rig's own thread, in order."""

    def __init__(self, faults: Sequence[Fault], rig: Rig, trouble: Trouble) -> None:
        self._faults = list(faults)
        self._world = rig.devices.world
        self._kill = rig.station.kill
        self._trouble = trouble
        self._host: Fault | None = None
        self.good = 0
        self.fired: list[str] = []
        self.todo: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._world.observe(self._happened)
        self._arm()

    def _arm(self) -> None:
        """The next card will be number good + 1: prepare what befalls it, and end what lasted until now."""
        number = self.good + 1
        for fault in list(self._faults):
            if fault.kind in LINK and fault.last < number:
                self._faults.remove(fault)
                self.todo.put("hub-up")
            elif fault.kind in LINK and fault.first == number and str(fault) not in self.fired:
                self._fire(fault)
                self.todo.put(fault.kind)
            elif fault.kind not in LINK and fault.first == number:
                self._faults.remove(fault)
                self._prepare(fault)

    def _prepare(self, fault: Fault) -> None:
        if fault.kind in CHIPS:
            self._trouble.exchange_chip(fault.kind)
            self._fire(fault)
        elif fault.kind == "jam":
            assert fault.step is not None
            self._world.jam(fault.step.value, panel=2 if fault.step is Step.PRINT else None)
            self._fire(fault)
        else:
            self._host = fault
            if fault.step in (Step.IDENTIFY, Step.ENCODE, Step.VERIFY):
                self._watch_chip()

    def _watch_chip(self) -> None:
        chip = self._world.hopper[0].chip
        assert isinstance(chip, Chip)
        chip.on_apdu(lambda apdu: self._apdu(chip, apdu))

    def _apdu(self, chip: Chip, apdu: bytes) -> None:
        if self._host is None:
            return
        writing = apdu[1] == Ins.UPDATE_BINARY
        moment = {
            Step.IDENTIFY: True,
            Step.ENCODE: writing and chip.updates >= _UPDATES_BEFORE,
            Step.VERIFY: apdu[1] == Ins.READ_BINARY and chip.updates > _UPDATES_BEFORE,
        }
        if self._host.step is not None and moment.get(self._host.step, False):
            self._strike()

    def _happened(self, event: str, card: Card | None, detail: str) -> None:
        if event == "ejected" and card is not None and is_whole(card):
            self.good += 1
            self._arm()
        elif self._host is not None and self._host.step is not None and self._is_moment(event, detail):
            self._strike()

    def _is_moment(self, event: str, detail: str) -> bool:
        assert self._host is not None
        match self._host.step:
            case Step.FEED:
                return event == "command" and detail.startswith("Sic")
            case Step.PRINT:
                return event == "panel-started" and detail.startswith("m")
            case Step.EJECT:
                return event == "command" and detail.startswith("Sce")
        return False

    def _strike(self) -> None:
        fault, self._host = self._host, None
        assert fault is not None
        self._fire(fault)
        if fault.kind in HOST:
            self._kill()
            self.todo.put(fault.kind)
        else:
            self._trouble.verbs[fault.kind]()

    def _fire(self, fault: Fault) -> None:
        log.info("rig: fault %s", fault)
        self.fired.append(str(fault))
