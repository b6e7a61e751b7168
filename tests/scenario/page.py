"""What the story said, as it is kept and as docs/scenario.md tells it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kiosk.rig.scenario_plan import AHEAD, SPOILED, kupang
from kiosk.rig.story import AT_COUNTER
from kiosk.rig.story_office import LOOKED_AT
from tests.docs.pages import ROOT

PAGE, KEPT = ROOT / "docs" / "scenario.md", Path(__file__).parent / "found.json"
SEED, SCALE = 2018, 10

HEAD = f"""\
# The story of Kota Kupang

Written by `make scenario`; a test holds this page to what the run has said.

    keping scenario kupang                  # a tenth of it: 1,000 blanks, 20 people a day
    keping scenario kupang --scale 1        # all of it, as a soak
    keping scenario kupang --seed 7 --json

An office in July to September 2018, told by the real program: a station as `keping run` has it but for its clock, a
centre, a printer and chips simulated beyond the wire ([0056](adr/0056-a-story-on-a-clock-of-its-own.md)). A
supervisor tells the office's figures and receives blanks by BAST, brought by two carriers. Each day a shift is
opened, records come in, people come, cards are made and handed over, some of them days later, and the shift is
counted blindly and closed. Three times the centre is away for days. Twice the power goes in the middle of a card: the
station is killed (SIGKILL), the printer goes dark, the next boot judges what became of it. Cards jam under the head,
so that {SPOILED:.2%} of the blanks are spoiled. When a tenth of the blanks is left a letter asks for more; less is
granted, fetched and received. Then the papers are written by the commands of [reports.md](reports.md).

The same days are told twice, by two offices at once. With *prefetch* a record comes {AHEAD} office days before its
holder. With *fetch-at-print* the centre leases it only when the person stands at one of {AT_COUNTER} counters, and
somebody presses for it: on a day without the centre nobody is served. *Served within a day* is as in
[vocabulary.md](vocabulary.md#figures).
"""

COMPARED = f"""\
## What is compared

* each blank ever received lies at one place of the simulated world, and places hold what the accounts say;
  *unaccounted* is what was received less what is found there
* no resident has two cards, each card's chip holds the data of the one it was made for; of one in {LOOKED_AT}, and of
  each that something befell, the black panel is its owner's dot by dot
* the centre has every frame, the same stock, and no alarm; no job is left open
* as many cards were handed over as hands took
"""

ROWS = {
    "received": "blanks received", "printed": "cards printed", "issued": "handed over", "spoiled": "spoiled",
    "defective": "defective", "left": "blanks left", "left_at_letter": "blanks left when the letter went out",
    "asked": "asked for", "granted": "granted and received", "people": "people who came",
    "waiting": "people who still wait", "outage_days": "days without the centre", "power_cuts": "power cuts",
    "asked_of_a_person": "times a person had to say what became of a card", "frames": "frames of the journal",
    "unaccounted": "unaccounted for",
}  # fmt: skip


def kept(result: dict[str, Any]) -> dict[str, Any]:
    """Without the places of files, which are of one run."""
    return result | {"papers": [Path(paper).name for paper in result["papers"]]}


def dump(result: dict[str, Any]) -> str:
    return json.dumps(kept(result), indent=1, ensure_ascii=False) + "\n"


def load() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(KEPT.read_text(encoding="utf-8"))
    return found


def render(found: dict[str, Any]) -> str:
    return "\n".join(_lines(kept(found)))


def _why(found: dict[str, Any]) -> Iterator[str]:
    """Where the second share comes from: how long the line was, and for how long nobody in it was served in time."""
    plan, lines = kupang(found["scale"], found["seed"]), found["fetch_at_print"]["lines"]
    first = sum(plan.outages[0])
    gone = next((day for day in range(first, len(lines)) if not lines[day]), None)
    longest = max(lines)
    yield f"The line is served in the order in which people came, {plan.most} cards a day at most where"
    yield f"{sum(plan.arrivals) / len(plan.days):.0f} people come on a usual day. Where records are fetched at the"
    yield f"print, {lines[first - 1]:,} people stood in line when the first outage ended, and {longest:,} on the"
    yield f"evening of {plan.days[lines.index(longest)]}, the longest line. " + (
        f"It was gone on {plan.days[gone]}." if gone is not None else "From then on it was never gone."
    )
    yield "While it is longer than two days' cards nobody who joins it is served within a day, though each day"
    yield f"makes as many cards as it can. With prefetch the line was {max(found['lines']):,} people at its longest."


def _lines(found: dict[str, Any]) -> Iterator[str]:
    well = not found["problems"] and not found["unaccounted"] and not found["fetch_at_print"]["problems"]
    yield HEAD
    verdict = "everything adds up" if well else "it does not add up"
    yield f"**Seed {found['seed']}, scale {found['scale']}: {verdict}.**"
    yield ""
    yield f"{found['days']} office days, {found['first_day']} to {found['last_day']}, in {found['seconds']:.0f} s on"
    yield f"{found['machine']}."
    figures = ", ".join(f"{number:,} {name}" for name, number in found["figures"].items())
    yield f"Figures told by the office: {figures}."
    yield "Without the centre: " + ", ".join(f"{count} days from {day}" for day, count in found["outages"]) + "."
    yield from ("", "| what | how many |", "|---|---|")
    yield from (f"| {words} | {found[name]:,} |" for name, words in ROWS.items())
    yield from ("", "| served within a day | share | cards | still waiting |", "|---|---|---|---|")
    shares, other = found["served_within_a_day"], found["fetch_at_print"]
    yield f"| with prefetch | {shares['prefetch']:.1%} | {found['printed']:,} | {found['waiting']} |"
    yield f"| with fetch-at-print | {shares['fetch-at-print']:.1%} | {other['printed']:,} | {other['waiting']} |"
    yield ""
    yield from _why(found)
    yield ""
    yield COMPARED
    yield "## Its papers"
    yield ""
    yield from (f"* `{paper}`" for paper in found["papers"])
    yield ""
