"""A simulated contactless chip with the file map of the KTP-el: bytes in, bytes out, no I/O.

It is a *development* chip. Nothing public describes how a real KTP-el is personalised: here every file may be
read and written freely, and the ATR and the file sizes are chosen, not copied. What is public is kept to: file
identifiers and the selection order (drivers.encoders.ktp_el names the sources).

One more difference: a real reader answers GET DATA (FF CA) itself. vpcd is a reader without that function and
passes the command on, so the chip answers it, with what its reader would have said.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import reduce
from operator import xor
from types import MappingProxyType

from drivers.iso7816 import MAX_NE, MAX_SHORT_NE, SW_OK, Command, Ins, Response, StatusWord
from drivers.sim.transport import T1, Intake, Transport

MF = 0x3F00
RANDOM_UID_PREFIX = 0x08

_WEAK_OFFSET = 2
_MAX_SFI_FREE_P1 = 0x7F


class PowerLost(Exception):
    """The field went away during a command: there is no answer, and whoever serves the chip must fall silent."""


class Tear(Enum):
    """What an UPDATE BINARY that loses power leaves behind. Flash controllers answer for one of the first two."""

    NOT_DONE = "not-done"
    DONE = "done"
    HALF = "half"


def contactless_atr(historical: bytes) -> bytes:
    """The ATR that a PC/SC reader makes up for an ISO 14443-4 card: PC/SC part 3, 3.1.3.2.3.1. 0 to 15 bytes."""
    body = bytes((0x80 | len(historical), 0x80, 0x01)) + historical
    return b"\x3b" + body + bytes((reduce(xor, body),))


@dataclass(frozen=True)
class Profile:
    """What kind of chip: one DF, its transparent EFs with their sizes in bytes, and which of them are locked.

    `protected` files answer 6982 to reading and writing (drivers.sim.secured: a chip on which a SAM opens them).
    """

    df: int
    files: Mapping[int, int]
    protected: frozenset[int] = frozenset()
    atr: bytes = contactless_atr(b"KPDEV\x01")
    transport: Transport = T1


KTP_EL = Profile(
    df=0x7F0A,
    files=MappingProxyType({
        0x6FF0: 0x36, 0x6FF1: 1024, 0x6FF2: 4096, 0x6FF3: 1024, 0x6FF4: 512, 0x6FF5: 512, 0x6FF6: 0x52,
    }),
)  # fmt: skip


@dataclass(frozen=True)
class Behaviour:
    """What is wrong with this chip; the default is a good blank.

    `dead`: no antenna ever sees it. `used`: every file has content already. `random_uid`: another 4-byte UID,
    first byte 08, at each power-up (ISO/IEC 14443-3, 6.5.4). `fail_write_at`: the n-th UPDATE BINARY of its
    life, from 1, and all after it answer 6581. `weak`: the first content byte of each file is kept with one bit
    flipped. `tear`: see `Tear`.
    """

    dead: bool = False
    used: bool = False
    random_uid: bool = False
    fail_write_at: int | None = None
    weak: bool = False
    tear: Tear = Tear.NOT_DONE


@dataclass
class _Ram:
    """What a chip forgets without power."""

    uid: bytes
    intake: Intake
    df: int = MF
    ef: int | None = None
    open: bool = False


@dataclass
class Chip:
    """One chip. Thread-safe: the antenna's thread talks to it, another may take its power away.

    `uid`: 7 bytes (4 and 10 are accepted). `updates`: UPDATE BINARY commands it has begun in its life.
    """

    uid: bytes
    profile: Profile = KTP_EL
    behaviour: Behaviour = Behaviour()
    updates: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if len(self.uid) not in (4, 7, 10):
            raise ValueError("a UID has 4, 7 or 10 bytes (ISO/IEC 14443-3, 6.5.4)")
        self._nv = {fid: bytearray(size) for fid, size in self.profile.files.items()}
        if self.behaviour.used:
            for file in self._nv.values():
                file[:4] = b"\x00\x02\x5a\x5a"
        self._callbacks: list[Callable[[bytes], None]] = []
        self._lock = threading.RLock()
        self._powered = False
        self._power_ups = 0
        self._ram = self._forgotten(self.uid)

    @property
    def atr(self) -> bytes:
        return self.profile.atr

    def content(self, fid: int) -> bytes:
        """The whole of one EF as it stands in memory, length prefix and padding included."""
        with self._lock:
            return bytes(self._nv[fid])

    def on_apdu(self, callback: Callable[[bytes], None]) -> None:
        """Call `callback(apdu)` before each command is executed, in the thread that serves the chip.

        A callback that takes the power away (`power_off`, or `leave` of the antenna) tears that command.
        """
        self._callbacks.append(callback)

    def power_on(self) -> None:
        """Power up or reset: memory stays, the selection is lost."""
        with self._lock:
            self._powered = True
            self._power_ups += 1
            self._ram = self._forgotten(self._random_uid() if self.behaviour.random_uid else self.uid)

    def power_off(self) -> None:
        """Take the field away. Waits for a command under way, unless called from its callback."""
        with self._lock:
            self._powered = False

    def transmit(self, apdu: bytes) -> bytes:
        """Execute one command APDU and return data + SW1 SW2. PowerLost if there is no power or it goes away."""
        with self._lock:
            self._need_power()
            for callback in self._callbacks:
                callback(apdu)
            try:
                self._need_power()
            except PowerLost:
                self._tear(apdu)
                raise
            return bytes(self._ram.intake.answer(apdu))

    def _need_power(self) -> None:
        if not self._powered:
            raise PowerLost

    def _random_uid(self) -> bytes:
        # Derived, so that a run with the same chips is the same run.
        digest = hashlib.sha256(self.uid + self._power_ups.to_bytes(4)).digest()
        return bytes((RANDOM_UID_PREFIX,)) + digest[:3]

    def _tear(self, apdu: bytes) -> None:
        if apdu[1:2] != bytes((Ins.UPDATE_BINARY,)) or self.behaviour.tear is Tear.NOT_DONE:
            return
        before = {fid: bytes(file) for fid, file in self._nv.items()}
        self._ram.intake.answer(apdu)
        if self.behaviour.tear is Tear.HALF and self._ram.ef is not None:
            command = Command.parse(apdu)
            cut = (command.p1 << 8 | command.p2) + len(command.data) // 2
            self._nv[self._ram.ef][cut:] = before[self._ram.ef][cut:]

    def _forgotten(self, uid: bytes) -> _Ram:
        return _Ram(uid, Intake(self.profile.transport, self._execute))

    def _execute(self, command: Command) -> Response:
        if command.cla == 0xFF:
            return self._get_data(command)
        if command.cla != 0x00:
            return _answer(_class_error(command.cla))
        commands: dict[int, Callable[[Command], Response]] = {
            Ins.SELECT: self._select,
            Ins.READ_BINARY: self._read_binary,
            Ins.UPDATE_BINARY: self._update_binary,
        }
        execute = commands.get(command.ins)
        return execute(command) if execute else _answer(0x6D00)

    def _get_data(self, command: Command) -> Response:
        """PC/SC part 3, 3.2.2.1.3: P1 00 is the UID; historical bytes (P1 01) are not offered."""
        if command.ins != Ins.GET_DATA:
            return _answer(0x6D00)
        if (command.p1, command.p2) != (0, 0):
            return _answer(0x6A81)
        if command.data or not command.ne:
            return _answer(0x6700)
        uid = self._ram.uid
        if command.ne < len(uid):
            return _answer(0x6C00 | len(uid))
        return _answer(SW_OK if command.ne in (len(uid), MAX_SHORT_NE, MAX_NE) else 0x6282, uid)

    def _select(self, command: Command) -> Response:
        if command.p1 == 0x04:
            return _answer(0x6A82)
        if command.p1 != 0x00 or command.p2 not in (0x00, 0x0C):
            return _answer(0x6A86)
        if len(command.data) not in (0, 2):
            return _answer(0x6A87)
        fid = int.from_bytes(command.data) if command.data else MF
        if fid in (MF, self.profile.df):
            self._ram.df, self._ram.ef = fid, None
        elif self._ram.df == self.profile.df and fid in self._nv:
            self._ram.ef = fid
        else:
            return _answer(0x6A82)
        if command.p2 == 0x0C or not command.ne:
            return _answer(SW_OK)
        fci = self._control_information(fid)
        return _cut(fci, command.ne) if command.ne >= len(fci) else _answer(0x6C00 | len(fci))

    def _control_information(self, fid: int) -> bytes:
        """FCI template (7816-4, 5.3.3): descriptor, identifier, and the size of an EF."""
        size = b"\x80\x02" + len(self._nv[fid]).to_bytes(2) if fid in self._nv else b""
        descriptor = b"\x82\x01" + (b"\x01" if fid in self._nv else b"\x38")
        body = size + descriptor + b"\x83\x02" + fid.to_bytes(2)
        return bytes((0x6F, len(body))) + body

    def _file(self, command: Command) -> tuple[bytearray, int] | int:
        """The current EF and the offset of P1 P2, or the status word that refuses the access."""
        if command.p1 > _MAX_SFI_FREE_P1:
            return 0x6A82  # addresses a short EF identifier, and no file here has one
        if self._ram.ef is None:
            return 0x6986
        if self._ram.ef in self.profile.protected and not self._ram.open:
            return 0x6982
        file, offset = self._nv[self._ram.ef], command.p1 << 8 | command.p2
        return (file, offset) if offset < len(file) else 0x6B00

    def _read_binary(self, command: Command) -> Response:
        if command.data or not command.ne:
            return _answer(0x6700)
        found = self._file(command)
        if isinstance(found, int):
            return _answer(found)
        file, offset = found
        return _cut(bytes(file[offset:]), command.ne)

    def _update_binary(self, command: Command) -> Response:
        if not command.data or command.ne:
            return _answer(0x6700)
        found = self._file(command)
        if isinstance(found, int):
            return _answer(found)
        file, offset = found
        end = offset + len(command.data)
        if end > len(file):
            return _answer(0x6A84)
        self.updates += 1
        if self.behaviour.fail_write_at is not None and self.updates >= self.behaviour.fail_write_at:
            return _answer(0x6581)
        file[offset:end] = command.data
        if self.behaviour.weak and offset <= _WEAK_OFFSET < end:
            file[_WEAK_OFFSET] ^= 0x01
        return _answer(SW_OK)


def _answer(sw: int, data: bytes = b"") -> Response:
    return Response(data, StatusWord(sw))


def _class_error(cla: int) -> int:
    """Which function in an interindustry CLA is missing (7816-4, 5.1.1): chaining, messaging, channel."""
    if cla & 0xE0:
        return 0x6E00
    if cla & 0x10:
        return 0x6884
    return 0x6882 if cla & 0x0C else 0x6881


def _cut(available: bytes, ne: int) -> Response:
    """`ne` bytes of `available`; Ne 256 or 65536 mean "up to"; asking for more than there is answers 6Cxx."""
    if ne in (MAX_SHORT_NE, MAX_NE):
        return _answer(SW_OK, available[:ne])
    if ne > len(available):
        # 6Cxx can announce 256 at most; past that the length is just wrong.
        return _answer(0x6C00 | len(available) & 0xFF if len(available) <= MAX_SHORT_NE else 0x6700)
    return _answer(SW_OK, available[:ne])
