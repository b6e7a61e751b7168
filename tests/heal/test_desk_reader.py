"""The reader on the desk lost under a card that lies on it, and back: the same card goes on by itself."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from drivers.sim.vpcd import VpcdAntenna
from kiosk.config import ReaderConfig
from kiosk.core.plan import Plan, Step
from kiosk.rig.devices import DeskReader
from kiosk.rig.pcscd import READER_NAME, PrivatePcscd
from kiosk.worker import loop
from tests.chip.readers import BY_THREAD, pcscd
from tests.conftest import Measured
from tests.heal.matrix import LIMIT_S, Cell, Strike
from tests.heal.site import Site
from tests.heal.troubles import TROUBLES, PcscdKilled

__all__ = ["pcscd"]

pytestmark = [pytest.mark.pcsc, BY_THREAD]


class DeskSite(Site):
    """Its chips are written on the desk, after the print."""

    def __init__(self, directory: Path, daemon: PrivatePcscd) -> None:
        super().__init__(directory, PcscdKilled, daemon)
        self.desk_antenna.close()
        self.desk_antenna = VpcdAntenna("127.0.0.1", daemon.port + 1)
        self.desk = DeskReader(self.desk_antenna, self.reader().desk)
        self.call("equipment.use", role="plan", name=Plan.DESKTOP_AFTER.value)

    def reader(self) -> ReaderConfig:
        return replace(super().reader(), desk=f"{READER_NAME} 00 01")


@pytest.fixture
def site(tmp_path: Path, pcscd: PrivatePcscd) -> Iterator[DeskSite]:
    with closing(DeskSite(tmp_path, pcscd)) as made:
        yield made


CELLS = [
    pytest.param(trouble, step, id=f"{trouble}-{step}", marks=[] if number == 0 else pytest.mark.long)
    for number, (step, trouble) in enumerate(
        product((Step.ENCODE, Step.IDENTIFY, Step.VERIFY), ("reader-unplugged", "pcscd-killed"))
    )
]


@pytest.mark.parametrize(("trouble", "step"), CELLS)
def test_the_card_that_lies_there_goes_on(site: DeskSite, trouble: str, step: Step, measured: Measured) -> None:
    lost = TROUBLES[trouble](site)
    strike = Strike(site, Cell(trouble, step, "middle"), lost.lose)
    [job] = site.station.desk.run_jobs("test", refs=site.bring_records(1))
    site.until(lambda: bool(site.world.output))
    site.desk.lay(site.world.output[-1])
    site.until(lambda: strike.struck)
    lost.stay_away()
    site.until(lambda: site.misses(job) and site.faults > 0)
    worker, looked = site.station.worker, site.faults
    assert worker is not None
    worker._look_s = loop.LONGEST_LOOK_S
    site.until(lambda: site.faults > looked)
    lost.restore()
    back = time.monotonic()
    site.until(lambda: site.state(job) == "completed")
    measured(f"healed on the desk, {trouble} at {step}: {time.monotonic() - back:.1f} s")
    assert time.monotonic() - back <= LIMIT_S
    assert site.unrestarted
    site.check(jobs=1)
