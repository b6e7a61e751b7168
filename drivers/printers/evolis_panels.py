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

__all__ = ["COMPRESSIONS", "DOTS", "DYE_BITS", "LINES", "LONGEST", "RIBBONS", "TURN", "Ribbon", "downloads", "header"]

LINES = 1016
DOTS = 648
DYE_BITS = 7
LONGEST = LINES * DOTS * DYE_BITS // 8 + 1
"""Bytes of the longest download after its header: a dye panel as it is, and CR."""

COMPRESSIONS = ("none", "lines", "runs")
"""`none`: every panel as it is. `lines`: K and O by lines, of dye no blank ends of lines. `runs`: repeated dye is
counted as well, which rests on more that is not certain (see `evolis_dots`)."""

TURN = b"\x1bSv\r"


class Ribbon(NamedTuple):
    """The panels of one set in order: those for the front, then those for the back."""

    front: str
    back: str = ""


RIBBONS = {"k": Ribbon("k"), "ko": Ribbon("ko"), "ymcko": Ribbon("ymcko"), "ymckok": Ribbon("ymcko", "k")}
"""By the name that `Pr` knows them by (p. 25, high)."""


def downloads(face: Face, ribbon: str, compression: str = "lines", back: Face | None = None) -> tuple[bytes, ...]:
    """The download commands for `face`, ESC to CR, in the order of the ribbon's panels; then TURN, and the `back`'s.

    A panel that a side has no use for is left out; one that does not shrink goes as it is. ValueError if there is no
    such ribbon or compression, if a side is not 1016x648, if a plane has not width * height bytes, or if the ribbon
    lacks a panel that the side needs.
    """
    if ribbon not in RIBBONS:
        raise ValueError(f"no ribbon {ribbon!r}, only {', '.join(RIBBONS)}")
    if compression not in COMPRESSIONS:
        raise ValueError(f"no compression {compression!r}, only {', '.join(COMPRESSIONS)}")
    front = _side(face, RIBBONS[ribbon].front, f"ribbon {ribbon}", compression)
    if back is None:
        return front
    return (*front, TURN, *_side(back, RIBBONS[ribbon].back, f"ribbon {ribbon} for a back", compression))


def _side(face: Face, order: str, ribbon: str, compression: str) -> tuple[bytes, ...]:
    planes = _planes(face)
    missing = planes.keys() - set(order)
    if missing:
        raise ValueError(f"{ribbon} has no panel {', '.join(sorted(missing))}")
    return tuple(_download(name, planes[name], compression) for name in order if name in planes)


def header(download: bytes) -> bytes:
    """A download without its picture, for traces: ``ESC Dbc;k;2;1016``."""
    fields = download[:64].split(b";")
    return b";".join(fields[: 4 if fields[0] == b"\x1bDbc" else 3])


def _planes(face: Face) -> dict[str, bytes]:
    """Panel name to the picture's plane."""
    if (face.width, face.height) != (LINES, DOTS):
        raise ValueError(f"a face is {LINES}x{DOTS} pixels, not {face.width}x{face.height}")
    for name, plane in {**face.dye, "resin": face.resin}.items():
        if len(plane) != LINES * DOTS:
            raise ValueError(f"plane {name} has {len(plane)} bytes, not {LINES * DOTS}")
    varnish = {"o": b"\xff" * (LINES * DOTS)} if face.varnish else {}
    return {**face.dye, "k": face.resin, **varnish}


def _download(name: str, plane: bytes, compression: str) -> bytes:
    from drivers.printers import evolis_dots as dots

    bits = 1 if name in "ko" else DYE_BITS
    panel = dots.turned(plane, bits)
    if compression != "none":
        shorten = dots.compress_bits if bits == 1 else dots.end_lines if compression == "lines" else dots.count_runs
        data = shorten(panel)
        if len(data) < panel.size * bits // 8:
            return b"\x1bDbc;%s;%d;%d;%s\r" % (name.encode(), 1 << bits, len(data), data)
    return b"\x1bDb;%s;%d;%s\r" % (name.encode(), 1 << bits, dots.pack(panel, bits))
