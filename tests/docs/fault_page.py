"""Writes docs/faults.md from the table itself: python -m tests.docs.fault_page"""

from __future__ import annotations

from babel.messages.pofile import read_po

from kiosk.core.faults import FAULTS, Fault
from kiosk.resources import resource
from kiosk.web.words import STOPS
from tests.docs.pages import ROOT

TARGET = ROOT / "docs" / "faults.md"

OPENING = """\
# Faults

Written from `kiosk/core/faults.py` by `python -m tests.docs.fault_page`; a test keeps the two equal.

What stops the machine, or will soon, has a code to say on the telephone: P of the printer, R of the reader, S of the
station. A code is given once and never again. It stands on the screen *Cetak* before the heading, in
`keping jobs list` behind the keyword, and as `code`, a list, in what `keping jobs list` and `keping jobs show` answer
with `--json`. It is not stored: frames hold the keywords, and the code follows from them. Each has a page on the
touchscreen, `/faults/` and its keyword, and all are listed at `/faults`, one touch from *Bantuan* and *Teknisi*: what
happened, a drawing of where to look, what may be done and what that costs, and what the station does then. *Cetak*
shows the same of what stands now.

*Weight* is that of RFC 8011, 5.4.12: with an `error` the printer is stopped. It is the worst that the keyword comes
with; an overheated head that cools by itself is only a `warning`. *What to do* is tried from the left; each act is
described in the [vocabulary](vocabulary.md#acts-at-a-fault). *Costs a blank*: the card under way may be beyond use by
then, and another is made. No other act spoils a card. The job reasons `outcome-unknown`, `refusals-in-a-row` and
`record-refused` are no faults of a device: they have a page and no code.

"""
HEAD = ["code", "keyword", "weight", "on the screen", "in English", "what to do"]


def english() -> dict[str, str]:
    with resource("templates", "i18n", "en.po").open("rb") as file:
        return {str(each.id): str(each.string) for each in read_po(file, abort_invalid=True)}


def acts(fault: Fault) -> str:
    return ", ".join(f"`{act}`{' (costs a blank)' if blanks else ''}" for act, blanks in fault.remedies)


def render() -> str:
    known = english()
    rows = [[fault.code, f"`{reason}`", fault.severity, STOPS[reason], known[STOPS[reason]], acts(fault)]
            for reason, fault in FAULTS.items()]  # fmt: skip
    lines = [f"| {' | '.join(cells)} |" for cells in (HEAD, *rows)]
    return OPENING + "\n".join([lines[0], f"|{'---|' * len(HEAD)}", *lines[1:]]) + "\n"


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
