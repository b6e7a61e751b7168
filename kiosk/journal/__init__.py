"""The journal: the only durable truth. Ledger, job log, audit log, write-ahead log and outbox at once."""

from kiosk.journal.anchors import Anchor, held_against
from kiosk.journal.auditor import Auditor
from kiosk.journal.clock import Clock
from kiosk.journal.closed import ClosedJournal
from kiosk.journal.journal import Journal, Poisoned
from kiosk.journal.reserve import Reserve
from kiosk.journal.segments import scan, scan_live

__all__ = [
    "Anchor",
    "Auditor",
    "Clock",
    "ClosedJournal",
    "Journal",
    "Poisoned",
    "Reserve",
    "held_against",
    "scan",
    "scan_live",
]
