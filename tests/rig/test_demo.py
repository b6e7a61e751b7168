"""The whole rig as processes: what `keping demo` says is what the simulated world holds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kiosk.core.plan import Plan
from tests.docs.pages import ROOT, commands
from tests.rig.links import LINKS

pytestmark = pytest.mark.rig


def demo(directory: Path, cards: int, *faults: str, link: str = "in-process", speed: int = 200) -> dict[str, Any]:
    words = [sys.executable, "-m", "kiosk", "demo", "--json", "--cards", str(cards), "--speed", str(speed)]
    words += ["--link", link, "--dir", str(directory)]
    for fault in faults:
        words += ["--fault", fault]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    log = directory / "station.log"
    assert done.returncode == 0, done.stdout + done.stderr + (log.read_text() if log.exists() else "")
    result: dict[str, Any] = json.loads(done.stdout)
    assert result["faults"] == sorted(result["faults"], key=lambda text: int(text.split("@")[1].split(":")[0]))
    assert len(result["faults"]) == len(faults), result["faults"]
    return result


def agrees(result: dict[str, Any], cards: int) -> None:
    assert result["problems"] == []
    assert result["printed"] == result["cards_out"]["good"] == result["chips_distinct"] == cards
    assert result["unresolved"] == 0
    assert result["hub_head"] == result["journal_head"]
    assert result["hub_acknowledged"] == result["journal_frames"]


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.timeout(240)
def test_faults_of_every_kind_and_everybody_has_one_card(tmp_path: Path, link: str) -> None:
    """The README's own: its ten cards, its faults."""
    [command] = commands((ROOT / "README.md").read_text(encoding="utf-8"), "Trouble")
    program, *faults = command.split(" --fault ")
    assert program == ".venv/bin/keping demo --cards 10"
    result = demo(tmp_path / "demo", 10, *faults, link=link)
    agrees(result, 10)
    assert result["factory_defect"] == 1
    assert result["causes"]["factory-defect/chip-silent"] == 1
    assert result["causes"]["spoiled/media-jam"] == 1
    assert result["spoiled"] in (1, 2)
    assert result["station_starts"] == 3
    assert len(list((tmp_path / "demo" / "cards").glob("*.png"))) == 10 + result["cards_out"]["bad"]
    assert json.loads((tmp_path / "demo" / "result.json").read_text()) == result


@pytest.mark.long
@pytest.mark.parametrize("kind", ["kill", "power"])
@pytest.mark.timeout(240)
def test_at_every_step_of_a_card(tmp_path: Path, kind: str) -> None:
    result = demo(
        tmp_path / "demo", 7, *[f"{kind}@{number}:{step}" for number, step in enumerate(Plan.INLINE.steps, start=1)]
    )
    agrees(result, 7)
    assert result["station_starts"] == 7


@pytest.mark.long
@pytest.mark.timeout(240)
def test_every_bad_chip_is_booked_by_cause(tmp_path: Path) -> None:
    kinds = ["chip-dead", "chip-used", "chip-weak", "chip-random-uid", "chip-write-fails"]
    result = demo(tmp_path / "demo", 6, *[f"{kind}@{number}" for number, kind in enumerate(kinds, start=1)])
    agrees(result, 6)
    assert result["causes"] == {
        "factory-defect/chip-silent": 1,
        "spoiled/chip-used": 1,
        "factory-defect/chip-verify-failed": 1,
        "factory-defect/chip-uid-random": 1,
        "factory-defect/chip-write-failed": 1,
    }


@pytest.mark.long
@pytest.mark.timeout(240)
def test_the_machine_by_hand(tmp_path: Path) -> None:
    faults = ["jam@1:feed", "jam@2:eject", "cover-open@3:print", "cable@4:print", "cable@5:eject"]
    result = demo(tmp_path / "demo", 6, *faults)
    agrees(result, 6)
    assert {answer["answer"] for answer in result["asked"]} >= {"spoiled", "good"}


@pytest.mark.long
def test_the_same_seed_makes_the_same_people(tmp_path: Path) -> None:
    first, second = (demo(tmp_path / name, 1, speed=1000) for name in ("a", "b"))
    agrees(first, 1)
    agrees(second, 1)
    pictures = [sorted((tmp_path / name / "cards").iterdir())[0].read_bytes() for name in ("a", "b")]
    assert pictures[0] == pictures[1]


def test_a_directory_in_use_is_refused(tmp_path: Path) -> None:
    (tmp_path / "something").touch()
    words = [sys.executable, "-m", "kiosk", "demo", "--dir", str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == f"keping: --dir {tmp_path}: not empty\n"
