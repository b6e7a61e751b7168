"""A station in a process of its own, its printer behind IPP, its chips written on the desk: killed in mid-card."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drivers.sim.cards import Card
from drivers.sim.ipp_line import IppLine
from drivers.sim.ipp_printer import IppPrinter
from kiosk.books import read_view
from kiosk.rig.rig import CONFIG, Rig, Setting
from kiosk.rig.world_check import good_cards, wrong_cards

pytestmark = [pytest.mark.rig, pytest.mark.long, pytest.mark.timeout(400, method="thread")]

PATIENCE_S = 120.0


class IppRig(Rig):
    """Its printer is another one, in the same world."""

    def _config(self) -> str:
        self.devices.line.close()
        printer = IppPrinter(self.devices.world, prompt=False)
        line = IppLine(printer)
        self._closing.callback(line.close)
        config = self.setting.config.replace('port: "{port}"', f'port: "{line.url}"\n  driver: "ipp"')
        return config.format(
            station="kupang-01", link=self.devices.link, reader=self.devices.reader, desk=self.devices.desk.name,
            hub=self.hub.url, web=self.web_port, reply_timeout=5.0,
        )  # fmt: skip


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[IppRig]:
    config = CONFIG + 'card:\n  plan: "desktop-after"\n'
    made = IppRig(
        Setting(tmp_path / "rig", people=2, blanks=6, loaded=6, speed=20.0, seed=5, link="in-process", config=config)
    )
    yield made
    made.close()


def until(reached: Callable[[], bool]) -> None:
    began, pause = time.monotonic(), threading.Event()
    while not reached():
        assert time.monotonic() - began < PATIENCE_S
        pause.wait(0.02)


def asked_for(rig: IppRig, reason: str) -> bool:
    holdup = rig.station.call("station.status")["holdup"]
    return bool(holdup) and reason in holdup["reasons"]


def test_killed_in_mid_card_there_is_one_card(rig: IppRig) -> None:
    """The printer finishes what it has; the station that comes back asks, and the chip is written onto that card."""
    station, world, desk = rig.station, rig.devices.world, rig.devices.desk

    def die(event: str, card: Card | None, what: str) -> None:
        if event == "panel-started" and what == "m" and station.starts == 1:
            station.kill()

    world.observe(die)
    until(lambda: len(read_view(rig.data).table("records")) == 2)
    station.call("jobs.run", count=1)
    station.wait()
    until(lambda: len(world.output) + len(world.reject) == 1 or (world.path is None and len(world.hopper) < 6))
    station.start()
    until(lambda: asked_for(rig, "outcome-unknown"))
    assert len(world.hopper) == 5
    [job] = station.call("jobs.list")
    station.call("jobs.resolve", job=job["id"], answer="good")
    until(lambda: asked_for(rig, "desk-card-wanted"))
    desk.lay(world.output[-1])
    until(lambda: station.call("jobs.list")[0]["state"] == "completed")
    desk.lift()
    assert station.call("stock.balance")["wni"] == {"supplier": -6, "hopper": 5, "printed": 1}
    assert len(good_cards(world)) == 1
    assert sum(bool(card.panels) for cards in world.census().values() for card in cards) == 1
    assert wrong_cards(good_cards(world), rig.residents) == []
