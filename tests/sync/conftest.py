"""One centre a module; each test enrols a station of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sync.centre import NOW, Centre, Station


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    running = Centre(tmp_path_factory.mktemp("hub"))
    yield running
    running.close()


@pytest.fixture
def station(centre: Centre) -> Iterator[Station]:
    centre.clock.now_s = NOW
    centre.line.mend()
    yield centre.station()
    centre.hang_up()
