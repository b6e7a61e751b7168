"""A chip profile to begin from: other files than the KTP-el's, in another order, of which one may be sealed.

Whole as it stands: `reader.encoder: tests.encoders.toy` in the config is this module. Tested with the simulated chip
of tests/encoders/toy_chip.py alone; identifiers and sizes are invented.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from drivers.encoders.channel import Clear
from drivers.encoders.files import FileEncoder
from drivers.encoders.layout import Layout
from drivers.errors import Stopped
from drivers.protocols import ApduLink

TOY = Layout(
    df=0x7F20, files={"0A02": 40, "0A01": 900, "0A03": 2600}, control="0A02", sealed=frozenset({"0A01"}), memory=4096
)
LAYOUT = TOY.files
TEST_FILES = {"0A01": b"UJI TEST " * 60, "0A03": bytes(range(256)) * 8}

check = TOY.check


def open(link: ApduLink, appear_timeout_s: float, sam: ApduLink | None = None) -> FileEncoder:
    """The encoder that the config names. Opens no reader yet. Stopped if there is a SAM: nothing here is for one."""
    if sam is not None:
        raise Stopped("a toy has no SAM; take reader.sam out of the config", frozenset({"sam-missing"}))
    return FileEncoder(link, TOY, Clear(), appear_timeout_s)


if TYPE_CHECKING:
    from drivers.protocols import ChipEncoder

    _opener: Callable[[ApduLink, float, ApduLink | None], ChipEncoder] = open
