"""The doctor's result as a QR code: read from its pixels, also from a poor photograph, it is the same result."""

from __future__ import annotations

import re

import numpy as np
import pytest
import zxingcpp
from hypothesis import given, settings
from numpy.typing import NDArray
from PIL import Image

from kiosk.doctor import Report, as_blocks, as_svg, decode, encode
from kiosk.doctor.picture import MODULE_PX, QUIET
from tests.office import Office
from tests.technician.command import keping
from tests.technician.test_compact import SAMPLE, reports

Pixels = NDArray[np.uint8]
HALVES = {" ": (0, 0), "▀": (1, 0), "▄": (0, 1), "█": (1, 1)}
DOTS = 8
"""Pixels of a terminal's half block."""


def screened(drawn: str) -> Pixels:
    """What a terminal shows of half blocks, black on white."""
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in drawn.splitlines()]
    rows = [[HALVES[sign][half] for sign in line] for line in lines for half in (0, 1)]
    return np.kron(255 - 255 * np.array(rows, np.uint8), np.ones((DOTS, DOTS), np.uint8))


def seen(pixels: Pixels) -> str:
    [found] = zxingcpp.read_barcodes(pixels, formats=zxingcpp.BarcodeFormat.QRCode)  # in noise it sees others besides
    return str(found.text)


def test_what_a_terminal_shows_is_the_result() -> None:
    assert decode(seen(screened(as_blocks(encode(SAMPLE))))) == SAMPLE


@settings(max_examples=20)
@given(reports)
def test_whatever_was_found(report: Report) -> None:
    assert decode(seen(screened(as_blocks(encode(report))))) == report


def test_it_fits_a_terminal_of_eighty_columns_and_a_screen() -> None:
    drawn = as_blocks(encode(SAMPLE))
    widest = max(len(re.sub(r"\x1b\[[0-9;]*m", "", line)) for line in drawn.splitlines())
    assert widest <= 80
    assert f'width="{widest * MODULE_PX}"' in as_svg(encode(SAMPLE))
    assert (MODULE_PX >= 4, QUIET) == (True, 4)


def test_a_poor_photograph_of_it() -> None:
    """Held askew, small, grey and noisy."""
    shown = Image.fromarray(screened(as_blocks(encode(SAMPLE)))).resize((500, 500))
    askew = shown.rotate(7, resample=Image.Resampling.BICUBIC, expand=True, fillcolor=255).resize((380, 360))
    grain = np.random.default_rng(7).normal(0, 12, (360, 380))
    photograph = np.clip(np.asarray(askew) * 0.6 + 50 + grain, 0, 255).astype(np.uint8)
    assert decode(seen(photograph)) == SAMPLE


def test_one_that_is_half_covered_is_not_read() -> None:
    pixels = screened(as_blocks(encode(SAMPLE)))
    pixels[: len(pixels) // 2] = 255
    assert zxingcpp.read_barcodes(pixels) == []


def test_the_svg_needs_no_style_and_no_script() -> None:
    assert not re.search(r"style|script|href|on\w+=", as_svg(encode(SAMPLE)))


@pytest.mark.parametrize("option", [["--qr"], []])
def test_the_command_draws_it_where_it_is_asked_to_or_sees_a_terminal(office: Office, option: list[str]) -> None:
    told = keping(office, "doctor", *option).stdout
    assert ("█" in told) is bool(option), "the runner is no terminal"
    if option:
        drawn = "\n".join(line for line in told.splitlines() if line and set(line) <= set(HALVES))
        printed = next(line for line in told.splitlines() if line.startswith("KEPING1"))
        assert seen(screened(drawn)) == printed
        assert keping(office, "doctor", "--decode", printed).exit_code == 0
