"""A failed audit and a full disk hold the next card, finish the one in the machine, and say so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.config import Config, DiskConfig
from kiosk.errors import Rejected
from kiosk.guard import Guard
from kiosk.journal.auditor import AuditState
from tests.office import Office


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    place = Office(tmp_path, blanks=4)
    yield place
    place.close()


def test_no_card_is_begun_on_a_damaged_journal(office: Office) -> None:
    office.bring_records(1)
    auditor = office.station._guard._auditor
    auditor.state = replace(auditor.state, damage="seg-000000000001.jsonl:4: checksum differs")
    [ident] = office.station.desk.run_jobs("test")
    assert office.until_held_up() == {"journal-damaged"}
    assert office.station.status()["holdup"]["message"] == auditor.state.damage
    assert office.state(ident) == "pending"
    assert office.world.hopper[0] is not None
    auditor.state = AuditState()
    office.station.worker.wake()  # type: ignore[union-attr]
    office.until(lambda: office.state(ident) == "completed")


def test_no_card_is_begun_while_the_reserve_is_gone_and_it_goes_on_by_itself(office: Office) -> None:
    office.bring_records(1)
    reserve = office.station.books._reserve
    assert reserve is not None
    assert reserve.held
    size, reserve._size, reserve.held = reserve._size, 1 << 60, False  # more than any disk has free
    with pytest.raises(Rejected) as refused:
        office.station.desk.run_jobs("test")
    assert refused.value.reason == "disk-full"
    assert office.station._guard.barred() is not None
    reserve._size = size
    [ident] = office.station.desk.run_jobs("test")
    office.until(lambda: office.state(ident) == "completed")


@pytest.mark.parametrize(("warn", "refuse", "level"), [(1, 1, "ok"), (10**6, 1, "warn"), (10**6, 10**6, "refuse")])
def test_new_jobs_are_refused_below_the_limit_and_warned_of_before(
    office: Office, warn: int, refuse: int, level: str, caplog: pytest.LogCaptureFixture
) -> None:
    disk = DiskConfig(warn=warn, refuse=refuse)
    guard = Guard(office.station.books, office.data, Config(disk=disk), lambda: None)
    assert guard.status["disk"]["level"] == level
    if level == "refuse":
        with pytest.raises(Rejected, match="1000000 needed for a new job"):
            guard.check_new_job()
    else:
        guard.check_new_job()
        assert ("warn=1000000" in caplog.text) == (level == "warn")


def test_the_audit_runs_beside_the_station_and_ends_with_it(office: Office) -> None:
    auditor = office.station._guard._auditor
    assert auditor.is_alive()
    assert office.station.status()["audit"]["damage"] is None
    office.station.close()
    assert not auditor.is_alive()
