"""The vendor's own library, unmodified, as a client of our simulator: does it take it for a printer of the vendor's?

Opt-in: `EVOLIS_SDK_PYTHON` names the interpreter of an environment with `evolis-sdk` in it (tried: 9.4.1). The
library is no free software and no part of this project; docs/contract.md tells what came of it.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from drivers.sim.cards import blanks
from drivers.sim.clock import SimClock
from drivers.sim.decoder import draw_card
from drivers.sim.firmware import Firmware
from drivers.sim.line import TcpLine
from drivers.sim.world import World
from tests.contract.card_bench import H, W

PYTHON = os.environ.get("EVOLIS_SDK_PYTHON", "")
CLIENT = Path(__file__).with_name("vendor_client.py")
SPEED, BAUD = 50.0, 10_000_000

needs_library = pytest.mark.skipif(
    not PYTHON, reason="opt-in: EVOLIS_SDK_PYTHON names no interpreter with evolis-sdk"
)


def picture() -> Image.Image:
    """No turn and no mirror of it is the same."""
    image = Image.new("RGB", (W, H), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((60, 40, 300, 240), fill="red")
    draw.rectangle((700, 60, 900, 160), fill="blue")
    draw.rectangle((100, 500, 160, 600), fill="lime")
    return image


@pytest.fixture
def printer() -> Iterator[tuple[World, TcpLine]]:
    clock = SimClock(SPEED)
    world = World(clock, blanks(range(4)))
    with TcpLine(Firmware(world), clock, baud=BAUD) as line:
        yield world, line


@pytest.fixture
def refused() -> Iterator[tuple[World, TcpLine]]:
    """Negative control: the same printer with its cover open."""
    clock = SimClock(SPEED)
    world = World(clock, blanks(range(4)))
    world.open_cover()
    with TcpLine(Firmware(world), clock, baud=BAUD) as line:
        yield world, line


def asked(line: TcpLine, path: Path) -> dict[str, Any]:
    picture().save(path)
    words = [PYTHON, str(CLIENT), f"socket://127.0.0.1:{line.port}", str(path)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=50, check=True)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@needs_library
def test_it_opens_moves_and_prints(printer: tuple[World, TcpLine], tmp_path: Path) -> None:
    """Open, information, state, moves of the card and a job in colour are as they would be with a printer."""
    world, line = printer
    told = asked(line, tmp_path / "face.bmp")
    assert told == {
        "opened": True, "model": "Evolis Primacy", "firmware": "1932", "serial": "KP000123", "contactless": True,
        "flip": False, "state": ["READY", "PRINTER_READY"], "to the chip": True, "rejected": True, "inserted": True,
        "ejected": True, "printed": "OK", "after": ["READY", "PRINTER_READY"],
    }  # fmt: skip
    assert (len(world.hopper), len(world.reject), len(world.output)) == (1, 1, 2)


@needs_library
def test_what_it_prints_is_the_picture_the_right_way_up(printer: tuple[World, TcpLine], tmp_path: Path) -> None:
    """Its panels come out as our decoder understands ours: the places are compared, not the shades."""
    world, line = printer
    asked(line, tmp_path / "face.bmp")
    drawn, wanted = (np.asarray(image, np.int16) for image in (draw_card(world.output[-1]), picture()))
    ink = (wanted < 128).any(axis=2)
    assert ((drawn < 160).any(axis=2) == ink).mean() > 0.99
    assert (drawn.argmax(axis=2)[ink] == wanted.argmax(axis=2)[ink]).mean() > 0.99


@needs_library
def test_it_sees_an_open_cover(refused: tuple[World, TcpLine], tmp_path: Path) -> None:
    """Negative control: what it says depends on what it is told."""
    world, line = refused
    told = asked(line, tmp_path / "face.bmp")
    assert told["state"][0] == "WARNING"
    assert told["printed"] == "PRINT_NEEDACTION"
    assert world.output == []
