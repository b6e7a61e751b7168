"""Chip encoder for the KTP-el file map, on any `ApduLink`.

Tested with: the simulated development chip (drivers.sim.chip), in-process and over pcscd 1.9.9 with vpcd 3.3.
Never with a real KTP-el: nothing public describes its personalisation, which needs a SAM of the ministry. File
identifiers, selection order, the 2-byte big-endian length prefix and the size of a chunk are those of public
reader software (lamen31/OpenAccount, Data/Config.cs and Data/EKtp.cs); file sizes are the development chip's.

On the chip each file is its content's length, then the content. It is written upwards from offset 0, so that a
chip which was left half-written always shows a length, and never passes for a blank.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from drivers import iso7816
from drivers.errors import Cause, NotStarted, OutcomeUnknown, ProtocolViolation, Refused
from drivers.iso7816 import Command, Response
from drivers.protocols import ApduLink, ChipIdentity

DF = 0x7F0A

LAYOUT: Mapping[str, int] = MappingProxyType(
    {"6FF0": 0x36, "6FF1": 1024, "6FF2": 4096, "6FF3": 1024, "6FF4": 512, "6FF5": 512, "6FF6": 0x52}
)
"""EF -> its size on the chip in bytes, length prefix included, in the order of writing."""

CHUNK = 250
"""Bytes a command: the largest that public readers use on this chip; fits short APDUs on every reader."""

_PREFIX = 2
_UID_SIZES = (4, 7, 10)
_RANDOM_UID = 0x08


def open(link: ApduLink, appear_timeout_s: float) -> KtpEl:
    """The encoder that `encoder: ktp_el` in the config names."""
    return KtpEl(link, appear_timeout_s)


class KtpEl:
    """`ChipEncoder`. Owns `link`; waits `appear_timeout_s` for a chip. For one thread.

    `identify` powers the chip, and `encode` and `verify` go to that chip or to none: when it has left, they raise
    NotStarted until the next `identify`.
    """

    def __init__(self, link: ApduLink, appear_timeout_s: float) -> None:
        self._link = link
        self._appear_timeout_s = appear_timeout_s

    def identify(self) -> ChipIdentity:
        """As `ChipEncoder.identify`.

        Refused: chip-silent, chip-uid-random (ISO/IEC 14443-3, 6.5.4: leading 08), chip-unknown (not this map).
        NotStarted if the chip leaves meanwhile: nothing was written. Stopped{reader-missing}.
        """
        self._link.disconnect()
        atr = self._link.connect(self._appear_timeout_s)
        try:
            uid = self._read_uid()
            self._command(iso7816.select(DF), Cause.CHIP_UNKNOWN)
            holds_data = any(self._length(name, Cause.CHIP_UNKNOWN) for name in LAYOUT)
        except OutcomeUnknown as exc:
            raise NotStarted("the chip left while it was being identified") from exc
        return ChipIdentity(uid.hex().upper(), atr.hex().upper(), holds_data)

    def encode(self, files: Mapping[str, bytes]) -> None:
        """As `ChipEncoder.encode`. NotStarted, and nothing written, if a file is not in LAYOUT or too large."""
        check(files)
        for name, content in _in_order(files):
            self._select(name, Cause.CHIP_WRITE_FAILED)
            stored = len(content).to_bytes(_PREFIX) + content
            for offset, size in _chunks(0, len(stored)):
                update = iso7816.update_binary(offset, stored[offset : offset + size])
                self._command(update, Cause.CHIP_WRITE_FAILED, name)

    def verify(self, files: Mapping[str, bytes]) -> None:
        """As `ChipEncoder.verify`. OutcomeUnknown if the chip leaves. Names file and offset, never content."""
        check(files)
        for name, content in _in_order(files):
            if self._length(name, Cause.CHIP_VERIFY_FAILED) != len(content):
                raise Refused(f"{name}: another length than written", Cause.CHIP_VERIFY_FAILED)
            for offset, size in _chunks(_PREFIX, _PREFIX + len(content)):
                read = self._command(iso7816.read_binary(offset, size), Cause.CHIP_VERIFY_FAILED, name)
                if read.data != content[offset - _PREFIX :][:size]:
                    raise Refused(f"{name}: differs from offset {offset} on", Cause.CHIP_VERIFY_FAILED)

    def read(self, name: str) -> bytes:
        """As `ChipEncoder.read`. KeyError if the file is not in LAYOUT."""
        try:
            length = self._length(name, Cause.CHIP_UNKNOWN)
            if length > LAYOUT[name] - _PREFIX:
                raise Refused(
                    f"{name}: states {length} bytes, has room for {LAYOUT[name] - _PREFIX}", Cause.CHIP_UNKNOWN
                )
            reads = (iso7816.read_binary(*chunk) for chunk in _chunks(_PREFIX, _PREFIX + length))
            content = b"".join(self._command(read, Cause.CHIP_UNKNOWN, name).data for read in reads)
        except OutcomeUnknown as exc:
            raise NotStarted("the chip left while it was being read") from exc
        if len(content) != length:
            raise ProtocolViolation(f"{name}: {len(content)} bytes read of {length}")
        return content

    def release(self) -> None:
        self._link.disconnect()

    def close(self) -> None:
        self._link.close()

    def _read_uid(self) -> bytes:
        uid = self._command(iso7816.get_uid(), Cause.CHIP_UNKNOWN).data
        if len(uid) not in _UID_SIZES:
            raise ProtocolViolation(f"a UID of {len(uid)} bytes", uid)
        if uid[0] == _RANDOM_UID:
            raise Refused("the chip shows a random UID", Cause.CHIP_UID_RANDOM)
        return uid

    def _select(self, name: str, cause: Cause) -> None:
        self._command(iso7816.select(int(name, 16)), cause, name)

    def _length(self, name: str, cause: Cause) -> int:
        """Select the EF and read its length prefix."""
        self._select(name, cause)
        prefix = self._command(iso7816.read_binary(0, _PREFIX), cause, name).data
        if len(prefix) != _PREFIX:
            raise ProtocolViolation(f"{name}: {len(prefix)} bytes for a length of {_PREFIX}")
        return int.from_bytes(prefix)

    def _command(self, command: Command, cause: Cause, name: str = "chip") -> Response:
        answer = iso7816.exchange(self._link, command)
        if not answer.sw.ok:
            raise Refused(f"{name}: {answer.sw}", cause, sw=int(answer.sw))
        return answer


def check(files: Mapping[str, bytes]) -> None:
    """Pure: whether `files` fit this chip. NotStarted names the first that does not."""
    for name, content in files.items():
        if name not in LAYOUT:
            raise NotStarted(f"{name}: no such file on this chip")
        if len(content) > LAYOUT[name] - _PREFIX:
            raise NotStarted(f"{name}: {len(content)} bytes, room for {LAYOUT[name] - _PREFIX}")


def _in_order(files: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    return ((name, files[name]) for name in LAYOUT if name in files)


def _chunks(start: int, end: int) -> Iterator[tuple[int, int]]:
    """(offset, size) of each command that covers `start` to `end`."""
    return ((offset, min(CHUNK, end - offset)) for offset in range(start, end, CHUNK))


if TYPE_CHECKING:
    from drivers.protocols import ChipEncoder

    _opener: Callable[[ApduLink, float], ChipEncoder] = open
