"""Damage within sealed segments is found by the audit, with file and line, however the blocks fall."""

from __future__ import annotations

import json
import os
import random
import shutil
import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.books import AUDIT_NOTE, Books
from kiosk.core.frames import ZERO_HEAD, Stamp, make_frame
from kiosk.errors import DamagedData
from kiosk.journal import Auditor, Journal, scan
from kiosk.journal.audit import check_segments
from kiosk.journal.auditor import NICEST
from kiosk.journal.segments import segment_path
from tests.docs.rewriting import rechained

SEGMENT = 4096
PATIENCE_S = 120.0


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("audit") / "journal"
    journal = Journal.create(directory, SEGMENT)
    for number in range(60):
        if journal.must_seal:
            journal.seal(None, Stamp(1_000, "boot", 1_000, "t"))
        body = {"n": number, "pad": "x" * (number % 7) * 40}
        journal.append(journal.draft("stock", body, Stamp(1_000 + number, "boot", number, "t")))
    journal.close()
    return directory


@pytest.fixture
def journal(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "journal"))


def sealed(journal: Path) -> list[Path]:
    return sorted(journal.iterdir())[:-1]


@pytest.mark.parametrize("block_bytes", [1, 7, 512, 4096, 1 << 20])
def test_every_frame_of_every_sealed_segment_is_counted(journal: Path, block_bytes: int) -> None:
    steps = list(check_segments(journal, block_bytes))
    assert sum(step.bytes for step in steps) == sum(path.stat().st_size for path in sealed(journal))
    live = max(journal.iterdir()).read_bytes().count(b"\n")
    assert sum(step.frames for step in steps) == len(list(scan(journal))) - live


def refusal(check: Iterator[object]) -> str:
    try:
        for _ in check:
            continue
    except DamagedData as exc:
        return str(exc)
    return ""


def test_every_changed_byte_is_found_where_the_full_reading_finds_it(journal: Path) -> None:
    """The same words as the slow way; only where that reads on, may the reason be another one of the same line."""
    rng = random.Random(5)
    for path in sealed(journal):
        whole = path.read_bytes()
        for at in rng.sample(range(len(whole)), 60):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << rng.randrange(8)]) + whole[at + 1 :])
            found = refusal(check_segments(journal, 512))
            assert found.partition(": ")[0].rpartition(":")[0] == str(path), at
            assert refusal(scan(journal)), at
        path.write_bytes(whole)
    assert refusal(check_segments(journal)) == ""


def test_it_names_the_line(journal: Path) -> None:
    path = sealed(journal)[1]
    lines = path.read_bytes().split(b"\n")
    lines[4] = lines[4].replace(b'"n":', b'"m":')
    path.write_bytes(b"\n".join(lines))
    assert refusal(check_segments(journal)).startswith(f"{path}:5: checksum differs")
    assert refusal(check_segments(journal)) == refusal(scan(journal))


@pytest.mark.parametrize(
    "damage", ["frame missing", "frame twice", "frames swapped", "end missing", "end torn", "longer"]
)
def test_frames_out_of_place_are_found(journal: Path, damage: str) -> None:
    path = sealed(journal)[1]
    lines = path.read_bytes().splitlines(keepends=True)
    if damage == "frame missing":
        del lines[3]
    elif damage == "frame twice":
        lines.insert(3, lines[3])
    elif damage == "frames swapped":
        lines[3], lines[4] = lines[4], lines[3]
    elif damage == "end missing":
        del lines[-1]
    elif damage == "end torn":
        lines[-1] = lines[-1][:-9]
    else:
        lines.append(b"\0" * 10)
    path.write_bytes(b"".join(lines))
    assert refusal(check_segments(journal))
    assert refusal(scan(journal))


def test_a_rewritten_segment_does_not_fit_its_seal(journal: Path) -> None:
    """A chain that holds from end to end but was cut out of another journal."""
    first, following = sorted(journal.iterdir())[:2]
    kept = following.read_bytes()
    rechained(journal, lambda record: record["d"].update(n=-1) if record["k"] == "stock" else None)
    following.write_bytes(kept)
    assert refusal(check_segments(journal)).startswith(f"{following}:1: hash chain broken")
    assert first.exists()


@pytest.mark.parametrize("bytes_told", [0, -1])
def test_a_seal_that_tells_another_size_is_found(tmp_path: Path, bytes_told: int) -> None:
    journal = Journal.create(tmp_path, SEGMENT)
    journal.append(journal.draft("stock", {}, Stamp(1, "b", 1, "t")))
    path = sorted(tmp_path.iterdir())[0]
    journal._turn_over()
    size = path.stat().st_size
    previous = {"file": path.name, "bytes": size + bytes_told, "head": journal.head}
    journal.append(journal.draft("segment", {"previous": previous, "snapshot": None}, Stamp(1, "b", 1, "t")))
    journal.close()
    told = f"{path}:0: is not the segment that the next one seals"
    assert refusal(check_segments(tmp_path)).startswith(told) == bool(bytes_told)


