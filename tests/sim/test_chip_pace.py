"""A chip takes its time: for bytes in the air and for pages of EEPROM, and for nothing if it is not told to."""

from __future__ import annotations

import time

import pytest

from drivers import iso7816
from drivers.sim.chip import KTP_EL, Chip
from drivers.sim.pace import AT_848_US, Pace

UPDATE, READ = iso7816.update_binary, iso7816.read_binary


@pytest.mark.parametrize(
    ("offset", "size", "pages"), [(0, 1, 1), (0, 64, 1), (0, 65, 2), (63, 2, 2), (64, 64, 1), (255, 255, 5)]
)
def test_each_page_that_is_touched_takes_its_time(offset: int, size: int, pages: int) -> None:
    assert Pace(page_ms=3.0).seconds(bytes(UPDATE(offset, bytes(size)))) == pytest.approx(pages * 0.003)


def test_reading_and_selecting_write_no_page() -> None:
    for command in (READ(0, 200), iso7816.select(0x6FF1), iso7816.get_uid()):
        assert Pace(page_ms=3.0).seconds(bytes(command)) == 0.0


def test_bytes_take_their_time_both_ways() -> None:
    pace = Pace(byte_us=AT_848_US)
    assert pace.seconds(bytes(READ(0, 200))) == pytest.approx((5 + 200 + 2 + 10) * 10.62e-6, rel=1e-3)
    assert pace.seconds(bytes(UPDATE(0, bytes(200)))) == pytest.approx((5 + 200 + 2 + 10) * 10.62e-6, rel=1e-3)


def test_a_paced_chip_answers_no_sooner() -> None:
    chip = Chip(bytes.fromhex("04A1B2C3D4E5F6"))
    chip.power_on()
    for fid in (KTP_EL.df, 0x6FF2):
        chip.transmit(bytes(iso7816.select(fid)))
    chip.on_apdu(Pace(page_ms=5.0))
    began = time.monotonic()
    assert chip.transmit(bytes(UPDATE(0, bytes(255)))) == b"\x90\x00"
    assert time.monotonic() - began >= 0.020
