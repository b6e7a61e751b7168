"""A second medium that gets each frame within seconds, and on which nothing here ever waits.

`mirror:` of the config names a directory on it. What lies there is what DATA holds of the journal: the segments, byte
for byte, under `journal-<incarnation>`, and the checkpoints. Never the vault, never a key.
"""

from __future__ import annotations

import logging
import os
import shutil
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from kiosk import lineage
from kiosk.core.frames import FrameError, parse_line
from kiosk.durable import replace_file, sync_directory
from kiosk.errors import DamagedData, KepingError
from kiosk.journal import signers
from kiosk.journal.segments import SEGMENT_KIND, Segment, list_segments, segment_path, split_lines
from kiosk.pulse import Pulse

log = logging.getLogger(__name__)

BATCH_BYTES = 1 << 20
IDLE_S, RETRY_S = 60.0, 10.0
STOP_S = 2.0


class Refused(KepingError):
    """What lies on the medium is not an earlier state of this journal. Nothing there was touched."""


class Source(Protocol):
    """The journal, as the mirror sees it. `kiosk.books.Books` is one."""

    @property
    def seq(self) -> int: ...

    def lines_after(self, seq: int, limit_bytes: int) -> list[bytes]: ...


@dataclass(frozen=True)
class MirrorState:
    """`seq`: the last frame that is durable there; `behind`: how many are not yet. `in_step_ms`: Unix, when none was
    missing last, 0: not since the start. `error`: why nothing is copied now, empty while all is well."""

    directory: str
    seq: int = 0
    behind: int = 0
    in_step_ms: int = 0
    error: str = ""


class Mirror(threading.Thread):
    """Copies in a thread of its own, whenever `pulse` beats. Nobody waits for it; the medium may hang for ever."""

    def __init__(self, directory: Path, data: Path, source: Source, pulse: Pulse) -> None:
        super().__init__(name="mirror", daemon=True)
        self._root = directory
        self._data = data
        self._source = source
        self._pulse = pulse
        self._own = lineage.current(data)
        self._stopping = False
        self._copy: _Copy | None = None
        self._state = MirrorState(str(directory))

    @property
    def state(self) -> MirrorState:
        """Asks nothing of the medium."""
        state = self._state
        return replace(state, behind=max(0, self._source.seq - state.seq))

    def stop(self) -> None:
        """Copy what is still missing, then end. Blocks for STOP_S at most: a medium that hangs is left alone."""
        self._stopping = True
        self._pulse.beat()
        if self.ident is not None:
            self.join(STOP_S)

    def run(self) -> None:
        while True:
            known, stopping = self._pulse.count, self._stopping
            good = self._catch_up()
            if stopping:
                break
            self._wait(known, 0.0 if good else RETRY_S)
        self._detach()

    def _wait(self, known: int, at_least_s: float) -> None:
        """For the next beat; after an error for a while, however often it beats."""
        until = time.monotonic() + at_least_s
        while not self._stopping:
            known = self._pulse.wait(known, IDLE_S if not at_least_s else max(0.0, until - time.monotonic()))
            if time.monotonic() >= until:
                return

    def _catch_up(self) -> bool:
        """Until nothing is missing. False if the medium refuses; it is looked at anew the next time."""
        try:
            copy = self._copy or self._attach()
            self._note(copy.seq, self._state.error)
            while lines := self._source.lines_after(copy.seq, BATCH_BYTES):
                copy.append(lines)
                self._note(copy.seq, error="")
            copy_checkpoints(self._data, self._root)
            self._note(copy.seq, error="")
        except (OSError, KepingError) as exc:
            self._detach()
            said = str(exc) if isinstance(exc, KepingError) else f"{exc.filename or self._root}: {exc.strerror}"
            self._note(self._state.seq, said)
            return False
        return True

    def _attach(self) -> _Copy:
        """What is there must be an earlier state of ours, or nothing."""
        if not self._root.is_dir():
            raise Refused(f"{self._root}: not there; is the medium in its place?")
        ours = lineage.in_order(lineage.find(self._data))
        check_owner(self._root, ours)
        for volume in ours:
            if volume.incarnation != self._own.incarnation:
                copy_closed(volume, self._root / lineage.set_aside(volume.incarnation))
        self._copy = _Copy(self._root / lineage.set_aside(self._own.incarnation), self._source)
        return self._copy

    def _detach(self) -> None:
        if self._copy:
            self._copy.close()
        self._copy = None

    def _note(self, seq: int, error: str) -> None:
        before = self._state
        in_step = not error and seq >= self._source.seq
        in_step_ms = time.time_ns() // 1_000_000 if in_step else before.in_step_ms
        self._state = replace(before, seq=seq, in_step_ms=in_step_ms, error=error)
        if error and not before.error:
            log.warning("mirror: %s; printing goes on without it", error)
        elif before.error and not error:
            log.info("mirror %s: works again", self._root)


