"""The books: journal and view kept in step under one lock. The one place where an event becomes true.

commit = draft the frame, project it (an impossible event stops here), make it durable, apply it.
"""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

from kiosk import lineage
from kiosk.core import clock as clocks
from kiosk.core.accounts import LedgerError
from kiosk.core.change import ProjectionError
from kiosk.core.clock import Reading
from kiosk.core.frames import Frame, Stamp
from kiosk.core.jobs import TransitionError
from kiosk.core.projection import KINDS, project
from kiosk.crypto.checkpoint import Checkpoint, Position
from kiosk.crypto.keys import OKPKey
from kiosk.datalock import DataLock
from kiosk.durable import remove_drafts, sync_directory
from kiosk.errors import DamagedData, Rejected
from kiosk.journal import Clock, ClosedJournal, Journal, Reserve, checkpoints
from kiosk.journal.auditor import recheck
from kiosk.journal.once import Once
from kiosk.past import Past
from kiosk.replay import JOURNAL, SNAPSHOT, Follower, read_view, replay, replay_all
from kiosk.views import View, keep_snapshot

log = logging.getLogger(__name__)

JOURNAL_DRAFT = "journal.new"
CHECKPOINTS, RESERVE, AUDIT_NOTE = "checkpoints", "reserve", "audit.json"

NEW_WORK = frozenset({"records", "job-created", "reprint"})
"""What is not begun on a full disk; everything else finishes what is."""


