"""Another printer where ours was: not used until somebody says so, and ours goes on with its card where it is."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from drivers.sim.cards import Card, Ribbon
from drivers.sim.clock import SimClock
from drivers.sim.firmware import Firmware
from drivers.sim.line import Line
from drivers.sim.world import World
from kiosk.core.plan import Step
from kiosk.rig.devices import new_blanks
from kiosk.rig.operator import is_whole
from tests.heal.jacks import Adapter
from tests.heal.matrix import LIMIT_S, Cell, Strike
from tests.heal.site import Site
from tests.heal.troubles import PtyRenamed

OURS, THEIRS = "KP000123", "KP000999"
ASKING = ("R", "Pem", "Pcim", "Pneab", "Scs")
"""What a printer may be told that is not used: questions, and how it shall behave."""


class Stranger:
    """A second printer; `told`: its commands."""

    def __init__(self, site: Site, closing: ExitStack) -> None:
        self._site = site
        self._closing = closing
        self._clock = SimClock(math.inf)
        self.world = World(self._clock, new_blanks(3, random.Random(8), first=100), ribbon=Ribbon(), serial=THEIRS)
        self.world.antenna = site.antenna  # type: ignore[assignment]  # the one reader, wherever the printer stands
        self.told: list[str] = []
        self.world.observe(self._heard)

    def _heard(self, event: str, card: Card | None, detail: str) -> None:
        if event == "command":
            self.told.append(detail)

    def plug(self, name: str) -> None:
        self._closing.enter_context(Line(Adapter(self._site.directory, name), Firmware(self.world), self._clock))

    @property
    def moved(self) -> list[str]:
        return [command for command in self.told if not command.startswith(ASKING)]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path, PtyRenamed, None)
    made.until(lambda: made.station.printer_status is not None)
    yield made
    made.close()


@pytest.fixture
def stranger(site: Site) -> Iterator[Stranger]:
    with ExitStack() as closing:
        yield Stranger(site, closing)


def lose_mid_card(site: Site, step: Step) -> str:
    strike = Strike(site, Cell("pty-renamed", step, "middle"), lambda: site.in_simulator(site.jack.unplug))
    [job] = site.station.desk.run_jobs("test", refs=site.bring_records(1))
    site.until(lambda: strike.struck)
    return job


def held_up_by(site: Site, reason: str) -> bool:
    holdup = site.station.worker.holdup if site.station.worker else None
    return holdup is not None and reason in holdup.reasons


@pytest.mark.parametrize(
    "step",
    [Step.ENCODE, Step.EJECT, *(pytest.param(step, marks=pytest.mark.long) for step in (Step.FEED, Step.PRINT))],
)
def test_it_is_not_used_and_ours_goes_on_when_it_is_back_elsewhere(
    site: Site, stranger: Stranger, step: Step
) -> None:
    job = lose_mid_card(site, step)
    stranger.plug("ttyUSB0")
    site.until(lambda: held_up_by(site, "printer-unknown"))
    site.in_simulator(lambda: site.jack.plug("ttyUSB1"))
    back = time.monotonic()
    site.until(lambda: not site.misses(job))
    assert time.monotonic() - back <= LIMIT_S
    assert site.finish(job) == 0
    assert site.unrestarted
    site.check(jobs=1)
    assert stranger.moved == []
    assert stranger.told, "it was asked who it is"


def test_chosen_in_the_middle_of_a_card_it_makes_the_next_and_the_card_is_asked_about(
    site: Site, stranger: Stranger
) -> None:
    """Tapped twice, it is booked once."""
    job = lose_mid_card(site, Step.PRINT)
    stranger.plug("ttyUSB0")
    site.until(lambda: held_up_by(site, "printer-unknown"))
    assert stranger.moved == []
    for _ in range(2):
        site.call("equipment.use", role="printer", name=THEIRS)
    chosen = [frame for frame in site.frames() if frame.kind == "equipment" and frame.data.get("serial") == THEIRS]
    assert len(chosen) == 1
    site.until(lambda: site.is_settled(job))
    assert "another printer" in site.job(job)["message"]
    assert stranger.moved == []
    card = site.world.take_card()
    site.call("jobs.resolve", job=job, answer="good" if is_whole(card) else "spoiled")
    if not is_whole(card):
        site.until(lambda: site.state(job) == "completed")
        assert [is_whole(made) for made in stranger.world.output] == [True]
        assert site.accounts()["spoiled"] == 1
    assert site.accounts()["printed"] == 1
    assert site.accounts().get("in-machine", 0) == 0
