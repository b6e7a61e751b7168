"""The seam where a secure channel to the chip goes: what wraps each command, and unwraps its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from drivers.iso7816 import MAX_SHORT_DATA, Command, Response
from drivers.protocols import ApduLink


class SecureChannel(Protocol):
    """Between encoder and chip, for one thread. `read_chunk`, `write_chunk`: bytes of a file in one command.

    `ahead`: whether a command can be wrapped before the answer to the last one is unwrapped.
    """

    read_chunk: int
    write_chunk: int
    ahead: bool

    def open(self, chip: ApduLink, uid: bytes, control: bytes) -> None:
        """Authenticate with the chip that is powered and whose DF is selected. `control`: content of that file.

        Stopped{sam-missing} if what it takes is not there; Refused(chip-unknown) if chip and SAM don't accept each
        other; NotStarted or OutcomeUnknown if either leaves. Writes nothing.
        """

    def wrap(self, command: Command) -> Command:
        """What is sent instead of `command`; before `open` it is `command`.

        NotStarted if that can't be made: the chip has heard nothing of it.
        """

    def unwrap(self, answer: Response) -> Response:
        """What the chip really answered. OutcomeUnknown if that can't be told: the chip has executed something."""

    def release(self) -> None:
        """End it; `open` begins another. Idempotent."""

    def close(self) -> None:
        """End it and release what it took. Idempotent."""


class Clear:
    """No channel: commands go as they are. For the development chip, and for the files that anybody may read."""

    read_chunk = 250
    """The largest that public readers use on this chip; fits short APDUs on every reader."""
    write_chunk = MAX_SHORT_DATA
    ahead = True

    def open(self, chip: ApduLink, uid: bytes, control: bytes) -> None:
        """Nothing to open."""

    def wrap(self, command: Command) -> Command:
        return command

    def unwrap(self, answer: Response) -> Response:
        return answer

    def release(self) -> None:
        """Nothing is held."""

    def close(self) -> None:
        """Nothing is open."""


if TYPE_CHECKING:
    _channel: type[SecureChannel] = Clear
