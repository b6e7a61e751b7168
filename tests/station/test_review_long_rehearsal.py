"""A rehearsal may be longer than a hopper is deep."""

from __future__ import annotations

import random
from pathlib import Path

from kiosk.rig.devices import Devices, new_blanks


def test_all_blanks_of_a_long_rehearsal_find_room_and_ribbon(tmp_path: Path) -> None:
    devices = Devices(tmp_path, new_blanks(700, random.Random(1)), "in-process", float("inf"))
    try:
        assert len(devices.world.hopper) == 700
        assert devices.world.odometer.ribbon_left >= 700
        assert devices.world.capacity.output >= 700
    finally:
        devices.close()
