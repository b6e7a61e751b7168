"""Run every cell and write docs/crash-matrix.md.

    .venv/bin/python -m tests.matrix.table [--cells N]

With --cells a sample of that many, printed and not written. What was played is kept in var/matrix.jsonl: a run that
is broken off goes on where it was, as long as the code is the same.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator

from kiosk.core.plan import Step
from tests.matrix.cell import Outcome
from tests.matrix.kept import ROOT, Kept, digest
from tests.matrix.points import VARIANTS, Cell, Course
from tests.matrix.run import Tally, play, sample, undisturbed

PAGE, KEPT = ROOT / "docs" / "crash-matrix.md", ROOT / "var" / "matrix.jsonl"
STEPS = (*(step.value for step in Step), "between")
WELL_BEHAVED = ("at feed", "at panel start", "at first panel")
"""They keep what they counted."""
LIMITS = {**dict.fromkeys(STEPS[:-1], 0.05), Step.PRINT.value: 0.35}

HEAD = """\
# The crash matrix

Written by `make matrix`. The station, a process of its own, is killed (SIGKILL) at one point of a card's life; in
half of the cells the power of the printer goes in the same moment. It is started again, a scripted operator answers
from the true world what it asks, and then trays, chips, ledger, job and centre are held against that world.

* **Points**: each commit from the job's creation to its end (before its bytes are written, written but not synced,
  synced); each command that reached the printer; each reply, held back and sent; each APDU; the first byte of each
  panel, the last, and 20 seeded ones between.
* **Counters**: no manual says when a printer counts, so each point is met with each behaviour. "NV lags": the last
  count is forgotten when the power goes; "NV lost": all of a card's are.
* **Before**: in half of the cells a card has jammed before and was put back.
"""


def lines(course: Course, tally: Tally, twice: int, control: int) -> Iterable[str]:
    yield HEAD
    yield f"{course.commits} commits, {course.commands} commands, {course.apdus} APDUs, {len(course.panels)} panels."
    yield f"{tally.total} cells: {len(tally.faults)} that disagree with the world."
    if tally.missed:
        yield f"{tally.missed} more did not pass their point: the station had looked at the printer less often."
    yield f"\nA station that does again whatever is in doubt disagrees with the world in {twice} of {control} cells."
    yield "\n## How often a person had to be asked\n"
    yield "Without a jam before, which is a question of its own. Of the cells killed in that step, in per cent:\n"
    yield from _shares(tally)
    for fault in tally.faults:
        yield f"* {fault}"


def _shares(tally: Tally) -> Iterable[str]:
    columns = [(variant, power) for variant in VARIANTS for power in (False, True)]
    yield "| step | " + " | ".join(f"{variant}{', power' if power else ''}" for variant, power in columns) + " |"
    yield "|---" * (len(columns) + 1) + "|"
    for step in STEPS:
        cells = [_share(tally, step, variant, power) for variant, power in columns]
        yield f"| {step} | " + " | ".join(cells) + " |"
    yield ""
    for step, limit in LIMITS.items():
        share = share_of(tally, step)
        yield f"{step}, counters that keep what they counted: {share:.1%} (bar {limit:.0%})."


def _share(tally: Tally, step: str, variant: str, power: bool) -> str:
    count = tally.cells[step, variant, power]
    return f"{100 * tally.asked[step, variant, power] / count:.0f} of {count}" if count else "-"


def share_of(tally: Tally, step: str) -> float:
    """Of the cells with a well-behaved counter that were killed in `step`, those in which a person was asked."""
    keys = [(step, variant, power) for variant in WELL_BEHAVED for power in (False, True)]
    return sum(tally.asked[key] for key in keys) / max(1, sum(tally.cells[key] for key in keys))


def control_cells(course: Course, count: int = 20) -> list[Cell]:
    """In the middle of a print, where a second one shows."""
    inside = [
        cell for cell in course.cells() if cell.point.kind == "bytes" and cell.point.number > course.panels[1][1]
    ]
    return inside[:: max(1, len(inside) // count)][:count]


def _played(cells: list[Cell]) -> Iterator[tuple[Cell, Outcome]]:
    kept = Kept(KEPT, digest())
    open_ = [cell for cell in cells if str(cell) not in kept.outcomes]
    yield from ((cell, kept.outcomes[str(cell)]) for cell in cells if str(cell) in kept.outcomes)
    for cell, outcome in play(open_):
        kept.add(cell, outcome)
        yield cell, outcome


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=int, default=0)
    wanted = parser.parse_args().cells
    course, tally = undisturbed(), Tally()
    cells = sample(course, wanted or len(list(course.cells())))  # in an order in which each part is a sample
    for number, (cell, outcome) in enumerate(_played(cells), start=1):
        tally.add(cell, outcome)
        for fault in outcome.faults:
            sys.stderr.write(f"{cell}: {fault}\n")
        if number % 100 == 0:
            sys.stderr.write(f"{number} of {len(cells)}\n")
    wrong = Counter(bool(outcome.faults) for _, outcome in play(control_cells(course), retry=True))
    text = "\n".join(lines(course, tally, wrong[True], wrong.total())) + "\n"
    if wanted:
        sys.stdout.write(text)
    else:
        PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
