"""A page of PWG Raster (PWG 5102.4) onto the panels of a ribbon, as a card printer does. Written from the standard.

What is pure black goes on by the resin; the rest by the dyes, white by none. Varnish is the printer's own matter.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from drivers.sim.cards import COLUMNS, ROWS, Panel

__all__ = ["BadPage", "panels"]

_HEADER = 1796
_SRGB = 19
_LEVELS = 256


class BadPage(Exception):
    """The document is no page that fits a card."""


def panels(document: bytes, ribbon: str) -> list[Panel]:
    """In the order of `ribbon`; of a page without colour no dye is used. BadPage."""
    if document[:4] != b"RaS2" or len(document) < 4 + _HEADER:
        raise BadPage("no PWG raster")
    header, body = document[4 : 4 + _HEADER], document[4 + _HEADER :]
    width, height, bits, line, colours = (_word(header, at) for at in (372, 376, 388, 392, 420))
    if (width, height, bits, line, colours) != (COLUMNS, ROWS, 24, 3 * COLUMNS, 3) or _word(header, 400) != _SRGB:
        raise BadPage("not a card of 24 bits sRGB")
    pixels = _pixels(body)
    black = (pixels == 0).all(axis=2)
    ink = {name: np.where(black, 0, 255 - pixels[..., at]).astype(np.uint8) for at, name in enumerate("cmy")}
    coloured = any(plane.any() for plane in ink.values())
    planes = {**(ink if coloured else {}), "k": black.astype(np.uint8), "o": np.ones((ROWS, COLUMNS), np.uint8)}
    return [Panel(name, _LEVELS if name in ink else 2, planes[name]) for name in ribbon if name in planes]


def _word(header: bytes, at: int) -> int:
    return int.from_bytes(header[at : at + 4], "big")


def _pixels(body: bytes) -> NDArray[np.uint8]:
    """Each line: how often it comes less one; then runs (a count less one, a pixel) and rows (257 less a count)."""
    rows, at = bytearray(), 0
    while len(rows) < ROWS * COLUMNS * 3:
        if at >= len(body):
            raise BadPage("the page has no end")
        times, at, row = body[at] + 1, at + 1, bytearray()
        while len(row) < COLUMNS * 3:
            if at >= len(body):
                raise BadPage("a line has no end")
            count, at = body[at], at + 1
            size = 3 if count < 128 else 3 * (257 - count)
            row += body[at : at + size] * (count + 1 if count < 128 else 1)
            at += size
        if len(row) != COLUMNS * 3:
            raise BadPage("a line is too long or too short")
        rows += row * times
    if at != len(body) or len(rows) != ROWS * COLUMNS * 3:
        raise BadPage("more than a page")
    return np.frombuffer(bytes(rows), np.uint8).reshape(ROWS, COLUMNS, 3)
