"""The dots of an Evolis panel: a picture's plane turned into print lines, packed or compressed. Pure arrays.

Compression (Programming Guide A5013 Rev E pp. 5-6), the parameter after the levels being the number of data bytes:
  K, O  a line is 00 blank, FF full, or N = 1..81 and N bytes, the rest of the line blank (high: real streams).
  Y M C a byte below 80h is one dot of that value. 80h + value is followed by a count of dots 1..255 (at 7 bits), or
        by 0: the rest of the line has no dye. The text is certain, no real stream of it is known. Two readings of
        ours are not certain (medium): that no run crosses a line's end, and that the count is the number of dots.
        `end_lines` needs only the first; `count_runs` needs both. The form for 8 bits a dot is described nowhere.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from drivers.printers.evolis_panels import DOTS, LINES

__all__ = ["Panel", "compress_bits", "count_runs", "end_lines", "pack", "turned"]

_LINE_BYTES = DOTS // 8
_RUN = 0x80
_LONGEST_RUN = 255

Panel = npt.NDArray[np.uint8]  # shape (LINES, DOTS)


def turned(plane: bytes, bits: int) -> Panel:
    """Rows of the picture to print lines, a quarter turn clockwise: lines[x, 647 - y] = top `bits` of rows[y, x]."""
    rows = np.frombuffer(plane, dtype=np.uint8).reshape(DOTS, LINES)
    return np.right_shift(np.rot90(rows, k=-1), np.uint8(8 - bits), order="C", dtype=np.uint8)


def pack(panel: Panel, bits: int) -> bytes:
    """`bits` a dot, most significant first, no gaps. A line of dye is 567 bytes at 7 bits, one of K or O 81."""
    unpacked = np.unpackbits(panel[..., None], axis=2)[..., 8 - bits :]
    return bytes(np.packbits(unpacked.reshape(LINES, -1), axis=1))


def compress_bits(panel: Panel) -> bytes:
    """A panel of one bit a dot, any value but 0 inked, in its line form."""
    packed = np.packbits(panel, axis=1)
    length = _inked(packed)
    full = (packed == 0xFF).all(axis=1)
    coded = np.empty((LINES, 1 + _LINE_BYTES), dtype=np.uint8)
    coded[:, 0] = np.where(full, 0xFF, length)
    coded[:, 1:] = packed
    kept = np.arange(1 + _LINE_BYTES) <= np.where(full, 0, length)[:, None]
    return bytes(coded[kept])


def end_lines(panel: Panel) -> bytes:
    """Dye without the blank end of each line; every other dot is spelt out."""
    length = _inked(panel)
    length[length == DOTS - 1] = DOTS  # one dot is shorter than an end
    ends = np.flatnonzero(length < DOTS)
    coded = np.empty((LINES, DOTS + 2), dtype=np.uint8)
    coded[:, :DOTS] = panel
    coded[ends, length[ends]] = _RUN
    coded[ends, length[ends] + 1] = 0
    length[ends] += 2
    return bytes(coded[np.arange(DOTS + 2) < length[:, None]])


def count_runs(panel: Panel) -> bytes:
    """Dye as runs too. Each is cut into pieces of 255; a piece of one or two dots is cheaper spelt out."""
    dots = panel.ravel()
    starts = np.ones((LINES, DOTS), dtype=bool)
    np.not_equal(panel[:, 1:], panel[:, :-1], out=starts[:, 1:])
    first = np.flatnonzero(starts)
    length = np.diff(first, append=dots.size)
    value = dots[first]
    rest_blank = (value == 0) & ((first + length) % DOTS == 0) & (length > 2)
    pieces = np.where(rest_blank, 1, -(-length // _LONGEST_RUN))
    size = np.full(pieces.sum(), _LONGEST_RUN)
    size[np.cumsum(pieces) - 1] = np.where(rest_blank, 0, length - (pieces - 1) * _LONGEST_RUN)
    value = np.repeat(value, pieces)
    spelt = (size == 1) | (size == 2)
    coded = np.empty((size.size, 2), dtype=np.uint8)
    coded[:, 0] = np.where(spelt, value, value | _RUN)
    coded[:, 1] = np.where(spelt, value, size)
    kept = np.ones_like(coded, dtype=bool)
    kept[:, 1] = size != 1
    return bytes(coded[kept])


def _inked(cells: npt.NDArray[np.uint8]) -> npt.NDArray[np.intp]:
    """Of each row, how many cells there are up to the last that is not 0."""
    inked = cells != 0
    return np.where(inked.any(axis=1), cells.shape[1] - np.argmax(inked[:, ::-1], axis=1), 0)
