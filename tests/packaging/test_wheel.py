"""The wheel is complete: it works from a folder that knows nothing of the source tree."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.rig, pytest.mark.timeout(400)]


def run(words: list[str], cwd: Path, **environment: str) -> str:
    done = subprocess.run(
        words, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built wheel unpacked as pip does it, without its dependencies, which this interpreter has."""
    place = tmp_path_factory.mktemp("wheel")
    run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(place)], ROOT)
    [wheel] = place.glob("keping-*.whl")
    target = place / "site"
    run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target), str(wheel)], place)
    return target


def test_a_card_is_printed_by_the_installed_wheel(installed: Path, tmp_path: Path) -> None:
    there = {"PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1"}
    where = "import kiosk, drivers; from kiosk.resources import resource"
    show = "print(kiosk.__file__, drivers.__file__, resource('config.yaml'))"
    for path in run([sys.executable, "-c", f"{where}; {show}"], tmp_path, **there).split():
        assert path.startswith(str(installed)), path
    words = [sys.executable, "-m", "kiosk", "demo", "--cards", "1", "--json", "--speed", "500"]
    words += ["--link", "in-process", "--dir", str(tmp_path / "demo")]
    result = json.loads(run(words, tmp_path, **there))
    assert (result["printed"], result["balanced"]) == (1, True)


@pytest.mark.parametrize("name", ["config.yaml", "docs/verify_journal.py"])
def test_what_lies_beside_the_code_is_the_one_in_the_tree(installed: Path, name: str) -> None:
    assert (installed / "kiosk" / "_data" / name).read_bytes() == (ROOT / name).read_bytes()
