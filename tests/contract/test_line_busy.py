"""A panel goes over the wire without a gap; a driver that pauses would be seen. The whole of it: benchmarks.line."""

from __future__ import annotations

import random

import pytest

from benchmarks.line import BAR, WIRES, measure
from drivers.protocols import Face
from tests.contract.card_bench import H, W

NOISE = Face(W, H, bytes(random.Random(1).choices((0, 255), k=W * H)), varnish=False)
"""One panel of resin in which no line is shorter than another: 83 KB."""


@pytest.mark.parametrize("wire", WIRES)
def test_18_the_wire_is_busy_during_a_panel(wire: str) -> None:
    """While a panel is sent the line carries bytes for 95 % of the time, at 115 200 baud and at 1 MB/s."""
    assert measure(wire, NOISE)["least"] >= BAR


@pytest.mark.parametrize("wire", WIRES)
def test_a_driver_that_pauses_is_noticed(wire: str) -> None:
    """100 ms after each 4 KB are too much on either wire."""
    assert measure(wire, NOISE, pausing=True)["least"] < 0.8
