"""How a simulated chip takes commands in and gives answers out: T=0 or T=1, extended lengths, command chaining.

Sources: ISO/IEC 7816-3:2006, 12.2 (what T=0 makes of a command); ISO/IEC 7816-4:2005, 5.1.1.1 (chaining) and
5.1.3 (61xx, 6Cxx). GET RESPONSE and the parts of a chain belong together only when nothing comes in between.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from drivers.iso7816 import CHAINED, MAX_SHORT_NE, SW_OK, Command, Ins, Response, StatusWord


@dataclass(frozen=True)
class Transport:
    """What the chip can do. `t0`: it takes the TPDUs of T=0, where a command has data or an answer, never both."""

    t0: bool = False
    chaining: bool = False
    extended: bool = True


T1 = Transport()


class Intake:
    """Between a reader and what `execute` does with whole commands; it forgets everything without power."""

    def __init__(self, transport: Transport, execute: Callable[[Command], Response]) -> None:
        self._transport = transport
        self._execute = execute
        self._begun: Command | None = None
        self._waiting = b""

    def answer(self, apdu: bytes) -> Response:
        try:
            command = Command.parse(apdu)
        except ValueError:
            return _only(0x6700)
        if len(apdu) > 5 and apdu[4] == 0 and (self._transport.t0 or not self._transport.extended):
            return _only(0x6700)
        waiting, self._waiting = self._waiting, b""
        if command.ins == Ins.GET_RESPONSE and waiting:
            return self._give(waiting, command.ne)
        return self._chain(command)

    def _chain(self, command: Command) -> Response:
        begun, self._begun = self._begun, None
        # The bit means this in interindustry classes only: bit 8 is zero.
        more = self._transport.chaining and command.cla & (0x80 | CHAINED) == CHAINED
        if more:
            command = replace(command, cla=command.cla & ~CHAINED)
        if begun is not None:
            if _header(command) != _header(begun):
                return _only(0x6883)
            command = replace(command, data=begun.data + command.data)
        if more:
            self._begun = command
            return _only(SW_OK)
        return self._run(command)

    def _run(self, command: Command) -> Response:
        if not self._transport.t0:
            return self._execute(command)
        # Le did not come with it; of the commands here, SELECT alone has both data and an answer.
        asked = replace(command, ne=MAX_SHORT_NE) if command.data and command.ins == Ins.SELECT else command
        answer = self._execute(asked)
        if command.data and answer.data:
            self._waiting = answer.data
            return _only(0x6100 | len(answer.data) & 0xFF)
        if answer.data and len(answer.data) != command.ne:
            return _only(0x6C00 | len(answer.data) & 0xFF)
        return answer

    def _give(self, waiting: bytes, ne: int) -> Response:
        if ne > len(waiting):
            self._waiting = waiting
            return _only(0x6C00 | len(waiting) & 0xFF)
        self._waiting = waiting[ne:]
        left = min(len(self._waiting), MAX_SHORT_NE)
        return Response(waiting[:ne], StatusWord(0x6100 | left & 0xFF if left else SW_OK))


def _header(command: Command) -> tuple[int, int, int, int]:
    return command.cla, command.ins, command.p1, command.p2


def _only(sw: int) -> Response:
    return Response(b"", StatusWord(sw))
