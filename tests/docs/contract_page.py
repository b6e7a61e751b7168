"""Writes docs/contract.md from a run of the contract suites: python -m tests.docs.contract_page. Takes 5 minutes.

python -m tests.docs.contract_page --clauses    only say, as JSON, which clause runs on what; runs nothing
"""

from __future__ import annotations

import contextlib
import json
import re
import sys
from dataclasses import dataclass, field

import pytest

from tests.docs.pages import ROOT

TARGET = ROOT / "docs" / "contract.md"
SUITE = "tests/contract"

VARIANTS = {
    "rig": ["evolis-pty", "evolis-tcp", "evolis-classic", "ipp"],
    "reader": ["in_process", "over_pcsc", "through_sam", "sam_over_pcsc", "toy_chip"],
    "wire": ["serial", "network"],
}
"""What a clause may run on, by the parameter that says it, in the order of the columns."""

PARTS = {"rig": "Card printer", "reader": "Chip encoder", "wire": "The wire"}
GREEN, RED = "green", "RED"


OPENING = """\
# The contract

Written by a run of the suites in `tests/contract`, by `python -m tests.docs.contract_page`; a test holds its rows and
columns to what the suites are made of.

What a caller may count on, whoever made the device, is in the docstrings of `drivers/protocols.py`. A *clause* is one
test of it; it runs on every driver and transport that it concerns. *green*: each of its cases passed; *skipped*: none
ran; a number in brackets: some did not, and why stands below; `-`: it does not concern that one. Rows that say that
something is noticed show that the others can fail.

| column | what is under test |
|---|---|
| `evolis-pty`, `evolis-tcp` | the driver `evolis`; the simulated printer behind a pseudo-terminal, or a TCP port |
| `evolis-classic` | the same driver on a simulated printer without status words, behind a pseudo-terminal |
| `ipp` | the driver `ipp`; a simulated printer that speaks IPP on a TCP port, from the RFCs, in the same world |
| `in_process` | the encoder `ktp_el`, and the simulated chip on a socket |
| `over_pcsc` | the same over pyscard, a real pcscd and vpcd |
| `through_sam`, `sam_over_pcsc` | the same with a locked chip and a simulated SAM; over pcscd, in the second slot |
| `toy_chip` | another file map, of another package, on a socket |
| `serial`, `network` | the line at 115 200 baud, and TCP at 1 MB/s |
"""

CLOSING = """\
## The vendor's library as a client

The simulated printer is written from manuals, and a belief that it shares with the driver no test can find. So the
vendor's own `evolis-sdk` 9.4.1 for Python (Linux, x86-64), unmodified and without its service, was made a client of
it over TCP:

    EVOLIS_SDK_PYTHON=ENV/bin/python .venv/bin/python -m pytest tests/contract/test_vendor_sdk.py

ENV is an environment with that library, outside of this tree; without it the tests are skipped. They passed in
November 2026:

| what was asked of the library | what it said |
|---|---|
| open, identify | opened; Evolis Primacy, firmware, serial number, contactless encoder, as simulated |
| state | READY, PRINTER_READY; WARNING with the cover open |
| a card to the chip station, rejected; another inserted, ejected | done, and so it was in the simulated world |
| a colour picture on YMCKO | OK; the vendor's panels lie where our decoder puts them, the right way up |
| the same with the cover open | PRINT_NEEDACTION, and nothing was printed |

What it takes for that beyond the commands of the guide no manual tells, and the simulated printer now does. A
connection that is half-closed without a byte is answered with the status words in binary; `Psid` holds a session,
which that status names; `Pcla` sets the bit CLAIM; between `Psync;1;0` and `Psync;11;0` no command is answered. That
a printer of the vendor's does the same is likely, not certain: the library shows what it accepts, not what is sent.
It asked for no ACK or NAK. Where it got an error for an answer it went on: `Roem`, `Rtp;d`, `Rzp`, `Rrt;all`, the
cleaning counters.

## On hardware

None of this has run on a real printer or a real KTP-el yet. `pytest tests/contract -s --device evolis=/dev/ttyUSB0`
does it, with a person at the bench: see [adding a printer](adding-a-printer.md), and
[adding a chip profile](adding-a-chip-profile.md) for a reader.
"""


