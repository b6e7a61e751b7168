"""Where and with what a benchmark ran, what a process and its children hold in memory, and where the figures go."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
ELSEWHERE = "KEPING_RESULTS"
"""Names the directory that gets the figures instead: of a run that is shorter than the one of which RESULTS tells."""


def machine() -> dict[str, Any]:
    """`load`: processes that ran or wanted to, before the benchmark: above 0.5 the tails are not the program's."""
    facts = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    memory = Path("/proc/meminfo").read_text(encoding="ascii").split()[1]
    return {
        "processor": next((line.partition(": ")[2] for line in facts if line.startswith("model name")), ""),
        "processors": os.cpu_count(),
        "memory_mb": int(memory) // 1024,
        "kernel": platform.release(),
        "load": round(os.getloadavg()[0], 2),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "keping": version("keping"),
    }


def tree(pid: int) -> list[int]:
    """A process and all that descend from it."""
    found = [pid]
    for each in found:
        for task in Path(f"/proc/{each}/task").iterdir():
            with suppress(FileNotFoundError, ProcessLookupError):  # a thread that has just ended
                found += [int(child) for child in (task / "children").read_text(encoding="ascii").split()]
    return found


def memory_mb(pid: int) -> dict[str, float]:
    """Of the whole tree. `rss`: all that is resident; `pss`: what is shared with other processes counted in part."""
    total = {"rss": 0, "pss": 0}
    for each in tree(pid):
        for line in Path(f"/proc/{each}/smaps_rollup").read_text(encoding="ascii").splitlines():
            name, _, value = line.partition(":")
            if name.lower() in total:
                total[name.lower()] += int(value.split()[0])
    return {name: round(kb / 1024, 1) for name, kb in total.items()}


def processor_s(pids: Iterable[int]) -> float:
    """What these processes have spent of a processor, which a busy machine changes less than how long they took."""
    fields = [Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split() for pid in pids]
    return sum(int(each[11]) + int(each[12]) for each in fields) / os.sysconf("SC_CLK_TCK")


def report(name: str, before: dict[str, Any], found: dict[str, Any]) -> None:
    """Print and keep in results/<name>.json. `before`: `machine()` from before the benchmark loaded it."""
    text = json.dumps({"machine": before, **found}, indent=2) + "\n"
    results = Path(os.environ.get(ELSEWHERE, RESULTS))
    results.mkdir(exist_ok=True)
    (results / f"{name}.json").write_text(text, encoding="utf-8")
    sys.stdout.write(text)
