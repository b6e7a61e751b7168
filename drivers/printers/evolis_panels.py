"""Panels of the Evolis ESC language: from a `Face` to the bytes of one download a panel. Pure, no I/O.

Geometry: 300 dpi, 1016 lines of 648 dots. A line is one pixel column of the landscape card: pixel (x, y) is
dot 647 - y of line x, first dot in the most significant bit. (Programming Guide A5013 Rev E p. 4, real streams
have 1016 lines; orientation as the vendor's library sends it: high confidence.)

Depth: K and O one bit a dot, 1 = resin or varnish. Y, M, C seven bits a dot ("128 levels"), 127 = full dye,
packed without gaps, 8 dots in 7 bytes (p. 14, high). The guide's own table of panel sizes contradicts its
geometry; real streams agree with the geometry (82,296 bytes a one-bit panel), and so do we.

A back follows `Sv` (p. 45, high). That its dots lie as those of the front, and that the last panel of "ymckok" is
downloaded under the name k as well, is our reading (low: no capture of a two-sided job with a picture in it).

The dots themselves are `evolis_dots`' work. It needs numpy, which the first face loads: no wait for it at a start.
"""

from __future__ import annotations

from typing import NamedTuple

from drivers.protocols import Face

__all__ = ["DOTS", "DYE_BITS", "LINES", "LONGEST", "RIBBONS", "TURN", "Ribbon", "downloads", "header"]

LINES = 1016
DOTS = 648
DYE_BITS = 7
_DYE_LEVELS = 128
_RAW_DYE_BYTES = LINES * DOTS * DYE_BITS // 8
LONGEST = _RAW_DYE_BYTES + 1
"""Bytes of the longest download after its header: a panel that did not shrink, and CR."""

TURN = b"\x1bSv\r"


class Ribbon(NamedTuple):
    """The panels of one set in order: those for the front, then those for the back."""

    front: str
    back: str = ""


RIBBONS = {"k": Ribbon("k"), "ko": Ribbon("ko"), "ymcko": Ribbon("ymcko"), "ymckok": Ribbon("ymcko", "k")}
"""By the name that `Pr` knows them by (p. 25, high)."""


def downloads(face: Face, ribbon: str, back: Face | None = None) -> tuple[bytes, ...]:
    """The download commands for `face`, ESC to CR, in the order of the ribbon's panels; then TURN, and the `back`'s.

    A panel that a side has no use for is left out. ValueError if there is no such ribbon, if a side is not 1016x648,
    if a plane has not width * height bytes, or if the ribbon lacks a panel that the side needs.
    """
    if ribbon not in RIBBONS:
        raise ValueError(f"no ribbon {ribbon!r}, only {', '.join(RIBBONS)}")
    front = _side(face, RIBBONS[ribbon].front, f"ribbon {ribbon}")
    return (
        front if back is None else (*front, TURN, *_side(back, RIBBONS[ribbon].back, f"ribbon {ribbon} for a back"))
    )


def _side(face: Face, order: str, ribbon: str) -> tuple[bytes, ...]:
    planes = _planes(face)
    missing = planes.keys() - set(order)
    if missing:
        raise ValueError(f"{ribbon} has no panel {', '.join(sorted(missing))}")
    return tuple(_download(name, planes[name]) for name in order if name in planes)


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
