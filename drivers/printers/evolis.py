"""Evolis card printers: the ESC command language over a byte stream.

Tested with: the simulator in `drivers.sim` only; no real printer yet. Written for the Primacy and KC200 class,
from the manual and the vendor's library (see `evolis_codec` for the sources and how sure each fact is).

Left out: magnetic tracks, flip-over (one side a card), the vendor's sessions, the ACK/NAK reply mode of 2004.
"""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace

from drivers.errors import DeviceError, NotStarted, OutcomeUnknown, ProtocolViolation, Stopped
from drivers.printers import evolis_codec as codec
from drivers.printers import evolis_panels as panels
from drivers.protocols import Counters, Face, Position, Prepared, PrinterIdentity, PrinterStatus, Tray
from drivers.serialport import SerialPort, Tracer

__all__ = ["Evolis", "open"]

_ASK_S = 3.0
_CLEAR_S = 10.0
_MOVE_S = 30.0
_PRINT_S = 300.0

_PROBES = 12
_MOST_PADDING = 64
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
) -> Evolis:
    """Open the port and ready the printer on it. <= 3 s. Moves nothing. NotStarted if it does not answer."""
    printer = Evolis(SerialPort.open(url, baud, tracer), ribbon, reply_timeout_s)
    try:
        printer.initialise()
    except DeviceError:
        printer.close()
        raise
    return printer


