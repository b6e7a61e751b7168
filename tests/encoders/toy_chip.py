"""The chip of the toy profile, simulated, on a reader: what speaks to it is found as the config finds it."""

from __future__ import annotations

import pytest

from drivers.sim.chip import Profile, contactless_atr
from kiosk.equipment import load_driver
from tests.chip.readers import Reader

NAME = "tests.encoders.toy"
PROFILE = Profile(df=0x7F20, files={0x0A01: 900, 0x0A02: 40, 0x0A03: 2600}, atr=contactless_atr(b"TOY"))
FILES = {"0A01": b"someone" * 120, "0A02": b"toy", "0A03": bytes(range(256)) * 10}


@pytest.fixture
def toy_chip(in_process: Reader) -> Reader:
    in_process.opener, in_process.profile, in_process.files = load_driver("encoders", NAME).open, PROFILE, FILES
    return in_process
