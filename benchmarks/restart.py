"""How long an operator stands before a dead screen: a killed station against one that was stopped in order.

    .venv/bin/python -m benchmarks.restart [--frames 100000] [--rounds 5]

A start is timed from the new process to the first page of the touchscreen whose digits can be tapped, in a Chromium
that is open all the time. Killed: SIGKILL in the middle of a print, the printer stays on its line and goes on. A
station with `frames` of history, in sealed segments and a live one, and another with next to none take turns in the
same run. The first round fills caches and does not count.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Error as BrowserError
from playwright.sync_api import Page, sync_playwright
from sqlalchemy import insert

from benchmarks.machine import machine, report
from benchmarks.opening import PAGE, FastWriter, life, live_through, ref_of, take_blanks
from kiosk.books import Books, read_view
from kiosk.core.jobs import FINAL
from kiosk.core.plan import Step
from kiosk.errors import Unavailable
from kiosk.hub.schema import leases
from kiosk.hub.store import Store
from kiosk.rig.operator import ScriptedOperator
from kiosk.rig.rig import OPERATORS, SKU, STATION, Rig, Setting

CHROMIUM = "/usr/bin/chromium"
PATIENCE_S = 300.0
LOOK_S = 0.01
PEOPLE = 60
SPEED = 8.0
"""Simulated seconds a second: a print takes about two, long enough to be killed in."""
LIVE_SHARE = 0.1
"""Of the history, in the live segment, which every opening reads whole."""
FIRST = 1
MAIN_BUTTON = "[data-digit]"
KINDS = ("clean", "killed")


def until(reached: Callable[[], Any], what: str) -> Any:
    """What `reached` returns as soon as that is something."""
    begun = time.monotonic()
    while time.monotonic() - begun < PATIENCE_S:
        if found := reached():
            return found
        time.sleep(LOOK_S)
    raise SystemExit(f"{what}: not within {PATIENCE_S:.0f} s")


def age(data: Path, frames: int) -> int:
    """Put whole lives of cards between what a stopped station has written and what it will write next; how many."""
    books = Books.open(data, 8 << 20, "bench")
    lines = books.lines_after(0, 1 << 30)
    books.close()
    shutil.rmtree(data / "index", ignore_errors=True)
    young = (data / "journal").rename(data / "journal.young")
    writer = FastWriter(data)
    copied = [writer.copy(line) for line in lines]
    shutil.rmtree(young)
    cursor = next(frame.data["cursor"] for frame in reversed(copied) if frame.kind == "records")
    take_blanks(writer, frames // len(list(life(0))) + 2 * PAGE)
    return live_through(writer, FIRST, int(frames * (1 - LIVE_SHARE)), int(frames * LIVE_SHARE), cursor)


def lease(store: Store, cards: int) -> None:
    """The centre gave out the records of the history; below every cursor, it does not give them again."""
    rows = [
        {"station": STATION, "cursor": -number, "ref": ref_of(number), "sku": SKU, "jws": "", "state": "arrived",
         "changed_at": 0} for number in range(FIRST, FIRST + cards)
    ]  # fmt: skip
    with store.transaction() as connection:
        connection.execute(insert(leases), rows)


@dataclass
class Aged:
    """A rig whose station runs under this benchmark's hand; `words` start it."""

    rig: Rig
    words: list[str]
    operator: ScriptedOperator

    @contextmanager
    def running(self) -> Iterator[subprocess.Popen[bytes]]:
        """A station that is just being started; whatever it does then, it is gone afterwards, in order if it can."""
        with (self.rig.setting.directory / "restart.log").open("ab") as log:
            variables = {**os.environ, **self.rig.devices.environment}
            process = subprocess.Popen(self.words, env=variables, stdout=log, stderr=log)  # noqa: S603  # our words
        try:
            yield process
        finally:
            process.terminate()
            process.wait(PATIENCE_S)

    def jobs(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.rig.station.call("jobs.list")
        return found

    def has_sent_all(self) -> bool:
        try:
            state = self.rig.station.call("station.status")["sync"]
        except Unavailable:
            return False
        return bool(state["online"] and not state["unsent"])

    def begin_print(self) -> None:
        """A card more, until its print is under way: the printer has taken a panel."""
        self.rig.station.call("jobs.run", count=1)

        def prints() -> bool:
            cards = [job["card"] for job in self.jobs() if job["card"]]
            path = self.rig.devices.world.path
            printing = any((card["intent"] or {}).get("step") == Step.PRINT for card in cards)
            return printing and path is not None and bool(path.panels)

        until(prints, "a print")

    def settle(self) -> None:
        """The killed card comes to its end; a person answers what is asked, from what really lies there."""

        def settled() -> bool:
            jobs = self.jobs()
            self.operator.look(jobs)
            return all(job["state"] in FINAL for job in jobs)

        until(settled, "an end of the card")


def bring_up(directory: Path, frames: int) -> Aged:
    """Enrolled, stocked and stopped; the centre has its history too."""
    blanks = PEOPLE + 10
    rig = Rig(Setting(directory, PEOPLE, blanks, blanks, SPEED, 1, "in-process", operators=OPERATORS))
    until(lambda: read_view(rig.data).count("records") == PEOPLE, "the records")
    rig.station.stop()
    if frames:
        lease(rig.store, age(rig.data, frames))
    config = str(directory / "config.yaml")
    words = [sys.executable, "-m", "kiosk", "--config", config, "--data", str(rig.data), "run"]
    aged = Aged(rig, words, ScriptedOperator(rig.station, rig.devices.world, rig.devices.line))
    with aged.running():
        until(aged.has_sent_all, "the history at the centre")
    return aged


def tappable(page: Page, url: str) -> float:
    """Seconds until the page that is served at `url` can be tapped, from now on."""
    begun = time.monotonic()

    def there() -> bool:
        try:
            page.goto(url, wait_until="commit", timeout=5_000)
            page.wait_for_selector(MAIN_BUTTON, state="visible", timeout=30_000)
        except BrowserError:
            return False
        return True

    until(there, url)
    return time.monotonic() - begun


def one_round(page: Page, aged: Aged) -> dict[str, float]:
    """Stopped in order, started, killed in the middle of a card, started, the card brought to its end, stopped."""
    took = {}
    with aged.running() as process:
        took["clean"] = tappable(page, aged.rig.kiosk_url)
        until(aged.has_sent_all, "the centre")
        aged.begin_print()
        process.kill()
        process.wait()
    with aged.running():
        took["killed"] = tappable(page, aged.rig.kiosk_url)
        aged.settle()
        until(aged.has_sent_all, "the centre")
    return took


def measure(directory: Path, frames: int, rounds: int) -> dict[str, Any]:
    took: dict[str, list[dict[str, float]]] = {"history": [], "no_history": []}
    with ExitStack() as stack:
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        stack.callback(browser.close)
        page = browser.new_page(viewport={"width": 1024, "height": 600})
        both = {"history": bring_up(directory / "old", frames), "no_history": bring_up(directory / "young", 0)}
        for aged in both.values():
            stack.callback(aged.rig.close)
        for _ in range(1 + rounds):
            for name, aged in both.items():
                took[name].append(one_round(page, aged))
        version = browser.version
    return {"chromium": version, "frames": frames, "rounds": rounds, **judged(took)}


def judged(took: dict[str, list[dict[str, float]]]) -> dict[str, Any]:
    """Seconds, the best and the middle one of the rounds that count, and the ratios of these."""

    def by(judge: Callable[[Iterable[float]], float]) -> dict[str, Any]:
        kept = {name: rounds[1:] for name, rounds in took.items()}
        seconds = {
            name: {kind: judge(each[kind] for each in rounds) for kind in KINDS} for name, rounds in kept.items()
        }
        return {
            "seconds": {name: {kind: round(s, 2) for kind, s in kinds.items()} for name, kinds in seconds.items()},
            "killed_over_clean": {name: round(s["killed"] / s["clean"], 3) for name, s in seconds.items()},
            "clean_over_no_history": round(seconds["history"]["clean"] / seconds["no_history"]["clean"], 3),
        }

    return {"best": by(min), "median": by(statistics.median)}


def main() -> None:
    """Exit 0 whatever the figures are: a benchmark measures, it does not judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    before = machine()
    with tempfile.TemporaryDirectory() as directory:
        report("restart", before, measure(Path(directory), options.frames, options.rounds))


if __name__ == "__main__":
    main()
