"""The door to PC/SC: an `ApduLink` to one reader, through pyscard's flat `scard` functions.

Tested with pcscd 1.9.9 and pyscard 2.3.1. Not through pyscard's classes: they release handles in `__del__`, at a
time of their own, and default to sharing the chip with other programs. Sources: PC/SC part 5 (SCard* calls),
ISO/IEC 7816-3 (T=0, T=1). pyscard is optional: `available()` says why there is no PC/SC.

Any of these calls can hang for ever, in a reader's driver or in pcscd: each is made by way of drivers.pcsc_calls,
and what is not back in time is Stopped{reader-hung}, or OutcomeUnknown if an APDU was under way.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from drivers.errors import Cause, DeviceError, NotStarted, OutcomeUnknown, Refused, Stopped
from drivers.iso7816 import answers, t0_tpdu
from drivers.pcsc_calls import Caller, hung_calls

try:
    from smartcard import scard
except ImportError:
    scard = None

T = TypeVar("T")

READER_MISSING = frozenset({"reader-missing"})
READER_BUSY = frozenset({"reader-busy"})
READER_HUNG = frozenset({"reader-hung"})

_SETTLE_S = 0.1
"""How long after a failed SCardConnect it is tried again, should no event come before: a chip exchanged for
another between two polls of pcscd gives none."""

_CALL_S = 1.0
"""What a call that waits for nothing may take: milliseconds, and a busy machine."""

_TRANSMIT_S = 5.0
"""`ApduLink.transmit`."""


def available() -> str | None:
    """None if PC/SC can be used here, else the reason in one line. Blocks for milliseconds, <= 2 s if pcscd hangs."""
    try:
        list_readers()
    except Stopped as exc:
        return str(exc)
    return None


def list_readers() -> list[str]:
    """Names of the readers that pcscd knows, empty if none. Blocks as `available`.

    Stopped{reader-missing} without pcscd or pyscard; Stopped{reader-hung} if pcscd does not answer.
    """
    _need_pyscard()
    caller = Caller("pcscd", _Session)
    try:
        result, readers = caller.call(_Session.readers, _CALL_S)
    finally:
        caller.close()
    if result != scard.SCARD_E_NO_READERS_AVAILABLE:
        _check_reader(result)
    return readers


class PcscLink:
    """`ApduLink` to the reader called `reader_name`, exclusively held while a chip is connected. For one thread.

    One context for the link's life, made anew when pcscd was restarted or a call hung. `last_insert_ms`: how long
    the last `connect` took, almost all of it the wait for the chip; pcscd sees vpcd's chips by polling, each 400 ms.

    A reader whose calls hang stays hung until they return: its driver gives up, its cable is pulled, pcscd ends.
    The next `connect` after that finds it well.

    The protocol is T=1 or T=0, as chip and reader agree: a contactless chip always speaks T=1 (PC/SC part 3).
    """

    def __init__(self, reader_name: str) -> None:
        self.name = reader_name
        self.last_insert_ms = 0.0
        self._caller = Caller(reader_name, _Session)
        self._connected = False
        self._t0 = False
        self._first = True

    def connect(self, timeout_s: float) -> bytes:
        """As `ApduLink.connect`; also Stopped{reader-busy} if another program holds the reader all that time.

        Stopped{reader-hung}, <= 1 s after that time, if the reader does not answer, or has not since a call hung.
        """
        _need_pyscard()
        self.disconnect()
        started = time.monotonic()
        try:
            atr = self._await_chip(started + timeout_s)
        except Stopped as exc:
            if exc.reasons != READER_MISSING:
                raise
            # The context may be one of a pcscd that is gone; a new one tells.
            self.close()
            atr = self._await_chip(started + timeout_s)
        self.last_insert_ms = (time.monotonic() - started) * 1000
        self._first = True
        return atr

    def transmit(self, apdu: bytes) -> bytes:
        return answers(self, [apdu])[0]

    def transmit_all(self, apdus: Sequence[bytes], heard: Callable[[bytes, float], object]) -> None:
        if not self._connected:
            raise NotStarted("no chip is connected")
        if self._t0:
            apdus = [t0_tpdu(apdu) for apdu in apdus]
        first, self._first = self._first, False
        failed: list[int] = []

        def take(answer: tuple[int, list[int]], seconds: float) -> None:
            # vpcd reports a chip that went away mid-command as success with an empty answer.
            if answer[0] != scard.SCARD_S_SUCCESS or not answer[1]:
                failed.append(answer[0])
            else:
                heard(bytes(answer[1]), seconds)

        try:
            self._caller.calls(lambda session: session.transmit(apdus, first), _TRANSMIT_S, take)
        except Stopped as exc:
            self._connected = False
            raise OutcomeUnknown(str(exc)) from exc
        if failed:
            self.disconnect()
            raise OutcomeUnknown(f"the chip left {self.name}: {_message(failed[0])}")

    def disconnect(self) -> None:
        """As `ApduLink.disconnect`. <= 1 s, for which a reader must hang: then the chip keeps its power."""
        if self._connected:
            self._connected = False
            with suppress(Stopped):  # the next connect says it
                self._caller.call(_Session.disconnect, _CALL_S)

    def close(self) -> None:
        """As `ApduLink.close`. <= 2 s."""
        self.disconnect()
        self._caller.close()

    def _await_chip(self, deadline: float) -> bytes:
        known, wait = scard.SCARD_STATE_UNAWARE, math.inf
        failure: DeviceError = Refused(f"no chip on {self.name}", Cause.CHIP_SILENT)
        while (left := deadline - time.monotonic()) > 0:
            event = self._await_change(known, min(left, wait), deadline)
            known = event & ~scard.SCARD_STATE_CHANGED
            if event & scard.SCARD_STATE_PRESENT:
                result, atr, protocol = self._call(lambda session: session.connect(self.name), deadline + _CALL_S)
                if result == scard.SCARD_S_SUCCESS:
                    self._connected, self._t0 = True, protocol == scard.SCARD_PROTOCOL_T0
                    return atr
                failure, wait = self._failure(result), _SETTLE_S
        raise failure

    def _await_change(self, known: int, wait_s: float, deadline: float) -> int:
        """The reader's state as soon as it is not `known`, or UNAWARE after `wait_s`."""
        wait_ms = math.ceil(wait_s * 1000)
        result, event = self._call(
            lambda session: session.await_change(self.name, known, wait_ms), deadline + _CALL_S
        )
        if result == scard.SCARD_E_TIMEOUT:
            return int(scard.SCARD_STATE_UNAWARE)
        _check_reader(result)
        if event & (scard.SCARD_STATE_UNKNOWN | scard.SCARD_STATE_UNAVAILABLE):
            raise Stopped(f"reader {self.name} was unplugged", READER_MISSING)
        return event

    def _failure(self, result: int) -> DeviceError:
        """What to raise if nothing better than `result` of SCardConnect comes until the deadline."""
        if result == scard.SCARD_E_SHARING_VIOLATION:
            # The other may be a session of this process that was given up, and still holds the reader.
            if hung_calls(self.name):
                return Stopped(f"{self.name} has not come back from a call", READER_HUNG)
            return Stopped(f"another program holds {self.name}", READER_BUSY)
        if result in _reader_gone():
            raise Stopped(f"{self.name}: {_message(result)}", READER_MISSING)
        return Refused(f"the chip on {self.name} does not answer: {_message(result)}", Cause.CHIP_SILENT)

    def _call(self, act: Callable[[_Session], T], deadline: float) -> T:
        return self._caller.call(act, max(deadline - time.monotonic(), 0))


