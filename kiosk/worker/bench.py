"""The station's two devices, opened when first needed and again after they were lost."""

from __future__ import annotations

from collections.abc import Callable

from drivers.errors import DeviceError
from drivers.protocols import CardPrinter, ChipEncoder, Face, Prepared, PrinterIdentity, PrinterStatus


class Bench:
    """Used by the worker thread alone, but for `prepare`, `identity`, `last_status` and `reader_open`.

    `on_fault` is told of every error of a device, in the worker's thread, before its link is dropped.
    """

    def __init__(self, open_printer: Callable[[], CardPrinter], open_encoder: Callable[[], ChipEncoder]) -> None:
        self._open_printer = open_printer
        self._open_encoder = open_encoder
        self._printer: CardPrinter | None = None
        self._encoder: ChipEncoder | None = None
        self._last_open: CardPrinter | None = None
        self.identity: PrinterIdentity | None = None
        self.last_status: PrinterStatus | None = None
        self.on_fault: Callable[[DeviceError], object] = lambda fault: None

    @property
    def printer(self) -> CardPrinter:
        """Opens the port if it is not open. DeviceError if the printer does not answer."""
        if self._printer is None:
            printer = self._open_printer()
            try:
                self.identity = printer.identity()
            except DeviceError:
                printer.close()
                raise
            self._printer = self._last_open = printer
        return self._printer

    @property
    def encoder(self) -> ChipEncoder:
        if self._encoder is None:
            self._encoder = self._open_encoder()
        return self._encoder

    @property
    def reader_open(self) -> bool:
        return self._encoder is not None

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
        for device in (self._printer, self._encoder):
            if device is not None:
                device.close()
        self._printer = self._encoder = self.last_status = None

    def close(self) -> None:
        self.reopen()
