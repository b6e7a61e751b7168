"""A locked KTP-el on one antenna and a simulated SAM in another slot, both in this process."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from drivers.encoders import ktp_el
from drivers.pcsc import PcscLink
from drivers.sim.chiplink import SocketAntenna, SocketLink
from drivers.sim.sam import Sam
from drivers.sim.secured import LOCKED_KTP_EL, SecuredChip
from drivers.sim.vpcd import VpcdAntenna
from kiosk.config import ReaderConfig
from kiosk.rig.pcscd import READER_NAME, PrivatePcscd
from tests.chip.readers import Reader


@dataclass
class SamReader(Reader):
    """`slot`: where the SAM lies. `sam`: what was put there. `config`: of a station that finds both."""

    slot: SocketAntenna
    sam: Sam
    config: ReaderConfig
    _left: int = 0

    def __post_init__(self) -> None:
        self.sam.on_apdu(self._count)

    def pull_sam_at(self, nth: int) -> None:
        """Take the SAM away at the nth command that it gets from now, from 1; once."""
        self._left = nth

    def _count(self, apdu: bytes) -> None:
        # One hand for the SAM's life: another laid on while it is being pulled would count that very command.
        self._left -= 1
        if self._left == 0:
            self.slot.leave()


@contextmanager
def sam_reader() -> Iterator[SamReader]:
    with tempfile.TemporaryDirectory(prefix="keping-sam-") as directory:
        chip, sam = Path(directory, "antenna"), Path(directory, "slot")
        with (
            closing(SocketAntenna(chip)) as antenna,
            closing(SocketAntenna(sam)) as slot,
            closing(SocketLink(chip)) as link,
            closing(SocketLink(sam)) as sam_link,
        ):
            config = ReaderConfig(link="in-process", name=str(chip), sam=str(sam))
            made = SamReader(link, antenna, slot, Sam(), config)
            made.opener = partial(ktp_el.open, sam=sam_link)
            made.profile, made.kind = LOCKED_KTP_EL, SecuredChip
            slot.enter(made.sam)
            yield made


@pytest.fixture
def through_sam() -> Iterator[SamReader]:
    with sam_reader() as made:
        yield made


@pytest.fixture(scope="module")
def sam_slot(pcscd: PrivatePcscd) -> Iterator[None]:
    """A SAM lies in the second slot, and stays."""
    with closing(VpcdAntenna("127.0.0.1", pcscd.port + 1)) as slot:
        slot.enter(Sam())
        yield


@pytest.fixture
def sam_over_pcsc(over_pcsc: Reader, sam_slot: None) -> Iterator[Reader]:
    """The same over a real pcscd."""
    with closing(PcscLink(f"{READER_NAME} 00 01")) as sam_link:
        over_pcsc.opener = partial(ktp_el.open, sam=sam_link)
        over_pcsc.profile, over_pcsc.kind = LOCKED_KTP_EL, SecuredChip
        yield over_pcsc
