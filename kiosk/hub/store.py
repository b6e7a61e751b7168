"""The centre's database: SQLite in one file, or PostgreSQL; transactions in which check-then-write holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any, cast

import psycopg
from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Connection,
    Dialect,
    Engine,
    Table,
    Update,
    and_,
    any_,
    bindparam,
    create_engine,
    event,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, OperationalError

from kiosk.errors import Unavailable, UsageError
from kiosk.hub import migrate
from kiosk.hub.schema import stations

POSTGRESQL = "postgresql"
MIGRATION_LOCK = 0x6B6570696E67
"""PostgreSQL's advisory lock of whoever migrates: "keping"."""

_SQLITE = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000")
_POSTGRESQL = ("synchronous_commit = on", "lock_timeout = '10s'", "idle_in_transaction_session_timeout = '60s'")
CONNECT_S = 5
"""Waiting longer for a lock or a connection ends in OperationalError, which a station sees as `busy`."""


class Store:
    """A commit survives a power cut, whatever the server's own default. Transactions of one station go one by one:
    on SQLite all do, on PostgreSQL (READ COMMITTED) each begins by `lock_station`."""

    def __init__(self, engine: Engine) -> None:
        """Migrates the tables if that is needed; programs that open at once wait for each other.

        UsageError if the tables are of a newer program, Unavailable if the database can't be reached.
        """
        self._engine = engine
        with ExitStack() as failed:
            failed.callback(engine.dispose)
            try:
                self._migrate()
            except OperationalError as exc:
                raise Unavailable(f"the data base does not answer: {str(exc.orig).strip()}") from exc
            failed.pop_all()

    @classmethod
    def open(cls, directory: Path, database: str = "") -> Store:
        """Open or make `directory`/hub.sqlite, the file readable by its owner only.

        Or open `database`, a URL: postgresql://USER:PASSWORD@HOST:PORT/NAME; what it leaves out, libpq's variables
        and password file tell. UsageError if it is no such URL.
        """
        return cls(_postgresql(database) if database else _sqlite(directory))

    def _migrate(self) -> None:
        with self.snapshot() as connection:
            if migrate.is_current(connection):
                return
        with self.transaction() as connection:
            if connection.dialect.name == POSTGRESQL:
                connection.execute(select(func.pg_advisory_xact_lock(MIGRATION_LOCK)))
            if not migrate.is_current(connection):
                migrate.upgrade(connection)

    @contextmanager
    def transaction(self, *, hasty: bool = False) -> Iterator[Connection]:
        """All or nothing. On SQLite the write lock is taken at once.

        `hasty`: PostgreSQL need not wait for its disk; a power cut may take the last half second of such commits, but
        none that came before one that was not hasty.
        """
        with self._engine.begin() as connection:
            if hasty and connection.dialect.name == POSTGRESQL:
                connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Read one consistent state; takes no write lock."""
        options: dict[str, Any] = {"keping_reads": True}
        if self._engine.dialect.name == POSTGRESQL:
            options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with self._engine.connect().execution_options(**options) as connection:
            yield connection

    def close(self) -> None:
        self._engine.dispose()


def lock_station(connection: Connection, station: str) -> None:
    """Let one transaction at a time work on a station; what is read after it stays true until the commit.

    A statement for PostgreSQL; on SQLite the transaction has the lock.
    """
    connection.execute(select(stations.c.id).where(stations.c.id == station).with_for_update())


def storable(text: str) -> str:
    """As PostgreSQL can hold it: JSON may have a zero, or half a surrogate pair, and its tables may not."""
    return text.encode("utf-8", "replace").decode().replace("\0", "?")


def insert_unless(dialect: str, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that may say what to do about a row that is there: each data base has it, in its own dialect."""
    return postgresql.insert(table) if dialect == POSTGRESQL else sqlite.insert(table)


