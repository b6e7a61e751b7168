"""Writes the journal that tests/golden/journal-v1 holds. Run once, by hand, at schema version 1:

    python -m tests.docs.golden_journal tests/golden/journal-v1

The files are part of the repository and are not written again: they stand for what released stations left on
their disks. Everything in them is invented; the key is that of RFC 8037, appendix A.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kiosk.core.frames import Stamp
from kiosk.core.projection import project
from kiosk.journal import Journal
from kiosk.views import View

STATION, INCARNATION = "kupang-01", "0123456789abcdef"
KEY = {
    "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
}  # fmt: skip
THUMBPRINT = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
SEGMENT_BYTES = 5_000
LOT, SECOND_LOT = "BAST-001/2018", "BAST-002/2018"
REFS = [f"{number:032x}" for number in (0xA1, 0xA2, 0xA3)]
BEGIN_MS = 1_534_212_000_000
END_MS = BEGIN_MS + 86_400_000
TORN = b'{"c":2104471188,"h":"5d0fb7'


@dataclass
class Writer:
    """Journal and view in step, as kiosk.books keeps them, with stamps that repeat."""

    directory: Path
    view: View = field(default_factory=View)
    ticks: int = 0

    def __post_init__(self) -> None:
        self.journal = Journal.create(self.directory, SEGMENT_BYTES)

    def stamp(self, by: str) -> Stamp:
        self.ticks += 1
        return Stamp(BEGIN_MS + 250 * self.ticks, "0123abcd", 60_000 + 250 * self.ticks, by)

    def commit(self, kind: str, by: str = "station", **data: Any) -> None:
        if self.journal.must_seal:
            seal = self.journal.seal(self.view.digest, self.stamp(by))
            self.view.apply(seal.seq, project(seal, self.view.read))
        frame = self.journal.draft(kind, data, self.stamp(by))
        changes = project(frame, self.view.read)
        self.journal.append(frame)
        self.view.apply(frame.seq, changes)

    def power_cut(self) -> None:
        """The last frame reaches the medium in part; recovery cuts it and says so."""
        self.journal.close()
        last = max(self.directory.glob("seg-*"))
        with last.open("ab") as file:
            file.write(TORN)
        self.journal = Journal.open(self.directory, SEGMENT_BYTES)
        assert self.journal.recovered is not None
        self.commit("recovered", **self.journal.recovered)


def build(directory: Path) -> None:
    """Stock, records, one chip refused, one card unresolved, one torn tail, one job canceled; several segments."""
    writer = Writer(directory)
    key = {"key": THUMBPRINT, "predecessor": None}
    writer.commit("genesis", "cli:operator", station=STATION, incarnation=INCARNATION, **key)
    _stock(writer)
    writer.commit("records", "centre", records=[
        {"ref": ref, "sku": "wni", "reason": reason, "priority": 10 * place}
        for place, (ref, reason) in enumerate(zip(REFS, ("baru", "hilang-rusak", "pindah-datang"), strict=True), 1)
    ], refused=[{"reason": "foreign-lease", "detail": "leased to another station"}], cursor="4")  # fmt: skip
    for job, ref in zip(("0000000a", "0000000b", "0000000c"), REFS, strict=True):
        writer.commit("job-created", "cli:operator", job=job, ref=ref)
    _refused_chip(writer, "0000000a")
    _good_card(writer, "0000000a", REFS[0], "04000000000002", fed=1, panels=0)
    _jammed_card(writer, "0000000b")
    writer.power_cut()
    _good_card(writer, "0000000b", REFS[1], "04000000000004", fed=3, panels=7)
    change = {"job": "0000000c", "event": "hold", "reasons": ["job-hold-until-specified"]}
    writer.commit("job-state", "cli:operator", **change)
    writer.commit("job-ended", "cli:operator", job="0000000c", ref=REFS[2], state="canceled",
                  reasons=["job-canceled-by-operator"])  # fmt: skip
    writer.journal.close()


def _stock(writer: Writer) -> None:
    for movement, source, target, moves in (
        ("receive", "supplier", "vault", [("wni", LOT, 20)]),
        ("receive", "supplier", "vault", [("wni", SECOND_LOT, 5)]),
        ("receive", "supplier", "vault", [("wna", "BAST-003/2018", 4)]),
        ("release", "vault", "shift", [("wni", LOT, 20), ("wni", SECOND_LOT, 2)]),
        ("load", "shift", "hopper", [("wni", LOT, 10)]),
        ("return", "shift", "vault", [("wni", LOT, 3)]),
    ):
        document = moves[0][1] if movement == "receive" else ""
        rows = [[sku, lot, source, target, quantity] for sku, lot, quantity in moves]
        writer.commit("stock", "cli:operator", movement=movement, document=document, moves=rows)


def _intent(step: str, fed: int, panels: int, tray: str | None = None) -> dict[str, Any]:
    counters = {"printer": "KP000123", "fed": fed, "panels": panels, "panels_due": 5}
    return {"step": step, **counters, **({"tray": tray} if tray else {})}


def _move(source: str, target: str) -> list[list[str | int]]:
    return [["wni", LOT, source, target, 1]]


def _fed(writer: Writer, job: str, fed: int, panels: int) -> None:
    writer.commit("step", job=job, intent=_intent("feed", fed, panels), lot=LOT)
    writer.commit("step", job=job, outcome={"step": "feed", "result": "done"},
                  intent=_intent("identify", fed + 1, panels), moves=_move("hopper", "in-machine"))  # fmt: skip


def _encoded(writer: Writer, job: str, uid: str, fed: int, panels: int) -> None:
    """Up to an open intent of print."""
    found = {"step": "identify", "result": "done", "uid": uid}
    writer.commit("step", job=job, outcome=found, intent=_intent("encode", fed, panels))
    writer.commit("step", job=job, outcome={"step": "encode", "result": "done"},
                  intent=_intent("verify", fed, panels))  # fmt: skip
    writer.commit("step", job=job, outcome={"step": "verify", "result": "done"},
                  intent=_intent("print", fed, panels))  # fmt: skip


def _refused_chip(writer: Writer, job: str) -> None:
    _fed(writer, job, 0, 0)
    refused = {"step": "identify", "result": "refused", "cause": "chip-silent"}
    writer.commit("step", job=job, outcome=refused, intent=_intent("eject", 1, 0, "reject"))
    writer.commit("step", job=job, outcome={"step": "eject", "result": "ended"}, end="factory-defect",
                  cause="chip-silent", moves=_move("in-machine", "factory-defect"))  # fmt: skip


def _good_card(writer: Writer, job: str, ref: str, uid: str, fed: int, panels: int) -> None:
    _fed(writer, job, fed, panels)
    _encoded(writer, job, uid, fed + 1, panels)
    writer.commit("step", job=job, outcome={"step": "print", "result": "done", "panels": 5},
                  intent=_intent("eject", fed + 1, panels + 5, "output"))  # fmt: skip
    writer.commit("job-ended", job=job, ref=ref, state="completed", uid=uid, reasons=["job-completed-successfully"],
                  outcome={"step": "eject", "result": "done"}, end="printed",
                  moves=_move("in-machine", "printed"))  # fmt: skip


def _jammed_card(writer: Writer, job: str) -> None:
    _fed(writer, job, 2, 5)
    _encoded(writer, job, "04000000000003", 3, 5)
    writer.commit("job-state", job=job, event="stop", reasons=["media-jam", "outcome-unknown", "printer-stopped"],
                  message="printer waits for a person: printer answered ERROR MECA")  # fmt: skip
    writer.commit("job-resolved", "cli:operator", job=job, answer="spoiled", end="spoiled", cause="media-jam",
                  moves=_move("in-machine", "spoiled"))  # fmt: skip


if __name__ == "__main__":
    build(Path(sys.argv[1]))
