"""What is used as what is said once, booked once, and outlives a restart, a replay and a seal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from drivers.sim.chiplink import SocketAntenna
from kiosk.books import read_view
from kiosk.cli import main
from kiosk.core.change import ProjectionError
from kiosk.core.equipment import EquipmentRole, row_of
from kiosk.equipment_choice import as_chosen
from kiosk.errors import Rejected, UsageError
from tests.office import Office, office

__all__ = ["office"]


@pytest.fixture
def another(tmp_path: Path) -> Iterator[str]:
    """A reader that the config does not know."""
    antenna = SocketAntenna(tmp_path / "another.sock")
    yield str(tmp_path / "another.sock")
    antenna.close()


def use(office: Office, role: str, name: str) -> object:
    return office.station.ask("equipment.use", {"role": role, "name": name}, "cli:root")


def chosen(office: Office) -> dict[str, str]:
    used = office.station.ask("equipment.list", {}, "cli:root")["used"]
    return {row["role"]: row["said_by"] for row in used}


def test_without_a_choice_the_config_holds(office: Office) -> None:
    assert chosen(office)["desk"] == chosen(office)["reader"] == "config"
    assert office.station.equipment.name_of(EquipmentRole.DESK) == office.desk.name
    assert office.station.equipment.name_of(EquipmentRole.SAM) == ""


def test_the_books_go_before_the_config_also_after_a_restart(office: Office, another: str) -> None:
    assert use(office, "desk", another) == {"role": "desk", "name": another}
    for _ in range(2):
        assert office.station.equipment.name_of(EquipmentRole.DESK) == another
        assert chosen(office)["desk"] == "books"
        office.restart()
    assert read_view(office.data).read("equipment", "desk") == {"role": "desk", "name": another}


def test_said_twice_it_is_booked_once(office: Office, another: str) -> None:
    first, second = use(office, "reader", another), use(office, "reader", another)
    assert first == second == {"role": "reader", "name": another}
    assert [frame.data for frame in office.frames() if frame.data.get("role") == "reader"] == [first]


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


def test_what_was_not_found_is_not_booked(office: Office) -> None:
    for role in ("printer", "reader", "desk", "sam"):
        with pytest.raises(Rejected) as refused:
            use(office, role, "not-there")
        assert refused.value.reason == "equipment-missing"


def test_an_unknown_role_is_named_with_the_known_ones(office: Office) -> None:
    with pytest.raises(UsageError, match=r"toaster.*printer, reader, desk, sam, plan"):
        use(office, "toaster", "x")


def test_with_no_station_running_whoever_asks_looks(office: Office) -> None:
    office.station.close()
    station = office._open()
    found = station.ask("equipment.list", {}, "cli:root")
    assert [(each["serial"], each["port"]) for each in found["printers"]] == [("KP000123", office.port)]
    assert office.desk.name in found["readers"]
    station.close()


def test_the_shell_lists_and_chooses(office: Office, another: str) -> None:
    shell = [*("--config", str(office.directory / "config.yaml")), *("--data", str(office.data)), "equipment"]
    (office.directory / "config.yaml").write_text("{}")
    runner = CliRunner()
    chosen = runner.invoke(main, [*shell, "use", "desk", another])
    assert (chosen.exit_code, chosen.output) == (0, f"{another} is the desk from now on\n")
    listed = runner.invoke(main, [*shell, "list"]).output
    assert f"desk     {another}" in listed
    assert "KP000123 Primacy" in listed


def test_what_is_asked_beside_the_station_is_what_was_chosen(office: Office, another: str) -> None:
    config = office.station.config
    assert as_chosen(config, office.data) == config
    use(office, "desk", another)
    assert as_chosen(config, office.data).reader == replace(config.reader, desk=another)
    assert as_chosen(config, office.directory / "nowhere") == config
