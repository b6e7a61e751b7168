"""People whose PINs are checked at once, books without devices, and a door between them."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from kiosk.access import Access
from kiosk.books import Books
from kiosk.core.clock import Moment
from kiosk.crypto import keys
from kiosk.journal import Clock as MachineClock
from kiosk.journal import scan
from kiosk.people import Named, People, Role
from kiosk.shift import Shifts
from kiosk.staff import Staff
from kiosk.stock import Stock
from kiosk.throttle import Throttle

PINS = {
    "maria": "246810", "rosa": "246811", "yosep": "135791", "agnes": "135792", "tinus": "975310", "umi": "864209",
}  # fmt: skip
ROLES = {
    "maria": Role.OPERATOR, "rosa": Role.OPERATOR, "yosep": Role.SUPERVISOR, "agnes": Role.SUPERVISOR,
    "tinus": Role.TECHNICIAN, "umi": Role.AUDITOR,
}  # fmt: skip
DAY_MS = 86_400_000
_TOMORROW = datetime.now().astimezone().replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=1)
NOON = int(_TOMORROW.timestamp() * 1000)
"""Local noon of the day on which all of this happens: ahead of genesis, which bears the time of the test."""


def date_in(days: int) -> str:
    """So many days after that day."""
    return str(_TOMORROW.date() + timedelta(days=days))


class Clock:
    def __init__(self, now_ms: int = NOON) -> None:
        self.now_ms = now_ms
        self.monotonic_s = 1_000.0


class House:
    """Books, people, door, and the verbs of staff, stock and shift."""

    def __init__(self, data: Path, *known: str) -> None:
        self.data = data
        self.key = keys.generate_signing()
        genesis = {"station": "k", "incarnation": "ab" * 8, "key": keys.thumbprint(self.key), "predecessor": None}
        Books.create(data, 1 << 20, genesis, "test").close()
        self.people = People(data)
        for ident in known:
            self.people.add(ident, f"Person {ident}", ROLES[ident], PINS[ident])
        self.clock = Clock()
        self.open()

    def open(self) -> None:
        """As after a restart."""
        clock = MachineClock(
            self.data, lambda: Moment(self.clock.now_ms, "ab12cd34", int(self.clock.monotonic_s * 1000))
        )
        self.books = Books.open(self.data, 1 << 20, "test", key=self.key, clock=clock)
        self.access = Access(self.people, self.books, Throttle(lambda: self.clock.monotonic_s))
        self.staff = Staff(self.books, self.people, self.access)
        self.stock = Stock(self.books, self.access.second)
        self.shifts = Shifts(self.books, self.access, self.data, self.stock)

    def close(self) -> None:
        self.books.close()

    def ask(self, command: str, who: str = "", own_pin: str = "", **arguments: Any) -> Any:
        """Through the door, as `who` with their PIN, or as the box."""
        named = Named(who, own_pin or PINS[who]) if who else None
        by = self.access.admit(command, arguments, "cli:root", named)
        commands = self.staff.commands | self.stock.commands | self.shifts.commands
        return commands[command](by=by, **arguments)

    def frames(self, kind: str) -> list[dict[str, Any]]:
        return [{**frame.data, "by": frame.stamp.by} for frame in scan(self.data / "journal") if frame.kind == kind]
