"""A chip of another kind, known nowhere else: other files, in another order, of which one is sealed."""

from __future__ import annotations

import pytest

from drivers.encoders.channel import Clear
from drivers.encoders.files import FileEncoder
from drivers.encoders.layout import Layout
from drivers.protocols import ApduLink, ChipEncoder
from drivers.sim.chip import Profile, contactless_atr
from tests.chip.readers import Reader

LAYOUT = Layout(
    df=0x7F20, files={"0A02": 40, "0A01": 900, "0A03": 2600}, control="0A02", sealed=frozenset({"0A01"}), memory=4096
)
PROFILE = Profile(df=0x7F20, files={0x0A01: 900, 0x0A02: 40, 0x0A03: 2600}, atr=contactless_atr(b"TOY"))
FILES = {"0A01": b"someone" * 120, "0A02": b"toy", "0A03": bytes(range(256)) * 10}


def open_toy(link: ApduLink, appear_timeout_s: float) -> ChipEncoder:
    return FileEncoder(link, LAYOUT, Clear(), appear_timeout_s)


@pytest.fixture
def toy_chip(in_process: Reader) -> Reader:
    in_process.opener, in_process.profile, in_process.files = open_toy, PROFILE, FILES
    return in_process
