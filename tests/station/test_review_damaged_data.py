"""What lies in DATA is damaged, missing, of another station, or can't be written: said in one line, nothing lost."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from kiosk.books import Books, DataLock
from kiosk.config import Config, StationConfig
from kiosk.core.jobs import Why
from kiosk.durable import replace_file
from kiosk.errors import DamagedData, KepingError, UsageError
from kiosk.journal import Journal, Poisoned
from kiosk.station import Station
from tests.office import Office


@pytest.mark.parametrize("content", [b"", b"\xff", b"[]", b"null", b"{}", b'{"identity": 5}', b"x" * 5000])
def test_a_damaged_vault_file_ends_its_job_and_not_the_worker(office: Office, content: bytes) -> None:
    [ref] = office.bring_records(1)
    for part in ("head", "body"):
        (office.data / "vault" / f"{ref}.{part}").write_bytes(content)
    [ident] = office.station.desk.run_jobs("test")
    office.until(lambda: office.state(ident) == "aborted")
    assert Why.RECORD_REFUSED in office.reasons(ident)
    with pytest.raises(DamagedData, match=f"{ref}.head"):
        office.station.vault.identity(ref)


def test_a_vault_file_that_the_medium_does_not_give_ends_its_job_and_not_the_worker(office: Office) -> None:
    [ref] = office.bring_records(1)
    body = office.data / "vault" / f"{ref}.body"
    body.unlink()
    body.mkdir()
    [ident] = office.station.desk.run_jobs("test")
    office.until(lambda: office.state(ident) == "aborted")
    assert "can't be read" in office.job(ident)["message"]


def test_a_station_of_another_name_does_not_open_and_so_refuses_no_record(office: Office) -> None:
    """Each record is leased by name: under a wrong one all of them would end as foreign."""
    office.station.close()
    with pytest.raises(UsageError, match=r"kupang-02.*kupang-01"):
        Station(Config(station=StationConfig(id="kupang-02")), office.data, "test")
    Station(Config(), office.data, "test").close()


@pytest.mark.parametrize(("content", "error"), [(None, UsageError), (b"", DamagedData), (b"k" * 31, DamagedData)])
def test_without_a_whole_vault_key_nothing_opens(
    office: Office, content: bytes | None, error: type[KepingError]
) -> None:
    office.station.close()
    key = office.data / "keys" / "vault.key"
    key.unlink()
    if content is not None:
        replace_file(key, content)
    with pytest.raises(error, match=r"vault\.key"):
        Station(Config(), office.data, "test")
    DataLock(office.data).release()  # nothing holds it


def test_closing_twice_closes_nothing_of_somebody_else(tmp_path: Path) -> None:
    lock = DataLock(tmp_path / "data")
    lock.release()
    with (tmp_path / "other").open("w") as other:
        lock.release()
        other.write("mine")
    assert (tmp_path / "other").read_text() == "mine"


def test_a_journal_begins_with_genesis_or_not_at_all(tmp_path: Path) -> None:
    """The power may go between the folder and the first frame, and enrolment must then be possible again."""
    Journal.create(tmp_path / "journal.new", 1 << 20).close()
    books = Books.create(tmp_path, 1 << 20, {"station": "kupang-01"}, "test")
    assert books.seq == 1
    books.close()
    assert [path.name for path in tmp_path.iterdir()] == ["journal"]
    with pytest.raises(DamagedData, match="never started over"):
        Books.create(tmp_path, 1 << 20, {"station": "kupang-01"}, "test")


def test_a_snapshot_that_can_not_be_written_costs_only_time(tmp_path: Path) -> None:
    (tmp_path / "snapshot.json" / "in the way").mkdir(parents=True)
    books = Books.create(tmp_path, 1, {"station": "kupang-01"}, "test")
    books.commit("recovered", {}, "test")
    books.close()
    again = Books.open(tmp_path, 1, "test")
    assert again.seq == 3
    again.close()
    shutil.rmtree(tmp_path / "snapshot.json")


def test_a_segment_that_can_not_be_begun_poisons_and_a_restart_heals(tmp_path: Path) -> None:
    books = Books.create(tmp_path, 1, {"station": "kupang-01"}, "test")
    obstacle = tmp_path / "journal" / "seg-000000000002.jsonl"
    obstacle.mkdir()
    for _ in range(2):
        with pytest.raises(Poisoned):
            books.commit("recovered", {}, "test")
    assert books.poisoned
    books.close()
    obstacle.rmdir()
    again = Books.open(tmp_path, 1, "test")
    again.commit("recovered", {}, "test")
    assert again.seq == 3
    again.close()
