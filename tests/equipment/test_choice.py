"""What is used as what is said once, booked once, and outlives a restart, a replay and a seal."""

from __future__ import annotations

import pytest

from kiosk.books import read_view
from kiosk.core.change import ProjectionError
from kiosk.core.equipment import EquipmentRole, row_of
from kiosk.errors import UsageError
from tests.office import Office, office

__all__ = ["office"]

READER = {"role": "reader", "name": "ACS ACR1281U 00 01"}


def use(office: Office, role: str, name: str) -> object:
    return office.station.ask("equipment.use", {"role": role, "name": name}, "cli:root")


def chosen(office: Office) -> dict[str, str]:
    used = office.station.ask("equipment.list", {}, "cli:root")["used"]
    return {row["role"]: row["said_by"] for row in used}


def test_without_a_choice_the_config_holds(office: Office) -> None:
    assert chosen(office)["desk"] == chosen(office)["reader"] == "config"
    assert office.station.fittings.name_of(EquipmentRole.DESK) == office.desk.name
    assert office.station.fittings.name_of(EquipmentRole.SAM) == ""


def test_the_books_go_before_the_config_also_after_a_restart(office: Office) -> None:
    assert use(office, "desk", "another.sock") == {"role": "desk", "name": "another.sock"}
    for _ in range(2):
        assert office.station.fittings.name_of(EquipmentRole.DESK) == "another.sock"
        assert chosen(office)["desk"] == "books"
        office.restart()
    assert read_view(office.data).read("equipment", "desk") == {"role": "desk", "name": "another.sock"}


def test_said_twice_it_is_booked_once(office: Office) -> None:
    before = len([frame for frame in office.frames() if frame.kind == "equipment"])
    assert use(office, "reader", READER["name"]) == use(office, "reader", READER["name"]) == READER
    assert len([frame for frame in office.frames() if frame.kind == "equipment"]) == before + 1


@pytest.mark.parametrize(
    "data",
    [
        {"role": "toaster", "name": "x"},
        {"role": "reader", "name": ""},
        {"role": "reader"},
        {"role": "reader", "name": 7},
        {"role": "reader", "name": "x" * 257},
        {"role": "printer", "name": "KP000123"},
        {"role": "printer", "serial": "", "model": "Primacy"},
    ],
)
def test_what_says_nothing_is_no_choice(data: dict[str, object]) -> None:
    with pytest.raises(ProjectionError):
        row_of(data)


@pytest.mark.parametrize(("role", "name"), [("toaster", "x"), ("reader", ""), ("reader", "a\nb")])
def test_nonsense_is_not_booked(office: Office, role: str, name: str) -> None:
    with pytest.raises(UsageError):
        use(office, role, name)
