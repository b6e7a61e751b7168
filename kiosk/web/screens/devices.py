"""Perangkat: which printer and readers are there, and which are used; another one is taken into use by one touch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Flask, render_template, request

from kiosk.core.equipment import EquipmentRole
from kiosk.core.faults import READER_LOST
from kiosk.core.plan import Plan
from kiosk.equipment import BY_PORT
from kiosk.equipment_choice import READERS, EquipmentChoice
from kiosk.web import desk_words
from kiosk.web.house import actor, done, house

if TYPE_CHECKING:
    from werkzeug.wrappers import Response


def register(app: Flask) -> None:
    app.add_url_rule("/devices", view_func=devices)
    app.add_url_rule("/devices/use", view_func=use_device, methods=["POST"])
    app.add_url_rule("/devices/look", view_func=look_for_devices, methods=["POST"])


@dataclass(frozen=True)
class PrinterRow:
    """`port`: where it answered, empty if it did not. `chosen`: it is the one that is booked."""

    model: str
    serial: str
    port: str
    chosen: bool

    @property
    def by_port(self) -> bool:
        """It tells no serial."""
        return self.serial.startswith(BY_PORT)


@dataclass(frozen=True)
class ReaderRow:
    """`used`: what it serves as. `offered`: what it could serve as, in another's place. `there`: it was found."""

    name: str
    used: tuple[EquipmentRole, ...]
    offered: tuple[EquipmentRole, ...]
    there: bool = True


def devices() -> str:
    """What was found when the station last looked; asks no device."""
    station = house().station
    equipment, holdup = station.equipment, station.worker.holdup if station.worker else None
    return render_template(
        "devices.html", printers=printer_rows(equipment), readers=reader_rows(equipment),
        plan=equipment.plan, has_desk=bool(equipment.desk), told=desk_words,
        reader_lost=equipment.plan is Plan.INLINE and holdup is not None and bool(READER_LOST & holdup.reasons),
    )  # fmt: skip


def printer_rows(equipment: EquipmentChoice) -> list[PrinterRow]:
    booked = equipment.booked(EquipmentRole.PRINTER) or {"serial": "", "model": ""}
    found = [
        PrinterRow(each.model, each.serial, each.port, each.serial == booked["serial"]) for each in equipment.printers
    ]
    if booked["serial"] and not any(row.chosen for row in found):
        found.insert(0, PrinterRow(booked["model"], booked["serial"], "", chosen=True))
    return found


def reader_rows(equipment: EquipmentChoice) -> list[ReaderRow]:
    """Those that are used and not there come first. A SAM's slot is offered where one is used."""
    serving = {role: equipment.reader_at(role) for role in READERS}
    roles = [role for role in READERS if role is not EquipmentRole.SAM or serving[role]]
    named = dict.fromkeys(name for name in serving.values() if name and name not in equipment.readers)
    return [
        ReaderRow(
            name,
            tuple(role for role in roles if serving[role] == name),
            tuple(role for role in roles if serving[role] != name) if name in equipment.readers else (),
            name in equipment.readers,
        )
        for name in (*named, *equipment.readers)
    ]


def use_device() -> Response:
    house().station.equipment.use(actor(), request.form.get("role", ""), request.form.get("name", ""))
    return done("devices")


def look_for_devices() -> Response:
    """Blocks <= 4 s. While a card is made nothing is asked, and the page stays as it is."""
    house().station.equipment.look()
    return done("devices")
