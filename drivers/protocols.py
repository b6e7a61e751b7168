"""What a card printer and a chip encoder can do, whoever made them.

Every call blocks at most for the time its docstring states and raises only `drivers.errors`.
A method name is the physical act. Nothing here imports anything but the standard library.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, runtime_checkable

from drivers.errors import DeviceError

__all__ = [
    "ApduLink", "ApduTracer", "CardPrinter", "ChipEncoder", "ChipIdentity", "Counters", "DeviceError", "Face",
    "Position", "Prepared", "PrinterIdentity", "PrinterStatus", "Tray",
]  # fmt: skip


class Position(StrEnum):
    """Where the card in the path is, as far as the printer's sensors tell."""

    NONE = "none"
    PRINT = "print"
    CONTACT = "contact"
    CONTACTLESS = "contactless"
    EJECT = "eject"
    UNKNOWN = "unknown"


class Tray(StrEnum):
    OUTPUT = "output"
    REJECT = "reject"


@dataclass(frozen=True)
class PrinterIdentity:
    model: str
    firmware: str
    serial: str


@dataclass(frozen=True)
class Counters:
    """The printer's own odometers. `ribbon_left` is in cards, None when the ribbon cannot be read."""

    cards_fed: int
    panels_printed: int
    ribbon_left: int | None


@dataclass(frozen=True)
class PrinterStatus:
    """One consistent reading.

    `stopping` and `warnings` are printer-state-reasons keywords (RFC 8011, 5.4.12): with any in `stopping`
    the printer will not move a card until a person acts. `just_reset`: it rebooted since the last job.
    """

    position: Position
    counters: Counters
    stopping: frozenset[str] = frozenset()
    warnings: frozenset[str] = frozenset()
    just_reset: bool = False


@dataclass(frozen=True)
class Face:
    """One side of a card: landscape, row-major, origin top left as the holder reads it, 300 dpi.

    `dye` maps "y", "m", "c" to width*height bytes, 0 none to 255 full; empty for a resin-only face.
    `resin` is width*height bytes, 0 or 255 (black). `varnish`: overlay over the whole card.
    """

    width: int
    height: int
    resin: bytes
    dye: Mapping[str, bytes] = field(default_factory=dict)
    varnish: bool = True


@dataclass(frozen=True)
class Prepared:
    """A face in one printer's own format. Opaque to callers; `panels` is how far the panel counter will move."""

    downloads: tuple[bytes, ...]
    panels: int


@dataclass(frozen=True)
class ChipIdentity:
    """`uid`: upper-case hex, e.g. "04A1B2C3D4E5F6". `holds_data`: some personalisation was begun on it."""

    uid: str
    atr: str
    holds_data: bool


@runtime_checkable
class CardPrinter(Protocol):
    def identity(self) -> PrinterIdentity:
        """Ask model, firmware and serial on the wire. <= 3 s. Moves nothing."""

    def status(self) -> PrinterStatus:
        """Read status words and counters. <= 3 s. Moves nothing, changes no counter."""

    def feed(self) -> None:
        """Move one blank from the hopper to the contactless station. <= 30 s.

        NotStarted if a card is in the path already; Stopped{media-empty} if the hopper is empty.
        """

    def to_chip_station(self) -> None:
        """Move the card that is in the path to the contactless station. <= 30 s. NotStarted if there is none."""

    def prepare(self, face: Face, back: Face | None = None) -> Prepared:
        """Convert and compress: pure computation, callable from any thread, also when closed. `back`: the other side.

        NotStarted if the face does not fit the card or the ribbon.
        """

    def print_face(self, prepared: Prepared, letting: Callable[[int], object] = lambda panels: None) -> None:
        """Print every panel onto the card in the path. <= 5 min. Uses one panel set of the ribbon.

        `letting(n)` is called before that goes out which lets the n-th panel onto the card. NotStarted, with no panel
        used: no card, or a back that can't be reached. OutcomeUnknown if the link breaks after the first byte.
        """

    def eject(self, tray: Tray) -> None:
        """Move the card out of the path into `tray`. <= 30 s. With an empty path: does nothing."""

    def clear(self) -> None:
        """Acknowledge a fault that a person has cleared. <= 10 s. Moves no card."""

    def close(self) -> None:
        """Release the port. Idempotent; a closed printer raises NotStarted."""


@runtime_checkable
class ApduLink(Protocol):
    """One contactless or contact station that exchanges APDUs with the chip lying on it (ISO 7816-4)."""

    name: str

    def connect(self, timeout_s: float) -> bytes:
        """Wait for a chip, power it, return its ATR. Blocks <= timeout_s.

        Refused(chip-silent) if none appears in time; Stopped{reader-missing} if the reader itself is gone.
        """

    def transmit(self, apdu: bytes) -> bytes:
        """Send one command APDU, return data + SW1 SW2. <= 5 s. NotStarted: not connected; OutcomeUnknown: left."""

    def transmit_all(self, apdus: Sequence[bytes], heard: Callable[[bytes, float], object]) -> None:
        """`transmit` in a row, <= 5 s each, up to the first without 9000. `heard`: each answer and its seconds."""

    def disconnect(self) -> None:
        """Power the chip down before the card moves. Idempotent."""

    def close(self) -> None:
        """Release the reader. Idempotent."""


class ApduTracer(Protocol):
    """Sees each exchange of an `ApduLink`, never a byte of what was exchanged: that is personal data."""

    def exchanged(self, header: bytes, sent: int, received: int, sw: int, ms: float) -> None:
        """After each transmission, in the thread of the link. Must not block or raise.

        `header`: CLA INS P1 P2. `sent`, `received`: bytes of the two data fields. `sw`: SW1 SW2, 0 if no answer came.
        """


@runtime_checkable
class ChipEncoder(Protocol):
    def identify(self) -> ChipIdentity:
        """Power the chip, read UID and state. <= its configured timeout + 2 s. Writes nothing."""

    def encode(self, files: Mapping[str, bytes]) -> None:
        """Write elementary files ("6FF1": content) to the identified chip. <= 30 s. Idempotent on the same chip.

        Refused(chip-write-failed) with the SW. The chip leaves: NotStarted, or OutcomeUnknown once a write was sent.
        """

    def verify(self, files: Mapping[str, bytes]) -> None:
        """Read every file back and compare. <= 30 s. Refused(chip-verify-failed) on the first difference."""

    def read(self, name: str) -> bytes:
        """The content of one elementary file of the identified chip. <= 10 s. Writes nothing.

        Refused(chip-unknown) if it can't be read; NotStarted if the chip leaves.
        """

    def release(self) -> None:
        """Power the chip down; call before the card moves. Idempotent."""

    def close(self) -> None:
        """Release the reader. Idempotent."""
