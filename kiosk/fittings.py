"""What the station works with: the choice in its books, else the config. A choice is booked and used at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kiosk.books import Books
from kiosk.config import Config
from kiosk.core.equipment import FIELDS, TABLE, EquipmentRole
from kiosk.errors import UsageError
from kiosk.said import text


class Fittings:
    """Thread-safe. `changed` is called after a choice that is another one than before."""

    def __init__(self, books: Books, config: Config, changed: Callable[[], None] = lambda: None) -> None:
        self._books = books
        self._configured = {
            EquipmentRole.READER: config.reader.name,
            EquipmentRole.DESK: config.reader.desk,
            EquipmentRole.SAM: config.reader.sam,
        }
        self._changed = changed
        self.commands: dict[str, Callable[..., Any]] = {"equipment.list": self.list, "equipment.use": self.use}

    def booked(self, role: EquipmentRole) -> dict[str, Any] | None:
        """The row of the books, None if nobody has chosen."""
        with self._books.transaction() as view:
            return view.get(TABLE, role.value)

    def name_of(self, role: EquipmentRole) -> str:
        """The reader that serves as `role`; empty: there is none."""
        row = self.booked(role)
        return str(row["name"]) if row else self._configured[role]

    def list(self, by: str) -> dict[str, Any]:
        """What is used as what, and whether the books or the config say so."""
        used = []
        for role in EquipmentRole:
            row = self.booked(role)
            if row:
                used.append({**row, "said_by": "books"})
            elif self._configured.get(role):
                used.append({"role": role.value, "name": self._configured[role], "said_by": "config"})
        return {"used": used}

    def use(self, by: str, role: str, name: str) -> dict[str, Any]:
        """From now on `name` (of a printer: its serial) serves as `role`. Said twice, it is booked once."""
        try:
            wanted = EquipmentRole(role)
        except ValueError:
            raise UsageError(f"role: {role!r} is not one of {', '.join(EquipmentRole)}") from None
        row = self._row(wanted, text("name", name))
        with self._books.transaction() as view:
            if view.read(TABLE, wanted.value) == row:
                return row
            self._books.commit("equipment", row, by)
        self._changed()
        return row

    def _row(self, role: EquipmentRole, name: str) -> dict[str, Any]:
        if not name:
            raise UsageError("name: say which one")
        return {"role": role.value, **dict.fromkeys(FIELDS[role], ""), FIELDS[role][0]: name}
