"""The one thread that owns printer and reader, and what it works with."""

from kiosk.worker.bench import Bench
from kiosk.worker.evidence import without_printer
from kiosk.worker.halt import CardWanted, Halt
from kiosk.worker.letting import Letting
from kiosk.worker.loop import Worker
from kiosk.worker.prepress import Prepress

__all__ = ["Bench", "CardWanted", "Halt", "Letting", "Prepress", "Worker", "without_printer"]
