"""The journal: the only durable truth. Ledger, job log, audit log, write-ahead log and outbox at once."""

from kiosk.journal.journal import Journal, Poisoned
from kiosk.journal.segments import scan, scan_live

__all__ = ["Journal", "Poisoned", "scan", "scan_live"]
