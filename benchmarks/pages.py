"""Times of one page, asked for again and again from a process of its own: its reader shares no interpreter with the
centre and the devices that a rig simulates.

    .venv/bin/python -m benchmarks.pages PORT COOKIE SECONDS PATH
"""

from __future__ import annotations

import http.client
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


def page_times(port: int, cookie: str, path: str, seconds: float) -> dict[str, Any]:
    """Run this module; sequential GETs on one connection, in ms, and how many."""
    words = [sys.executable, "-m", "benchmarks.pages", str(port), cookie, str(seconds), path]
    done = subprocess.run(words, capture_output=True, check=True, text=True, cwd=ROOT)  # noqa: S603  # fixed words
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def ask(port: int, cookie: str, path: str, seconds: float) -> list[float]:
    took: list[float] = []
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        begun = time.perf_counter()
        connection.request("GET", path, headers={"Cookie": cookie})
        answer = connection.getresponse()
        answer.read()
        took.append((time.perf_counter() - begun) * 1000)
        if answer.status != http.client.OK:
            raise SystemExit(f"{path}: {answer.status}")
    return took


def main() -> None:
    port, cookie, seconds, path = sys.argv[1:]
    ask(int(port), cookie, path, 0.5)  # the first page fills what is filled once
    took = sorted(ask(int(port), cookie, path, float(seconds)))
    found = {"requests": len(took), "p50_ms": statistics.median(took), "p99_ms": took[int(len(took) * 0.99)]}
    sys.stdout.write(json.dumps({name: round(value, 2) for name, value in found.items()}))


if __name__ == "__main__":
    main()
