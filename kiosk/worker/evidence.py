"""What is known of a card's open intent: its own figures against what the printer says now, and the print's note."""

from __future__ import annotations

from typing import Any

from drivers.protocols import Position, PrinterIdentity, PrinterStatus
from kiosk.core.plan import Step
from kiosk.core.reconcile import Evidence
from kiosk.worker.print_note import Let, PrintNote


def evidence_of(
    job: dict[str, Any], note: PrintNote, identity: PrinterIdentity | None, status: PrinterStatus
) -> Evidence:
    """`job`: of the books; its card has an intent."""
    before, let = job["card"]["intent"], _let(job, note)
    return Evidence(
        step=Step(before["step"]), position=status.position, just_reset=status.just_reset, stopping=status.stopping,
        fed=status.counters.cards_fed - before["fed"],
        panels=status.counters.panels_printed - before["panels"],
        panels_due=before["panels_due"],
        same_printer=identity is not None and identity.serial == before["printer"],
        let=let.panels if let else None, ended=let is not None and let.ended,
    )  # fmt: skip


def without_printer(job: dict[str, Any], note: PrintNote) -> Evidence:
    """It does not answer: the note alone speaks, and nothing is said of where a card lies."""
    before, let = job["card"]["intent"], _let(job, note)
    return Evidence(
        step=Step(before["step"]), position=Position.UNKNOWN, just_reset=False, stopping=frozenset(), fed=0, panels=0,
        panels_due=before["panels_due"], same_printer=False, let=let.panels if let else None,
        ended=let is not None and let.ended,
    )  # fmt: skip


def _let(job: dict[str, Any], note: PrintNote) -> Let | None:
    return note.read(job["id"], job["card"]["n"])
