"""What a soak found, as it is kept and as docs/soak.md tells it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, astuple
from pathlib import Path

from tests.docs.pages import ROOT
from tests.soak.memory import Bar, Sample, stretches
from tests.soak.run import LOOKED_AT, Found
from tests.soak.schedule import AUDIT_EVERY, WHAT

PAGE, KEPT = ROOT / "docs" / "soak.md", Path(__file__).parent / "found.json"

HEAD = """\
# The soak

Written by `make soak`; a test holds this page to the figures that the run has kept.

A station runs as a process of its own, `keping run` born by fork: touchscreen, worker, link to the centre. The
centre is another process. The printer is simulated behind a pseudo-terminal and takes no time; hopper, trays and
ribbon are as small as a real one's. People do what an office does: blanks come in lots by BAST, are released and
loaded, runs of jobs are ordered, trays are emptied, ribbons changed, cards handed over, shifts counted blindly and
closed, and somebody signs in at the touchscreen and looks around. A scripted operator sees only the simulated world
and answers what the station asks. All the while it is struck, at moments drawn from a seed: at a command, a reply, a
byte or an APDU of a card's life, or as the card is fed.
"""

COMPARED = f"""\
## What is compared

Every {AUDIT_EVERY} cards, and at the end:

* each blank ever delivered lies at one place, and trays, hopper, machine and shelf hold what the accounts say
* no card has more panels than a face, no resident has two cards, each good card's chip holds a resident's data
* the black panel is, dot by dot, that of the chip's owner: of each card in whose life something befell, and of one in
  {LOOKED_AT} of the others
* the shift's blind count closes without a difference
* the centre has the same head, each frame once, the same stock, the same records printed and issued, and no alarm

At the end each job has ended once and as completed, each record was printed once, and `keping ledger verify` passes.
"""


def render(found: Found, bar: Bar | None = None) -> str:
    return "\n".join(_lines(found, bar or Bar()))


def faults(found: Found, bar: Bar | None = None) -> list[str]:
    """What did not add up, and what grew."""
    limits = bar or Bar()
    return [
        *found.faults,
        *(fault for stretch in stretches(found.samples, limits) for fault in stretch.faults(limits)),
    ]


def _lines(found: Found, bar: Bar) -> Iterator[str]:
    machine, minutes = found.machine, found.seconds / 60
    wrong = faults(found, bar)
    how = "everything adds up" if not wrong else f"{len(wrong)} faults"
    yield HEAD
    yield f"**{found.cards:,} cards, seed {found.seed}, {machine['date'][:10]}: {how}.**"
    yield from (f"* {fault}" for fault in wrong)
    yield f"""
{minutes:.0f} minutes on {machine["processors"]} processors ({machine["processor"]}),
load {machine["load"]} before it began, Python {machine["python"]}:
{60 * found.cards / found.seconds:.0f} cards a minute.
{found.frames:,} frames in {found.segments} segments of the journal, {found.audits} audits.
The station was started {found.starts} times, and asked {found.asked} times what had become of a card."""
    yield "\n## What was done to it\n"
    yield "| what | how often |\n|---|---|"
    yield from (f"| {said} | {found.dealt.get(kind, 0)} |" for kind, (_, said) in WHAT.items())
    yield ""
    queued = ", ".join(f"{count:,}" for count in found.queued)
    yield f"Frames that waited at the end of each outage: {queued}."
    counts = ", ".join(f"{count:,} {what}" for what, count in found.counts.items())
    yield f"What the people did: {counts}. In the accounts at the end:\n"
    yield "| account | blanks |\n|---|---|"
    yield from (f"| `{account}` | {quantity:,} |" for account, quantity in found.balance.items())
    yield f"\n{COMPARED}"
    yield from _memory(found, bar)


def _memory(found: Found, bar: Bar) -> Iterator[str]:
    yield f"""\
## Memory and handles

Of the station's process (proc(5): VmRSS, fd, Threads). Each life that lasted {bar.least:,} cards or more after
its first {bar.warm_up}, in which caches fill: the bar is {bar.kb / 1024:g} MB of growth in 1,000 cards,
by the median of all slopes between two samples, and the same number of descriptors and threads at each audit, when
nothing is under way. A station that leaks on purpose fails it ([tests/soak](../tests/soak)).

The journal's segments are of 1 MiB here and of 8 in an office: what the view keeps of a card that was handed over
goes at the second seal after that ([ADR 0015](adr/0015-the-view-is-of-what-is-live.md)), so that such growth ends
within the warm-up here, and in an office after some 5,000 cards.
"""
    yield "| cards | at its begin | at its end | growth in 1,000 cards | handles | threads |"
    yield "|---|---|---|---|---|---|"
    for each in stretches(found.samples, bar):
        yield (
            f"| {each.first:,} to {each.last:,} | {each.begin_kb / 1024:.1f} MB | {each.end_kb / 1024:.1f} MB "
            f"| {each.kb / 1024:+.2f} MB | {_told(each.handles)} | {_told(each.threads)} |"
        )
    yield ""


def _told(seen: tuple[int, ...]) -> str:
    return ", ".join(map(str, seen))


def dump(found: Found) -> str:
    rows = [list(astuple(sample)) for sample in found.samples]
    body = json.dumps({**asdict(found), "samples": []}, indent=1, ensure_ascii=False)
    samples = ",\n  ".join(json.dumps(row) for row in rows)
    return body.replace('"samples": []', f'"samples": [\n  {samples}\n ]') + "\n"


def load(text: str) -> Found:
    said = json.loads(text)
    return Found(**{**said, "samples": [Sample(*row) for row in said["samples"]]})
