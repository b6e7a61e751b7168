"""Evolis card printers: the ESC command language over a byte stream.

Tested with: the simulator in `drivers.sim` only; no real printer yet. Written for the Primacy and KC200 class, from
the manual and the vendor's library (see `evolis_codec` for the sources and how sure each fact is).

A printer that does not know `Rpst` is classic; what it can tell is in `evolis_classic`. It ejects a card that it has
printed, its ribbon is not counted, and it is given no back, as nothing tells whether it can turn a card.

Left out: magnetic tracks, the vendor's sessions, replies by ACK and NAK, a status block after each reply.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from drivers.errors import DeviceError, NotStarted, OutcomeUnknown, ProtocolViolation, Stopped
from drivers.printers import evolis_classic as classic
from drivers.printers import evolis_codec as codec
from drivers.printers import evolis_panels as panels
from drivers.printers.evolis_dialogue import Dialogue, begun, harmless
from drivers.printers.evolis_status import StatusWords, is_failure, reasons_of_reply
from drivers.protocols import (
    CardPrinter,
    Counters,
    Face,
    Position,
    Prepared,
    PrinterIdentity,
    PrinterStatus,
    Tray,
)
from drivers.serialport import SerialPort, Tracer

__all__ = ["Evolis", "open"]

_ASK_S = 3.0
_CLEAR_S = 10.0
_MOVE_S = 30.0
_PRINT_S = 300.0
_POLL_S = 0.1

_FEEDER = frozenset({"media-empty", "media-needed", "input-tray-missing"})  # no bar to a card already in the path
_ANYWHERE = frozenset(Position)
_IN_PATH = _ANYWHERE - {Position.NONE}
_OUT = frozenset({Position.NONE, Position.EJECT})
_EJECT = {Tray.OUTPUT: "Sce", Tray.REJECT: "Ser"}


def open(
    url: str,
    baud: int = 115_200,
    tracer: Tracer | None = None,
    ribbon: str = "ymcko",
    reply_timeout_s: float = _MOVE_S,
    compression: str = "lines",
) -> Evolis:
    """Open the port and ready the printer on it. <= 3 s. Moves nothing. NotStarted if it does not answer."""
    printer = Evolis(SerialPort.open(url, baud, tracer), ribbon, reply_timeout_s, compression)
    try:
        printer.initialise()
    except DeviceError:
        printer.close()
        raise
    return printer


class Evolis:
    """A `CardPrinter`. One thread owns it; only `prepare` may be called from another.

    A movement that was answered OK is believed only when the sensors agree.
    """

    def __init__(
        self,
        port: SerialPort,
        ribbon: str = "ymcko",
        reply_timeout_s: float = _MOVE_S,
        compression: str = "lines",
    ) -> None:
        """`ribbon`, `compression`: see `evolis_panels`. `reply_timeout_s`: patience for one reply."""
        self._dialogue = Dialogue(port, reply_timeout_s)
        self._ribbon = ribbon
        self._compression = compression
        self._classic = False
        self._failed: frozenset[str] = frozenset()
        self._modes_set = False
        self._keeps_card = True
        self._rebooted = False

    def initialise(self) -> None:
        """Find the place in the conversation, learn what printer it is, set the modes. <= 3 s. Moves nothing.

        A classic one shows its restart by its modes alone, so there they wait until a card moves.
        """
        deadline = time.monotonic() + _ASK_S
        with harmless():
            self._classic = classic.is_classic(self._dialogue.exchange("Rpst", deadline))
            if not (self._classic and self._words(deadline).just_reset):
                self._set_modes(deadline)

    def identity(self) -> PrinterIdentity:
        deadline = time.monotonic() + _ASK_S
        with harmless():
            return PrinterIdentity(
                model=self._value("Rtp", deadline),
                firmware=self._value("Rfv", deadline),
                serial=self._value("Rsn", deadline),
            )

    def status(self) -> PrinterStatus:
        """See `CardPrinter`. NotStarted if a panel that an interrupted job left under the head prints on for 3 s."""
        deadline = time.monotonic() + _ASK_S
        with harmless():
            words = self._at_rest(deadline)
            counters = Counters(
                cards_fed=codec.parse_count(self._dialogue.exchange("Rco;c", deadline)),
                panels_printed=codec.parse_count(self._dialogue.exchange("Rco;p", deadline)),
                ribbon_left=self._ribbon_left(deadline),
            )
        return PrinterStatus(words.position, counters, words.stopping, words.warnings, self._rebooted)

    def feed(self) -> None:
        deadline = time.monotonic() + _MOVE_S
        before = self._before_moving(deadline)
        if before.position is not Position.NONE:
            raise NotStarted(f"a card is in the path already: {before.position}")
        _refuse(before.stopping)
        if self._classic:  # it may still hold a fault of before this link was opened, and no question tells
            with harmless():
                self._do("Scs", deadline, before)
        self._to_chip(before, deadline)
        self._rebooted = False

    def to_chip_station(self) -> None:
        deadline = time.monotonic() + _MOVE_S
        before = self._before_moving(deadline)
        if before.position is Position.NONE:
            raise NotStarted("no card in the path")
        _refuse(before.stopping - _FEEDER)
        if before.position is not Position.CONTACTLESS:
            self._to_chip(before, deadline)

    def prepare(self, face: Face, back: Face | None = None) -> Prepared:
        """NotStarted if a side does not fit the card, or what the ribbon has for it."""
        try:
            downloads = panels.downloads(face, self._ribbon, self._compression, back)
        except ValueError as exc:
            raise NotStarted(f"cannot be printed: {exc}") from exc
        return Prepared(downloads, len(downloads) - downloads.count(panels.TURN))

    def print_face(self, prepared: Prepared, letting: Callable[[int], object] = lambda panels: None) -> None:
        """See `CardPrinter`. Each download prints the panel before it, `Se` the last one (G p. 69)."""
        deadline = time.monotonic() + _PRINT_S
        before = self._before_moving(deadline)
        if before.position is Position.NONE:
            raise NotStarted("no card in the path")
        if panels.TURN in prepared.downloads and not before.turns_cards:
            raise NotStarted("the printer cannot turn a card over")
        _refuse(before.stopping - _FEEDER)
        self._do(f"Pr;{self._ribbon}", deadline, before)
        with begun():
            for command in ("Ss", "Sr"):
                self._do(command, deadline, before)
            sent = 0
            for download in prepared.downloads:
                if download != panels.TURN:
                    if sent:
                        letting(sent)
                    sent += 1
                self._do(download, deadline, before)
            letting(sent)
            self._do("Se", deadline, before)
        self._confirm(before, _IN_PATH if self._keeps_card else _ANYWHERE, deadline)

    def eject(self, tray: Tray) -> None:
        deadline = time.monotonic() + _MOVE_S
        before = self._before_moving(deadline)
        if before.position is not Position.NONE:
            self._do(_EJECT[tray], deadline, before)
            self._confirm(before, _OUT, deadline)

    def clear(self) -> None:
        deadline = time.monotonic() + _CLEAR_S
        with harmless():
            self._do("Scs", deadline, before=None)
            self._failed = frozenset()
            if not self._modes_set:
                self._set_modes(deadline)
        self._rebooted = False

    def close(self) -> None:
        self._dialogue.close()

    def _before_moving(self, deadline: float) -> StatusWords:
        """The status, and the modes set anew if the printer has forgotten them."""
        with harmless():
            words = self._look(deadline)
            if not self._modes_set:
                self._set_modes(deadline)
        return words

    def _to_chip(self, before: StatusWords, deadline: float) -> None:
        """`Sic` moves the card in the path to the contactless station, or feeds one if there is none (G p. 43)."""
        self._do("Sic", deadline, before)
        self._confirm(before, {Position.CONTACTLESS}, deadline)

    def _set_modes(self, deadline: float) -> None:
        """The host decides after an error, so nothing is reprinted; blanks from the feeder; a printed card waits.

        The printer forgets them when it restarts. Old firmware has no `Pneab` and ejects after printing.
        """
        for command in classic.MODES if self._classic else ("Pem;2", "Pcim;F"):
            self._do(command, deadline, before=None)
        self._keeps_card = not self._classic and codec.parse_done(self._dialogue.exchange("Pneab;E", deadline))
        self._modes_set = True

    def _at_rest(self, deadline: float) -> StatusWords:
        """The printer answers reads while a panel prints, and its counters move meanwhile: wait for its end."""
        while (words := self._look(deadline)).printing:
            if time.monotonic() + _POLL_S > deadline:
                raise NotStarted("a panel is still being printed")
            time.sleep(_POLL_S)
        return words

    def _look(self, deadline: float) -> StatusWords:
        """The status words, and the path sensors where no station claims the card: it may lie between two."""
        words = self._words(deadline)
        if words.position is Position.NONE and not self._classic:
            words = replace(words, presence=codec.parse_presence(self._dialogue.exchange("Rlr;p", deadline)))
        return words

    def _words(self, deadline: float) -> StatusWords:
        words = (
            self._told(deadline) if self._classic else codec.parse_status(self._dialogue.exchange("Rpst", deadline))
        )
        if words.just_reset:
            self._rebooted, self._modes_set = True, False
        return words

    def _told(self, deadline: float) -> StatusWords:
        answers = [self._dialogue.exchange(question, deadline) for question in classic.QUESTIONS]
        return classic.told(answers, self._failed)

    def _ribbon_left(self, deadline: float) -> int | None:
        """A stray OK comes before the count now and then (KC): ask once more."""
        if self._classic:
            return None
        text = self._dialogue.exchange("Rrt;count", deadline)
        if text == "OK":
            text = self._dialogue.exchange("Rrt;count", deadline)
        return codec.parse_ribbon_left(text)

    def _value(self, command: str, deadline: float) -> str:
        text = self._dialogue.exchange(command, deadline)
        if text == "OK" or is_failure(text):
            raise ProtocolViolation(f"{command} answered {text!r}", text.encode("ascii"))
        return text

    def _do(self, command: str | bytes, deadline: float, before: StatusWords | None) -> None:
        """One command that answers OK. `before`: the status it started from, to tell what it brought about."""
        text = self._dialogue.exchange(command, deadline)
        if codec.parse_done(text):
            return
        told = reasons_of_reply(text)
        self._failed |= told
        with begun():
            after = self._words(deadline)
        fresh = after.stopping - before.stopping if before else after.stopping
        raise Stopped(f"printer answered {text}", fresh or after.stopping - _FEEDER or told)

    def _confirm(self, before: StatusWords, where: Collection[Position], deadline: float) -> None:
        with begun():
            after = self._look(deadline)
        if after.err & ~before.err or after.position not in where:
            raise OutcomeUnknown(f"answered OK, but card at {after.position}, {sorted(after.stopping)}")


def _refuse(reasons: frozenset[str]) -> None:
    if reasons:
        raise Stopped(f"printer waits for a person: {', '.join(sorted(reasons))}", reasons)


if TYPE_CHECKING:
    _conforms: type[CardPrinter] = Evolis
