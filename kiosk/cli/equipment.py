"""equipment: which printer, readers and step plan the station works with."""

from __future__ import annotations

from typing import Any

import click

from kiosk.cli.context import App, pass_app, table
from kiosk.core.equipment import FIELDS, EquipmentRole


@click.group()
def equipment() -> None:
    """Which printer, readers and step plan the station works with. The books go before the config."""


@equipment.command("list")
@pass_app
def list_equipment(app: App) -> None:
    """What is used as what, and what was found."""
    found = app.execute("equipment.list")
    app.answer(found, lambda: _shown(found))


@equipment.command()
@click.argument("role", type=click.Choice([role.value for role in EquipmentRole]))
@click.argument("name")
@pass_app
def use(app: App, role: str, name: str) -> None:
    """Use what is called NAME (of a printer: its serial) as ROLE from now on, without a restart."""
    row = app.execute("equipment.use", role=role, name=name)
    app.answer(row, lambda: f"{_what(row)} is the {role} from now on")


def _shown(found: dict[str, Any]) -> str:
    used = [[row["role"], _what(row), row["said_by"]] for row in found["used"]]
    there = [["printer", f"{each['serial']} {each['model']}", each["port"]] for each in found["printers"]]
    there += [["reader", name, ""] for name in found["readers"]]
    return f"{table(used, ['role', 'used', 'said by'])}\n\n{table(there, ['found', '', 'at'])}"


def _what(row: dict[str, Any]) -> str:
    return " ".join(filter(None, (row.get(name, "") for name in FIELDS[EquipmentRole(row["role"])])))
