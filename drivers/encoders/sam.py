"""A secure channel through the ministry's SAM, a contact chip in a second reader slot.

Tested with: the simulated SAM and chip alone (drivers.sim.sam, drivers.sim.secured), never with real ones. Public are
the instruction bytes F0 to F4, the commands that go to the chip (84 for 8 bytes, 82 with 40), the 40 bytes that come
back for F2, the byte 80 before a UID of 7 bytes, the status word of the chip within the SAM's answer, and reads of
0x60 bytes in the channel (lamen31/OpenAccount, Data/Config.cs and Data/EKtp.cs). What F0, F1, F3 and F4 are given is
the simulated SAM's, and so is the ATR. How a real one is activated is not public, and is not done.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from drivers import iso7816
from drivers.errors import Cause, NotStarted, OutcomeUnknown, Refused, Stopped
from drivers.iso7816 import MAX_SHORT_NE, Command, Response
from drivers.protocols import ApduLink

APPEAR_S = 1.0
"""A SAM stays in its slot; this is for a reader that was just plugged in."""

MOST_CONTROL = 0x36
"""Bytes of card control that public readers hand on at most."""

_CHALLENGE = Command(0x00, 0x84, ne=8)
_EXTERNAL_AUTHENTICATE = 0x82
_TOKEN = 40


class SamIns(IntEnum):
    OPEN = 0xF0
    COMPUTE = 0xF1
    VERIFY = 0xF2
    ENCRYPT = 0xF3
    DECRYPT = 0xF4


class SamChannel:
    """`SecureChannel`. Owns `link`, the SAM's slot, and takes only a card whose ATR is `atr` for a SAM."""

    read_chunk = 0x60
    write_chunk = 240
    ahead = False

    def __init__(self, link: ApduLink, atr: bytes) -> None:
        self._link = link
        self._atr = atr
        self._begun = False

    def open(self, chip: ApduLink, uid: bytes, control: bytes) -> None:
        """As `SecureChannel.open`. Blocks <= 1 s for the SAM to appear."""
        self._begun = True  # from here on nothing goes in the clear, whatever comes of it
        if len(uid) != 7 or len(control) > MOST_CONTROL:
            raise Refused(f"a UID of {len(uid)}, card control of {len(control)} bytes", Cause.CHIP_UNKNOWN)
        self._power()
        self._ask(SamIns.OPEN, b"\x80" + uid + control)
        token = self._ask(SamIns.COMPUTE, _of_chip(chip, _CHALLENGE))
        proof = _of_chip(chip, Command(0x00, _EXTERNAL_AUTHENTICATE, data=token, ne=_TOKEN))
        verdict = self._say(SamIns.VERIFY, proof)
        if not verdict.sw.ok:
            raise Refused(f"the SAM does not accept the chip: {verdict.sw}", Cause.CHIP_UNKNOWN, sw=int(verdict.sw))

    def wrap(self, command: Command) -> Command:
        if not self._begun:
            return command
        try:
            wrapped = self._say(SamIns.ENCRYPT, bytes(command))
        except OutcomeUnknown as exc:
            raise NotStarted(f"the SAM left {self._link.name}") from exc
        if not wrapped.sw.ok:
            raise NotStarted(f"the SAM encrypts nothing: {wrapped.sw}")
        return Command.parse(wrapped.data)

    def unwrap(self, answer: Response) -> Response:
        # A chip that refuses the channel itself says so in the clear.
        if not self._begun or not answer.data:
            return answer
        try:
            inner = self._say(SamIns.DECRYPT, answer.data)
        except NotStarted as exc:
            raise OutcomeUnknown(str(exc)) from exc
        if not inner.sw.ok:
            raise OutcomeUnknown(f"the SAM can't read the chip's answer: {inner.sw}")
        return Response.parse(inner.data)

    def release(self) -> None:
        self._begun = False
        self._link.disconnect()

    def close(self) -> None:
        self.release()
        self._link.close()

    def _power(self) -> None:
        slot = self._link.name
        try:
            atr = self._link.connect(APPEAR_S)
        except Refused as exc:
            raise missing(f"no SAM in {slot}: {exc}") from exc
        except Stopped as exc:
            if "reader-missing" in exc.reasons:
                raise missing(f"no slot {slot} for the SAM: {exc}") from exc
            raise
        if atr != self._atr:
            self._link.disconnect()
            raise missing(f"the card in {slot} is no SAM of this profile: ATR {atr.hex().upper()}")

    def _ask(self, ins: SamIns, data: bytes) -> bytes:
        answer = self._say(ins, data)
        if not answer.sw.ok:
            raise missing(f"the SAM in {self._link.name} does not serve, {ins.name}: {answer.sw}")
        return answer.data

    def _say(self, ins: SamIns, data: bytes) -> Response:
        return iso7816.exchange(self._link, Command(0x00, ins, data=data, ne=MAX_SHORT_NE))


def missing(why: str) -> Stopped:
    return Stopped(why, frozenset({"sam-missing"}))


def _of_chip(chip: ApduLink, command: Command) -> bytes:
    answer = iso7816.exchange(chip, command)
    if not answer.sw.ok:
        raise Refused(f"the chip does not authenticate: {answer.sw}", Cause.CHIP_UNKNOWN, sw=int(answer.sw))
    return answer.data


if TYPE_CHECKING:
    from drivers.encoders.channel import SecureChannel

    _channel: type[SecureChannel] = SamChannel
