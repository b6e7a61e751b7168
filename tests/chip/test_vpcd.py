"""The antenna of a vpcd slot, against a reader that the test plays: no daemon."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from drivers.iso7816 import get_uid
from drivers.sim import vicc
from drivers.sim.chip import Chip
from drivers.sim.vpcd import VpcdAntenna
from tests.chip.readers import UID


@pytest.fixture
def slot() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)
        yield listener


def accept(slot: socket.socket) -> socket.socket:
    reader, _ = slot.accept()
    reader.settimeout(5)
    return reader


class SlowChip(Chip):
    """Losing its power takes until `let_go`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.let_go = threading.Event()

    def power_off(self) -> None:
        self.let_go.wait(5)
        super().power_off()


def test_a_chip_is_laid_down_again_before_its_leaving_is_over(slot: socket.socket) -> None:
    """The reader sees it gone first, so a quick hand can be back while the thread that took it away still works.
    The reader sees it again when that is over."""
    chip = SlowChip(UID)
    with closing(VpcdAntenna(*slot.getsockname(), absence_s=0)) as antenna:
        chip.on_apdu(lambda _apdu: None if chip.let_go.is_set() else antenna.leave())
        antenna.enter(chip)
        with accept(slot) as reader:
            vicc.send(reader, vicc.ON)
            vicc.send(reader, bytes(get_uid()))
            assert vicc.receive(reader) is None
        antenna.enter(chip)
        slot.settimeout(0.2)
        with pytest.raises(TimeoutError):
            slot.accept()
        slot.settimeout(5)
        chip.let_go.set()
        with accept(slot) as reader:
            vicc.send(reader, vicc.ON)
            vicc.send(reader, bytes(get_uid()))
            assert vicc.receive(reader) == UID + b"\x90\x00"


def test_a_chip_taken_away_dials_no_more(slot: socket.socket) -> None:
    with closing(VpcdAntenna(*slot.getsockname())) as antenna:
        antenna.enter(Chip(UID))
        with accept(slot) as reader:
            antenna.leave()
            assert vicc.receive(reader) is None
        slot.settimeout(0.2)
        with pytest.raises(TimeoutError):
            slot.accept()
