"""docs/benchmarks.md, written from what `make bench` measured; and which benchmarks there are."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.machine import RESULTS

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
BENCH = RESULTS / "bench"
RUNS = BENCH / "runs.json"


class Part(NamedTuple):
    """A benchmark as `make bench` runs it. `peers`: what runs beside it."""

    room: str
    name: str
    options: tuple[str, ...]
    peers: str


PARTS = (
    Part("Ledger", "ledger", ("--most", "10000"), "SQLite (3 ways), persist-queue, TinyDB, the bare disk (3 ways)"),
    Part("Devices", "line", (), "the same driver, pausing after each 4 KB"),
    Part("Devices", "panels", ("--faces", "60"), "the same panels, not compressed"),
    Part("Devices", "chip", ("--rounds", "4"), "pyscard, SCardTransmit"),
    Part("Sync", "drain", ("--rounds", "3"), "the same rows inserted by psycopg, and by COPY"),
    Part("Whole card", "card", ("--cards", "10", "--bare", "3"), "a bare script at the same printer"),
    Part("Web", "web", ("--people", "1000", "--rounds", "2"), "OctoPrint"),
)
ALONE = {
    "ledger": "up to a million events; 20 minutes",
    "opening": "opening a station with ten years behind it, beside a replay; the audit beside a bare loop",
    "chip": "twelve rounds",
    "panels": "200 people's faces",
    "drain": "five rounds; as many frames as one likes",
    "draining": "cards an hour with a backlog on its way, beside an empty outbox, at six times a printer's pace",
    "web": "5,000 people waiting",
    "restart": "a killed station to its first page, with and without a long history",
    "forecast": "the forecast of blanks beside the average of thirty days, over 200 offices",
    "growth": "what a large centre takes; it writes [growth.md](growth.md)",
}
"""What can be run by itself, for longer or beside the five parts."""


class Kept(NamedTuple):
    """`runs`: seconds, and last words, of each part that was run; `figures`: of those that came to an end."""

    runs: dict[str, dict[str, Any]]
    figures: dict[str, dict[str, Any]]


def kept() -> Kept:
    runs = json.loads(RUNS.read_text(encoding="utf-8")) if RUNS.exists() else {}
    files = {part.name: BENCH / f"{part.name}.json" for part in PARTS}
    found = {name: json.loads(file.read_text(encoding="utf-8")) for name, file in files.items() if file.exists()}
    return Kept(runs, found)


def write_runs(runs: dict[str, dict[str, Any]]) -> None:
    RUNS.write_text(json.dumps(runs, indent=2) + "\n", encoding="utf-8")


def table(head: str, rows: Iterable[Iterable[object]]) -> str:
    columns = head.split("|")
    lines = [head, "|".join("---" for _ in columns), *(" | ".join(map(str, row)) for row in rows)]
    return "\n\n" + "\n".join(f"| {line} |" for line in lines)


def render(found: Kept) -> str:
    first: dict[str, Any] = next(iter(found.figures.values()), {"machine": {}})["machine"]
    units = {"processor": "", "processors": "of them", "memory_mb": "MB", "kernel": "(kernel)"}
    return TEXT.format(
        machine=", ".join(f"{first[key]} {unit}".strip() for key, unit in units.items() if key in first),
        python=first.get("python", "?"), keping=first.get("keping", "?"),
        minutes=sum(each["seconds"] for each in found.runs.values()) / 60,
        runs=table("part | benchmark | begun (UTC) | load before | seconds | peers", map(found_run(found), PARTS)),
        bars=table("benchmark | of what | measured | bar | held", bars(found)),
        rooms="\n\n".join(
            f"### {part.room}: `{part.name}`\n\n{ROOMS[part.name](found.figures[part.name])}"
            for part in PARTS if part.name in found.figures
        ),
        alone=table("benchmark | what", ([f"`{name}`", what] for name, what in ALONE.items())),
    )  # fmt: skip


def found_run(found: Kept) -> Callable[[Part], list[object]]:
    def row(part: Part) -> list[object]:
        run, figures = found.runs.get(part.name), found.figures.get(part.name)
        words = " ".join((f"`{part.name}", *part.options)) + "`"
        if run is None or figures is None:
            return [part.room, words, "**not run**", "", "", (run or {}).get("said", "")]
        machine = figures["machine"]
        there = absent(part.name, figures)
        return [part.room, words, machine["date"][:16], machine["load"], run["seconds"], part.peers + there]

    return row


def absent(name: str, figures: dict[str, Any]) -> str:
    """What should have been there."""
    missing = {
        "ledger": [] if name != "ledger" or figures["peers"]["persist-queue"] else ["persist-queue"],
        "web": [each for each in ("octoprint", "chromium") if not figures.get(each)],
        "card": [] if name != "card" or figures["station"]["browser"]["chromium"] else ["chromium"],
    }.get(name, [])
    return f"; **without {', '.join(missing)}**" if missing else ""


def bars(found: Kept) -> Iterable[list[object]]:
    for name, figures in found.figures.items():
        for bar, (measured, limit, held) in figures.get("bars", {}).items():
            side = "<=" if (measured <= limit) == held else ">="
            yield [f"`{name}`", bar.replace("_", " "), measured, f"{side} {limit}", "yes" if held else "**no**"]


def ledger(found: dict[str, Any]) -> str:
    ratios = ("to_sqlite", "to_sqlite_same", "to_queue", "to_floor", "to_in_place", "tinydb_to_keping")
    return "One durable commit of a frame. Ratios are of our time to theirs; the last is TinyDB's to ours." + table(
        "events there | us | " + " | ".join(each.replace("_", " ") for each in ratios),
        ([f"{int(size):,}", each["median_us"]["keping"], *(each.get(ratio, "") for ratio in ratios)]
         for size, each in found["events"].items()),
    )  # fmt: skip


def line(found: dict[str, Any]) -> str:
    return "Share of the wire's time in which it carries bytes, of the worst panel and of the whole card." + table(
        "wire | driver | whole card | pausing driver",
        ([wire, found[wire]["driver"]["least"], found[wire]["driver"]["all"], found[wire]["pausing"]["least"]]
         for wire in found["wires"]),
    )  # fmt: skip


def panels(found: dict[str, Any]) -> str:
    both = found["both_ms"]
    return (
        f"Drawing and compressing a face: {both['p50']} ms, {both['p95']} ms at the 95th percentile. "
        f"The default form is `{found['default']}`."
    ) + table(
        "form | bytes | ratio to none | at 115,200 bps, s",
        ([f"`{form}`", f"{each['bytes_median']:,}", each["ratio"], each["serial_s"]]
         for form, each in found["forms"].items()),
    )  # fmt: skip


def chip(found: dict[str, Any]) -> str:
    return f"All files of a chip, {found['bytes']:,} bytes in {found['apdus']['encode']} commands." + table(
        "chip | keping, ms | pyscard, ms | ratio to pyscard | to SCardTransmit",
        ([what, found[air]["ms"]["keping"], found[air]["ms"]["pyscard"], *found[air]["keping_to"].values()]
         for air, what in {"at_once": "takes no time", "at_848": "at 848 kbit/s"}.items()),
    )  # fmt: skip


def drain(found: dict[str, Any]) -> str:
    middle = found["median"]
    ways = {"seconds": "the station's shipper, all checked by the centre", "bare": "rows inserted", "copy": "by COPY"}
    frames, speed = found["rounds"][0]["frames"], found["frames_a_second"]
    return f"{frames:,} frames over HTTP into the centre, {speed:,} a second." + table(
        "how | seconds | ratio of ours to it",
        ([how, round(middle[name], 2), round(middle["seconds"] / middle[name], 2)] for name, how in ways.items()),
    )  # fmt: skip


def card(found: dict[str, Any]) -> str:
    ours, peer, serial = found["station"], found["bare"], found["serial"]
    browser = ours["browser"]
    looked = (
        f"Chromium {browser['chromium']} showed `/{browser['at']}` and was told of {browser['told']} changes"
        if browser["chromium"] else "**no browser was there**"
    )  # fmt: skip
    between = ours["still_s"]["between"]
    still = [[what, ours["still_s"][part], peer["still_s"][part]] for part, what in STILL.items()]
    names = {"card_s": "a card, s", "cards_an_hour": "cards an hour"}
    still[0][0] = f"{still[0][0]} (by the machine's clock {ours['between_wall_s']} and {peer['between_wall_s']})"
    totals = [[what, ours[name], peer[name]] for name, what in names.items()]
    made = ("bytes_a_card", "wire_s", "wire_bound_cards_an_hour", "cards_an_hour")
    return CARD.format(
        ours=ours, looked=looked, share=100 * between / found["card_s"], worst=max(ours["between_s"]),
        ratio=found["ratio"]["cards_an_hour"], plain=found["card_s"], ways=found["ways_s"], frames=found["frames"],
        still=table("the printer stands still, s a card | station | bare script", still + totals),
        serial=table(
            "form | bytes a card | s on the wire | wire-bound cards an hour | made, cards an hour",
            ([f"`{form}`", *(each[name] for name in made)] for form, each in serial.items()),
        ),
    )  # fmt: skip


def web(found: dict[str, Any]) -> str:
    start, ratio = found.get("start", {}), found.get("ratio", {})
    rows: list[list[object]] = [
        [what, *(start.get(name, {}).get(key, "") for name in ("keping", "octoprint")), ratio.get(key, "")]
        for key, what in {"seconds": "from nothing to a page that can be tapped, s", "rss": "memory, MB"}.items()
    ]  # fmt: skip
    work = found["at_work"]
    theirs = work.get("octoprint", {})
    for share in ("p50_ms", "p99_ms"):
        pair = [work["keping"]["now_work"][share], theirs.get("job_work", {}).get(share)]
        rows.append([f"the state of the work, while at work, {share.replace('_', ' ')}", pair[0], pair[1] or "",
                     round(pair[0] / pair[1], 2) if pair[1] else ""])  # fmt: skip
    return table(f"{found['people_waiting']:,} people waiting | keping | OctoPrint | ratio", rows)


STILL = {
    "between": "between two cards",
    "chip": "at the antenna: the chip is written and read back",
    "first_panel": "at the antenna: the first panel is on the wire",
    "panels": "between panels",
    "eject": "the last panel is on it, and it is not being moved out",
}

ROOMS: dict[str, Callable[[dict[str, Any]], str]] = {
    "ledger": ledger, "line": line, "panels": panels, "chip": chip, "drain": drain, "card": card, "web": web,
}  # fmt: skip

CARD = """**The printer is idle between two cards for {share:.2f} % of its {plain:.0f} s**; the longest of
{ours[cards]} times was {worst} s. A printer of 225 cards an hour makes a plain card in {plain:.0f} s; the ways to the
antenna and back, {ways} s a card, come on top. Idle is what the printer's own clock says between the card in the tray
and the motor that draws the next one in; while it stands still for the chip it is not idle but encodes, and that is
told apart. All the while a backlog of {frames:,} frames was on its way, set back {ours[set_back]} times so that it
never ended; {looked}. Chip over {ours[chip_link]}.{still}

