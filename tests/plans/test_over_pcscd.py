"""Cards whose chip is written on the desk, by a whole station in a process of its own, over a real pcscd."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kiosk.books import read_view
from kiosk.rig.pcscd import unavailable_reason
from kiosk.rig.rig import Rig, Setting
from kiosk.rig.world_check import good_cards, wrong_cards
from tests.conftest import Measured

pytestmark = [
    pytest.mark.pcsc,
    pytest.mark.rig,
    pytest.mark.timeout(240, method="thread"),
    pytest.mark.skipif(bool(unavailable_reason()), reason=unavailable_reason() or ""),
]

PATIENCE_S = 120.0


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(Setting(tmp_path / "rig", people=2, blanks=6, loaded=6, speed=200.0, seed=5, link="pcsc"))
    yield made
    made.close()


def until(reached: Callable[[], bool]) -> float:
    """Seconds that it took."""
    began, pause = time.monotonic(), threading.Event()
    while not reached():
        assert time.monotonic() - began < PATIENCE_S
        pause.wait(0.02)
    return time.monotonic() - began


def wanted(rig: Rig) -> bool:
    holdup = rig.station.call("station.status")["holdup"]
    return bool(holdup) and "desk-card-wanted" in holdup["reasons"]


def test_after_the_print_and_a_kill_on_the_desk(rig: Rig, measured: Measured) -> None:
    """The second card is on the reader when the station is killed; it comes back to the same card."""
    station, world, desk = rig.station, rig.devices.world, rig.devices.desk
    until(lambda: len(read_view(rig.data).table("records")) == 2)
    station.call("equipment.use", role="plan", name="desktop-after")
    station.call("jobs.run", count=2)
    for number in (1, 2):
        until(lambda number=number: len(world.output) == number and wanted(rig))  # type: ignore[misc]
        if number == 2:
            station.kill()
            station.wait()
        desk.lift()
        desk.lay(world.output[-1])
        if number == 2:
            station.start()
        took = until(lambda number=number: station.call("station.status")["finished"] == number)  # type: ignore[misc]
        measured(f"card {number} laid down to its chip written and read back: {took:.1f} s over pcscd")
    desk.lift()
    assert {job["state"] for job in station.call("jobs.list")} == {"completed"}
    assert len(good_cards(world)) == 2
    assert wrong_cards(good_cards(world), rig.residents) == []
    assert station.call("stock.balance")["wni"] == {"supplier": -6, "hopper": 4, "printed": 2}
