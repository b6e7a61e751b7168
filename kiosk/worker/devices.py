"""The station's two devices, opened when first needed and again after they were lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from drivers.errors import DeviceError, Stopped
from drivers.protocols import CardPrinter, ChipEncoder, Face, Prepared, PrinterIdentity, PrinterStatus
from kiosk.equipment import Found, Opened
from kiosk.worker.halt import Halt
from kiosk.worker.print_note import PrintNote


class Devices:
    """Used by the worker thread alone, but for `prepare`, `identity`, `in_use`, `said`, `last_status`, `reader_open`.

    In the worker's thread `on_use` is called before each use of a device, and `on_fault` is told of every error of
    one, before its link is dropped. `note`: what is known of the print under way.
    """

    def __init__(
        self, open_printer: Callable[[], Opened], open_encoder: Callable[[], ChipEncoder], note: PrintNote
    ) -> None:
        self.note = note
        self._open_printer = open_printer
        self._open_encoder = open_encoder
        self._opened: Opened | None = None
        self._encoder: ChipEncoder | None = None
        self._last_open: CardPrinter | None = None
        self.identity: PrinterIdentity | None = None
        self.last_status: PrinterStatus | None = None
        self.on_use: Callable[[], object] = lambda: None
        self.on_fault: Callable[[DeviceError], object] = lambda fault: None

    @property
    def printer(self) -> CardPrinter:
        """Looks for it if it is not open. DeviceError if the right one does not answer."""
        self.on_use()
        if self._opened is None:
            self._opened = self._open_printer()
            self._last_open, self.identity = self._opened.printer, self._opened.identity
        return self._opened.printer

    @property
    def encoder(self) -> ChipEncoder:
        self.on_use()
        if self._encoder is None:
            self._encoder = self._open_encoder()
        return self._encoder

    @property
    def fed(self) -> tuple[str, int] | None:
        """The printer's serial and how many cards it fed in its life, as it said last. Asks nothing."""
        if self.identity is None or self.last_status is None:
            return None
        return self.identity.serial, self.last_status.counters.cards_fed

    @property
    def reader_open(self) -> bool:
        return self._encoder is not None

    @property
    def in_use(self) -> Found | None:
        """The printer that is open now, and where."""
        return self._opened.found if self._opened else None

    @property
    def said(self) -> dict[str, Any] | None:
        """Who the printer is and what it said last, None if it does not answer. Asks nothing."""
        opened, status = self._opened, self.last_status
        if opened is None or status is None:
            return None
        reasons = {"stopping": sorted(status.stopping), "warnings": sorted(status.warnings)}
        return {**vars(opened.identity), "port": opened.port, **reasons}

    def prepare(self, face: Face) -> Prepared:
        """Pure computation for the printer that was last open; from any thread."""
        assert self._last_open is not None, "the worker opens the printer before anything is prepared for it"
        return self._last_open.prepare(face)

    def status(self) -> PrinterStatus:
        self.last_status = self.printer.status()
        return self.last_status

    def release_chip(self) -> None:
        """Power the chip down before its card moves."""
        if self._encoder is not None:
            self._encoder.release()

    def reopen(self, fault: DeviceError | None = None) -> None:
        """Drop both links; the next use opens them again. After a `fault` nothing in a buffer is trusted."""
        if fault is not None:
            self.on_fault(fault)
        for device in (self._opened and self._opened.printer, self._encoder):
            if device is not None:
                device.close()
        self._opened = self._encoder = self.last_status = None

    def lost(self, fault: DeviceError) -> Halt:
        """As `reopen`; why nothing moves until the printer is back."""
        self.reopen(fault)
        told = fault.reasons if isinstance(fault, Stopped) else frozenset[str]()
        return Halt(str(fault), told or frozenset({"connecting-to-device"}))

    def close(self) -> None:
        self.reopen()
