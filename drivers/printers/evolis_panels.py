"""Panels of the Evolis ESC language: from a `Face` to the bytes of one download a panel. Pure, no I/O.

Geometry: 300 dpi, 1016 lines of 648 dots. A line is one pixel column of the landscape card: pixel (x, y) is
dot 647 - y of line x, first dot in the most significant bit. (Programming Guide A5013 Rev E p. 4, real streams
have 1016 lines; orientation as the vendor's library sends it: high confidence.)

Depth: K and O one bit a dot, 1 = resin or varnish. Y, M, C seven bits a dot ("128 levels"), 127 = full dye,
packed without gaps, 8 dots in 7 bytes (p. 14, high). The guide's own table of panel sizes contradicts its
geometry; real streams agree with the geometry (82,296 bytes a one-bit panel), and so do we.

The dots themselves are `evolis_dots`' work. It needs numpy, which the first face loads: no wait for it at a start.
"""

from __future__ import annotations

from drivers.protocols import Face

__all__ = ["DOTS", "DYE_BITS", "LINES", "LONGEST", "RIBBONS", "downloads", "header"]

LINES = 1016
DOTS = 648
DYE_BITS = 7
_DYE_LEVELS = 128
_RAW_DYE_BYTES = LINES * DOTS * DYE_BITS // 8
LONGEST = _RAW_DYE_BYTES + 1
"""Bytes of the longest download after its header: a panel that did not shrink, and CR."""

RIBBONS = {"k": "k", "ko": "ko", "ymcko": "ymcko", "ymckok": "ymcko"}
"""Ribbon, as `Pr` names it (p. 25, high), to the panels that a front takes from it, in order. The last panel of
"ymckok" is for the back."""


def downloads(face: Face, ribbon: str) -> tuple[bytes, ...]:
    """The download commands for `face`, ESC to CR, in the order of the ribbon's panels.

    A panel that the face has no use for is left out. ValueError if there is no such ribbon, if the face is not
    1016x648, if a plane has not width * height bytes, or if the ribbon lacks a panel that the face needs.
    """
    if ribbon not in RIBBONS:
        raise ValueError(f"no ribbon {ribbon!r}, only {', '.join(RIBBONS)}")
    planes = _planes(face)
    missing = planes.keys() - set(RIBBONS[ribbon])
    if missing:
        raise ValueError(f"ribbon {ribbon} has no panel {', '.join(sorted(missing))}")
    return tuple(_download(name, planes[name]) for name in RIBBONS[ribbon] if name in planes)


def header(download: bytes) -> bytes:
    """A download without its picture, for traces: ``ESC Dbc;k;2;1016``."""
    fields = download[:64].split(b";")
    return b";".join(fields[: 4 if fields[0] == b"\x1bDbc" else 3])


def _planes(face: Face) -> dict[str, bytes | None]:
    """Panel name to the picture's plane, None for a full panel."""
    if (face.width, face.height) != (LINES, DOTS):
        raise ValueError(f"a face is {LINES}x{DOTS} pixels, not {face.width}x{face.height}")
    for name, plane in {**face.dye, "resin": face.resin}.items():
        if len(plane) != LINES * DOTS:
            raise ValueError(f"plane {name} has {len(plane)} bytes, not {LINES * DOTS}")
    planes: dict[str, bytes | None] = {**face.dye, "k": face.resin}
    if face.varnish:
        planes["o"] = None
    return planes


def _download(name: str, plane: bytes | None) -> bytes:
    if plane is None:
        return _compressed(name, 2, b"\xff" * LINES)
    from drivers.printers import evolis_dots as dots

    if name == "k":
        return _compressed(name, 2, dots.compress_bits(dots.turned(plane, 1)))
    panel = dots.turned(plane, DYE_BITS)
    runs = dots.compress_dye(panel)
    if len(runs) < _RAW_DYE_BYTES:
        return _compressed(name, _DYE_LEVELS, runs)
    return b"\x1bDb;%s;%d;%s\r" % (name.encode(), _DYE_LEVELS, dots.pack_dye(panel))


def _compressed(name: str, levels: int, data: bytes) -> bytes:
    return b"\x1bDbc;%s;%d;%d;%s\r" % (name.encode(), levels, len(data), data)
