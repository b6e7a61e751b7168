"""The touchscreen against OctoPrint in one run: start to first tappable page, memory, page times at rest and at work.

    .venv/bin/python -m benchmarks.web [--people 5000] [--rounds 3]

Each is installed by pip into an environment of its own under var/bench, as its user would, and started the same way:
first once at work, then in turns from nothing to its page in the same Chromium. The first turn fills caches and does
not count. What can't be had, Chromium or OctoPrint, is left out and said.

At work: a station prints at sixty times a printer's speed while the centre is away for four seconds and
then takes what has gathered; OctoPrint prints on its virtual printer. Of each the page with the state of the work is
timed: ours is /now; OctoPrint's is drawn in the browser from /api/job, a few hundred bytes, so both that and its page
as a whole are.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import Error as BrowserError

from benchmarks import octoprint
from benchmarks.machine import machine, memory_mb, report
from benchmarks.pages import page_times
from kiosk.books import read_view
from kiosk.rig.rig import OPERATORS, Rig, Setting

ROOT = Path(__file__).parents[1]
CHROMIUM = "/usr/bin/chromium"
PATIENCE_S = 90.0
CARDS = 45
AWAY_S = 4.0
REST_S, WORK_S = 4.0, 12.0
SETTLED_S = 5.0


def environment(name: str, *requirements: str, edition: str = "") -> Path | None:
    """The bin directory of an environment with these packages and no others; half a minute the first time, and again
    when they or `edition` are others. None if they can't be had."""
    place = ROOT / "var" / "bench" / name
    stamp, wanted = place / "installed", f"{requirements} {edition}"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        shutil.rmtree(place, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)  # noqa: S603  # fixed words
        pip = [str(place / "bin" / "pip"), "-qq", "--disable-pip-version-check", "install"]
        if subprocess.run([*pip, *requirements], check=False).returncode:  # noqa: S603  # fixed words
            return None
        stamp.write_text(wanted, encoding="utf-8")
    return place / "bin"


@dataclass(frozen=True)
class Side:
    """One of the two: what serves it, and when its page can be tapped."""

    words: list[str]
    variables: dict[str, str]
    url: str
    selector: str


