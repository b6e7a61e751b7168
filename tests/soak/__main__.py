"""Prints cards under trouble and holds everything against the simulated world.

    .venv/bin/python -m tests.soak [--cards 10000] [--seed 2018]

Writes docs/soak.md if it was all of it; else prints that page. What was found is kept in var/soak.json. Exit 1 if
something does not add up.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from tests.docs.pages import ROOT
from tests.soak.run import Found, Soak
from tests.soak.schedule import FULL, SEED, Schedule

KEPT = ROOT / "var" / "soak.json"


def keep(found: Found) -> None:
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_text(json.dumps(asdict(found)), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cards", type=int, default=FULL)
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak-") as directory:
        soak = Soak(Path(directory), Schedule(options.cards, options.seed))
        try:
            found = soak.run()
        except BaseException:
            sys.stderr.write((Path(directory) / "log").read_text(encoding="utf-8")[-6000:])
            raise
        finally:
            keep(soak.found)
            soak.close()
    sys.stdout.write("\n".join(found.faults) + "\n")
    sys.exit(bool(found.faults))


if __name__ == "__main__":
    main()
