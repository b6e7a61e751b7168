"""No record printed twice, nothing lost, each lease with one holder: over two hubs and a PostgreSQL that is killed.

The stations are told what a person would do: one is switched off, declared lost, and comes back; one's clock falls to
the year 2000 while PostgreSQL is away.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import delete

from kiosk.hub.schema import frames
from kiosk.hub.status import status
from tests.conftest import Measured
from tests.postgresql import Cluster
from tests.province.province import HEIR, LOST, Province, faults

pytestmark = [pytest.mark.rig, pytest.mark.timeout(600)]


def names(count: int) -> list[str]:
    return [f"kupang-{number:02}" for number in range(count)]


@pytest.mark.parametrize(("stations", "cards", "kills"), [(3, 4, 1), pytest.param(20, 60, 3, marks=pytest.mark.long)])
def test_nothing_is_printed_twice_or_lost(
    tmp_path: Path, cluster: Cluster, stations: int, cards: int, kills: int, measured: Measured
) -> None:
    with Province(tmp_path, cluster, names(stations)) as province:
        province.open(cards)
        province.live(cards, kills)
        assert faults(province) == []
        known = {each.station: each for each in status(province.store)}
        assert {alarm.kind for alarm in known[LOST].alarms} == {"station-lost"}
        assert known[HEIR].records["printed"] > cards
        total = sum(each.seq for each in known.values())
        measured(
            f"{stations} stations, 2 hubs, {kills} kills: {len(province.records)} cards, {total} frames, all once"
        )
        with province.store.transaction() as connection:
            connection.execute(delete(frames).where(frames.c.station == HEIR, frames.c.seq == 5))
        [lost] = faults(province)
        assert HEIR in lost, "a frame that the centre lost is not seen"


@pytest.mark.long
def test_a_station_that_goes_on_printing_when_it_was_declared_lost_is_seen(tmp_path: Path, cluster: Cluster) -> None:
    """So the rule that it breaks, and nothing else, is what keeps records from being printed twice."""
    with Province(tmp_path, cluster, names(3), obedient=False) as province:
        province.open(3)
        province.live(3)
        assert any("printed 2 times" in fault for fault in faults(province))
