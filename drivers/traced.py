"""An `ApduLink` that tells an `ApduTracer` of each exchange, and never what was in it.

Not even a digest of it: a NIK is a region, a date and a counter, few enough to try them all.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from drivers.errors import DeviceError
from drivers.iso7816 import Command, answers
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
        return answers(self, [apdu])[0]

    def transmit_all(self, apdus: Sequence[bytes], heard: Callable[[bytes, float], object]) -> None:
        """As `ApduLink.transmit_all`. ValueError, and nothing sent, if one of `apdus` is no command APDU."""
        waiting = iter([(apdu[:4], len(Command.parse(apdu).data)) for apdu in apdus])
        begun = time.monotonic()

        def tell(answer: bytes, seconds: float) -> None:
            nonlocal begun
            header, sent = next(waiting)
            begun += seconds
            self._tracer.exchanged(
                header, sent, max(len(answer) - 2, 0), int.from_bytes(answer[-2:]), seconds * 1_000
            )

        def both(answer: bytes, seconds: float) -> None:
            tell(answer, seconds)
            heard(answer, seconds)

        try:
            self._link.transmit_all(apdus, both)
        except DeviceError:
            tell(b"", time.monotonic() - begun)
            raise

    def disconnect(self) -> None:
        self._link.disconnect()

    def close(self) -> None:
        self._link.close()


if TYPE_CHECKING:
    _link: type[ApduLink] = TracedLink
