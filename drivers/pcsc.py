"""The door to PC/SC: an `ApduLink` to one reader, through pyscard's flat `scard` functions.

Tested with pcscd 1.9.9 and pyscard 2.3.1. Not through pyscard's classes: they release handles in `__del__`, at a
time of their own, and default to sharing the chip with other programs. Sources: PC/SC part 5 (SCard* calls),
PC/SC part 3 (contactless chips are T=1). pyscard is optional: `available()` says why there is no PC/SC.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

from drivers.errors import Cause, DeviceError, NotStarted, OutcomeUnknown, Refused, Stopped

try:
    from smartcard import scard
except ImportError:
    scard = None

READER_MISSING = frozenset({"reader-missing"})
READER_BUSY = frozenset({"reader-busy"})

_SETTLE_S = 0.1
"""How long after a failed SCardConnect it is tried again, should no event come before: a chip exchanged for
another between two polls of pcscd gives none."""


def available() -> str | None:
    """None if PC/SC can be used here, else the reason in one line. Blocks for milliseconds."""
    if scard is None:
        return "pyscard is not installed (pip install keping[pcsc])"
    try:
        _release(_establish())
    except Stopped as exc:
        return str(exc)
    return None


def list_readers() -> list[str]:
    """Names of the readers that pcscd knows, empty if none. Stopped{reader-missing} without pcscd."""
    if scard is None:
        raise Stopped("pyscard is not installed", READER_MISSING)
    context = _establish()
    try:
        result, readers = scard.SCardListReaders(context, [])
        if result == scard.SCARD_E_NO_READERS_AVAILABLE:
            return []
        _check_reader(result)
        return list(readers)
    finally:
        _release(context)


class PcscLink:
    """`ApduLink` to the reader called `reader_name`, exclusively held while a chip is connected. For one thread.

    One context for the link's life, made anew when pcscd was restarted. `last_insert_ms`: how long the last
    `connect` took, almost all of it the wait for the chip; pcscd sees vpcd's chips by polling, each 400 ms.

    How long `transmit` blocks is the reader driver's to bound (CCID: by the chip's frame waiting time), for
    PC/SC can't cancel a transmission.
    """

    def __init__(self, reader_name: str) -> None:
        self.name = reader_name
        self.last_insert_ms = 0.0
        self._context: Any = None
        self._card: Any = None
        self._first = True

    def connect(self, timeout_s: float) -> bytes:
        """As `ApduLink.connect`; also Stopped{reader-busy} if another program holds the reader all that time."""
        if scard is None:
            raise Stopped("pyscard is not installed", READER_MISSING)
        self.disconnect()
        started = time.monotonic()
        try:
            atr = self._await_chip(started + timeout_s)
        except Stopped as exc:
            if self._context is None or exc.reasons != READER_MISSING:
                raise
            # The context may be one of a pcscd that is gone; a new one tells.
            self.close()
            atr = self._await_chip(started + timeout_s)
        self.last_insert_ms = (time.monotonic() - started) * 1000
        self._first = True
        return atr

    def transmit(self, apdu: bytes) -> bytes:
        if self._card is None:
            raise NotStarted("no chip is connected")
        first, self._first = self._first, False
        result, answer = self._transmit(apdu)
        # pcscd reports a reset before it sends, so the APDU had no effect; but only the first of a connection
        # can't depend on a selection that the reset undid.
        if result == scard.SCARD_W_RESET_CARD and first and self._reconnect():
            result, answer = self._transmit(apdu)
        # vpcd reports a chip that went away mid-command as success with an empty answer.
        if result != scard.SCARD_S_SUCCESS or not answer:
            self.disconnect()
            raise OutcomeUnknown(f"the chip left {self.name}: {_message(result)}")
        return bytes(answer)

    def disconnect(self) -> None:
        # The result tells nothing new: whatever it is, the handle is no longer ours.
        if self._card is not None:
            scard.SCardDisconnect(self._card, scard.SCARD_UNPOWER_CARD)
        self._card = None

    def close(self) -> None:
        self.disconnect()
        if self._context is not None:
            _release(self._context)
        self._context = None

    def _await_chip(self, deadline: float) -> bytes:
        if self._context is None:
            self._context = _establish()
        known, wait = scard.SCARD_STATE_UNAWARE, math.inf
        failure: DeviceError = Refused(f"no chip on {self.name}", Cause.CHIP_SILENT)
        while (left := deadline - time.monotonic()) > 0:
            event = self._await_change(known, min(left, wait))
            known = event & ~scard.SCARD_STATE_CHANGED
            if event & scard.SCARD_STATE_PRESENT:
                result = self._connect()
                if result == scard.SCARD_S_SUCCESS:
                    return self._atr()
                failure, wait = self._failure(result), _SETTLE_S
        raise failure

    def _await_change(self, known: int, wait_s: float) -> int:
        """The reader's state as soon as it is not `known`, or UNAWARE after `wait_s`."""
        result, states = scard.SCardGetStatusChange(self._context, math.ceil(wait_s * 1000), [(self.name, known)])
        if result == scard.SCARD_E_TIMEOUT:
            return int(scard.SCARD_STATE_UNAWARE)
        _check_reader(result)
        event = int(states[0][1])
        if event & (scard.SCARD_STATE_UNKNOWN | scard.SCARD_STATE_UNAVAILABLE):
            raise Stopped(f"reader {self.name} was unplugged", READER_MISSING)
        return event

    def _connect(self) -> int:
        result, card, _protocol = scard.SCardConnect(
            self._context, self.name, scard.SCARD_SHARE_EXCLUSIVE, scard.SCARD_PROTOCOL_T1
        )
        if result == scard.SCARD_S_SUCCESS:
            self._card = card
        return int(result)

    def _failure(self, result: int) -> DeviceError:
        """What to raise if nothing better than `result` of SCardConnect comes until the deadline."""
        if result == scard.SCARD_E_SHARING_VIOLATION:
            return Stopped(f"another program holds {self.name}", READER_BUSY)
        if result in _reader_gone():
            raise Stopped(f"{self.name}: {_message(result)}", READER_MISSING)
        return Refused(f"the chip on {self.name} does not answer: {_message(result)}", Cause.CHIP_SILENT)

    def _atr(self) -> bytes:
        result, _reader, _state, _protocol, atr = scard.SCardStatus(self._card)
        if result != scard.SCARD_S_SUCCESS:
            self.disconnect()
            raise Refused(f"the chip left {self.name}: {_message(result)}", Cause.CHIP_SILENT)
        return bytes(atr)

    def _reconnect(self) -> bool:
        result, _protocol = scard.SCardReconnect(
            self._card, scard.SCARD_SHARE_EXCLUSIVE, scard.SCARD_PROTOCOL_T1, scard.SCARD_LEAVE_CARD
        )
        return bool(result == scard.SCARD_S_SUCCESS)

    def _transmit(self, apdu: bytes) -> tuple[int, list[int]]:
        result, answer = scard.SCardTransmit(self._card, scard.SCARD_PCI_T1, list(apdu))
        return result, answer


def _establish() -> Any:
    result, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    _check_reader(result)
    return context


def _release(context: Any) -> None:
    scard.SCardReleaseContext(context)


def _reader_gone() -> tuple[int, ...]:
    return (
        scard.SCARD_E_NO_SERVICE,
        scard.SCARD_E_SERVICE_STOPPED,
        scard.SCARD_E_INVALID_HANDLE,
        scard.SCARD_E_UNKNOWN_READER,
        scard.SCARD_E_READER_UNAVAILABLE,
        scard.SCARD_E_NO_READERS_AVAILABLE,
    )


def _check_reader(result: int) -> None:
    """Any failure of a call that needs no chip means the same: nobody can use this reader now."""
    if result != scard.SCARD_S_SUCCESS:
        raise Stopped(f"no reader: {_message(result)}", READER_MISSING)


def _message(result: int) -> str:
    return f"{scard.SCardGetErrorMessage(result).rstrip('.')} (0x{result & 0xFFFFFFFF:08X})"


if TYPE_CHECKING:
    from drivers.protocols import ApduLink

    _link: type[ApduLink] = PcscLink
