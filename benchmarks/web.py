"""The touchscreen against OctoPrint, in one run: start to first tappable page, memory, page times while cards print.

    .venv/bin/python -m benchmarks.web [--people 5000] [--rounds 3]

OctoPrint (PyPI) is installed into an environment of its own under var/bench. Both are started the same way, seen by
the same Chromium, on the same machine, alternating; medians of the rounds, and the ratio, are printed as JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import Error as BrowserError

from kiosk.books import read_view
from kiosk.rig.rig import OPERATORS, Rig, Setting

ROOT = Path(__file__).parents[1]
OCTOPRINT = "octoprint==1.11.8"
CHROMIUM = "/usr/bin/chromium"
PATIENCE_S = 90.0


def octoprint() -> Path:
    """The command of an OctoPrint installed apart; about a minute the first time."""
    place = ROOT / "var" / "bench" / "octoprint"
    if not (place / "bin" / "octoprint").exists():
        shutil.rmtree(place, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)  # noqa: S603  # fixed words
        subprocess.run([str(place / "bin" / "pip"), "install", "--quiet", OCTOPRINT], check=True)  # noqa: S603  # fixed words
    return place / "bin" / "octoprint"


def resident_kb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.split("VmRSS:")[1].split()[0])


def until_tappable(page: Page, url: str, selector: str, begun: float) -> float:
    """Seconds from `begun` until `selector` is visible at `url`; asks again while nothing listens."""
    while time.monotonic() - begun < PATIENCE_S:
        try:
            page.goto(url, wait_until="commit", timeout=5_000)
            page.wait_for_selector(selector, state="visible", timeout=30_000)
        except BrowserError:
            time.sleep(0.02)
        else:
            return time.monotonic() - begun
    raise SystemExit(f"{url} did not become tappable")


def measure(
    browser: Browser, words: list[str], environment: dict[str, str], url: str, selector: str
) -> dict[str, float]:
    """Start one server, wait for its page, read its memory five seconds later, end it."""
    page = browser.new_page(viewport={"width": 1024, "height": 600})
    begun = time.monotonic()
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(words, env=environment, stdout=log, stderr=log)  # noqa: S603  # fixed words
        try:
            seconds = until_tappable(page, url, selector, begun)
            time.sleep(5)
            return {"seconds": seconds, "memory_mb": resident_kb(process.pid) / 1024}
        finally:
            process.terminate()
            process.wait(60)
            page.close()


def page_times(client: httpx.Client, path: str, until: Callable[[int], bool]) -> dict[str, float]:
    """p50 and p99 in ms of sequential GETs."""
    took: list[float] = []
    while not until(len(took)):
        begun = time.perf_counter()
        client.get(path).raise_for_status()
        took.append((time.perf_counter() - begun) * 1000)
    took.sort()
    return {
        "requests": len(took),
        "p50_ms": round(statistics.median(took), 2),
        "p99_ms": round(took[int(len(took) * 0.99) - 1], 2),
    }


def await_records(rig: Rig, people: int) -> None:
    """Until the station has taken in everybody that the centre issued."""
    while read_view(rig.data).count("records") < people:
        time.sleep(0.5)


def signed_in(rig: Rig) -> httpx.Client:
    client = httpx.Client(base_url=f"http://127.0.0.1:{rig.web_port}", timeout=10, trust_env=False)
    answer = client.post("/sign-in", data={"person": OPERATORS[0].id, "pin": OPERATORS[0].pin})
    assert answer.status_code == 303, answer.text
    return client


def busy_pages(rig: Rig) -> dict[str, Any]:
    """Status and queue pages, idle and while cards print and the outbox drains."""
    client = signed_in(rig)
    found: dict[str, Any] = {}
    for name, path in (("status", "/now"), ("queue", "/queue")):
        found[f"{name}_idle"] = page_times(client, path, lambda count: count >= 300)
    rig.outage.failing = True
    rig.station.call("jobs.run", count=40)
    threading.Timer(4.0, lambda: setattr(rig.outage, "failing", False)).start()
    for name, path in (("status", "/now"), ("queue", "/queue")):
        end = time.monotonic() + 12
        found[f"{name}_printing"] = page_times(client, path, lambda _, end=end: time.monotonic() > end)
    found["cards_done"] = rig.station.call("station.status")["finished"]
    return found


def main() -> None:
    """Print one JSON object; exit 0 whatever the figures are: a benchmark measures, it does not judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    peer = octoprint()
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        directory = Path(place)
        rig = Rig(Setting(directory / "rig", options.people, 90, 60, 60.0, 1, "in-process", operators=OPERATORS))
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        try:
            await_records(rig, options.people)
            pages = busy_pages(rig)
            rig.station.stop()
            rounds = [round_of(browser, rig, peer, directory / str(n)) for n in range(options.rounds)]
        finally:
            browser.close()
            rig.close()
    print(json.dumps({"people_waiting": options.people, "pages": pages, **summary(rounds)}, indent=2))  # noqa: T201


def round_of(browser: Browser, rig: Rig, peer: Path, base: Path) -> dict[str, dict[str, float]]:
    url = f"http://127.0.0.1:{rig.web_port}/"
    environment = {**os.environ, **rig.devices.environment}
    station = [sys.executable, "-m", "kiosk", "--config", str(rig.setting.directory / "config.yaml")]
    ours = measure(browser, [*station, "--data", str(rig.data), "run"], environment, url, "[data-digit]")
    words = [
        str(peer),
        "serve",
        "--iknowwhatimdoing",
        "--host",
        "127.0.0.1",
        "--port",
        "5099",
        "--basedir",
        str(base),
    ]
    theirs = measure(browser, words, environment, "http://127.0.0.1:5099/", "input:visible, button:visible")
    return {"keping": ours, "octoprint": theirs}


def summary(rounds: list[dict[str, dict[str, float]]]) -> dict[str, Any]:
    medians = {
        name: {
            what: round(statistics.median(each[name][what] for each in rounds), 2)
            for what in ("seconds", "memory_mb")
        }
        for name in ("keping", "octoprint")
    }
    ratios = {
        what: round(medians["keping"][what] / medians["octoprint"][what], 3) for what in ("seconds", "memory_mb")
    }
    return {"start": medians, "ratio": ratios}


if __name__ == "__main__":
    main()
