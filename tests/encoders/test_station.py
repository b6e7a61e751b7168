"""A whole station whose chips are locked: without the SAM it stops and spends nothing, with it a card is made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.sim.chip import Chip
from drivers.sim.chiplink import SocketAntenna
from drivers.sim.sam import Sam
from drivers.sim.secured import LOCKED_KTP_EL, SecuredChip
from kiosk.config import ReaderConfig
from tests.office import Office


class LockedOffice(Office):
    """Its config names a slot for the SAM, in which nothing is yet."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory, 2)
        for card in self.world.hopper:
            assert isinstance(card.chip, Chip)
            card.chip = SecuredChip(card.chip.uid, LOCKED_KTP_EL)

    def reader(self) -> ReaderConfig:
        return replace(super().reader(), sam=str(self.directory / "sam.sock"))


@pytest.fixture
def locked_office(tmp_path: Path) -> Iterator[LockedOffice]:
    office = LockedOffice(tmp_path)
    yield office
    office.close()


def test_the_job_waits_for_the_sam_and_goes_on_with_the_same_blank(locked_office: LockedOffice) -> None:
    office = locked_office
    office.bring_records(1)
    [ident] = office.station.desk.run_jobs("test")
    office.until(lambda: "sam-missing" in office.reasons(ident))
    assert not office.job(ident)["card"]["uid"]
    with closing(SocketAntenna(office.directory / "sam.sock")) as slot:
        slot.enter(Sam())
        office.until(lambda: office.state(ident) == "completed")
        [made] = office.world.output
        assert isinstance(made.chip, SecuredChip)
        assert made.chip.content(0x6FF1)[:2] != b"\0\0"
        office.desk.lay(made)
        assert office.station.counter.read_card(ident).problem == ""
    office.agree()
