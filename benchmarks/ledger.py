"""One commit of the books against what else could keep them, in one run, with 1 thousand to 1 million events there.

    .venv/bin/python -m benchmarks.ledger [--most 1000000] [--commits 300] [--rounds 5]

Each contender gets the same event, one durable commit each, in turn; so a busy machine is busy for all of them:

* `keping`: Books.commit of the frames of cards' lives from their record to the hand-over: chain, projection, view and
  all;
* `sqlite`: sqlite3 in WAL mode with synchronous=FULL, a row a commit, the event as JSON;
* `sqlite_bare`: the same database given bytes that are ready, as long as a frame: no JSON, the least it can do;
* `sqlite_same`: the same database given our frame: JSON, checksum and hash chain, as far as they go without a view;
* `queue`: persist-queue (PyPI), its SQLite queue, as it comes;
* `tinydb`: TinyDB with its own JSONStorage, up to 100,000 events: with more an insert takes ten seconds;
* `floor`: as many bytes appended to a file, and fdatasync: what a file that grows costs;
* `in_place`: as many written over the zeros of a file that is long enough, and fdatasync, as our journal does, and
  SQLite's log once it has grown: the size does not change, so the file system has less to do;
* `direct`: the same past the page cache, in whole blocks.

The bar is held against `sqlite`.

Figures are medians of a round, and of the rounds the best for each contender, because noise only adds; ratios are of
those. The result is printed, and kept in benchmarks/results/ledger.json. Takes some minutes and 1 GB below var/bench.
"""

from __future__ import annotations

import argparse
import os
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from importlib.metadata import version
from itertools import count, islice
from pathlib import Path
from typing import Any

import kiosk.books
from benchmarks.ledger_peers import (
    BENCH,
    QUEUE,
    Contender,
    Direct,
    Floor,
    InPlace,
    Keping,
    Queue,
    Sqlite,
    SqliteBare,
    SqliteSame,
    StockTinyDB,
    have_queue,
    install_queue,
)
from benchmarks.machine import machine, report
from benchmarks.opening import arrival, life
from kiosk.books import Books
from kiosk.journal import Clock, Journal
from kiosk.views import View
from tests.crash.events import Event, opening

SIZES = [1_000, 10_000, 100_000, 1_000_000]
TINYDB_MOST, TINYDB_COMMITS = 100_000, {1_000: 60, 10_000: 20, 100_000: 4}
UNCOLLECTED = 2_000
RATIOS = ["floor", "in_place", "direct", "sqlite", "sqlite_bare", "sqlite_same", "queue"]
BARS = {"growth": 1.2, "to_sqlite": 1.25, "tinydb_to_keping": 1_000}


def working() -> Iterator[Event]:
    """A station never done: a record comes, its card is made, one of `UNCOLLECTED` that lie there goes."""
    yield from opening(1_000_000)
    lying: deque[Event] = deque()
    for number in count(1):
        yield "records", arrival([number])
        *made, hand_over = life(number)
        yield from made
        lying.append(hand_over)
        if len(lying) > UNCOLLECTED:
            yield lying.popleft()


def play(
    contenders: dict[str, Contender], events: Iterator[Event], commits: int, size: int
) -> dict[str, list[float]]:
    """`commits` each, in turn; microseconds of every one. TinyDB takes part in the first few turns."""
    took: dict[str, list[float]] = {name: [] for name in contenders}
    names, lot = list(contenders), random.Random(size)  # noqa: S311
    for turn in range(commits):
        event = next(events)
        lot.shuffle(names)  # nobody always follows the same one
        for name in names:
            if name == "tinydb" and turn >= TINYDB_COMMITS.get(size, 0):
                continue
            begun = time.perf_counter_ns()
            contenders[name].commit(event)
            took[name].append((time.perf_counter_ns() - begun) / 1_000)
    return took


def measure(contenders: dict[str, Contender], events: Iterator[Event], size: int, options: Any) -> dict[str, Any]:
    rounds = [play(contenders, events, options.commits, size) for _ in range(options.rounds)]
    medians = [{name: statistics.median(times) for name, times in each.items() if times} for each in rounds]
    best = {name: min(each[name] for each in medians) for name in medians[0]}
    ours = sorted(each for one in rounds for each in one["keping"])
    found: dict[str, Any] = {
        "median_us": {name: round(each, 1) for name, each in best.items()},
        "keping_p99_us": round(ours[int(len(ours) * 0.99)], 1),
    }
    return {**found, **ratios(best)}


def ratios(best: dict[str, float]) -> dict[str, float]:
    found = {f"to_{name}": round(best["keping"] / best[name], 3) for name in RATIOS if name in best}
    if "tinydb" in best:
        found["tinydb_to_keping"] = round(best["tinydb"] / best["keping"], 1)
    return found


