"""What is run seldom still fits what it measures, and docs/benchmarks.md says what `make bench` found last."""

from __future__ import annotations

import copy
import importlib
import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from benchmarks.__main__ import run
from benchmarks.bench_page import ALONE, PAGE, PARTS, ROOMS, Kept, Part, bars, kept, render
from benchmarks.panels import records
from benchmarks.passage import CARD_S, TIMINGS, WAYS_S, Watch
from benchmarks.passage import PARTS as STANDING
from drivers.printers.evolis import Evolis
from drivers.protocols import Tray
from drivers.serialport import SerialPort
from drivers.sim.cards import blanks
from drivers.sim.clock import SimClock
from drivers.sim.firmware import Firmware
from drivers.sim.line import TcpLine
from drivers.sim.world import World
from kiosk.render import render_face

FOLDER = Path(__file__).parents[2] / "benchmarks"
BENCHMARKS = sorted(path.stem for path in FOLDER.glob("[a-z]*.py"))
HELP_OTHERS = {"pages", "bare"}
"""Programs that a benchmark starts."""


def source(name: str) -> str:
    return (FOLDER / f"{name}.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", BENCHMARKS)
def test_it_can_be_begun(name: str) -> None:
    importlib.import_module(f"benchmarks.{name}")


def test_the_page_is_the_last_run() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(kept())


@pytest.mark.parametrize("name", [part.name for part in PARTS])
def test_of_a_part_that_did_not_run_the_page_says_so(name: str) -> None:
    found = kept()
    runs = {**found.runs, name: {"seconds": 3, "said": "the printer is on fire"}}
    page = render(Kept(runs, {each: figures for each, figures in found.figures.items() if each != name}))
    assert re.search(rf"`{name}\b[^|]*\| \*\*not run\*\* .*the printer is on fire", page)


def without_queue(ledger: dict[str, Any]) -> str:
    ledger["peers"]["persist-queue"] = None
    for size in ledger["events"].values():
        size.pop("to_queue", None)
    return "persist-queue"


def without_browser(card: dict[str, Any]) -> str:
    card["station"]["browser"] = {"chromium": None}
    return "chromium"


def alone(web: dict[str, Any]) -> str:
    web |= {"octoprint": None, "chromium": None, "at_work": {"keping": web["at_work"]["keping"]}}
    for what in ("start", "ratio"):
        web.pop(what, None)
    return "octoprint, chromium"


@pytest.mark.parametrize(("name", "taken"), [("ledger", without_queue), ("card", without_browser), ("web", alone)])
def test_who_was_not_there_is_said(name: str, taken: Callable[[dict[str, Any]], str]) -> None:
    found = copy.deepcopy(kept())
    if name not in found.figures:
        pytest.skip(f"{name} did not run")
    absent = taken(found.figures[name])
    assert re.search(rf"^\| [A-Z].*`{name}\b.*\*\*without {absent}\*\* \|$", render(found), re.M)


def test_every_benchmark_is_on_the_page_and_no_other() -> None:
    page = PAGE.read_text(encoding="utf-8")
    named = re.findall(r"^\| (?:[A-Z][a-z ]+ \| )`([a-z]+)", page, re.M)
    alone = re.findall(r"^\| `([a-z]+)", page.partition("## By themselves")[2], re.M)
    programs = {name for name in BENCHMARKS if "\ndef main(" in source(name)} - HELP_OTHERS
    assert set(named) | set(alone) == programs
    assert named == [part.name for part in PARTS]
    assert alone == list(ALONE)
    assert set(ROOMS) == set(named)


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_a_part_knows_its_options(part: Part) -> None:
    asked = [word for word in part.options if word.startswith("--")]
    assert [word for word in asked if f'add_argument("{word}"' not in source(part.name)] == []


@pytest.mark.parametrize("name", sorted(kept().figures))
def test_every_bar_is_on_the_page_with_what_was_measured(name: str) -> None:
    page = PAGE.read_text(encoding="utf-8")
    for bar, (measured, limit, held) in kept().figures[name].get("bars", {}).items():
        side, word = "<=" if (measured <= limit) == held else ">=", "yes" if held else "**no**"
        assert f"| `{name}` | {bar.replace('_', ' ')} | {measured} | {side} {limit} | {word} |" in page


def test_a_bar_says_on_which_side_of_it_one_should_be() -> None:
    figures = {"bars": {"less_is_better": [0.3, 0.2, False], "less": [0.1, 0.2, True], "more": [0.99, 0.95, True]}}
    assert list(bars(Kept({}, {"it": figures}))) == [
        ["`it`", "less is better", 0.3, "<= 0.2", "**no**"],
        ["`it`", "less", 0.1, "<= 0.2", "yes"],
        ["`it`", "more", 0.99, ">= 0.95", "yes"],
    ]


def test_one_that_fails_leaves_its_last_words(tmp_path: Path) -> None:
    (tmp_path / "nonesuch.json").write_text("{}")
    found = run(Part("", "nonesuch", (), ""), 60.0, tmp_path)
    assert "No module named benchmarks.nonesuch" in found["said"]
    assert not (tmp_path / "nonesuch.json").exists()


def test_one_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    assert "not done within" in run(Part("", "line", (), ""), 0.0, tmp_path)["said"]


def test_what_a_card_takes_is_motors_and_standing_still() -> None:
    """So nothing that the printer waits for is missing from the figures."""
    face = render_face(next(records(1)))
    clock = SimClock(400.0)
    world = World(clock, blanks([None] * 3), timings=TIMINGS)
    watch = Watch(world)
    with (
        TcpLine(Firmware(world), clock, baud=10_000_000) as line,
        closing(Evolis(SerialPort.open(line.url))) as printer,
    ):
        printer.initialise()
        printer.clear()
        for _ in range(3):
            printer.feed()
            printer.print_face(printer.prepare(face))
            printer.eject(Tray.OUTPUT)
    passages = watch.passages()
    assert len(passages) == 2
    for each in passages:
        assert each["card"] == pytest.approx(CARD_S + WAYS_S + sum(each[part] for part in STANDING), abs=1e-6)
        assert min(each.values()) >= 0
