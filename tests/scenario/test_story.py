"""The whole story at a tenth, both ways, by the command as it is typed; and twice the same, at a hundredth."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kiosk.rig.scenario_plan import kupang

pytestmark = [pytest.mark.long, pytest.mark.rig, pytest.mark.timeout(3600)]

OF_A_RUN = ("seconds", "papers", "frames")
"""What the same seed does not repeat. How long it took and where papers lie; and how many frames the journal has is
not promised, for it may hang on the moment at which something is seen. What is counted of blanks, cards and
people is promised."""


def told(directory: Path, scale: int, seed: int) -> dict[str, Any]:
    words = ["scenario", "kupang", "--scale", str(scale), "--seed", str(seed), "--dir", str(directory), "--json"]
    done = subprocess.run([sys.executable, "-m", "kiosk", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_tenth_of_it(tmp_path: Path) -> None:
    found, plan = told(tmp_path / "story", 10, 2018), kupang(10, 2018)
    other, shares = found["fetch_at_print"], found["served_within_a_day"]
    assert found["received"] == plan.blanks + plan.granted
    assert found["received"] == found["printed"] + found["spoiled"] + found["left"]
    assert found["power_cuts"] == other["power_cuts"] == 2
    assert found["spoiled"] == 8  # 0.88 % of 900
    assert shares["prefetch"] > shares["fetch-at-print"]
    papers = [Path(paper) for paper in found["papers"]]
    assert all(paper.read_bytes()[:4] in (b"%PDF", b"PK\3\4") for paper in papers)
    assert len(papers) == 12


def test_the_same_seed_says_the_same(tmp_path: Path) -> None:
    first, again = (told(tmp_path / name, 100, 5) for name in ("first", "again"))
    assert {name: said for name, said in first.items() if name not in OF_A_RUN} == {
        name: said for name, said in again.items() if name not in OF_A_RUN
    }
