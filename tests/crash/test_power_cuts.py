"""The power of a real ext4 is cut while a process commits: everything told before the cut is there after it."""

from __future__ import annotations

import os
import random
import select
import time
from pathlib import Path

import pytest

from kiosk.errors import DamagedData
from tests.crash.loopdisk import LoopDisk, missing
from tests.crash.test_killed import acknowledged, committer, lost

CUTS = 30

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(missing() is not None, reason=f"no power cuts: {missing()}"),
    pytest.mark.timeout(600),
]


def cut_once(disk: LoopDisk, rng: random.Random, mutant: str) -> tuple[int, int]:
    """Commit on the disk, cut its power, restart; (told before the cut, lost)."""
    with disk.power() as point:
        with committer(point / "data", mutant) as process:
            assert process.stdout is not None
            told = _listen(process.stdout.fileno(), rng.uniform(0.02, 0.3))
            disk.cut(point)
            process.kill()
        number = acknowledged(told)
    with disk.power() as point:
        return number, _lost(point / "data", number)


def _lost(data: Path, told: int) -> int:
    """All of it, where the journal is not there or is refused."""
    try:
        return lost(data, told) if (data / "journal").exists() else told
    except DamagedData:
        return told


def _listen(descriptor: int, seconds: float) -> bytes:
    """What is told until so long after the first word. What is read after the cut would not count: it may race it."""
    told = os.read(descriptor, 4096)
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if select.select([descriptor], [], [], left)[0]:
            told += os.read(descriptor, 1 << 16)
    return told


@pytest.mark.parametrize("sector", [512, 4096])
def test_nothing_told_before_a_cut_is_lost(tmp_path: Path, sector: int) -> None:
    disk, rng = LoopDisk(tmp_path, sector=sector), random.Random(30)
    results = [cut_once(disk, rng, "none") for _ in range(CUTS)]
    assert [lost for _, lost in results] == [0] * CUTS
    assert max(told for told, _ in results) > CUTS  # it went on from cut to cut


def test_without_fdatasync_cuts_do_lose(tmp_path: Path) -> None:
    rng = random.Random(31)
    losses = []
    for number in range(3):
        (tmp_path / str(number)).mkdir()
        losses.append(cut_once(LoopDisk(tmp_path / str(number)), rng, "no-sync")[1])
    assert sum(losses) > 0