class _Session:
    """One context and the chip connected in it, for the thread of a `Caller`. Results are PC/SC's own."""

    def __init__(self) -> None:
        self._context: Any = None
        self._card: Any = None
        self._protocol = 0

    def readers(self) -> tuple[int, list[str]]:
        result, readers = self._establish(), None
        if result == scard.SCARD_S_SUCCESS:
            result, readers = scard.SCardListReaders(self._context, [])
        return result, list(readers or ())

    def await_change(self, reader: str, known: int, wait_ms: int) -> tuple[int, int]:
        """(result, state)."""
        result, states = self._establish(), None
        if result == scard.SCARD_S_SUCCESS:
            result, states = scard.SCardGetStatusChange(self._context, wait_ms, [(reader, known)])
        return result, int(states[0][1]) if states else known

    def connect(self, reader: str) -> tuple[int, bytes, int]:
        """(result, ATR, protocol)."""
        result, card, protocol = scard.SCardConnect(
            self._context, reader, scard.SCARD_SHARE_EXCLUSIVE, scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
        )
        if result != scard.SCARD_S_SUCCESS:
            return result, b"", protocol
        self._card, self._protocol = card, protocol
        result, _reader, _state, _protocol, atr = scard.SCardStatus(card)
        if result != scard.SCARD_S_SUCCESS:
            self.disconnect()
        return result, bytes(atr), protocol

    def transmit(self, apdus: Sequence[bytes], first: bool) -> Iterator[tuple[int, list[int]]]:
        """(result, answer) of each, up to the first that is not 9000. `first`: of a connection."""
        pci = scard.SCARD_PCI_T0 if self._protocol == scard.SCARD_PROTOCOL_T0 else scard.SCARD_PCI_T1
        for apdu in apdus:
            result, answer = scard.SCardTransmit(self._card, pci, list(apdu))
            # pcscd reports a reset before it sends, so the APDU had no effect; but only the first of a connection
            # can't depend on a selection that the reset undid.
            if first and result == scard.SCARD_W_RESET_CARD and self._reconnect() == scard.SCARD_S_SUCCESS:
                result, answer = scard.SCardTransmit(self._card, pci, list(apdu))
            first = False
            yield result, answer
            if result != scard.SCARD_S_SUCCESS or answer[-2:] != [0x90, 0x00]:
                return

    def disconnect(self) -> None:
        # The result tells nothing new: whatever it is, the handle is no longer ours.
        if self._card is not None:
            scard.SCardDisconnect(self._card, scard.SCARD_UNPOWER_CARD)
        self._card = None

    def close(self) -> None:
        self.disconnect()
        if self._context is not None:
            scard.SCardReleaseContext(self._context)
        self._context = None

    def _reconnect(self) -> int:
        result, _protocol = scard.SCardReconnect(
            self._card, scard.SCARD_SHARE_EXCLUSIVE, self._protocol, scard.SCARD_LEAVE_CARD
        )
        return int(result)

    def _establish(self) -> int:
        if self._context is not None:
            return int(scard.SCARD_S_SUCCESS)
        result, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
        if result == scard.SCARD_S_SUCCESS:
            self._context = context
        return int(result)


def _need_pyscard() -> None:
    if scard is None:
        raise Stopped("pyscard is not installed (pip install keping[pcsc])", READER_MISSING)


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
