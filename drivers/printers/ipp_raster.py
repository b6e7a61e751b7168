"""A face as one page of PWG Raster (PWG 5102.4): sRGB, 300 dpi, what every driverless printer and CUPS read. Pure.

There are no dyes and no resin on this way: black is (0, 0, 0), and whether that goes on by the black panel, and what
varnish is, the printer's own driver decides.
"""

from __future__ import annotations

import struct

import numpy as np

from drivers.protocols import Face

__all__ = ["FORMAT", "page"]

FORMAT = "image/pwg-raster"
_DPI = 300
_POINTS = 72
_PIXEL = 3
_SRGB = 19
_LONGEST = 128
_HEADER = 1796


def page(face: Face) -> bytes:
    """ValueError if a plane is not of the face's size."""
    dots = face.width * face.height
    planes = [face.dye.get(dye, bytes(dots)) for dye in ("c", "m", "y")]
    if any(len(plane) != dots for plane in (*planes, face.resin)):
        raise ValueError(f"a plane is not {face.width} x {face.height}")
    resin = np.frombuffer(face.resin, dtype=np.uint8)
    light = [np.where(resin, 0, 255 - np.frombuffer(plane, dtype=np.uint8)) for plane in planes]
    rows = np.stack(light, axis=-1).astype(np.uint8).reshape(face.height, face.width * _PIXEL)
    return b"RaS2" + _header(face) + _lines([row.tobytes() for row in rows], face.width)


def _header(face: Face) -> bytes:
    """Offsets: PWG 5102.4, table 1."""
    header = bytearray(_HEADER)
    header[0:9] = b"PwgRaster"
    for at, value in (
        (276, _DPI), (280, _DPI), (340, 1), (352, round(face.width * _POINTS / _DPI)),
        (356, round(face.height * _POINTS / _DPI)), (372, face.width), (376, face.height), (384, 8),
        (388, 8 * _PIXEL), (392, face.width * _PIXEL), (400, _SRGB), (420, _PIXEL), (452, 1), (456, 1), (460, 1),
    ):  # fmt: skip
        struct.pack_into(">I", header, at, value)
    return bytes(header)


def _lines(rows: list[bytes], width: int) -> bytes:
    """Equal lines once with their count; a line of one colour as runs, any other as it is."""
    out, at = bytearray(), 0
    while at < len(rows):
        same = 1
        while same < 256 and at + same < len(rows) and rows[at + same] == rows[at]:
            same += 1
        out.append(same - 1)
        out += _line(rows[at], width)
        at += same
    return bytes(out)


def _line(row: bytes, width: int) -> bytes:
    out = bytearray()
    plain = row == row[:_PIXEL] * width
    for at in range(0, width, _LONGEST):
        count = min(_LONGEST, width - at)
        if plain or count == 1:
            out += bytes([count - 1]) + row[at * _PIXEL : (at + 1) * _PIXEL]
        else:
            out += bytes([257 - count]) + row[at * _PIXEL : (at + count) * _PIXEL]
    return bytes(out)
