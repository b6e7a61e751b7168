"""What a station that waits does not carry: parts that only a card, the centre or a rehearsal needs."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("numpy", "PIL", "sqlalchemy", "fontTools", "playwright", "kiosk.hub", "kiosk.rig", "drivers.sim")
STATION = ("kiosk.cli.station", "drivers.printers.evolis", "drivers.encoders.ktp_el", "drivers.serialport")


def loaded_by(*modules: str) -> set[str]:
    code = f"import sys, {', '.join(modules)}; print(*({set(HEAVY)} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    return set(done.stdout.split())


def test_a_station_that_waits_is_light() -> None:
    assert loaded_by(*STATION) == set()


def test_what_is_heavy_would_be_seen() -> None:
    assert loaded_by("kiosk.render.face") == {"numpy", "PIL"}
