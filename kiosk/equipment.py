"""From the config to opened devices. Beside the rig the only module that knows driver code."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from drivers.errors import DeviceError
from drivers.iso7816 import Command, Response
from drivers.protocols import ApduLink, CardPrinter, ChipEncoder, PrinterIdentity
from kiosk.config import PrinterConfig, ReaderConfig
from kiosk.core.plan import Plan
from kiosk.errors import UsageError
from kiosk.wire_trace import Trace

BY_PORT = "@"
"""Begins what stands for the serial of a printer that has none."""


@dataclass(frozen=True)
class Found:
    """A printer that answered at `port`. `serial` is `@<port>` of one that has none: it is known by its port then."""

    port: str
    model: str
    serial: str


class Opened(NamedTuple):
    """A printer that is held exclusively, and has said who it is."""

    printer: CardPrinter
    identity: PrinterIdentity
    port: str

    @property
    def found(self) -> Found:
        return Found(self.port, self.identity.model, self.identity.serial)


def test_files(encoder: str) -> Mapping[str, bytes]:
    """What a chip profile writes to try a chip, nothing of anybody; empty if it has nothing. UsageError as below."""
    files: Mapping[str, bytes] = getattr(load_driver("encoders", encoder), "TEST_FILES", {})
    return files


def load_driver(family: str, name: str) -> Any:
    """The module drivers.<family>.<name>, or one from elsewhere by its dotted name. UsageError if there is none."""
    full = name if "." in name else f"drivers.{family}.{name}"
    try:
        module = importlib.import_module(full)
    except ModuleNotFoundError as exc:
        if not f"{full}.".startswith(f"{exc.name}."):
            raise
        raise UsageError(f"no driver {name!r}{'' if '.' in name else f' in drivers/{family}'}") from exc
    if not hasattr(module, "open"):
        raise UsageError(f"{full} is no driver: it has nothing to open")
    return module


def has_chip_station(driver: str) -> bool:
    """Whether its printers bring a card to a reader within. UsageError as `load_driver`."""
    return bool(getattr(load_driver("printers", driver), "CHIP_STATION", True))


def check_drivers(printer: PrinterConfig, reader: ReaderConfig, plan: Plan) -> None:
    """UsageError if there is no such driver, or `plan` wants of the printer what it has not."""
    load_driver("encoders", reader.encoder)
    if not has_chip_station(printer.driver) and not plan.uses_desk:
        raise UsageError(
            f"card.plan: {plan}: a printer with driver {printer.driver!r} has no chip station: desktop-after or "
            "desktop-before, in the config or by: keping equipment use plan"
        )


def survey_queue(config: PrinterConfig) -> list[tuple[str, str]] | None:
    """What a technician has to change at a print queue: keyword and sentence. None if the driver has no queue.

    Blocks <= 6 s, moves nothing, ends no job. Errors as `open_printer`.
    """
    survey = getattr(load_driver("printers", config.driver), "survey", None)
    return list(survey(config.port)) if survey else None


def open_printer(config: PrinterConfig, trace: Trace | None = None) -> CardPrinter:
    """`trace` sees what passes. DeviceError if the printer does not answer; UsageError as `load_driver`."""
    module = load_driver("printers", config.driver)
    printer: CardPrinter = module.open(
        config.port,
        config.baud,
        tracer=trace.wire(config.port) if trace else None,
        ribbon=config.ribbon,
        compression=config.compression,
        reply_timeout_s=config.reply_timeout,
    )
    return printer


def identified_printer(config: PrinterConfig, trace: Trace | None = None) -> Opened:
    """As `open_printer`, and asked who it is. <= 6 s; where nothing answers, 3 s."""
    printer = open_printer(config, trace)
    try:
        identity = printer.identity()
    except DeviceError:
        printer.close()
        raise
    if not identity.serial.strip():
        identity = replace(identity, serial=f"{BY_PORT}{config.port}")
    return Opened(printer, identity, config.port)


def open_encoder(config: ReaderConfig, trace: Trace | None = None) -> ChipEncoder:
    """`trace` sees the exchanges with chip and SAM. Opens no reader yet."""
    link = open_link(config, config.name, trace)
    sam = open_link(config, config.sam, trace) if config.sam else None
    encoder: ChipEncoder = load_driver("encoders", config.encoder).open(link, config.appear_timeout, sam)
    return encoder


def open_link(config: ReaderConfig, name: str, trace: Trace | None = None) -> ApduLink:
    """The station of `config` that is called `name`. Opens no reader yet."""
    link = _bare_link(config.link, name)
    if trace is None:
        return link
    from drivers.traced import TracedLink

    return TracedLink(link, trace.link(name))


def _bare_link(kind: str, name: str) -> ApduLink:
    if kind == "pcsc":
        from drivers.pcsc import PcscLink

        return PcscLink(name)
    from drivers.sim.chiplink import SocketLink

    return SocketLink(Path(name))


def list_readers() -> list[str]:
    """Names of the readers that pcscd knows. Blocks <= 2 s. Stopped, with the reason, if there is no pcscd."""
    from drivers.pcsc import list_readers as listed

    return listed()


def found_readers(config: ReaderConfig) -> list[str]:
    """As `list_readers`; in-process, the sockets that lie beside that of the config, as a rig makes them."""
    if config.link == "pcsc":
        return list_readers()
    return [str(path) for path in sorted(Path(config.name).parent.glob("*.sock")) if path.is_socket()]


def as_command(raw: bytes) -> Command:
    """UsageError if `raw` is no command APDU."""
    try:
        return Command.parse(raw)
    except ValueError as exc:
        raise UsageError(f"{raw.hex().upper()}: no command APDU: {exc}") from exc


def as_response(raw: bytes) -> Response:
    """ProtocolViolation if `raw` is no response APDU."""
    return Response.parse(raw)