def test_a_checksum_that_is_written_otherwise_is_judged_as_by_every_other_reader(journal: Path) -> None:
    """A leading zero is within the format; the audit must not be stricter than the opening."""
    path, following = sealed(journal)[0], sorted(journal.iterdir())[1]
    lines = path.read_bytes().splitlines(keepends=True)
    at = next(n for n, line in enumerate(lines) if len(line.partition(b",")[0]) < len(b'{"c":4294967295'))
    lines[at] = lines[at].replace(b'{"c":', b'{"c":0')
    path.write_bytes(b"".join(lines))
    assert "the next one seals" in refusal(check_segments(journal))  # for one byte more: all frames were good
    assert following.exists()


def unsynced(directory: Path, frames: int) -> None:
    """One sealed segment of so many frames, written at once, and a live one."""
    directory.mkdir()
    lines, head = [], ZERO_HEAD
    for seq in range(1, frames + 1):
        frame = make_frame(seq, "stock", Stamp(1, "b", 1, "t"), {"n": seq, "pad": "x" * 300}, head)
        lines.append(frame.line)
        head = frame.head
    segment_path(directory, 1).write_bytes(b"".join(lines))
    journal = Journal.open(directory, 1 << 30)
    journal.seal(None, Stamp(1, "b", 1, "t"))
    journal.close()


def test_memory_does_not_grow_with_the_segment(tmp_path: Path) -> None:
    peaks = []
    for frames in (300, 3000):
        unsynced(tmp_path / str(frames), frames)
        tracemalloc.start()
        for _ in check_segments(tmp_path / str(frames), 16 << 10):
            continue
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.3 * peaks[0]


class Report:
    def __init__(self) -> None:
        self.heard = threading.Event()
        self.damage: list[DamagedData] = []

    def __call__(self, damage: DamagedData) -> None:
        self.damage.append(damage)
        self.heard.set()


def rotten(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_the_thread_tells_of_damage_once_notes_it_and_ends(journal: Path, tmp_path: Path) -> None:
    rotten(sealed(journal)[1])
    report = Report()
    auditor = Auditor(journal, tmp_path / AUDIT_NOTE, 0.0, report)
    auditor.start()
    assert report.heard.wait(PATIENCE_S)
    auditor.join(PATIENCE_S)
    assert [str(damage) for damage in report.damage] == [auditor.state.damage]
    assert sealed(journal)[1].name in json.loads((tmp_path / AUDIT_NOTE).read_bytes())["damage"]
    auditor.stop()


def test_a_segment_that_is_gone_or_unreadable_is_damage(journal: Path, tmp_path: Path) -> None:
    victim = sealed(journal)[1]
    victim.unlink()
    victim.mkdir()
    report = Report()
    auditor = Auditor(journal, tmp_path / AUDIT_NOTE, 0.0, report)
    auditor.start()
    assert report.heard.wait(PATIENCE_S)
    auditor.stop()


class Pace:
    """Stands for the event that ends the thread: takes no time, and remembers what was asked of it."""

    def __init__(self, rounds: int) -> None:
        self.waits: list[float] = []
        self.niceness = 0
        self._left = rounds

    def is_set(self) -> bool:
        self._left -= 1
        return self._left < 0

    def set(self) -> None:
        self._left = 0

    def wait(self, seconds: float) -> bool:
        self.niceness = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
        self.waits.append(seconds)
        return False


def test_a_round_takes_the_stated_time_evenly_and_at_the_lowest_priority(journal: Path, tmp_path: Path) -> None:
    auditor = Auditor(journal, tmp_path / AUDIT_NOTE, 3600.0, Report())
    pace = Pace(rounds=1)
    auditor._ending = pace  # type: ignore[assignment]
    auditor.start()
    auditor.join(PATIENCE_S)
    assert (auditor.state.rounds, auditor.state.damage) == (1, None)
    assert auditor.state.complete_ms > 0
    assert pace.waits == sorted(pace.waits)
    assert 3590 < pace.waits[-1] <= 3600
    assert pace.niceness == NICEST


def test_it_stops_at_once_though_the_next_block_is_hours_away(journal: Path, tmp_path: Path) -> None:
    auditor = Auditor(journal, tmp_path / AUDIT_NOTE, 1e6, Report())
    auditor.start()
    auditor.stop()
    assert not auditor.is_alive()
    Auditor(journal, tmp_path / AUDIT_NOTE, 1e6, Report()).stop()


def test_after_a_failed_audit_the_opening_reads_everything_and_refuses_until_it_is_healed(tmp_path: Path) -> None:
    genesis = {"station": "kupang-01", "incarnation": "ab" * 8, "key": "k", "predecessor": None}
    Books.create(tmp_path, SEGMENT, genesis, "t").close()
    books = Books.open(tmp_path, SEGMENT, "t")
    for _ in range(50):
        books.commit("started", {}, "t" * 90)
    books.close()
    victim = sealed(tmp_path / "journal")[1]
    whole = victim.read_bytes()
    rotten(victim)
    Books.open(tmp_path, SEGMENT, "t").close()  # two lines of a sealed segment tell nothing of its middle
    (tmp_path / AUDIT_NOTE).write_bytes(b'{"damage":"as above"}\n')
    with pytest.raises(DamagedData, match=victim.name):
        Books.open(tmp_path, SEGMENT, "t")
    victim.write_bytes(whole)
    Books.open(tmp_path, SEGMENT, "t").close()
    assert not (tmp_path / AUDIT_NOTE).exists()