def parts(contender: Keping, events: Iterator[Event], commits: int) -> dict[str, float]:
    """Where the time of a commit goes: mean microseconds of each part, and of the whole with the timers in it."""
    spent: dict[str, float] = {}

    def timed(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def run(*words: Any, **options: Any) -> Any:
            begun = time.perf_counter_ns()
            try:
                return call(*words, **options)
            finally:
                spent[name] = spent.get(name, 0) + time.perf_counter_ns() - begun

        return run

    places: list[tuple[Any, str, str]] = [
        (Clock, "stamp_and_note", "clock"), (kiosk.books, "project", "projection"),
        (Journal, "draft", "json_and_hash"), (View, "apply", "view"), (os, "pwrite", "pwrite"),
        (os, "fdatasync", "fdatasync"),
    ]  # fmt: skip
    kept = [(owner, attribute, getattr(owner, attribute)) for owner, attribute, _ in places]
    for owner, attribute, name in places:
        setattr(owner, attribute, timed(name, getattr(owner, attribute)))
    try:
        whole = timed("whole", contender.commit)
        for event in islice(events, commits):
            whole(event)
    finally:
        for owner, attribute, value in kept:
            setattr(owner, attribute, value)
    return {name: round(total / commits / 1_000, 1) for name, total in spent.items()}


def snapshot_ms(books: Books) -> float:
    """The longest part of a seal, which a commit waits for once in some 20,000."""
    begun = time.perf_counter()
    with books.transaction() as view:
        view.dump()
    return round((time.perf_counter() - begun) * 1_000, 1)


def run(place: Path, options: Any) -> dict[str, Any]:
    events = working()
    ours = Keping(place)
    contenders: dict[str, Contender] = {
        "floor": Floor(place), "in_place": InPlace(place), "keping": ours, "sqlite": Sqlite(place),
        "sqlite_bare": SqliteBare(place), "sqlite_same": SqliteSame(place), "tinydb": StockTinyDB(place),
        "direct": Direct(place), **({"queue": Queue(place)} if have_queue() else {}),
    }  # fmt: skip
    found: dict[str, Any] = {}
    there = 1
    for size in [each for each in SIZES if each <= options.most]:
        if size > TINYDB_MOST:
            contenders.pop("tinydb", None)
        while there < size:
            chunk = list(islice(events, min(size - there, 100_000)))
            for contender in contenders.values():
                contender.fill(chunk)
            there += len(chunk)
        print(f"{size} events there", file=sys.stderr)  # noqa: T201
        found[str(size)] = measure(contenders, events, size, options)
        found[str(size)]["parts_us"] = parts(ours, events, 200)
        found[str(size)]["snapshot_ms"] = snapshot_ms(ours.books)
        there += options.commits * options.rounds
    return found


def judged(found: dict[str, Any]) -> dict[str, Any]:
    """The bars: [measured, limit, held]."""
    first, last = found[min(found, key=int)], found[max(found, key=int)]
    growth = round(last["to_floor"] / first["to_floor"], 3)
    worst = max(each["to_sqlite"] for each in found.values())
    bars = {
        "growth": [growth, BARS["growth"], growth <= BARS["growth"]],
        "to_sqlite": [worst, BARS["to_sqlite"], worst <= BARS["to_sqlite"]],
    }
    tinydb = found.get(str(TINYDB_MOST), {}).get("tinydb_to_keping")
    if tinydb:
        bars["tinydb_to_keping"] = [tinydb, BARS["tinydb_to_keping"], tinydb >= BARS["tinydb_to_keping"]]
    return bars


def peers() -> dict[str, Any]:
    """Their versions; None of the one that could not be had."""
    return {
        "sqlite": sqlite3.sqlite_version, "tinydb": version("tinydb"),
        "persist-queue": QUEUE.partition("==")[2] if have_queue() else None,
    }  # fmt: skip


def main() -> None:
    """Print one JSON object and keep it; exit 0 whatever the figures are: a benchmark measures, it does not judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--most", type=int, default=SIZES[-1], help="events; sizes above are left out")
    parser.add_argument("--commits", type=int, default=300, help="of each contender in a round")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    BENCH.mkdir(parents=True, exist_ok=True)
    before = machine()
    install_queue()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(dir=BENCH) as place:
        found = run(Path(place), options)
    report("ledger", before, {
        "peers": peers(), "commits": options.commits, "rounds": options.rounds,
        "tinydb_left_out_above": TINYDB_MOST, "events": found, "bars": judged(found),
        "minutes": round((time.monotonic() - begun) / 60, 1),
    })  # fmt: skip


if __name__ == "__main__":
    main()