class _Copy:
    """The live journal's copy, open for appending. `seq`: its last frame, which is ours."""

    def __init__(self, directory: Path, source: Source) -> None:
        """Refused if it holds anything but a beginning of the journal; what a power cut tore off its end is cut."""
        directory.mkdir(mode=0o700, exist_ok=True)
        sync_directory(directory.parent)
        self._directory = directory
        self._fd = -1
        segments = list_segments(directory)
        self.seq = (segments[-1].first if segments else 1) - 1
        self._end = 0
        if segments:
            self._resume(segments, source)

    def _resume(self, segments: list[Segment], source: Source) -> None:
        last = segments[-1]
        lines = _whole_lines(last)
        self.seq, self._end = last.first - 1 + len(lines), sum(map(len, lines))
        if self.seq > source.seq:
            raise Refused(
                f"{last.path}: has frame {self.seq}, this journal ends at {source.seq}: it was set back, or the "
                "mirror is another's; nothing there was touched"
            )
        if self.seq and source.lines_after(self.seq - 1, 0)[0] != (lines[-1] if lines else _end_of(segments[:-1])):
            raise Refused(f"{last.path}: frame {self.seq} is not this journal's: they branched; nothing was touched")
        self._fd = os.open(last.path, os.O_WRONLY | os.O_CLOEXEC)
        os.ftruncate(self._fd, self._end)
        os.fsync(self._fd)

    def append(self, lines: Sequence[bytes]) -> None:
        """Durable on return. The first frame of a segment begins a file, as in the journal."""
        for line in lines:
            if self._fd < 0 or _begins_segment(line):
                self._turn_over()
            _write(self._fd, line, self._end)
            self._end += len(line)
            self.seq += 1
        os.fdatasync(self._fd)

    def _turn_over(self) -> None:
        if self._fd >= 0:
            os.fdatasync(self._fd)
            self.close()
        path = segment_path(self._directory, self.seq + 1)
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._end = 0
        sync_directory(self._directory)

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _begins_segment(line: bytes) -> bool:
    """The kind stands before everything that a body could hold."""
    return f'"k":"{SEGMENT_KIND}"'.encode() in line[:160].partition(b'"t":')[0]


def _write(fd: int, line: bytes, at: int) -> None:
    done = 0
    while done < len(line):
        done += os.pwrite(fd, line[done:], at + done)


def _whole_lines(segment: Segment) -> list[bytes]:
    """The complete lines of the last segment; the last of them without a good checksum is torn."""
    with segment.path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        lines, _ = split_lines(file.read())
    if lines and not _is_frame(lines[-1]):
        lines.pop()
    return lines


def _is_frame(line: bytes) -> bool:
    try:
        parse_line(line, "0" * 64)
    except FrameError as exc:
        return str(exc) == "hash chain broken"  # the hash before it is not known here, its checksum is good
    return True


def _end_of(segments: Sequence[Segment]) -> bytes:
    if not segments:
        return b""
    lines = _whole_lines(segments[-1])
    return lines[-1] if lines else b""


def check_owner(root: Path, ours: Sequence[lineage.Volume]) -> None:
    """Refused if a journal lies in `root` that is not one of `ours`, by station or by incarnation."""
    known = {volume.incarnation for volume in ours}
    try:
        found = lineage.find(root)
    except DamagedData as exc:
        raise Refused(str(exc)) from exc
    for volume in found:
        if volume.station != ours[-1].station:
            raise Refused(f"{root}: the mirror of station {volume.station}; give this one a directory of its own")
        if volume.incarnation not in known:
            later = "a later" if volume.continues in known else "another"
            raise Refused(f"{volume.directory}: {later} journal of this station; nothing there was touched")


def copy_closed(volume: lineage.Volume, target: Path) -> None:
    """A journal that is never written again. Files that are there in their size are left."""
    target.mkdir(mode=0o700, exist_ok=True)
    sync_directory(target.parent)
    for segment in list_segments(volume.directory):
        copy_file(segment.path, target / segment.path.name)


def copy_checkpoints(data: Path, root: Path) -> None:
    """Those that are not there yet: each is written once. What is told of the keys may have grown."""
    place = data / "checkpoints"
    for path in (*sorted(place.glob("*/[0-9]*.json")), *sorted(place.glob(f"*/{signers.FILE}"))):
        target = root / "checkpoints" / path.parent.name / path.name
        if not target.exists() or (path.name == signers.FILE and target.read_bytes() != path.read_bytes()):
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            replace_file(target, path.read_bytes())


def copy_file(source: Path, target: Path) -> None:
    """Durable on return, whole or not there under its name. Left alone if its size is right."""
    if target.exists() and target.stat().st_size == source.stat().st_size:
        return
    draft = target.with_name(f".{target.name}")
    shutil.copyfile(source, draft)
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    draft.replace(target)
    sync_directory(target.parent)
