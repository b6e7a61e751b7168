"""Panel bytes to rasters, and rasters to a picture of the card.

Written from the format alone (Evolis Programming Guide A5013 Rev E, pp. 4-6 and 14, and captures of a Dualys 3): one
line is one column of the landscape face, COLUMNS lines of ROWS dots, and dot d of a line is row ROWS - 1 - d.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from drivers.sim.cards import COLUMNS, ROWS, Card, Panel, Raster

BITS = {2: 1, 32: 5, 64: 6, 128: 7, 256: 8}
LINE_BYTES = ROWS // 8
FULL_LINE, BLANK_LINE = 0xFF, 0x00

_BITS_SET = np.array([number.bit_count() for number in range(128)], np.intp)


class DecodeError(Exception):
    """The bytes are not a panel of this format."""


def panel_bytes(levels: int) -> int:
    """Length of an uncompressed panel."""
    return ROWS * COLUMNS * BITS[levels] // 8


def decode_raw(data: bytes, levels: int) -> Raster:
    """Uncompressed: every bit is useful, most significant first. DecodeError on a wrong length."""
    if len(data) != panel_bytes(levels):
        raise DecodeError(f"{len(data)} bytes at {levels} levels, not {panel_bytes(levels)}")
    width = BITS[levels]
    bits = np.unpackbits(np.frombuffer(data, np.uint8)).reshape(-1, width)
    weights = (1 << np.arange(width - 1, -1, -1)).astype(np.uint8)
    return _upright((bits * weights).sum(axis=1, dtype=np.uint8))


def decode_compressed(data: bytes, levels: int) -> Raster:
    """Compressed, K and O at 2 levels, dye at 32, 64 or 128. DecodeError on anything else."""
    if levels == 2:
        return _decode_lines(data)
    if levels in (32, 64, 128):
        return _decode_runs(data, levels)
    raise DecodeError(f"no compressed form is described for {levels} levels")


def _upright(dots: NDArray[np.uint8]) -> Raster:
    return np.ascontiguousarray(dots.reshape(COLUMNS, ROWS)[:, ::-1].T)


def _decode_lines(data: bytes) -> Raster:
    """Each line: 00 blank, FF full, else N in 1..81 and N bytes, the rest of the line blank."""
    lines = np.zeros((COLUMNS, LINE_BYTES), np.uint8)
    at = 0
    for x in range(COLUMNS):
        if at >= len(data):
            raise DecodeError(f"data end at line {x} of {COLUMNS}")
        count = data[at]
        at += 1
        if count == FULL_LINE:
            lines[x] = 0xFF
        elif count > LINE_BYTES or at + count > len(data):
            raise DecodeError(f"line {x}: count {count}, {len(data) - at} bytes left")
        elif count != BLANK_LINE:
            lines[x, :count] = np.frombuffer(data, np.uint8, count, at)
            at += count
    if at != len(data):
        raise DecodeError(f"{len(data) - at} bytes after the last line")
    return _upright(np.unpackbits(lines))


def _decode_runs(data: bytes, levels: int) -> Raster:
    """MSB 0: one dot of that value. MSB 1: a value, then how often; none at all means the line's rest is blank.

    The guide leaves room at fewer than 7 bits: "unused bits 6/5 add +256 each" is taken at its word, so both bits
    set at 5 bits make +512. A run does not cross a line end.
    """
    codes = np.frombuffer(data, np.uint8)
    heads = _heads(codes)
    if heads[-1:].any():
        raise DecodeError("the data end between a value and how often it comes")
    begins = np.ones(codes.size, bool)
    begins[1:] = ~heads[:-1]
    where = np.flatnonzero(begins)
    is_run = heads[where]
    value = codes[where]
    run = value[is_run] & 0x7F
    length = np.ones(where.size, np.intp)
    length[is_run] = codes[where[is_run] + 1] + 256 * _BITS_SET[run // levels]
    value[is_run] = run % levels
    at = _ended(value, length, is_run)
    if (at + length)[-1:].sum() != COLUMNS * ROWS:
        raise DecodeError(f"{(at + length)[-1:].sum()} dots of {COLUMNS * ROWS}")
    if value.max() >= levels:
        raise DecodeError(f"a dot of {value.max()} at {levels} levels")
    return _upright(np.repeat(value, length))


def _heads(codes: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which bytes are a value with MSB 1. Behind a byte with MSB 0 a code begins, whether it was a dot or a count; so
    of bytes with MSB 1 in a row, the first is a value, the second its count, and so on."""
    high, index = codes > 0x7F, np.arange(codes.size)
    last_low = np.maximum.accumulate(np.where(high, -1, index))
    return np.asarray(high & ((index - last_low) % 2 == 1))


def _ended(value: NDArray[np.uint8], length: NDArray[np.intp], is_run: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Gives each run of none its length, to the line's end, and no dye. Returns at which dot each code begins."""
    ends = length == 0
    row_of = np.cumsum(ends) - ends
    before = np.cumsum(length) - length
    lines = np.diff(before[ends], prepend=0) // ROWS + 1
    begun = np.concatenate(([0], np.cumsum(lines) * ROWS)) - np.concatenate(([0], before[ends]))
    at: NDArray[np.intp] = before + begun[row_of]
    value[ends], length[ends] = 0, ROWS - at[ends] % ROWS
    passes = is_run & (at % ROWS + length > ROWS) | (at + length > COLUMNS * ROWS)
    if passes.any():
        first = int(np.argmax(passes))
        raise DecodeError(f"dot {at[first]}: {length[first]} dots pass the end of the line or of the panel")
    return at


def draw_card(card: Card, base: tuple[int, int, int] = (255, 255, 255), side: str = "front") -> Image.Image:
    """A side as it came out, COLUMNS x ROWS RGB on plastic of colour `base`: every pass in order, as far as it got.

    Dyes subtract (yellow takes blue, magenta green, cyan red), resin covers in black, varnish is clear.
    """
    face = np.empty((ROWS, COLUMNS, 3), np.float32)
    face[:] = base
    for panel in card.panels:
        if panel.side == side:
            _apply(face, panel)
    return Image.fromarray(face.round().astype(np.uint8))


def _apply(face: NDArray[np.float32], panel: Panel) -> None:
    reached = round(panel.fraction * COLUMNS)
    ink = panel.raster[:, :reached]
    if panel.name == "k":
        face[:, :reached][ink > 0] = 0
    elif panel.name in "cmy":
        face[:, :reached, "cmy".index(panel.name)] *= 1 - ink.astype(np.float32) / (panel.levels - 1)
