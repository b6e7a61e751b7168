from __future__ import annotations

from collections.abc import Iterator

import pytest

from drivers.printers.evolis import Evolis
from tests.printers.ipp_service import Service, serving
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


@pytest.fixture
def service() -> Iterator[Service]:
    with serving() as told:
        yield told
