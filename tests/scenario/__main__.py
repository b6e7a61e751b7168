"""Tells the story of Kota Kupang and writes what it said into docs/scenario.md.

    .venv/bin/python -m tests.scenario [--scale 10] [--seed 2018] [--dir DIR]

Another scale or seed is only printed. Exit 1 if it does not add up.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.machine import machine
from kiosk.rig.scenario import Tale, adds_up, tell
from kiosk.rig.scenario_plan import kupang
from tests.scenario.page import KEPT, PAGE, SCALE, SEED, dump, render


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=int, default=SCALE)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--dir", type=Path)
    said = parser.parse_args()
    place, on = said.dir or Path(tempfile.mkdtemp(prefix="keping-scenario-")), machine()
    result = tell(Tale(place, kupang(said.scale, said.seed)), lambda day: None)
    result["machine"] = f"{on['processors']} processors ({on['processor']}), load {on['load']} before it began"
    sys.stdout.write(dump(result))
    if (said.scale, said.seed) == (SCALE, SEED) and adds_up(result):
        KEPT.write_text(dump(result), encoding="utf-8")
        PAGE.write_text(render(result), encoding="utf-8")
    return 0 if adds_up(result) else 1


if __name__ == "__main__":
    sys.exit(main())
