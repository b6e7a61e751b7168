from __future__ import annotations

import pytest

from drivers.printers.evolis import Evolis
from tests.printers.script import Script


@pytest.fixture
def line() -> Script:
    return Script()


@pytest.fixture
def printer(line: Script) -> Evolis:
    made = Evolis(line)
    made.initialise()
    line.sent.clear()
    return made