class Evolis:
    """A `CardPrinter`. One thread owns it; only `prepare` may be called from another.

    Each command has one reply, and replies carry no number. Whenever one is missing, late or odd, the next call
    first finds its place in the conversation again, so that no reply is ever taken for another command's.
    A movement that was answered OK is believed only when the sensors agree.
    """

    def __init__(self, port: SerialPort, ribbon: str = "ymcko", reply_timeout_s: float = _MOVE_S) -> None:
        """`ribbon`: its panels in order, the name `Pr` knows it by. `reply_timeout_s`: patience for one reply."""
        self._port = port
        self._ribbon = ribbon
        self._reply_timeout_s = reply_timeout_s
        self._in_step = False
        self._half_sent = False
        self._modes_set = False
        self._keeps_card = True
        self._rebooted = False

    def initialise(self) -> None:
        """Find the place in the conversation and set the modes. <= 3 s. Moves nothing."""
        deadline = time.monotonic() + _ASK_S
        with _harmless():
            self._set_modes(deadline)

    def identity(self) -> PrinterIdentity:
        deadline = time.monotonic() + _ASK_S
        with _harmless():
            return PrinterIdentity(
                model=self._value("Rtp", deadline),
                firmware=self._value("Rfv", deadline),
                serial=self._value("Rsn", deadline),
            )

    def status(self) -> PrinterStatus:
        deadline = time.monotonic() + _ASK_S
        with _harmless():
            words = self._look(deadline)
            counters = Counters(
                cards_fed=codec.parse_count(self._exchange("Rco;c", deadline)),
                panels_printed=codec.parse_count(self._exchange("Rco;p", deadline)),
                ribbon_left=self._ribbon_left(deadline),
            )
        return PrinterStatus(words.position, counters, words.stopping, words.warnings, self._rebooted)

    def feed(self) -> None:
        deadline = time.monotonic() + _MOVE_S
        before = self._before_moving(deadline)
        if before.position is not Position.NONE:
            raise NotStarted(f"a card is in the path already: {before.position}")
        _refuse(before.stopping)
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

    def prepare(self, face: Face) -> Prepared:
        """NotStarted if the face does not fit the card or the ribbon."""
        try:
            downloads = panels.downloads(face, self._ribbon)
        except ValueError as exc:
            raise NotStarted(f"cannot be printed: {exc}") from exc
        return Prepared(downloads, len(downloads))

    def print_face(self, prepared: Prepared) -> None:
        """See `CardPrinter`. Each download prints the panel before it, `Se` the last one (G p. 69)."""
        deadline = time.monotonic() + _PRINT_S
        before = self._before_moving(deadline)
        if before.position is Position.NONE:
            raise NotStarted("no card in the path")
        _refuse(before.stopping - _FEEDER)
        self._do(f"Pr;{self._ribbon}", deadline, before)
        with _begun():
            for command in ("Ss", "Sr"):
                self._do(command, deadline, before)
            for download in prepared.downloads:
                self._do(download, deadline, before)
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
        with _harmless():
            self._do("Scs", deadline, before=None)
        self._rebooted = False

    def close(self) -> None:
        self._port.close()

    def _before_moving(self, deadline: float) -> codec.StatusWords:
        """The status, and the modes set anew if the printer has forgotten them."""
        with _harmless():
            words = self._look(deadline)
            if not self._modes_set:
                self._set_modes(deadline)
        return words

    def _to_chip(self, before: codec.StatusWords, deadline: float) -> None:
        """`Sic` moves the card in the path to the contactless station, or feeds one if there is none (G p. 43)."""
        self._do("Sic", deadline, before)
        self._confirm(before, {Position.CONTACTLESS}, deadline)

    def _set_modes(self, deadline: float) -> None:
        """The host decides after an error, so nothing is reprinted; blanks from the feeder; a printed card waits.

        The printer forgets them when it restarts. Old firmware has no `Pneab` and ejects after printing.
        """
        for command in ("Pem;2", "Pcim;F"):
            self._do(command, deadline, before=None)
        self._keeps_card = codec.parse_done(self._exchange("Pneab;E", deadline))
        self._modes_set = True

    def _look(self, deadline: float) -> codec.StatusWords:
        """The status words, and the path sensors where no station claims the card: it may lie between two."""
        words = self._words(deadline)
        if words.position is Position.NONE:
            words = replace(words, presence=codec.parse_presence(self._exchange("Rlr;p", deadline)))
        return words

    def _words(self, deadline: float) -> codec.StatusWords:
        words = codec.parse_status(self._exchange("Rpst", deadline))
        if words.just_reset:
            self._rebooted, self._modes_set = True, False
        return words

    def _ribbon_left(self, deadline: float) -> int | None:
        """A stray OK comes before the count now and then (KC): ask once more."""
        text = self._exchange("Rrt;count", deadline)
        if text == "OK":
            text = self._exchange("Rrt;count", deadline)
        return codec.parse_ribbon_left(text)

    def _value(self, command: str, deadline: float) -> str:
        text = self._exchange(command, deadline)
        if text == "OK" or codec.is_failure(text):
            raise ProtocolViolation(f"{command} answered {text!r}", text.encode("ascii"))
        return text

    def _do(self, command: str | bytes, deadline: float, before: codec.StatusWords | None) -> None:
        """One command that answers OK. `before`: the status it started from, to tell what it brought about."""
        text = self._exchange(command, deadline)
        if codec.parse_done(text):
            return
        told = codec.reasons_of_reply(text)
        with _begun():
            after = self._words(deadline)
        fresh = after.stopping - before.stopping if before else after.stopping
        raise Stopped(f"printer answered {text}", fresh or after.stopping - _FEEDER or told)

    def _confirm(self, before: codec.StatusWords, where: Collection[Position], deadline: float) -> None:
        with _begun():
            after = self._look(deadline)
        if after.err & ~before.err or after.position not in where:
            raise OutcomeUnknown(f"answered OK, but card at {after.position}, {sorted(after.stopping)}")

    def _exchange(self, command: str | bytes, deadline: float) -> str:
        """Send one command and return its reply. NotStarted only if not one byte of the command was sent."""
        with _harmless():
            if not self._in_step or self._port.discard_input().strip(codec.PADDING):
                self._synchronise(deadline)
        self._in_step = False
        self._send(command if isinstance(command, bytes) else codec.frame(command), deadline)
        reply = self._receive(deadline)
        self._in_step = True
        return reply

    def _synchronise(self, deadline: float) -> None:
        """Read past every reply still owed: ask two harmless questions in random order, wait for that very order.

        The order is random because an earlier attempt, by this process or the one before, may still be owed too.
        """
        self._port.discard_input()
        asked = random.sample(("Rok", "Rsn"), counts=(_PROBES // 2,) * 2, k=_PROBES)
        self._send(b"".join(map(codec.frame, asked)), deadline)
        heard: deque[str] = deque(maxlen=_PROBES)
        while not _answers(heard, asked):
            heard.append(self._receive(deadline))
        self._in_step = True

    def _send(self, data: bytes, deadline: float) -> None:
        if self._half_sent:
            raise NotStarted("a command was left half sent: reopen the port")
        patience = time.monotonic() + self._reply_timeout_s + 2 * self._port.wire_time(len(data))
        shown = panels.header(data) if data.startswith(b"\x1bDb") else None
        try:
            self._port.write(data, min(deadline, patience), shown)
        except OutcomeUnknown:
            self._half_sent = True
            raise

    def _receive(self, deadline: float) -> str:
        patience = min(deadline, time.monotonic() + self._reply_timeout_s)
        for _ in range(_MOST_PADDING):
            if reply := self._port.read_until(codec.REPLY_ENDS, patience).strip(codec.PADDING):
                return codec.parse_text(reply)
        raise ProtocolViolation(f"nothing but padding, {_MOST_PADDING} times")


def _answers(heard: Collection[str], asked: list[str]) -> bool:
    """Whether the last replies can be those to `asked`, the serial number being whatever it is."""
    serials = {text for text in heard if text != "OK"}
    same_order = [text == "OK" for text in heard] == [command == "Rok" for command in asked]
    return same_order and len(serials) == 1 and not codec.is_failure(*serials)


def _refuse(reasons: frozenset[str]) -> None:
    if reasons:
        raise Stopped(f"printer waits for a person: {', '.join(sorted(reasons))}", reasons)


@contextmanager
def _harmless() -> Iterator[None]:
    """What runs here moves nothing, so a reply that stays out leaves nothing in doubt."""
    try:
        yield
    except OutcomeUnknown as exc:
        raise NotStarted(str(exc)) from exc


@contextmanager
def _begun() -> Iterator[None]:
    """What runs here follows a command that was carried out, so it cannot have failed to start."""
    try:
        yield
    except NotStarted as exc:
        raise OutcomeUnknown(str(exc)) from exc
