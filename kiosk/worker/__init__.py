"""The one thread that owns printer and reader, and what it works with."""

from kiosk.worker.devices import Devices
from kiosk.worker.evidence import without_printer
from kiosk.worker.halt import CardWanted, Halt
from kiosk.worker.loop import Worker
from kiosk.worker.prepress import Prepress
from kiosk.worker.print_note import PrintNote

__all__ = ["CardWanted", "Devices", "Halt", "Prepress", "PrintNote", "Worker", "without_printer"]
