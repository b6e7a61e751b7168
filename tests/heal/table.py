"""Writes docs/healing.md from a run of the whole matrix, as root: python -m tests.heal.table"""

from __future__ import annotations

import multiprocessing
import tempfile
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

from kiosk.core.plan import Step
from kiosk.rig.pcscd import PrivatePcscd
from tests.chip.readers import PCSCD_DIRECTORY
from tests.docs.pages import ROOT
from tests.heal.matrix import LIMIT_S, MOMENTS, STEPS, Cell, Healed, cells, run
from tests.heal.paced import PACED, Paced, run_paced, told
from tests.heal.site import Site
from tests.heal.troubles import TROUBLES

TARGET = ROOT / "docs" / "healing.md"

OPENING = f"""\
# Lost and back

Written by `python -m tests.heal.table`, which measures it; a test holds rows and columns against the matrix.

Each device is lost at each moment of a card, and between two cards, and comes back. From its return until the
station is ready, at most {LIMIT_S:g} s may pass; ready means that the card goes on, that somebody is asked, or
that the next can begin. It is one process all along. Afterwards books and world agree, nothing was printed twice, and
the next card is made without a question ([tests/heal](../tests/heal)).

*before*: the intent is in the journal, its command has not gone out. *middle*: the device is at it. *after*: its
reply has come, what it made true is not yet written. *asked*: a person was asked what became of the card, because no
evidence says it. *not needed*: the card was finished without that device.

Seconds are real, the printer's own times are not: its simulation takes no time, and neither does its restart. The
device comes back at the worst moment: right after a look in vain, when the next is farthest; where nothing hangs up,
in the middle of such a look.

Two waits are not in these seconds. A loss is noticed at once where the port hangs up, and within two seconds where
a printer on the network has restarted; where a port only falls silent, it is noticed when the reply to the command
under way has been out for `printer.reply_timeout`. And a printer that was cut off in the middle of a picture answers
nothing until it has the rest of it, which is sent as zeros: over USB or Ethernet that is nothing, on a line of
115,200 bit/s a second for each 11.5 kB.

"""

AT_ITS_OWN_SPEED = f"""
## At the printer's own speed

A panel of 118 kB on a line of 115,200 bit/s; a printer that starts in five seconds.
The station is ready at most {LIMIT_S:g} s after the printer can answer.

"""


def columns() -> list[tuple[str, str]]:
    """(step or "", moment) of each row."""
    return [("", "idle"), *((step.value, moment) for step in STEPS for moment in MOMENTS)]


def render(found: Mapping[Cell, Healed | str], paced: Mapping[Cell, Paced | str]) -> str:
    """`found`, `paced`: each cell, and what stands in it."""
    head = ["lost", *TROUBLES]
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for step, moment in columns():
        named = f"{step}, {moment}" if step else "between two cards"
        row = [str(found[Cell(trouble, Step(step) if step else None, moment)]) for trouble in TROUBLES]
        lines.append(f"| {' | '.join([named, *row])} |")
    return OPENING + "\n".join([*lines, AT_ITS_OWN_SPEED.rstrip("\n"), "", *told(paced)]) + "\n"


def measure(trouble: str) -> dict[Cell, Healed]:
    """The column of one trouble. AssertionError at the first cell that does not heal."""
    kind, found = TROUBLES[trouble], {}
    with ExitStack() as undo:
        pcscd = undo.enter_context(PrivatePcscd(PCSCD_DIRECTORY)) if kind.of_reader else None
        for cell in cells():
            if cell.trouble == trouble:
                with (
                    tempfile.TemporaryDirectory(prefix="keping-") as directory,
                    closing(Site(Path(directory), kind, pcscd)) as site,
                ):
                    found[cell] = run(site, cell)
    return found


def main() -> None:
    """A process for each column: they wait more than they work."""
    found: dict[Cell, Healed] = {}
    with ProcessPoolExecutor(len(TROUBLES), multiprocessing.get_context("spawn")) as pool:
        for column in pool.map(measure, TROUBLES):
            found |= column
        paced = dict(zip(PACED, pool.map(run_paced, PACED), strict=True))
    TARGET.write_text(render(found, paced), encoding="utf-8")


if __name__ == "__main__":
    main()
