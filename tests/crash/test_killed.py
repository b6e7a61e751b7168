"""SIGKILL at random instants of a process that commits without end: what it told is there, and the books balance.

The page cache survives the process, so a store without any sync would pass this; power cuts are in test_power_cuts.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from kiosk.books import Books
from kiosk.journal import scan
from tests.crash.events import faults

ROOT = Path(__file__).parents[2]
SEGMENT_BYTES = 40_000


def committer(data: Path, mutant: str = "none", count: int | None = None) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-m", "tests.crash.committer", str(data), str(SEGMENT_BYTES), mutant]
    return subprocess.Popen([*words, *([str(count)] if count else [])], cwd=ROOT, stdout=subprocess.PIPE)


def acknowledged(told: bytes) -> int:
    """The last whole line that is a number."""
    numbers = [line for line in told.split(b"\n")[:-1] if line.isdigit()]
    return int(numbers[-1]) if numbers else 0


def kill_once(data: Path, rng: random.Random, mutant: str = "none") -> int:
    """Start, let it commit, kill it after a random time from its first word; the last number that it told."""
    with committer(data, mutant) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert first.startswith(b"open"), first
        timer = threading.Timer(rng.uniform(0.0, 0.12), process.kill)
        timer.start()
        told = process.stdout.read()
        timer.join()
    return acknowledged(told)


def lost(data: Path, told: int) -> int:
    """How many told frames are not there after an opening, which must not find anything else wrong."""
    books = Books.open(data, SEGMENT_BYTES, "test")
    try:
        assert faults(data, books) == []
    finally:
        books.close()
    return max(0, told - sum(1 for _ in scan(data / "journal")))


@pytest.mark.parametrize("kills", [10, pytest.param(200, marks=pytest.mark.long)])
@pytest.mark.timeout(900)
def test_nothing_told_is_lost(tmp_path: Path, kills: int) -> None:
    rng = random.Random(kills)
    told_in_all = 0
    for number in range(kills):
        data = tmp_path / str(number // 20)
        told = kill_once(data, rng)
        told_in_all += told > 0
        assert lost(data, told) == 0, f"kill {number}"
    assert told_in_all > kills // 3


def test_a_process_that_tells_before_it_commits_is_found_out(tmp_path: Path) -> None:
    """A few of these kills fall between word and frame."""
    rng = random.Random(1)
    for _ in range(40):
        with tempfile.TemporaryDirectory(dir=tmp_path) as place:
            if lost(Path(place) / "data", kill_once(Path(place) / "data", rng, "early")):
                return
    pytest.fail("40 kills, and nothing was seen")
