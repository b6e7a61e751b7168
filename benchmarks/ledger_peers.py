"""Who keeps an event durably beside the books, for `benchmarks.ledger`, which says of each what it is."""

from __future__ import annotations

import importlib.util
import json
import mmap
import os
import pickle
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from tinydb import TinyDB

from kiosk.books import Books
from kiosk.core.frames import ZERO_HEAD, Stamp, make_frame
from kiosk.journal.clock import machine_clocks
from kiosk.journal.livefile import ROOM_BYTES
from kiosk.views import View
from tests.crash.events import GENESIS, Event

ROOT = Path(__file__).parents[1]
BENCH = ROOT / "var" / "bench"
QUEUE = "persist-queue==1.1.0"
SEGMENT_BYTES = 8 << 20


class Contender(Protocol):
    """`fill` as quickly as it can, durable or not; `commit` one event durably."""

    def fill(self, events: list[Event]) -> None: ...

    def commit(self, event: Event) -> object: ...


@contextmanager
def filling() -> Iterator[None]:
    """No syncs, and no snapshots at the seals, which nobody reads here and which would be half of the time."""
    kept = os.fsync, os.fdatasync, View.dump
    os.fsync = os.fdatasync = lambda fd: None  # type: ignore[assignment]
    View.dump = lambda self: b""  # type: ignore[method-assign]
    try:
        yield
    finally:
        os.fsync, os.fdatasync, View.dump = kept  # type: ignore[method-assign]


class Keping:
    def __init__(self, place: Path) -> None:
        self.books = Books.create(place / "keping", SEGMENT_BYTES, GENESIS, "bench")

    def fill(self, events: list[Event]) -> None:
        with filling():
            for event in events:
                self.commit(event)

    def commit(self, event: Event) -> object:
        return self.books.commit(event[0], event[1], "station")


class Sqlite:
    def __init__(self, place: Path) -> None:
        self._database = sqlite3.connect(place / f"{type(self).__name__}.db", isolation_level=None)
        self._database.execute("pragma journal_mode=wal")
        self._database.execute("pragma synchronous=full")
        self._database.execute("create table events (seq integer primary key, kind text, body text)")

    def fill(self, events: list[Event]) -> None:
        self._database.execute("begin")
        for event in events:
            self.commit(event)
        self._database.execute("commit")

    def commit(self, event: Event) -> object:
        return self._database.execute("insert into events (kind, body) values (?, ?)", self._row(event))

    def _row(self, event: Event) -> tuple[str, str | bytes]:
        return event[0], json.dumps(event[1], separators=(",", ":"))


class SqliteBare(Sqlite):
    READY = b"x" * 400

    def _row(self, event: Event) -> tuple[str, str | bytes]:
        return event[0], self.READY


class SqliteSame(Sqlite):
    _seq, _head = 0, ZERO_HEAD

    def _row(self, event: Event) -> tuple[str, str | bytes]:
        self._seq += 1
        frame = make_frame(self._seq, event[0], Stamp(*machine_clocks(), "station"), event[1], self._head)
        self._head = frame.head
        return event[0], frame.line


class Queue:
    def __init__(self, place: Path) -> None:
        from persistqueue import SQLiteQueue

        self._path = place / "queue"
        self._queue = SQLiteQueue(str(self._path), auto_commit=True)

    def fill(self, events: list[Event]) -> None:
        database = sqlite3.connect(self._path / "data.db")
        now = time.time()
        rows = ((pickle.dumps(event), now) for event in events)
        database.executemany("insert into queue_default (data, timestamp) values (?, ?)", rows)
        database.commit()
        database.close()

    def commit(self, event: Event) -> object:
        return self._queue.put(event)


class StockTinyDB:
    def __init__(self, place: Path) -> None:
        self._database = TinyDB(place / "tinydb.json")

    def fill(self, events: list[Event]) -> None:
        with filling():
            self._database.insert_multiple(_document(event) for event in events)

    def commit(self, event: Event) -> object:
        return self._database.insert(_document(event))


def _document(event: Event) -> dict[str, Any]:
    return {"kind": event[0], **event[1]}


class Floor:
    """As many bytes as a frame of ours has; the file is never larger than a segment."""

    def __init__(self, place: Path) -> None:
        self._fd = os.open(place / "floor", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def fill(self, events: list[Event]) -> None:
        os.write(self._fd, bytes(min(SEGMENT_BYTES, 400 * len(events))))
        os.fsync(self._fd)

    def commit(self, event: Event) -> object:
        os.write(self._fd, json.dumps(event).encode().ljust(400))
        return os.fdatasync(self._fd)


class InPlace:
    def __init__(self, place: Path) -> None:
        self._fd = os.open(place / "in-place", os.O_WRONLY | os.O_CREAT, 0o600)
        self._at = 0
        for _ in range(SEGMENT_BYTES // ROOM_BYTES):  # at once, it would lie in large pages, which are slow to sync
            os.write(self._fd, bytes(ROOM_BYTES))
        os.fsync(self._fd)

    def fill(self, events: list[Event]) -> None:
        """Is it from the beginning."""

    def commit(self, event: Event) -> object:
        self._at = (self._at + os.pwrite(self._fd, json.dumps(event).encode().ljust(400), self._at)) % (
            SEGMENT_BYTES - 4096
        )
        return os.fdatasync(self._fd)


class Direct:
    def __init__(self, place: Path) -> None:
        path = place / "direct"
        path.write_bytes(bytes(SEGMENT_BYTES))
        self._fd = os.open(path, os.O_RDWR | os.O_DIRECT)
        self._image = memoryview(mmap.mmap(-1, SEGMENT_BYTES))
        self._at = 0
        os.fsync(self._fd)

    def fill(self, events: list[Event]) -> None:
        """Is it from the beginning."""

    def commit(self, event: Event) -> object:
        begin, self._at = self._at, (self._at + 400) % (SEGMENT_BYTES - 8192)
        self._image[begin : begin + 400] = json.dumps(event).encode().ljust(400)[:400]
        start, until = begin // 4096 * 4096, -(-(begin + 400) // 4096) * 4096
        os.pwrite(self._fd, self._image[start:until], start)
        return os.fdatasync(self._fd)


def install_queue() -> None:
    """persist-queue beside the environment, never in it. Where it can't be had, the others go on without it."""
    place = BENCH / "ledger"
    if not (place / "persistqueue").is_dir():
        shutil.rmtree(place, ignore_errors=True)
        words = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(place), QUEUE]
        subprocess.run(words, check=False)  # noqa: S603  # fixed words
    sys.path.append(str(place))


def have_queue() -> bool:
    return importlib.util.find_spec("persistqueue") is not None