def insert_all(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Many rows of the same columns; on PostgreSQL by a binary COPY, which costs both sides half of INSERTs."""
    with inserting(connection, table, rows):
        pass


@contextmanager
def inserting(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> Iterator[None]:
    """As `insert_all`; PostgreSQL is at it while the body runs, and takes no other statement meanwhile."""
    if connection.dialect.name != POSTGRESQL:
        connection.execute(insert(table), rows)
        yield
        return
    raw = cast("psycopg.Connection", connection.connection.driver_connection)
    into, types = _copying(connection.dialect, table, tuple(rows[0]))
    try:
        with raw.cursor() as cursor, cursor.copy(into) as copy:
            copy.set_types(types)
            for row in rows:
                copy.write_row(tuple(row.values()))
            yield
    except psycopg.OperationalError as exc:  # past SQLAlchemy, which would have said it so
        raise OperationalError("COPY", None, exc) from exc


@cache
def _copying(dialect: Dialect, table: Table, names: tuple[str, ...]) -> tuple[bytes, list[str]]:
    """The statement, and the types of its columns."""
    types = [table.c[name].type.compile(dialect).partition("(")[0].lower() for name in names]
    return f"COPY {table.name} ({', '.join(names)}) FROM STDIN (FORMAT BINARY)".encode(), types


def among(dialect: str, column: Column[str], name: str) -> ColumnElement[bool]:
    """Whether the column has one of the list that is given as `name`; on PostgreSQL one statement however many there
    are, prepared once."""
    if dialect == POSTGRESQL:
        return column == any_(bindparam(name, type_=ARRAY(column.type)))
    return column.in_(bindparam(name, expanding=True))


def update_all(
    connection: Connection, table: Table, within: Mapping[str, Any], key: str, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Set what `rows` say in those of the same `key`, among those that have `within`; on PostgreSQL all at once."""
    same = {f"_{name}": value for name, value in within.items()}
    if connection.dialect.name == POSTGRESQL:
        lists = {f"_{name}": [row[name] for row in rows] for name in rows[0]}
        connection.execute(_update_from_lists(table, tuple(within), key, tuple(rows[0])), {**same, **lists})
    else:
        one = and_(*(table.c[name] == bindparam(f"_{name}") for name in (*within, key)))
        connection.execute(update(table).where(one), [{**same, **row, f"_{key}": row[key]} for row in rows])


@cache
def _update_from_lists(table: Table, within: tuple[str, ...], key: str, names: tuple[str, ...]) -> Update:
    lists = [bindparam(f"_{name}", type_=ARRAY(table.c[name].type)) for name in names]
    new = func.unnest(*lists).table_valued(*names).render_derived(name="new")
    same = [table.c[name] == bindparam(f"_{name}") for name in within]
    wanted = {name: new.c[name] for name in names if name != key}
    return update(table).where(*same, table.c[key] == new.c[key]).values(wanted)


def _sqlite(directory: Path) -> Engine:
    """Take BEGIN out of the driver's hands (SQLAlchemy manual, "Serializable isolation" of pysqlite)."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = directory / "hub.sqlite"
    path.touch(mode=0o600)
    engine = create_engine(URL.create("sqlite", database=str(path)))

    @event.listens_for(engine, "connect")
    def on_connect(dbapi: Any, _record: object) -> None:
        dbapi.isolation_level = None
        for pragma in _SQLITE:
            dbapi.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        reads = connection.get_execution_options().get("keping_reads")
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def _postgresql(database: str) -> Engine:
    """A pool that tries a connection before it lends it: a server that came back needs nobody's help."""
    try:
        url = make_url(database)
    except (ArgumentError, ValueError) as exc:  # its text would show the password
        raise UsageError("data base: expected postgresql://USER@HOST/NAME") from exc
    if url.drivername not in ("postgresql", "postgres", "postgresql+psycopg"):
        raise UsageError(f"data base: expected postgresql://USER@HOST/NAME, not {url.drivername}")
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"), pool_pre_ping=True, connect_args={"connect_timeout": CONNECT_S}
    )

    @event.listens_for(engine, "connect")
    def on_connect(dbapi: Any, _record: object) -> None:
        for setting in _POSTGRESQL:
            dbapi.execute(f"SET {setting}")
        dbapi.commit()

    return engine
