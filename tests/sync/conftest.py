"""One centre a module; each test enrols a station of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.postgresql import engine_url
from tests.sync.centre import NOW, Centre, Station


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.long)])
def centre(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    running = Centre(tmp_path_factory.mktemp("hub"), engine_url(request))
    yield running
    running.close()


@pytest.fixture
def station(centre: Centre) -> Iterator[Station]:
    centre.clock.now_s = NOW
    centre.line.mend()
    yield centre.station()
    centre.hang_up()
