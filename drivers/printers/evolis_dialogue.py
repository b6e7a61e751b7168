"""One command, one reply, and never another command's: the conversation with an Evolis printer.

Replies carry no number and come in the order of the commands (SDK: it uses a trailing read as a barrier). So
whenever one is missing, late or odd, or a new process begins where an old one died, the place in the conversation
is found again before anything else is asked.
"""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from drivers.errors import NotStarted, OutcomeUnknown, ProtocolViolation
from drivers.printers import evolis_codec as codec
from drivers.printers import evolis_panels as panels
from drivers.printers.evolis_status import is_failure
from drivers.serialport import SerialPort

__all__ = ["Dialogue", "begun", "harmless"]

_PROBES = 12
_SILENCE_S = 1.0
_MOST_PADDING = 64
_NULS = bytes(4096)


class Dialogue:
    """Owns the port. `reply_timeout_s`: patience for one reply; deadlines are of `time.monotonic()`."""

    def __init__(self, port: SerialPort, reply_timeout_s: float) -> None:
        self._port = port
        self._reply_timeout_s = reply_timeout_s
        self._in_step = False

    def exchange(self, command: str | bytes, deadline: float) -> str:
        """Send one command (text, or a whole download) and return its reply. Blocks until `deadline` at most.

        NotStarted only if not one byte of the command was sent; OutcomeUnknown if its reply stays out;
        ProtocolViolation if the reply is not a line of text.
        """
        with harmless():
            if not self._in_step or self._port.discard_input().strip(codec.PADDING):
                self._find_place(deadline)
        self._in_step = False
        if isinstance(command, bytes):
            self._send(command, deadline, shown=panels.header(command))
        else:
            self._send(codec.frame(command), deadline)
        reply = self._receive(deadline, self._reply_timeout_s)
        self._in_step = True
        return reply

    def close(self) -> None:
        self._port.close()

    def _find_place(self, deadline: float) -> None:
        """Pass a barrier; if silence answers, the printer may have taken it for the rest of a broken download."""
        try:
            self._pass_barrier(deadline, min(self._reply_timeout_s, _SILENCE_S))
        except (NotStarted, OutcomeUnknown):
            self._fill(deadline)
            self._pass_barrier(deadline, self._reply_timeout_s)
        self._in_step = True

    def _pass_barrier(self, deadline: float, patience_s: float) -> None:
        """Ask two harmless questions in random order and read until exactly that order has been answered.

        Random, because an earlier barrier, of this process or of one that died, may still be owed its answers.
        """
        self._port.discard_input()
        asked = random.sample(("Rok", "Rsn"), counts=(_PROBES // 2,) * 2, k=_PROBES)
        self._send(b"".join(map(codec.frame, asked)), deadline)
        heard: deque[str] = deque(maxlen=_PROBES)
        while not _answers(heard, asked):
            heard.append(self._receive(deadline, patience_s))

    def _fill(self, deadline: float) -> None:
        """Complete a download that was begun, at most the longest there is, until the printer speaks again.

        NULs between commands mean nothing (the Windows driver sends runs of them), and a panel moves only when the
        next one, or the end of the sequence, is asked for: so this moves nothing.
        """
        for _ in range(0, panels.LONGEST, len(_NULS)):
            self._send(_NULS, deadline, shown=b"\x00")
            if self._port.discard_input():
                break
        self._send(b"\r", deadline)  # that ends a download, and a lone one is an empty command

    def _send(self, data: bytes, deadline: float, shown: bytes | None = None) -> None:
        """`shown`: what a trace may hold instead of a picture."""
        patience = time.monotonic() + self._reply_timeout_s + 2 * self._port.wire_time(len(data))
        self._port.write(data, min(deadline, patience), shown)

    def _receive(self, deadline: float, patience_s: float) -> str:
        until = min(deadline, time.monotonic() + patience_s)
        for _ in range(_MOST_PADDING):
            if reply := self._port.read_until(codec.REPLY_ENDS, until).strip(codec.PADDING):
                return codec.parse_text(reply)
        raise ProtocolViolation(f"nothing but padding, {_MOST_PADDING} times")


def _answers(heard: Collection[str], asked: list[str]) -> bool:
    """Whether the last replies can be those to `asked`, the serial number being whatever it is."""
    serials = {text for text in heard if text != "OK"}
    same_order = [text == "OK" for text in heard] == [command == "Rok" for command in asked]
    return same_order and len(serials) == 1 and not is_failure(*serials)


@contextmanager
def harmless() -> Iterator[None]:
    """What runs here moves nothing, so a reply that stays out leaves nothing in doubt."""
    try:
        yield
    except OutcomeUnknown as exc:
        raise NotStarted(str(exc)) from exc


@contextmanager
def begun() -> Iterator[None]:
    """What runs here follows a command that was carried out, so it cannot have failed to start."""
    try:
        yield
    except NotStarted as exc:
        raise OutcomeUnknown(str(exc)) from exc
