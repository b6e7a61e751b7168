"""How long a simulated chip takes for a command, in real time: its bytes through the air, its pages into EEPROM.

In the air a byte takes 9 bits of 16/fc at 848 kbit/s, the fastest of the four rates of ISO/IEC 14443-4:2008, and a
block has 5 bytes around it: identifiers, checksum, start and end. Pages and their time are stand-ins.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from drivers.iso7816 import Command, Ins

AT_848_US = 9 * 16 / 13.56
_BLOCK_AROUND = 5
_SW_SIZE = 2


@dataclass(frozen=True)
class Pace:
    """To be given to `Chip.on_apdu`. `byte_us`: microseconds a byte; `page_ms`: a page of `page` bytes written."""

    byte_us: float = 0.0
    page_ms: float = 0.0
    page: int = 64

    def __call__(self, apdu: bytes) -> None:
        """Blocks `seconds`, in the thread that serves the chip."""
        time.sleep(self.seconds(apdu))

    def seconds(self, apdu: bytes) -> float:
        """Of `apdu` and its answer, which is taken to have the length that was asked for."""
        command = Command.parse(apdu)
        size = len(apdu) + command.ne + _SW_SIZE + 2 * _BLOCK_AROUND
        return size * self.byte_us / 1e6 + self._pages(command) * self.page_ms / 1e3

    def _pages(self, command: Command) -> int:
        if command.ins != Ins.UPDATE_BINARY or not command.data:
            return 0
        offset = command.p1 << 8 | command.p2
        return (offset + len(command.data) - 1) // self.page - offset // self.page + 1
