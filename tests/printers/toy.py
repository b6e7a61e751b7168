"""A printer family in one file, as somebody outside of this project would write it (docs/adding-a-printer.md).

The toy prints black alone. A command is a line, its reply a line:
  ID         model, firmware, serial
  STATUS     position, cards fed, panels printed, sets of ribbon left, and a state reason or "-"
  FEED, CHIP, OUTPUT, REJECT, CLEAR, PRINT n with n bytes after it: OK, or a word that says why nothing was done
Its counters move when a movement ends, and survive the power going. Tested with: the toy of this project's tests.
"""

from __future__ import annotations

import time
import zlib
from typing import TYPE_CHECKING, Any

from drivers.errors import NotStarted, OutcomeUnknown, ProtocolViolation, Stopped
from drivers.protocols import CardPrinter, Counters, Face, Position, Prepared, PrinterIdentity, PrinterStatus, Tray
from drivers.serialport import SerialPort, Tracer

_ASK_S = 3.0
_MOVE_S = 30.0
_PRINT_S = 300.0
_SIZE = (1016, 648)


def open(url: str, baud: int = 115_200, tracer: Tracer | None = None, **_: Any) -> Toy:
    """Open the port. NotStarted if nobody answers. Ribbon and compression are not the toy's to choose."""
    printer = Toy(SerialPort.open(url, baud, tracer))
    printer.identity()
    return printer


class Toy:
    """A `CardPrinter`."""

    def __init__(self, port: SerialPort) -> None:
        self._port = port

    def identity(self) -> PrinterIdentity:
        return PrinterIdentity(*self._ask("ID", 3))

    def status(self) -> PrinterStatus:
        position, fed, panels, left, reason = self._ask("STATUS", 5)
        reasons = frozenset() if reason == "-" else frozenset({reason})
        return PrinterStatus(Position(position), Counters(int(fed), int(panels), int(left)), reasons)

    def feed(self) -> None:
        self._move("FEED", _MOVE_S, Position.CONTACTLESS, from_nowhere=True)

    def to_chip_station(self) -> None:
        self._move("CHIP", _MOVE_S, Position.CONTACTLESS)

    def prepare(self, face: Face, back: Face | None = None) -> Prepared:
        if back is not None or face.dye or (face.width, face.height) != _SIZE:
            raise NotStarted("the toy prints black, on the front of a whole card")
        data = zlib.compress(face.resin)
        return Prepared((b"PRINT %d\n%s" % (len(data), data),), 1)

    def print_face(self, prepared: Prepared) -> None:
        self._move(prepared.downloads[0], _PRINT_S, Position.PRINT)

    def eject(self, tray: Tray) -> None:
        if self.status().position is not Position.NONE:
            self._move(tray.name, _MOVE_S, Position.NONE)

    def clear(self) -> None:
        if (text := self._exchange("CLEAR", _ASK_S)) != "OK":
            raise Stopped(f"the toy says {text}", self.status().stopping)

    def close(self) -> None:
        self._port.close()

    def _move(self, command: str | bytes, patience_s: float, to: Position, *, from_nowhere: bool = False) -> None:
        """One movement, believed when the position agrees."""
        before = self.status()
        if (before.position is Position.NONE) is not from_nowhere:
            raise NotStarted(f"card at {before.position}")
        if before.stopping:
            raise Stopped("the toy waits for a person", before.stopping)
        text = self._exchange(command, patience_s)
        try:
            after = self.status()
        except NotStarted as exc:
            raise OutcomeUnknown(str(exc)) from exc
        if text != "OK":
            raise Stopped(f"the toy says {text}", after.stopping or frozenset({"other"}))
        if after.position is not to:
            raise OutcomeUnknown(f"answered OK, but card at {after.position}")

    def _ask(self, question: str, words: int) -> list[str]:
        """A question moves nothing, so one without an answer left nothing in doubt."""
        try:
            text = self._exchange(question, _ASK_S)
        except OutcomeUnknown as exc:
            raise NotStarted(str(exc)) from exc
        if len(answer := text.split()) != words:
            raise ProtocolViolation(f"{question} answered {text!r}", text.encode())
        return answer

    def _exchange(self, command: str | bytes, patience_s: float) -> str:
        deadline = time.monotonic() + patience_s
        data = command if isinstance(command, bytes) else command.encode() + b"\n"
        self._port.discard_input()
        self._port.write(data, deadline, shown=data.partition(b"\n")[0])
        return self._port.read_until(b"\n", deadline).decode("ascii", "replace")


if TYPE_CHECKING:
    _conforms: type[CardPrinter] = Toy
