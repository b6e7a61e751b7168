"""The real server on a whole simulated station, and a browser where there is one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.people import People, Role
from kiosk.web import House, WebServer, create_app
from tests.office import Office, office

__all__ = ["office"]

PIN = "246810"


class Kiosk:
    """An office with its touchscreen served."""

    def __init__(self, office: Office) -> None:
        self.office = office
        people = People(office.data)
        people.add("maria", "Maria Taek", Role.OPERATOR, PIN)
        people.add("yosep", "Yosep Bria", Role.SUPERVISOR, "135791")
        self.house = House(office.station, people)
        self.server = WebServer(create_app(self.house), 0)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"


@pytest.fixture
def kiosk(office: Office, tmp_path: Path) -> Iterator[Kiosk]:
    made = Kiosk(office)
    yield made
    made.server.close()