@contextmanager
def running(side: Side) -> Iterator[int]:
    """A server as a child process, ended afterwards; its pid."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(side.words, env=side.variables, stdout=log, stderr=log)  # noqa: S603  # fixed words
        try:
            yield process.pid
        finally:
            process.terminate()
            process.wait(60)


def retried(attempt: Callable[[], Any], what: str) -> Any:
    """What `attempt` returns as soon as it does not fail for want of a server."""
    begun = time.monotonic()
    while time.monotonic() - begun < PATIENCE_S:
        try:
            return attempt()
        except (BrowserError, httpx.HTTPError):
            time.sleep(0.02)
    raise SystemExit(f"{what} did not come")


def start(browser: Browser, side: Side) -> dict[str, float]:
    """From nothing until something can be tapped, and the memory five seconds later."""
    page: Page = browser.new_page(viewport={"width": 1024, "height": 600})

    def tappable() -> None:
        page.goto(side.url, wait_until="commit", timeout=5_000)
        page.wait_for_selector(side.selector, state="visible", timeout=30_000)

    begun = time.monotonic()
    try:
        with running(side) as pid:
            retried(tappable, side.url)
            seconds = time.monotonic() - begun
            time.sleep(SETTLED_S)
            return {"seconds": seconds, **memory_mb(pid)}
    finally:
        page.close()


def station_cookie(port: int) -> str:
    who = {"person": OPERATORS[0].id, "pin": OPERATORS[0].pin}
    answer = httpx.post(f"http://127.0.0.1:{port}/sign-in", data=who, trust_env=False)
    return str(answer.headers["Set-Cookie"]).partition(";")[0]


def station_at_work(rig: Rig, pid: int) -> dict[str, Any]:
    cookie = retried(lambda: station_cookie(rig.web_port), "the station")
    pages = {"now": "/now", "queue": "/queue"}
    found: dict[str, Any] = {
        f"{name}_rest": page_times(rig.web_port, cookie, path, REST_S) for name, path in pages.items()
    }
    rig.outage.failing = True
    rig.station.call("jobs.run", count=CARDS)
    threading.Timer(AWAY_S, setattr, (rig.outage, "failing", False)).start()
    for name, path in pages.items():
        found[f"{name}_work"] = page_times(rig.web_port, cookie, path, WORK_S)
    status = rig.station.call("station.status")
    while rig.station.call("station.status")["finished"] < CARDS:
        time.sleep(0.1)
    return {**found, "cards_meanwhile": status["finished"], "memory_after_cards_mb": memory_mb(pid)}


def octoprint_at_work(pid: int) -> dict[str, Any]:
    client = retried(octoprint.sign_in, "OctoPrint")
    cookie = octoprint.cookie(client)
    pages = {"job": "/api/job", "page": "/"}
    found: dict[str, Any] = {
        f"{name}_rest": page_times(octoprint.PORT, cookie, path, REST_S) for name, path in pages.items()
    }
    octoprint.begin_print(client)
    while not octoprint.state(client).startswith("Printing"):
        time.sleep(0.1)
    for name, path in pages.items():
        found[f"{name}_work"] = page_times(octoprint.PORT, cookie, path, WORK_S)
    return {**found, "memory_after_print_mb": memory_mb(pid)}


def bring_up(directory: Path, people: int) -> Rig:
    """A rig whose station has taken in everybody, stopped again."""
    rig = Rig(Setting(directory, people, CARDS + 10, CARDS, 60.0, 1, "in-process", operators=OPERATORS))
    while read_view(rig.data).count("records") < people:
        time.sleep(0.5)
    rig.station.stop()
    return rig


def medians(rounds: list[dict[str, float]]) -> dict[str, float]:
    return {what: round(statistics.median(each[what] for each in rounds), 2) for what in rounds[0]}


def sides(rig: Rig, directory: Path) -> dict[str, Side]:
    ours = environment(
        "keping", "--editable", str(ROOT), edition=(ROOT / "pyproject.toml").read_text(encoding="utf-8")
    )
    peer = environment("octoprint", f"octoprint=={octoprint.VERSION}")
    here = Path(sys.executable).parent
    config = str(directory / "rig" / "config.yaml")
    station = [str((ours or here) / "keping"), "--config", config, "--data", str(rig.data), "run"]
    variables = {**os.environ, **rig.devices.environment}
    found = {"keping": Side(station, variables, f"{rig.kiosk_url}/", "[data-digit]")}
    if peer:
        served = octoprint.prepare(peer / "octoprint", directory / "octoprint")
        found["octoprint"] = Side(served, dict(os.environ), octoprint.URL, "input:visible, button:visible")
    return found


def starts(both: dict[str, Side], rounds: int) -> dict[str, Any]:
    """In turns; medians, the ratio of ours to theirs, and what saw it."""
    if not Path(CHROMIUM).exists():
        return {"chromium": None}
    took: dict[str, list[dict[str, float]]] = {name: [] for name in both}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for _ in range(1 + rounds):
            for name, side in both.items():
                took[name].append(start(browser, side))
        chromium = browser.version
        browser.close()
    median = {name: medians(each[1:]) for name, each in took.items()}
    ratio = {
        what: round(median["keping"][what] / median[peer][what], 3)
        for peer in median if peer != "keping" for what in median[peer]
    }  # fmt: skip
    return {"chromium": chromium, "start": median, "ratio": ratio}


def measure(people: int, rounds: int, directory: Path) -> dict[str, Any]:
    rig = bring_up(directory / "rig", people)
    try:
        both = sides(rig, directory)
        with running(both["keping"]) as pid:
            station = station_at_work(rig, pid)
        at_work = {"keping": station}
        if "octoprint" in both:
            with running(both["octoprint"]) as pid:
                at_work["octoprint"] = octoprint_at_work(pid)
        found = starts(both, rounds)
    finally:
        rig.close()
    return {
        "octoprint": octoprint.VERSION if "octoprint" in both else None,
        "people_waiting": people,
        **found,
        "at_work": at_work,
    }


def main() -> None:
    """Exit 0 whatever the figures are: a benchmark measures, it does not judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    before = machine()
    with tempfile.TemporaryDirectory() as directory:
        report("web", before, measure(options.people, options.rounds, Path(directory)))


if __name__ == "__main__":
    main()
