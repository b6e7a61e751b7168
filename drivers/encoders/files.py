"""A `ChipEncoder` for any layout of transparent files, on any `ApduLink`, in the clear or through a secure channel.

On the chip each file is its content's length, then the content. It is written upwards from offset 0, so that a
chip which was left half-written always shows a length, and never passes for a blank. Sources: ISO/IEC 7816-4:2005, 7
(commands); PC/SC part 3, 3.2.2.1.3 (UID).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from drivers import iso7816
from drivers.encoders.channel import SecureChannel
from drivers.encoders.layout import PREFIX, Layout
from drivers.errors import Cause, NotStarted, OutcomeUnknown, ProtocolViolation, Refused
from drivers.iso7816 import Command, Ins, Response
from drivers.protocols import ApduLink, ChipIdentity

_UID_SIZES = (4, 7, 10)
_RANDOM_UID = 0x08
_SECURITY_STATUS = 0x6982


class FileEncoder:
    """`ChipEncoder`. Owns `link` and `channel`; waits `appear_timeout_s` for a chip. For one thread.

    `identify` powers the chip and opens the channel, and the rest goes to that chip or to none: when chip or SAM has
    left, it raises NotStarted until the next `identify`.
    """

    def __init__(self, link: ApduLink, layout: Layout, channel: SecureChannel, appear_timeout_s: float) -> None:
        self._link = link
        self._layout = layout
        self._channel = channel
        self._appear_timeout_s = appear_timeout_s
        self._write_sent = False

    def identify(self) -> ChipIdentity:
        """As `ChipEncoder.identify`. `holds_data` is what can be learnt: a sealed file that stays shut says nothing.

        Refused: chip-silent, chip-uid-random (ISO/IEC 14443-3, 6.5.4: leading 08), chip-unknown (not this map, or
        no chip of this SAM). NotStarted if chip or SAM leaves. Stopped{reader-missing}, Stopped{sam-missing}.
        """
        self.release()
        atr = self._link.connect(self._appear_timeout_s)
        with self._accounted():
            uid = self._read_uid()
            self._command(iso7816.select(self._layout.df), Cause.CHIP_UNKNOWN)
            control = self._read(self._layout.control)
            self._channel.open(self._link, uid, control)
            others = (name for name in self._layout.files if name != self._layout.control)
            holds_data = bool(control) or any(self._shows_length(name) for name in others)
        return ChipIdentity(uid.hex().upper(), atr.hex().upper(), holds_data)

    def encode(self, files: Mapping[str, bytes]) -> None:
        """As `ChipEncoder.encode`. NotStarted, and nothing written, if a file is not in the layout or too large."""
        self._layout.check(files)
        writing = list(self._writing(files))
        # The first selects. It goes alone, so that what fails behind it has come with a write.
        most = max(len(writing), 1) if self._channel.ahead else 1
        with self._accounted():
            for begin, end in itertools.pairwise([0, *range(1, len(writing), most), len(writing)]):
                self._row(writing[begin:end])

    def verify(self, files: Mapping[str, bytes]) -> None:
        """As `ChipEncoder.verify`. NotStarted if chip or SAM leaves. Names file and offset, never content."""
        self._layout.check(files)
        with self._accounted():
            for name, content in self._layout.in_order(files):
                if self._length(name, Cause.CHIP_VERIFY_FAILED) != len(content):
                    raise Refused(f"{name}: another length than written", Cause.CHIP_VERIFY_FAILED)
                for offset, read in self._content(name, len(content), Cause.CHIP_VERIFY_FAILED):
                    if read != content[offset : offset + self._channel.read_chunk]:
                        raise Refused(f"{name}: differs from offset {PREFIX + offset} on", Cause.CHIP_VERIFY_FAILED)

    def read(self, name: str) -> bytes:
        """As `ChipEncoder.read`. KeyError if the file is not in the layout."""
        if name not in self._layout.files:
            raise KeyError(name)
        with self._accounted():
            return self._read(name)

    def release(self) -> None:
        self._link.disconnect()
        self._channel.release()

    def close(self) -> None:
        self._link.close()
        self._channel.close()

    @contextmanager
    def _accounted(self) -> Iterator[None]:
        """Whichever of chip and SAM leaves: NotStarted while no write was sent, OutcomeUnknown from then on."""
        self._write_sent = False
        try:
            yield
        except (NotStarted, OutcomeUnknown) as exc:
            truth = OutcomeUnknown if self._write_sent else NotStarted
            raise exc if isinstance(exc, truth) else truth(str(exc)) from exc

    def _writing(self, files: Mapping[str, bytes]) -> Iterator[tuple[str, Command]]:
        """The commands that write `files`, each with the name of its file."""
        for name, content in self._layout.in_order(files):
            yield name, iso7816.select(int(name, 16))
            stored = len(content).to_bytes(PREFIX) + content
            for offset, size in _chunks(0, len(stored), self._channel.write_chunk):
                yield name, iso7816.update_binary(offset, stored[offset : offset + size])

    def _row(self, writing: Sequence[tuple[str, Command]]) -> None:
        """Send these commands together."""
        wrapped = [self._channel.wrap(command) for _, command in writing]
        self._write_sent |= any(command.ins == Ins.UPDATE_BINARY for _, command in writing)
        for (name, _), answer in zip(writing, iso7816.exchange_all(self._link, wrapped), strict=False):
            _must_be_ok(self._channel.unwrap(answer), Cause.CHIP_WRITE_FAILED, name)

    def _read_uid(self) -> bytes:
        uid = self._command(iso7816.get_uid(), Cause.CHIP_UNKNOWN).data
        if len(uid) not in _UID_SIZES:
            raise ProtocolViolation(f"a UID of {len(uid)} bytes", uid)
        if uid[0] == _RANDOM_UID:
            raise Refused("the chip shows a random UID", Cause.CHIP_UID_RANDOM)
        return uid

    def _shows_length(self, name: str) -> bool:
        try:
            return self._length(name, Cause.CHIP_UNKNOWN) > 0
        except Refused as exc:
            if name in self._layout.sealed and exc.sw == _SECURITY_STATUS:
                return False
            raise

    def _read(self, name: str) -> bytes:
        length = self._length(name, Cause.CHIP_UNKNOWN)
        if length > self._layout.memory:
            raise Refused(f"{name}: states {length} bytes, more than the chip has", Cause.CHIP_UNKNOWN)
        content = b"".join(part for _, part in self._content(name, length, Cause.CHIP_UNKNOWN))
        if len(content) != length:
            raise ProtocolViolation(f"{name}: {len(content)} bytes read of {length}")
        return content

    def _select(self, name: str, cause: Cause) -> None:
        self._command(iso7816.select(int(name, 16)), cause, name)

    def _length(self, name: str, cause: Cause) -> int:
        """Select the EF and read its length prefix."""
        self._select(name, cause)
        prefix = self._command(iso7816.read_binary(0, PREFIX), cause, name).data
        if len(prefix) != PREFIX:
            raise ProtocolViolation(f"{name}: {len(prefix)} bytes for a length of {PREFIX}")
        return int.from_bytes(prefix)

    def _content(self, name: str, length: int, cause: Cause) -> Iterator[tuple[int, bytes]]:
        """(offset in the content, what is there) of each read that covers `length` bytes of the selected EF."""
        for offset, size in _chunks(PREFIX, PREFIX + length, self._channel.read_chunk):
            yield offset - PREFIX, self._command(iso7816.read_binary(offset, size), cause, name).data

    def _command(self, command: Command, cause: Cause, name: str = "chip") -> Response:
        """One that writes nothing."""
        answer = self._channel.unwrap(iso7816.exchange(self._link, self._channel.wrap(command)))
        _must_be_ok(answer, cause, name)
        return answer


def _must_be_ok(answer: Response, cause: Cause, name: str) -> None:
    if not answer.sw.ok:
        raise Refused(f"{name}: {answer.sw}", cause, sw=int(answer.sw))


def _chunks(start: int, end: int, most: int) -> Iterator[tuple[int, int]]:
    """(offset, size) of each command that covers `start` to `end`, `most` bytes a command."""
    return ((offset, min(most, end - offset)) for offset in range(start, end, most))


if TYPE_CHECKING:
    from drivers.protocols import ChipEncoder

    _encoder: type[ChipEncoder] = FileEncoder
