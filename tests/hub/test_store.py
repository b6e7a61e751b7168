"""The data base itself: durable, private, brought to today's version once, never taken from a newer program."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, MetaData, insert, inspect, select, text

from kiosk.errors import Unavailable, UsageError
from kiosk.hub import migrate
from kiosk.hub.schema import flows, frames, loans, lots, metadata
from kiosk.hub.status import status
from kiosk.hub.store import Store, _postgresql, _sqlite
from tests.hub.conftest import STATION, Hub
from tests.postgresql import Cluster


@pytest.fixture
def empty(request: pytest.FixtureRequest, database: str) -> str:
    """As `database`, without the tables."""
    return request.getfixturevalue("cluster").empty() if database else ""


def differences(store: Store, wanted: MetaData) -> list[object]:
    with store.snapshot() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        return list(compare_metadata(context, wanted))


def test_the_migrations_make_the_tables_that_the_program_reads(tmp_path: Path, empty: str) -> None:
    store = Store.open(tmp_path, empty)
    assert differences(store, metadata) == []
    wanted = MetaData()
    metadata.tables["stations"].to_metadata(wanted)
    assert differences(store, wanted), "the comparison sees nothing"
    store.close()


def test_the_migrations_are_one_line() -> None:
    assert [*reversed(migrate.versions())] == [f"{number:04}" for number in range(1, len(migrate.versions()) + 1)]


def test_programs_that_open_at_once_migrate_once(tmp_path: Path, empty: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        opened = [*pool.map(lambda _: Store.open(tmp_path, empty), range(4))]
    for store in opened:
        assert status(store) == []
        store.close()


@contextmanager
def at_version(version: str, directory: Path, database: str) -> Iterator[Connection]:
    """A data base without tables, brought to a version of long ago; what is done in it stays."""
    engine = _postgresql(database) if database else _sqlite(directory)
    with engine.begin() as connection:
        migrate.upgrade(connection, version)
        yield connection
    engine.dispose()


def test_a_data_base_from_before_versions_is_brought_along(tmp_path: Path, empty: str) -> None:
    """It has no version, and may lack what was the youngest then; without this index it grows slow."""
    with at_version("0001", tmp_path, empty) as connection:
        connection.execute(text(f"INSERT INTO stations VALUES ('{STATION}', '', NULL, NULL, NULL, '', false)"))
        for statement in ("DROP TABLE alembic_version", "DROP INDEX lease_by_ref", "DROP TABLE retired_keys"):
            connection.execute(text(statement))
    opened = Store.open(tmp_path, empty)
    assert [row.station for row in status(opened)] == [STATION]
    assert differences(opened, metadata) == []
    opened.close()


def test_frames_from_before_the_registers_are_counted(hub: Hub, tmp_path: Path, empty: str) -> None:
    """As if the registers had been there when they came."""
    for each in MOVEMENTS:
        hub.journal.append("stock", each)
    assert hub.ship().status_code == 200
    registers = (flows, lots, loans)

    def counted(connection: Connection) -> list[set[tuple[object, ...]]]:
        return [{tuple(row) for row in connection.execute(select(table))} for table in registers]

    with hub.store.snapshot() as connection:
        wanted = counted(connection)
        told = [row._asdict() for row in connection.execute(select(frames))]
    assert all(wanted)
    with at_version("0001", tmp_path / "old", empty) as connection:
        row = f"('{STATION}', '', NULL, NULL, NULL, '{hub.journal.incarnation}', false)"
        connection.execute(text(f"INSERT INTO stations VALUES {row}"))
        connection.execute(insert(frames), told)
    opened = Store.open(tmp_path / "old", empty)
    with opened.snapshot() as connection:
        assert counted(connection) == wanted
    opened.close()


MOVEMENTS = (
    {"movement": "receive", "document": "L1", "moves": [["wni", "L1", "supplier", "vault", 500]]},
    {"movement": "receive", "document": "L2", "moves": [["wna", "L2", "supplier", "vault", 50]]},
    {"movement": "loan-out", "document": "BA-1", "office": "kupang-02",
     "moves": [["wni", "L1", "vault", "other-office", 200]]},
    {"movement": "loan-in", "document": "BA-2", "office": "kupang-03",
     "moves": [["wna", "BA-2", "other-office", "vault", 7]]},
    {"movement": "spoil", "cause": "damaged", "moves": [["wni", "L1", "vault", "spoiled", 3]]},
    {"movement": "reverse", "reverses": 4, "reason": "x", "moves": [["wni", "L1", "other-office", "vault", 200]]},
    {"movement": "reverse", "reverses": 6, "reason": "x", "moves": [["wni", "L1", "spoiled", "vault", 3]]},
)  # fmt: skip


def test_a_data_base_of_a_newer_program_is_refused_untouched(hub: Hub, tmp_path: Path, database: str) -> None:
    with hub.store.transaction() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(UsageError, match=r"version 9999, this keping knows 0\d+: upgrade keping first"):
        Store.open(tmp_path, database)
    assert hub.status.station == STATION


def test_a_migration_that_fails_leaves_nothing(tmp_path: Path, empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = migrate.upgrade

    def fails_at_its_end(connection: object) -> None:
        whole(connection)  # type: ignore[arg-type]
        raise ZeroDivisionError

    monkeypatch.setattr(migrate, "upgrade", fails_at_its_end)
    with pytest.raises(ZeroDivisionError):
        Store.open(tmp_path, empty)
    monkeypatch.undo()
    seen = MigrationSpy()
    monkeypatch.setattr(migrate, "upgrade", seen)
    Store.open(tmp_path, empty).close()
    assert seen.tables == []


class MigrationSpy:
    """Notes which tables are there, and makes none."""

    tables: list[str] | None = None

    def __call__(self, connection: object) -> None:
        self.tables = inspect(connection).get_table_names()  # type: ignore[union-attr]


def test_sqlite_is_durable_and_private(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    with store.transaction() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar_one() == 2
        assert connection.execute(text("PRAGMA foreign_keys")).scalar_one() == 1
    store.close()
    assert stat.S_IMODE((tmp_path / "hub.sqlite").stat().st_mode) == 0o600


def test_postgresql_syncs_each_commit_whatever_the_server_says(tmp_path: Path, cluster: Cluster) -> None:
    url = cluster.database()
    store = Store.open(tmp_path, url)
    with store.transaction() as connection:
        name = url.partition("?")[0].rpartition("/")[2]
        connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = off"))
    store.close()
    store = Store.open(tmp_path, url)
    with store.transaction() as connection:
        assert connection.execute(text("SHOW synchronous_commit")).scalar_one() == "on"
    with store.transaction(hasty=True) as connection:
        assert connection.execute(text("SHOW synchronous_commit")).scalar_one() == "off"
    with store.transaction() as connection:
        assert connection.execute(text("SHOW synchronous_commit")).scalar_one() == "on"
    store.close()
    assert not (tmp_path / "hub.sqlite").exists()


@pytest.mark.parametrize(
    "url", ["mysql://root:hunter2@localhost/keping", "hunter2", "postgresql://u:hunter2@h:port/x"]
)
def test_another_url_is_refused_without_its_password(tmp_path: Path, url: str) -> None:
    with pytest.raises(UsageError, match="expected postgresql://USER@HOST/NAME") as refused:
        Store.open(tmp_path, url)
    assert "hunter2" not in str(refused.value)


def test_a_server_that_is_away_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="data base does not answer"):
        Store.open(tmp_path, f"postgresql://keping:hunter2@/keping?host={tmp_path}")
