"""Panels of the Evolis ESC language: from a `Face` to the bytes of one download a panel. Pure, no I/O.

Geometry: 300 dpi, 1016 lines of 648 dots. A line is one pixel column of the landscape card: pixel (x, y) is
dot 647 - y of line x, first dot in the most significant bit. (Programming Guide A5013 Rev E p. 4, real streams
have 1016 lines; orientation as the vendor's library sends it: high confidence.)

Depth: K and O one bit a dot, 1 = resin or varnish. Y, M, C seven bits a dot ("128 levels"), 127 = full dye,
packed without gaps, 8 dots in 7 bytes (p. 14, high). The guide's own table of panel sizes contradicts its
geometry; real streams agree with the geometry (82,296 bytes a one-bit panel), and so do we.

Compression (pp. 5-6), the parameter after the levels being the number of data bytes:
  K, O  a line is 00 blank, FF full, or N = 1..81 and N bytes, the rest of the line blank (high: real streams).
  Y M C a byte below 80h is one dot of that value; 80h + value is followed by a count of dots 1..255, or by 0:
        the rest of the line has no dye (text high; that runs end with their line and that the count is the
        number of dots is our reading: medium). A panel that would not shrink goes uncompressed, which is certain.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from drivers.protocols import Face

__all__ = ["DOTS", "LINES", "LONGEST", "downloads", "header"]

LINES = 1016
DOTS = 648
_LINE_BYTES = DOTS // 8
_DYE_LEVELS = 128
_DYE_BITS = 7
_RAW_DYE_BYTES = LINES * DOTS * _DYE_BITS // 8
_RUN = 0x80
_LONGEST_RUN = 255
LONGEST = _RAW_DYE_BYTES + 1
"""Bytes of the longest download after its header: a panel that did not shrink, and CR."""

Panel = npt.NDArray[np.uint8]  # shape (LINES, DOTS)


def downloads(face: Face, ribbon: str) -> tuple[bytes, ...]:
    """The download commands for `face`, ESC to CR, in the order of the ribbon's panels ("ymcko").

    A panel that the face has no use for is left out. ValueError if the face is not 1016x648, if a plane has not
    width * height bytes, or if the ribbon lacks a panel that the face needs.
    """
    planes = _planes(face)
    missing = planes.keys() - set(ribbon)
    if missing:
        raise ValueError(f"ribbon {ribbon} has no panel {', '.join(sorted(missing))}")
    return tuple(_download(name, planes[name]) for name in ribbon if name in planes)


def header(download: bytes) -> bytes:
    """A download without its picture, for traces: ``ESC Dbc;k;2;1016``."""
    fields = download[:64].split(b";")
    return b";".join(fields[: 4 if fields[0] == b"\x1bDbc" else 3])


def _planes(face: Face) -> dict[str, Panel | None]:
    """Panel name to dots, None for a full one."""
    if (face.width, face.height) != (LINES, DOTS):
        raise ValueError(f"a face is {LINES}x{DOTS} pixels, not {face.width}x{face.height}")
    planes: dict[str, Panel | None] = {name: _turned(name, plane, _DYE_BITS) for name, plane in face.dye.items()}
    planes["k"] = _turned("resin", face.resin, 1)
    if face.varnish:
        planes["o"] = None
    return planes


def _turned(name: str, plane: bytes, bits: int) -> Panel:
    """Rows of the picture to print lines, a quarter turn clockwise: lines[x, 647 - y] = top `bits` of rows[y, x]."""
    if len(plane) != LINES * DOTS:
        raise ValueError(f"plane {name} has {len(plane)} bytes, not {LINES * DOTS}")
    rows = np.frombuffer(plane, dtype=np.uint8).reshape(DOTS, LINES)
    return np.right_shift(np.rot90(rows, k=-1), np.uint8(8 - bits), order="C", dtype=np.uint8)


def _download(name: str, panel: Panel | None) -> bytes:
    if panel is None:
        return _compressed(name, 2, b"\xff" * LINES)
    if name == "k":
        return _compressed(name, 2, _compress_bits(panel))
    runs = _compress_dye(panel)
    if len(runs) < _RAW_DYE_BYTES:
        return _compressed(name, _DYE_LEVELS, runs)
    return b"\x1bDb;%s;%d;%s\r" % (name.encode(), _DYE_LEVELS, _pack_dye(panel))


def _compressed(name: str, levels: int, data: bytes) -> bytes:
    return b"\x1bDbc;%s;%d;%d;%s\r" % (name.encode(), levels, len(data), data)


def _compress_bits(panel: Panel) -> bytes:
    packed = np.packbits(panel, axis=1)
    inked = packed != 0
    length = np.where(inked.any(axis=1), _LINE_BYTES - np.argmax(inked[:, ::-1], axis=1), 0)
    full = (packed == 0xFF).all(axis=1)
    coded = np.empty((LINES, 1 + _LINE_BYTES), dtype=np.uint8)
    coded[:, 0] = np.where(full, 0xFF, length)
    coded[:, 1:] = packed
    kept = np.arange(1 + _LINE_BYTES) <= np.where(full, 0, length)[:, None]
    return bytes(coded[kept])


def _pack_dye(panel: Panel) -> bytes:
    """Seven bits a dot, most significant first, no gaps. A line is 567 bytes."""
    bits = np.unpackbits(panel[..., None], axis=2)[..., 8 - _DYE_BITS :]
    return bytes(np.packbits(bits.reshape(LINES, -1), axis=1))


def _compress_dye(panel: Panel) -> bytes:
    """Run-length form. Each run is cut into pieces of 255; a piece of one or two dots is cheaper spelt out."""
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
