"""Every page says that the station is on battery, and *Cetak* since when."""

from __future__ import annotations

from kiosk.web.words import STOPS
from tests.web.conftest import Kiosk, Visitor

ON_BATTERY = STOPS["on-battery"]


def test_the_screen_says_so_until_the_mains_are_back(kiosk: Kiosk, visitor: Visitor) -> None:
    office = kiosk.office
    office.bring_records(1)
    assert ON_BATTERY not in visitor.get("/queue").text
    office.station.power.battery("cli:nut")
    assert ON_BATTERY in visitor.get("/queue").text
    [job] = office.station.desk.run_jobs("test")
    assert office.until_held_up() == {"on-battery"}
    page = visitor.get("/now").text
    assert "S-07" in page
    assert "Sejak " in page
    office.station.power.mains("cli:nut")
    office.until(lambda: office.state(job) == "completed")
    assert ON_BATTERY not in visitor.get("/queue").text
