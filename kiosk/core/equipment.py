"""Printer, readers and step plan that the station works with, by its books: frames `equipment`, a row a role. Pure.

What the books say goes before the config; a role without a row is as the config has it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from enum import StrEnum

from kiosk.core.change import Change, Document, ProjectionError, Read
from kiosk.core.frames import Frame

TABLE = "equipment"
LONGEST = 256
"""Characters of a value: readers' names and serials are far shorter."""


class EquipmentRole(StrEnum):
    """What a device, or a plan, is used as."""

    PRINTER = "printer"
    READER = "reader"
    DESK = "desk"
    SAM = "sam"
    PLAN = "plan"


FIELDS: Mapping[EquipmentRole, tuple[str, ...]] = {
    EquipmentRole.PRINTER: ("serial", "model"),
    EquipmentRole.READER: ("name",),
    EquipmentRole.DESK: ("name",),
    EquipmentRole.SAM: ("name",),
    EquipmentRole.PLAN: ("name",),
}
"""What is said of each beside its role: strings. The first says which one, and is not empty."""


def chosen(frame: Frame, read: Read) -> list[Change]:
    """The newest choice of a role takes the place of the one before. ProjectionError if it says nothing."""
    row = row_of(frame.data)
    return [Change(TABLE, row["role"], row)]


def row_of(data: Document) -> Document:
    try:
        role = EquipmentRole(data["role"])
    except ValueError:
        raise ProjectionError(f"unknown role of equipment {data['role']!r}, upgrade first") from None
    fields = {name: data.get(name) for name in FIELDS[role]}
    if any(not isinstance(value, str) or len(value) > LONGEST for value in fields.values()):
        raise ProjectionError(f"{role}: {', '.join(fields)} are strings of at most {LONGEST} characters")
    if not fields[FIELDS[role][0]]:
        raise ProjectionError(f"{role}: nothing says which one ({FIELDS[role][0]})")
    return {"role": role.value, **fields}


_NUMBERED = re.compile(r"(.+) [0-9A-F]{2} ([0-9A-F]{2})")
"""A reader as pcscd lists it: its name, its index in the order of plugging in, the slot."""


def pick_reader(wanted: str, listed: Collection[str], others: Collection[str] = ()) -> str | None:
    """Which of the `listed` readers is the one that is called `wanted`; None if none is, or two may be.

    The index is no part of who a reader is: it changes when a cable is put in again. The slot is: it tells the chip
    station of a reader from its SAM. `others`: readers that serve as something else, by their exact names.
    """
    if wanted in listed:
        return wanted
    alike = [name for name in listed if name not in others and _unnumbered(name) == _unnumbered(wanted)]
    return alike[0] if len(alike) == 1 else None


def _unnumbered(name: str) -> tuple[str, str]:
    match = _NUMBERED.fullmatch(name)
    return (match[1], match[2]) if match else (name, "")
