"""docs/growth.md says what the last run measured, and of the code what is so."""

from __future__ import annotations

import json

import pytest

from benchmarks import growth_page
from benchmarks.growth_page import PAGE, render
from benchmarks.machine import RESULTS
from kiosk.config import HubConfig
from kiosk.hub.schema import frames
from kiosk.sync.loop import POLL_S


def test_the_page_is_the_last_run() -> None:
    assert PAGE.read_text() == render(json.loads((RESULTS / "growth.json").read_text()))


def test_another_run_would_be_another_page() -> None:
    found = json.loads((RESULTS / "growth.json").read_text())
    found["record_bytes"] *= 2
    assert PAGE.read_text() != render(found)


def test_a_station_asks_as_often_as_the_page_reckons() -> None:
    assert growth_page.POLL_S == POLL_S == HubConfig.poll


@pytest.mark.parametrize("stations", growth_page.SIZES)
def test_the_sizes_are_on_the_page(stations: int) -> None:
    assert f" {stations:,} |" in PAGE.read_text()


def test_the_key_begins_with_the_station() -> None:
    """Else parts by station would need other code."""
    assert [column.name for column in frames.primary_key] == ["station", "incarnation", "seq"]
