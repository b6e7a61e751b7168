"""Prints cards under trouble and holds everything against the simulated world.

    .venv/bin/python -m tests.soak [--cards 10000] [--seed 2018]

Prints what is to be said of it; if it was all of it, that is docs/soak.md from then on. Exit 1 if something does not
add up, or grows.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.soak.page import KEPT, PAGE, dump, faults, render
from tests.soak.run import Soak
from tests.soak.schedule import FULL, SEED, Schedule


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cards", type=int, default=FULL)
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak-") as directory:
        soak, found = Soak(Path(directory), Schedule(options.cards, options.seed)), None
        try:
            found = soak.run()
        finally:
            if found is None:  # it broke off
                sys.stderr.write((Path(directory) / "log").read_text(encoding="utf-8")[-6000:])
            soak.close()
    sys.stdout.write(render(found))
    if options.cards >= FULL:
        KEPT.write_text(dump(found), encoding="utf-8")
        PAGE.write_text(render(found), encoding="utf-8")
    sys.exit(bool(faults(found)))


if __name__ == "__main__":
    main()
