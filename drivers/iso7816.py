"""ISO/IEC 7816-4 command and response APDUs: building, parsing, status words.

Pure but for `exchange`, which drives a link that it is given. Sources: ISO/IEC 7816-3:2006, 12.1.3 (how the lengths
are coded) and 12.2 (T=0); ISO/IEC 7816-4:2005, 5.1.1.1 (chaining), 5.1.3 (status bytes) and 7 (commands); PC/SC
part 3, 3.2.2.1.3 (UID).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum

from drivers.atr import SHORT_ONLY, Capabilities
from drivers.errors import NotStarted, ProtocolViolation
from drivers.protocols import ApduLink

MAX_SHORT_DATA = 255
MAX_SHORT_NE = 256
MAX_NE = 65536
CHAINED = 0x10
"""Bit of an interindustry CLA: not the last command of a chain (7816-4, 5.1.1.1)."""
SW_OK = 0x9000

_OK = SW_OK.to_bytes(2)
_SW1_MORE = 0x61
_SW1_WRONG_LE = 0x6C


class Ins(IntEnum):
    SELECT = 0xA4
    READ_BINARY = 0xB0
    GET_RESPONSE = 0xC0
    GET_DATA = 0xCA
    UPDATE_BINARY = 0xD6


_MEANING = {
    0x6281: "part of the returned data may be corrupted",
    0x6282: "end of file reached before reading Ne bytes",
    0x6283: "selected file deactivated",
    0x6400: "execution error, memory unchanged",
    0x6581: "memory failure",
    0x6700: "wrong length",
    0x6881: "logical channel not supported",
    0x6882: "secure messaging not supported",
    0x6883: "last command of the chain expected",
    0x6884: "command chaining not supported",
    0x6981: "command incompatible with file structure",
    0x6982: "security status not satisfied",
    0x6983: "authentication method blocked",
    0x6985: "conditions of use not satisfied",
    0x6986: "command not allowed, no current EF",
    0x6A80: "incorrect parameters in the data field",
    0x6A81: "function not supported",
    0x6A82: "file or application not found",
    0x6A84: "not enough memory space in the file",
    0x6A86: "incorrect parameters P1-P2",
    0x6A87: "Nc inconsistent with parameters P1-P2",
    0x6B00: "wrong parameters P1-P2, offset outside the file",
    0x6D00: "instruction not supported",
    0x6E00: "class not supported",
    0x6F00: "no precise diagnosis",
    SW_OK: "success",
}
_MEANING_BY_SW1 = {
    0x61: "success, {sw2} more bytes available",
    0x62: "warning, memory unchanged",
    0x63: "warning, memory changed",
    0x64: "execution error, memory unchanged",
    0x65: "execution error, memory changed",
    0x66: "security issue",
    0x68: "function in CLA not supported",
    0x69: "command not allowed",
    0x6A: "wrong parameters P1-P2",
    0x6C: "wrong Le, {sw2} bytes available",
}


class StatusWord(int):
    """SW1 SW2 as one number. `str()` is "6A82 file or application not found"."""

    @property
    def sw1(self) -> int:
        return self >> 8

    @property
    def sw2(self) -> int:
        return self & 0xFF

    @property
    def ok(self) -> bool:
        return self == SW_OK

    @property
    def count(self) -> int:
        """How many bytes a 61xx or 6Cxx announces: xx, and 00 is 256."""
        return self.sw2 or MAX_SHORT_NE

    @property
    def meaning(self) -> str:
        general = _MEANING_BY_SW1.get(self.sw1, "proprietary")
        return _MEANING.get(self, general.format(sw2=self.count))

    def __str__(self) -> str:
        return f"{self:04X} {self.meaning}"


@dataclass(frozen=True)
class Command:
    """One command APDU. `ne`: how many bytes are wanted back, 0 none, 256 or 65536 "all there are".

    The data field stays out of the repr: what goes onto a chip is personal data, and a repr ends up in a log.
    """

    cla: int
    ins: int
    p1: int = 0
    p2: int = 0
    data: bytes = field(default=b"", repr=False)
    ne: int = 0

    def __post_init__(self) -> None:
        if (self.cla | self.ins | self.p1 | self.p2) >> 8:  # one beyond a byte, or below zero
            raise ValueError("CLA, INS, P1 and P2 are bytes")
        if len(self.data) >= MAX_NE or not 0 <= self.ne <= MAX_NE:
            raise ValueError("at most 65535 bytes of data, Ne at most 65536")

    @property
    def short(self) -> bool:
        """Whether lengths of one byte suffice."""
        return len(self.data) <= MAX_SHORT_DATA and self.ne <= MAX_SHORT_NE

    def __bytes__(self) -> bytes:
        """Short lengths where they suffice, extended ones otherwise."""
        header = bytes((self.cla, self.ins, self.p1, self.p2))
        size, extended = (1, b"") if self.short else (2, b"\x00")
        lc = len(self.data).to_bytes(size) if self.data else b""
        # 00 codes the maximum, hence the modulus.
        le = (self.ne % (1 << 8 * size)).to_bytes(size) if self.ne else b""
        return header + extended + lc + self.data + le

    @classmethod
    def parse(cls, raw: bytes) -> Command:
        """Decode the seven cases of 7816-3, 12.1.3. ValueError when the lengths contradict each other."""
        if len(raw) < 4:
            raise ValueError(f"{len(raw)} bytes; a command APDU has at least 4")
        body = raw[4:]
        size = 2 if len(body) >= 3 and body[0] == 0 else 1
        data, ne = _parse_body(body[size - 1 :], size)
        return cls(raw[0], raw[1], raw[2], raw[3], data, ne)


def _parse_body(body: bytes, size: int) -> tuple[bytes, int]:
    """(data, Ne) of the part after the header, its lengths being `size` bytes each."""
    if not body:
        return b"", 0
    first = int.from_bytes(body[:size])
    if len(body) == size:
        return b"", first or 1 << 8 * size
    data, le = body[size : size + first], body[size + first :]
    if first == 0 or len(data) != first or len(le) not in (0, size):
        raise ValueError(f"Lc {first} does not fit {len(body) - size} bytes")
    return data, (int.from_bytes(le) or 1 << 8 * size) if le else 0


@dataclass(frozen=True)
class Response:
    """Data field and status word of one response APDU; the data stay out of the repr, as in `Command`."""

    data: bytes = field(repr=False)
    sw: StatusWord

    def __bytes__(self) -> bytes:
        return self.data + self.sw.to_bytes(2)

    @classmethod
    def parse(cls, raw: bytes) -> Response:
        """ProtocolViolation if there is no status word in `raw`, or one that 7816-4, 5.1.3 calls invalid."""
        if len(raw) < 2:
            raise ProtocolViolation("a response APDU without status word", raw)
        sw = StatusWord(int.from_bytes(raw[-2:]))
        if sw.sw1 >> 4 not in (0x6, 0x9) or sw.sw1 == 0x60:
            raise ProtocolViolation(f"{int(sw):04X} is no status word", raw[-2:])
        return cls(raw[:-2], sw)


def select(fid: int) -> Command:
    """SELECT by file identifier (7816-4, 7.1.1), no data asked back: the form seen at KTP-el readers."""
    return Command(0x00, Ins.SELECT, 0x00, 0x00, fid.to_bytes(2))


def read_binary(offset: int, ne: int) -> Command:
    """READ BINARY of the current EF (7816-4, 7.2.3). `offset` <= 0x7FFF: bit 8 of P1 means a short EF id."""
    return Command(0x00, Ins.READ_BINARY, *_offset(offset), ne=ne)


def update_binary(offset: int, data: bytes) -> Command:
    """UPDATE BINARY of the current EF (7816-4, 7.2.5)."""
    return Command(0x00, Ins.UPDATE_BINARY, *_offset(offset), data)


def get_uid() -> Command:
    """GET DATA of PC/SC part 3: answered by the reader itself, never sent to the chip by a real one."""
    return Command(0xFF, Ins.GET_DATA, ne=MAX_SHORT_NE)


def _offset(offset: int) -> tuple[int, int]:
    if not 0 <= offset <= 0x7FFF:
        raise ValueError(f"offset {offset} does not fit 15 bits")
    return offset >> 8, offset & 0xFF


def t0_tpdu(apdu: bytes) -> bytes:
    """The command TPDU of T=0 (7816-3, 12.2): case 1 gets a P3, case 4 loses its Le, which GET RESPONSE states.

    NotStarted for extended lengths, which T=0 has only within ENVELOPE.
    """
    command = Command.parse(apdu)
    if apdu != bytes(command) or not command.short:
        raise NotStarted("extended lengths do not go over T=0")
    if command.data and command.ne:
        return apdu[:-1]
    return apdu if command.data or command.ne else apdu + b"\x00"


def parts(command: Command, able: Capabilities) -> list[Command]:
    """What goes over the wire for `command`: itself if that is possible, else a chain of short commands.

    NotStarted if the card says of neither way that it knows it.
    """
    if command.short or able.extended:
        return [command]
    if not able.chaining or command.ne > MAX_SHORT_NE:
        raise NotStarted(f"the card takes {MAX_SHORT_DATA} bytes a command and gives {MAX_SHORT_NE}")
    starts = range(0, len(command.data), MAX_SHORT_DATA)
    chain = [
        replace(command, cla=command.cla | CHAINED, data=command.data[at : at + MAX_SHORT_DATA], ne=0)
        for at in starts
    ]
    return [*chain[:-1], replace(chain[-1], cla=command.cla, ne=command.ne)]


def exchange(link: ApduLink, command: Command, able: Capabilities = SHORT_ONLY) -> Response:
    """Send `command` and return the whole answer, whatever the link's transmission protocol makes of it.

    6Cxx: repeated once with the right Le; the chip has not executed it. 61xx: the rest is fetched by GET RESPONSE
    (7816-4, 5.1.3; ETSI TS 102 221, 7.3.1.1.4). More than short lengths: see `parts`; a chain ends at the first part
    that is refused. Raises what `link.transmit` raises, NotStarted (`parts`) and ProtocolViolation.
    """
    return exchange_all(link, parts(command, able))[-1]


def exchange_all(link: ApduLink, commands: Sequence[Command]) -> list[Response]:
    """As `exchange`, of `commands` up to the first without 9000, each sent as it is; they go to the link together."""
    told: list[Response] = []
    while len(told) < len(commands) and (not told or told[-1].sw.ok):
        told += map(Response.parse, answers(link, [bytes(each) for each in commands[len(told) :]]))
        told[-1] = _whole(link, commands[len(told) - 1], told[-1])
    return told


def one_by_one(
    transmit: Callable[[bytes], bytes], apdus: Sequence[bytes], heard: Callable[[bytes, float], object]
) -> None:
    """`ApduLink.transmit_all` of a link that has no quicker way."""
    for apdu in apdus:
        begun = time.monotonic()
        answer = transmit(apdu)
        heard(answer, time.monotonic() - begun)
        if answer[-2:] != _OK:
            return


def answers(link: ApduLink, apdus: Sequence[bytes]) -> list[bytes]:
    """What `ApduLink.transmit_all` heard."""
    heard: list[bytes] = []
    link.transmit_all(apdus, lambda answer, seconds: heard.append(answer))
    return heard


def _whole(link: ApduLink, command: Command, answer: Response) -> Response:
    """What `command` is answered in the end, `answer` being what came first."""
    answer = _right_le(link, command, answer)
    data, left = answer.data, MAX_NE // MAX_SHORT_NE  # a byte at a time it would be minutes
    while answer.sw.sw1 == _SW1_MORE:
        left -= 1
        rest = Command(command.cla, Ins.GET_RESPONSE, ne=answer.sw.count)
        answer = _right_le(link, rest, Response.parse(link.transmit(bytes(rest))))
        data += answer.data
        if left < 0 or len(data) > MAX_NE or (answer.sw.sw1 == _SW1_MORE and not answer.data):
            raise ProtocolViolation("GET RESPONSE comes to no end", bytes(answer)[-2:])
    return Response(data, answer.sw)


def _right_le(link: ApduLink, command: Command, answer: Response) -> Response:
    if answer.sw.sw1 == _SW1_WRONG_LE:
        answer = Response.parse(link.transmit(bytes(replace(command, ne=answer.sw.count))))
    return answer