The bare script sends panels that are ready, leaves the chip as it is, keeps no books and asks nothing: the most that
the wire and the motors allow. The station makes {ratio} of its cards an hour.

On a serial line of 115,200 bits a second, *wire-bound* is reckoned from the bytes alone; *made* was measured on a
throttled pty, motors and all: a panel prints while the next one is on the wire.{serial}"""

TEXT = """# Benchmarks

Written by `make bench` ({minutes:.1f} minutes in all) from the figures in `benchmarks/results/bench/`.

## Method

Each benchmark is a program of its own that runs its peers in turn with ours, so that a busy machine is busy for all
of them; medians of rounds, the best round where noise only adds. **Ratios count; times are of this machine.** What
each one does exactly is at the head of its file in `benchmarks/`. A bar that is not held is written down, and fails
nothing.

Machine: {machine}; Python {python}; Keping {keping}.
*Load before*: processes that wanted to run; above 0.5 the tails are not the program's.{runs}

## Bars{bars}

## Figures

{rooms}

## What is not shown

* No real printer and no real chip: the printer's times are those of the simulator, scaled to the cards an hour that
  vendors publish, and the chip's pages are stand-ins.
* Station, centre, data base, simulator and browser share one machine; in an office only the browser is on the
  station's.
* A disk that syncs in a tenth of a millisecond, as a virtual one may, flatters every ledger here alike: take along
  the ratios to the bare disk.
* Days of work: see [soak.md](soak.md). A large centre: see [growth.md](growth.md).

## By themselves

`.venv/bin/python -m benchmarks.NAME`, each with `--help`; the figures of the last long run are in
`benchmarks/results/`.{alone}
"""