@dataclass
class Clause:
    """One test. `on`: what became of each of its cases, on each variant: GREEN, RED or why it was skipped."""

    name: str
    text: str
    part: str
    on: dict[str, list[str]] = field(default_factory=dict)


class Recorder:
    """A pytest plugin: the clauses that were collected, and how they went."""

    def __init__(self) -> None:
        self.clauses: dict[str, Clause] = {}
        self._where: dict[str, tuple[str, str]] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in session.items:
            assert isinstance(item, pytest.Function)
            parameters = item.callspec.params if hasattr(item, "callspec") else {}
            part = next((each for each in VARIANTS if each in parameters), None)
            if part is None:
                continue
            name = f"{item.path.stem.removeprefix('test_')}: {item.originalname.removeprefix('test_')}"
            made = Clause(name, sentence(item), PARTS[part])
            self.clauses.setdefault(name, made).on.setdefault(str(parameters[part]), [])
            self._where[item.nodeid] = name, str(parameters[part])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.nodeid not in self._where or (report.passed and report.when != "call"):
            return
        name, variant = self._where[report.nodeid]
        said = report.longrepr[2].removeprefix("Skipped: ") if isinstance(report.longrepr, tuple) else RED
        self.clauses[name].on[variant].append(GREEN if report.passed else said)


def sentence(item: pytest.Function) -> str:
    """The first paragraph of its docstring, or its name in words."""
    said = (item.function.__doc__ or "").strip().split("\n\n")[0]
    name = re.sub(r"^(\d\d)_", "", item.originalname.removeprefix("test_")).replace("_", " ")
    return " ".join(said.split()) or name[0].upper() + name[1:] + "."


def collected(*options: str) -> Recorder:
    """Run the suites, as pytest would with `options`; its own words go to stderr."""
    recorder = Recorder()
    words = [str(ROOT / SUITE), "-q", "-p", "no:randomly", "-p", "no:cacheprovider", "--rootdir", str(ROOT), *options]
    with contextlib.redirect_stdout(sys.stderr):
        pytest.main(words, plugins=[recorder])
    return recorder


def applicable(recorder: Recorder) -> dict[str, list[str]]:
    """By clause: what it says, and what it runs on."""
    return {name: [each.text, *sorted(each.on)] for name, each in recorder.clauses.items()}


class Notes:
    """Reasons, numbered as they come."""

    def __init__(self) -> None:
        self.reasons: list[str] = []

    def cell(self, cases: list[str] | None) -> str:
        if cases is None:
            return "-"
        if RED in cases or not cases:
            return f"**{RED}**"
        marks = ", ".join(f"[{self._number(each)}]" for each in dict.fromkeys(cases) if each != GREEN)
        return " ".join(filter(None, [GREEN if GREEN in cases else "skipped", marks]))

    def _number(self, reason: str) -> int:
        if reason not in self.reasons:
            self.reasons.append(reason)
        return self.reasons.index(reason) + 1


def render(recorder: Recorder) -> str:
    lines, notes = [OPENING], Notes()
    for parameter, part in PARTS.items():
        variants = VARIANTS[parameter]
        lines += [f"## {part}", "", f"| test | clause | {' | '.join(variants)} |", f"|{'---|' * (2 + len(variants))}"]
        for clause in recorder.clauses.values():
            if clause.part == part:
                cells = [f"`{clause.name}`", clause.text, *(notes.cell(clause.on.get(each)) for each in variants)]
                lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
    lines += ["## Why not", "", *(f"{number}. {reason}" for number, reason in enumerate(notes.reasons, 1)), ""]
    return "\n".join([*lines, CLOSING])


if __name__ == "__main__":
    if sys.argv[1:] == ["--clauses"]:
        sys.stdout.write(json.dumps(applicable(collected("--collect-only"))))
    else:
        TARGET.write_text(render(collected()), encoding="utf-8")