class Books:
    """`Books.create` writes genesis; `Books.open` recovers. All methods are thread-safe.

    `key` signs checkpoints; it may be exchanged inside a transaction.

    `on_commit` is called for each commit, in the committing thread, after the outermost transaction has ended: it may
    wait for another thread that reads the books.
    """

    def __init__(
        self,
        data: Path,
        journal: Journal | ClosedJournal,
        view: View,
        reserve: Reserve | None = None,
        key: OKPKey | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._data = data
        self.clock = clock or Clock(data)
        self._journal = journal
        self._view = view
        self._reserve = reserve
        self.key = key
        self._lock = threading.RLock()
        self._applying = threading.Lock()
        self.past = Past(view, Once(data))
        self._depth = 0
        self._untold: list[Frame] = []
        self.on_commit: Callable[[Frame], None] = lambda frame: None

    @classmethod
    def create(
        cls, data: Path, segment_bytes: int, genesis: dict[str, Any], by: str, before: View | None = None,
        clock: Clock | None = None,
    ) -> Books:  # fmt: skip
        """Start a new journal. DamagedData if one is there, or there was one that this does not continue.

        `before`: the last state of the journal that it continues, which lies beside it.

        It appears under its name with genesis in it or, if the power goes before, not at all.
        """
        if (data / JOURNAL).exists():
            raise DamagedData(f"{data / JOURNAL}: is there already; a journal is never started over another")
        checkpoints.newest(data / CHECKPOINTS, genesis)
        draft = data / JOURNAL_DRAFT
        shutil.rmtree(draft, ignore_errors=True)
        books = cls(data, Journal.create(draft, segment_bytes), before or View(), clock=clock)
        books.commit("genesis", genesis, by)
        books.close()
        draft.rename(data / JOURNAL)
        sync_directory(data)
        return cls.open(data, segment_bytes, by, clock=clock)

    @classmethod
    def open(
        cls,
        data: Path,
        segment_bytes: int,
        by: str,
        *,
        key: OKPKey | None = None,
        reserve_bytes: int = 0,
        clock: Clock | None = None,
    ) -> Books:
        """Recover the journal, hold it against the newest checkpoint, rebuild the view, record a cut tail.

        Only under the data lock. Writes at most one frame, and none if it raises. With the station's signing `key`, a
        checkpoint is made at each seal; `reserve_bytes` are set aside on the disk (0: none).
        """
        _tidy(data)
        recheck(data / JOURNAL, data / AUDIT_NOTE)
        anchors = checkpoints.newest(data / CHECKPOINTS, checkpoints.genesis_of(data / JOURNAL).data)
        reserve = Reserve(data / RESERVE, reserve_bytes) if reserve_bytes else None
        live = Follower(data)
        journal = Journal.open(data / JOURNAL, segment_bytes, live.take, reserve, anchors)
        books = cls(data, journal, live.view or replay_all(data), reserve, key, clock)
        books.past.extend([volume.directory for volume in lineage.in_order(lineage.find(data))[:-1]])
        if reserve:
            reserve.renew()
        if journal.recovered:
            books.commit("recovered", journal.recovered, by)
        return books

    @classmethod
    def for_looking(cls, data: Path) -> Books:
        """What they say now, without the data lock. Each `commit` is Rejected `safe-mode`. DamagedData as `open`."""
        return cls(data, ClosedJournal(data / JOURNAL), read_view(data))

    @contextmanager
    def transaction(self) -> Iterator[View]:
        """Check-then-commit without anyone in between. Read the view inside, call `commit` inside."""
        told: list[Frame] = []
        try:
            with self._lock:
                self._depth += 1
                try:
                    yield self._view
                finally:
                    self._depth -= 1
                    if self._depth == 0:
                        told, self._untold = self._untold, []
        finally:
            for frame in told:
                self.on_commit(frame)

    @contextmanager
    def look(self) -> Iterator[View]:
        """One consistent state, to read from. Waits for no medium, as `transaction` does while a frame is written.

        Inside, begin nothing else with the books: whoever is committing waits for the end of this.
        """
        with self._applying:
            yield self._view

    def commit(self, kind: str, data: dict[str, Any], by: str) -> Frame:
        """Make one event true. Rejected if it is not possible now; Poisoned if the medium fails."""
        with self._lock:
            frame = self._make_true(kind, data, by)
            if self._depth:
                self._untold.append(frame)
                return frame
        self.on_commit(frame)
        return frame

    def _make_true(self, kind: str, data: dict[str, Any], by: str) -> Frame:
        if kind in NEW_WORK and not self.has_room:
            full = "is full: what is begun is finished, nothing more; free some space"
            raise Rejected(f"the disk of {self._data} {full}", "disk-full")
        if self._journal.must_seal:
            self._seal(by)
        read = self._view.read
        stamp, note = self.clock.stamp_and_note(self._journal.newest, by, read(clocks.KIND, "self"))
        if note is not None:
            stamp = self._note_clock(note, stamp)
        frame = self._journal.draft(kind, data, stamp)
        try:
            changes = project(frame, read)
            self.past.must_be_new(frame)
        except LedgerError as exc:
            raise Rejected(str(exc), "insufficient-stock") from exc
        except (TransitionError, ProjectionError) as exc:
            raise Rejected(str(exc), "not-possible-now") from exc
        self._journal.append(frame)
        with self._applying:
            self._view.apply(frame.seq, changes)
        return frame

    def _note_clock(self, note: dict[str, Any], stamp: Stamp) -> Stamp:
        """The time of the next frame is worth more or less than that of the last one: the books say so first."""
        frame = self._journal.draft(clocks.KIND, note, stamp._replace(by="station"))
        changes = project(frame, self._view.read)
        self._journal.append(frame)
        with self._applying:
            self._view.apply(frame.seq, changes)
        return self.clock.stamp(self._journal.newest, stamp.by)

    def _seal(self, by: str) -> None:
        stamp = self.clock.stamp(self._journal.newest, by)
        frame = self._journal.seal(keep_snapshot(self._data / SNAPSHOT, self._view), stamp)
        with self._applying:
            self._view.apply(frame.seq, project(frame, self._view.read))
        self.past.extend()
        if self.key:
            try:
                self.checkpoint()
            except OSError as exc:
                log.warning("no checkpoint of frame %d: %s", frame.seq, exc)

    def checkpoint(self) -> str:
        """Sign where the journal stands and what the accounts hold, keep that in DATA/checkpoints, return the token.

        For a paper, a stick, the centre: it proves most where the journal is not. Three fsyncs. OSError if the medium
        refuses; ValueError if the books were opened without the key.
        """
        if self.key is None:
            raise ValueError("opened without the station's key")
        with self.transaction() as view:
            station = view.read("station", "self")
            assert station is not None
            position = Position(station["station"], station["incarnation"], self._journal.seq, self._journal.head)
            return checkpoints.keep(self._data / CHECKPOINTS, Checkpoint(position, view.balances()), self.key)

    @property
    def has_room(self) -> bool:
        """The reserve on the disk is there, or could just be made again, or none was asked for."""
        with self._lock:
            return self._reserve is None or self._reserve.renew()

    @property
    def seq(self) -> int:
        """The last durable frame. Waits for nobody: while one is being written, the one before it."""
        return self._journal.seq

    @property
    def head(self) -> str:
        with self._lock:
            return self._journal.head

    @property
    def time(self) -> Reading:
        """What time it is, as a frame written now would bear it. Waits for nobody."""
        return self.clock.read(self._journal.newest)

    def now_s(self) -> float:
        """As `time`, in Unix seconds."""
        return self.time.time_ms / 1000

    @property
    def today(self) -> date:
        """The office's date, where the station stands, as a frame written now would bear it."""
        return datetime.fromtimestamp(self.time.time_ms / 1000).astimezone().date()

    @property
    def poisoned(self) -> str | None:
        return self._journal.poisoned

    def lines_after(self, seq: int, limit_bytes: int) -> list[bytes]:
        with self._lock:
            return self._journal.lines_after(seq, limit_bytes)

    def close(self) -> None:
        with self._lock:
            self._journal.close()


def _tidy(data: Path) -> None:
    """Away with what a power cut left half made. The vault does so itself."""
    shutil.rmtree(data / JOURNAL_DRAFT, ignore_errors=True)
    for directory in (data, data / "keys", data / "sync", data / "index", *(data / CHECKPOINTS).glob("*")):
        remove_drafts(directory)


__all__ = ["JOURNAL", "KINDS", "SNAPSHOT", "Books", "DataLock", "read_view", "replay"]
