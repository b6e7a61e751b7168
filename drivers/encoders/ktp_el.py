"""The chip profile of the KTP-el: its file map, on any `ApduLink`.

Tested with: the simulated development chip (drivers.sim.chip), in-process and over pcscd 1.9.9 with vpcd 3.3, and
with a simulated SAM. Never with a real KTP-el: nothing public describes its personalisation, which needs a SAM of the
ministry. File identifiers, selection order, the 2-byte big-endian length prefix, which files are free to read and the
size of a read are those of public reader software (lamen31/OpenAccount, Data/Config.cs and Data/EKtp.cs), the 8 KB of
memory those of the press; file sizes are the development chip's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from drivers.encoders.channel import Clear
from drivers.encoders.files import FileEncoder
from drivers.encoders.layout import Layout
from drivers.encoders.sam import SamChannel
from drivers.protocols import ApduLink

DF = 0x7F0A

LAYOUT: Mapping[str, int] = MappingProxyType(
    {"6FF0": 0x36, "6FF1": 1024, "6FF2": 4096, "6FF3": 1024, "6FF4": 512, "6FF5": 512, "6FF6": 0x52}
)
"""EF -> its size on the chip in bytes, length prefix included, in the order of writing."""

KTP_EL = Layout(DF, LAYOUT, control="6FF0", sealed=frozenset({"6FF1", "6FF3", "6FF4", "6FF5", "6FF6"}))

TEST_FILES: Mapping[str, bytes] = MappingProxyType(
    {"6FF1": b"UJI TEST " * 60, "6FF2": bytes(range(256)) * 8, "6FF6": b"\x55\xaa" * 40}
)
"""What a test card gets: long files and short ones, sealed and free, and nothing of anybody."""

SAM_ATR = bytes.fromhex("3B86014B5053414D01C2")
"""The simulated SAM's; that of a real one is not public."""

check = KTP_EL.check


def open(link: ApduLink, appear_timeout_s: float, sam: ApduLink | None = None) -> FileEncoder:
    """The encoder that `encoder: ktp_el` in the config names. `sam`: the slot of the SAM; None: all in the clear."""
    return FileEncoder(link, KTP_EL, SamChannel(sam, SAM_ATR) if sam else Clear(), appear_timeout_s)


if TYPE_CHECKING:
    from drivers.protocols import ChipEncoder

    _opener: Callable[[ApduLink, float, ApduLink | None], ChipEncoder] = open
