"""Work at a stick, one piece at a time: for a command, which waits for it, or for the touchscreen, which looks on."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from kiosk.errors import KepingError, Rejected, Unavailable, UsageError
from kiosk.sync.carrying import Carrier, Exported, Imported

log = logging.getLogger(__name__)

GONE, BUSY, OWN_DISK = "stick-gone", "stick-busy", "own-disk"


class Verb(StrEnum):
    EXPORT = "export"
    IMPORT = "import"


@dataclass(frozen=True)
class Place:
    """A mounted medium. `free`: bytes."""

    path: str
    name: str
    free: int


@dataclass
class Work:
    """`done` of `of` chunks so far. Once it has `ended`: `result`, or why it failed: a keyword, a line."""

    verb: Verb
    place: str
    by: str
    done: int = 0
    of: int = 0
    ended: bool = False
    result: Exported | Imported | None = None
    reason: str = ""
    detail: str = ""


class Sticks:
    """Thread-safe. `offered`: directories, also with wildcards, of the touchscreen. `changed`: called at progress.

    `latest`: the work that goes on or was done last, None before the first.
    """

    def __init__(
        self,
        carrier: Carrier,
        offered: Sequence[str],
        changed: Callable[[], None],
    ) -> None:
        self._carrier = carrier
        self.offered = offered
        self._changed = changed
        self.look: Callable[[Sequence[str]], list[Place]] = mounted
        self._turn = threading.Lock()
        self.latest: Work | None = None
        self.commands: dict[str, Callable[..., Any]] = {"sync.export": self.export, "sync.import": self.take}

    @property
    def acknowledged(self) -> int:
        """The newest frame that the centre has confirmed, on whichever way."""
        return self._carrier.acknowledged

    @property
    def places(self) -> list[Place]:
        """Where a stick is now, by its path."""
        return self.look(self.offered)

    def export(self, by: str, directory: str, *, everything: bool = False) -> dict[str, Any]:
        """Blocks until the stick may be pulled. Rejected `stick-busy`, and as Carrier.export."""
        return self._wait(Work(Verb.EXPORT, _existing(directory), by), everything=everything)

    def take(self, by: str, directory: str) -> dict[str, Any]:
        """Blocks until all is read and kept. Rejected `stick-busy`, and as Carrier.take."""
        return self._wait(Work(Verb.IMPORT, _existing(directory), by))

    def begin(self, by: str, verb: str, path: str) -> None:
        """As a command, in a thread of its own, at a place of `places`. A second one while it lasts does nothing."""
        if verb not in set(Verb):
            raise UsageError(f"{verb}: neither export nor import")
        if not self._turn.acquire(blocking=False):
            return
        work = self.latest = Work(Verb(verb), path, by)
        if path not in {place.path for place in self.places}:
            work.reason, work.detail, work.ended = GONE, f"{path}: no stick is there", True
            self._turn.release()
        else:
            threading.Thread(target=self._work, args=(work,), name="stick", daemon=True).start()
        self._changed()

    def _work(self, work: Work) -> None:
        try:
            with self._noting(work):
                self._do(work)
        except (KepingError, OSError):
            pass  # it is noted
        finally:
            self._turn.release()
            self._changed()

    def _wait(self, work: Work, **how: bool) -> dict[str, Any]:
        if not self._turn.acquire(blocking=False):
            raise Rejected("somebody is at work with a stick: wait for its end", BUSY)
        self.latest = work
        try:
            with self._noting(work):
                self._do(work, **how)
        finally:
            self._turn.release()
            self._changed()
        assert work.result is not None
        return asdict(work.result)

    def _do(self, work: Work, **how: bool) -> None:
        def progress(done: int, of: int) -> None:
            work.done, work.of = done, of
            self._changed()

        act = self._carrier.export if work.verb is Verb.EXPORT else self._carrier.take
        work.result = act(Path(work.place), progress, **how)

    @contextmanager
    def _noting(self, work: Work) -> Iterator[None]:
        try:
            yield
        except Rejected as exc:
            work.reason, work.detail = exc.reason, str(exc)
            raise
        except Unavailable as exc:
            work.reason, work.detail = GONE, str(exc)
            raise
        except (KepingError, OSError) as exc:
            work.reason, work.detail = OWN_DISK, str(exc)
            raise
        finally:
            work.ended = True
            if work.reason:
                log.warning("stick: %s by %s: %s", work.verb, work.by, work.detail)


def _existing(directory: str) -> str:
    if not Path(directory).is_dir():
        raise UsageError(f"{directory}: no such directory; is the stick mounted?")
    return directory


def mounted(patterns: Sequence[str], is_mounted: Callable[[Path], bool] = os.path.ismount) -> list[Place]:
    """Of the directories that fit a pattern, those where a medium is: any other is on the station's own disk."""
    found = sorted({path for pattern in patterns for path in Path("/").glob(pattern.lstrip("/"))})
    return [place for path in found if is_mounted(path) and (place := _place(path))]


def _place(path: Path) -> Place | None:
    """None if it went meanwhile."""
    try:
        found = os.statvfs(path)
    except OSError:
        return None
    return Place(str(path), path.name, found.f_bavail * found.f_frsize)
