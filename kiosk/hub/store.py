"""The centre's database: one engine, transactions that serialise, nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, select
from sqlalchemy.engine import URL

from kiosk.hub.schema import metadata, stations


class Store:
    """SQLite in WAL mode with `synchronous=FULL` (a commit survives a power cut), or any other engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        if engine.dialect.name == "sqlite":
            _prepare_sqlite(engine)
        metadata.create_all(engine)
        for index in (index for table in metadata.tables.values() for index in table.indexes):
            index.create(engine, checkfirst=True)  # one that is younger than the database

    @classmethod
    def open(cls, directory: Path) -> Store:
        """Open or make `directory`/hub.sqlite, the file readable by its owner only."""
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = directory / "hub.sqlite"
        path.touch(mode=0o600)
        return cls(create_engine(URL.create("sqlite", database=str(path))))

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """All or nothing. On SQLite the write lock is taken at once: check-then-write cannot interleave."""
        with self._engine.begin() as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Read one consistent state; takes no write lock."""
        with self._engine.connect().execution_options(keping_reads=True) as connection:
            yield connection

    def close(self) -> None:
        self._engine.dispose()


def lock_station(connection: Connection, station: str) -> None:
    """Let one transaction at a time work on a station (PostgreSQL; on SQLite the transaction has the lock)."""
    connection.execute(select(stations.c.id).where(stations.c.id == station).with_for_update())


def _prepare_sqlite(engine: Engine) -> None:
    """Take BEGIN out of the driver's hands (SQLAlchemy manual, "Serializable isolation" of pysqlite)."""

    @event.listens_for(engine, "connect")
    def on_connect(dbapi: Any, _record: object) -> None:
        dbapi.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
            dbapi.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        reads = connection.get_execution_options().get("keping_reads")
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
