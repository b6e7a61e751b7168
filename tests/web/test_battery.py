"""Every page says that the station is on battery, *Cetak* since when; and what the printer will need soon."""

from __future__ import annotations

from dataclasses import replace

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


def test_what_the_printer_will_need_soon_stands_in_the_bar(kiosk: Kiosk, visitor: Visitor) -> None:
    """The gravest of its warnings; the work goes on."""
    bench = kiosk.office.station._devices
    assert bench is not None
    assert bench.last_status is not None
    assert STOPS["cleaner-life-almost-over"] not in visitor.get("/queue").text
    soon = frozenset({"cleaner-life-almost-over", "marker-supply-low"})
    bench.last_status = replace(bench.last_status, warnings=soon)
    page = visitor.get("/queue").text
    assert STOPS["marker-supply-low"] in page
    assert STOPS["cleaner-life-almost-over"] not in page
    bench.last_status = replace(bench.last_status, warnings=soon - {"marker-supply-low"})
    assert STOPS["cleaner-life-almost-over"] in visitor.get("/queue").text
