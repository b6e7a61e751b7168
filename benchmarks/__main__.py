"""`make bench`: the five parts of a station with their peers, one after the other, within 15 minutes.

    .venv/bin/python -m benchmarks [NAME...]

Runs what `benchmarks.bench_page` lists, or the named ones of it, each as a program of its own; what the others gave
before is left. Figures go to benchmarks/results/bench/, and docs/benchmarks.md is written from them. One that fails,
for want of a program that it needs or of time, is on the page with its last words. Exit 0 if all ran.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks.bench_page import BENCH, PAGE, PARTS, Part, kept, render, write_runs
from benchmarks.machine import ELSEWHERE

MOST_S = 870.0
"""Of all together; who comes last gets what is left."""
LAST_WORDS_S = 30.0


def run(part: Part, seconds: float, results: Path) -> dict[str, Any]:
    """`said`: its last words if it failed; its figures of before are gone then."""
    words = [sys.executable, "-m", f"benchmarks.{part.name}", *part.options]
    (results / f"{part.name}.json").unlink(missing_ok=True)
    begun = time.monotonic()
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
        process = subprocess.Popen(  # noqa: S603  # our own
            words, env={**os.environ, ELSEWHERE: str(results)}, stdout=subprocess.DEVNULL, stderr=said,
            start_new_session=True,
        )  # fmt: skip
        in_time = ended(process, seconds)
        said.seek(0)
        told = said.read()
    sys.stderr.write(told)
    found: dict[str, Any] = {"seconds": round(time.monotonic() - begun)}
    if not in_time:
        return {**found, "said": f"not done within {seconds:.0f} s"}
    if process.returncode:
        return {**found, "said": (told.strip().splitlines() or ["nothing"])[-1]}
    return found


def ended(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether it ended by itself; else it is told to clear up, and then it is killed with all that it has begun."""
    try:
        process.wait(seconds)
        return True
    except subprocess.TimeoutExpired:
        return False
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(LAST_WORDS_S)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def main() -> None:
    names = sys.argv[1:] or [part.name for part in PARTS]
    unknown = set(names) - {part.name for part in PARTS}
    if unknown:
        raise SystemExit(f"not among the parts: {', '.join(sorted(unknown))}")
    # Behind a shell's "&" the first is ignored, also by what we begin; who ends us by the second ends that too.
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.default_int_handler)
    BENCH.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    for part in PARTS:
        if part.name in names:
            sys.stderr.write(f"== {part.name} ({time.monotonic() - begun:.0f}s)\n")
            write_runs({**kept().runs, part.name: run(part, max(1.0, begun + MOST_S - time.monotonic()), BENCH)})
    found = kept()
    PAGE.write_text(render(found), encoding="utf-8")
    sys.stdout.write(PAGE.read_text(encoding="utf-8"))
    raise SystemExit(any("said" in found.runs[name] for name in names))


if __name__ == "__main__":
    main()
