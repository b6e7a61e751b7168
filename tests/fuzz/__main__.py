"""`python -m tests.fuzz NAME --seconds 300 --seed S`, or `--again FILE` for a case that was kept."""

from __future__ import annotations

import argparse
import faulthandler
import resource
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from tests.fuzz.engine import Report, one, run
from tests.fuzz.inputs import INPUTS

KEPT = Path("var/fuzz")
MEMORY = Path("/dev/shm")
"""Where no sync costs anything, if the machine has it."""
MOST_BYTES = 4 << 30
"""Of memory: what takes more is told, and takes none from the rest of the machine."""
LATEST_S = 120.0
"""What hangs outside of Python, where no budget reaches, shows its stack so long after the end."""


def main() -> int:
    """0 if nothing was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("name", choices=sorted(INPUTS))
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--again", type=Path)
    asked = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_BYTES, resource.getrlimit(resource.RLIMIT_DATA)[1]))
    faulthandler.dump_traceback_later(asked.seconds + LATEST_S, exit=True)
    place = tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)
    with place as directory, closing(INPUTS[asked.name](Path(directory))) as fuzzer:
        if asked.again:
            report = Report()
            one(fuzzer, asked.again.read_bytes(), report)
        else:
            report = run(fuzzer, asked.seed, seconds=asked.seconds)
    told = f"{asked.name}: seed {asked.seed}, {report.told}\n"
    for place, found in report.found.items():
        told += f"\n{place}\n  {found.save(KEPT, asked.name)}\n{found.told}"
    sys.stdout.buffer.write(told.encode("utf-8", "backslashreplace"))
    return 1 if report.found else 0


if __name__ == "__main__":
    sys.exit(main())
