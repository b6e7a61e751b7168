"""An `ApduLink` that tells an `ApduTracer` of each exchange, and never what was in it.

Not even a digest of it: a NIK is a region, a date and a counter, few enough to try them all.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from drivers.iso7816 import Command
from drivers.protocols import ApduLink, ApduTracer


class TracedLink:
    """`ApduLink` to what `link` is a link to; adds microseconds and raises nothing of its own."""

    def __init__(self, link: ApduLink, tracer: ApduTracer) -> None:
        self.name = link.name
        self._link = link
        self._tracer = tracer

    def connect(self, timeout_s: float) -> bytes:
        return self._link.connect(timeout_s)

    def transmit(self, apdu: bytes) -> bytes:
        """As `ApduLink.transmit`. ValueError, and nothing sent, if `apdu` is no command APDU."""
        sent = len(Command.parse(apdu).data)
        begun, answer = time.perf_counter(), b""
        try:
            answer = self._link.transmit(apdu)
        finally:
            ms = (time.perf_counter() - begun) * 1_000
            sw = int.from_bytes(answer[-2:])
            self._tracer.exchanged(apdu[:4], sent, max(len(answer) - 2, 0), sw, ms)
        return answer

    def disconnect(self) -> None:
        self._link.disconnect()

    def close(self) -> None:
        self._link.close()


if TYPE_CHECKING:
    _link: type[ApduLink] = TracedLink
