"""A result as a QR code (ISO/IEC 18004), for the camera of a telephone: on the touchscreen or in a terminal. Pure."""

from __future__ import annotations

from itertools import zip_longest

import segno

QUIET = 4
"""Light modules around the code, as the standard wants."""
MODULE_PX = 6
"""At 1024 x 600 on 10 inches 1 mm: a telephone at arm's length sees it; 4 is the least."""

_BLACK_ON_WHITE, _PLAIN = "\x1b[30;107m", "\x1b[0m"
_HALVES = {(0, 0): " ", (0, 1): "▄", (1, 0): "▀", (1, 1): "█"}


def as_svg(text: str, module_px: int = MODULE_PX) -> str:
    """An `svg` element for a page, without style or script: a strict policy lets it through."""
    return _code(text).svg_inline(scale=module_px, border=QUIET, light="#fff", svgclass="qr", lineclass=None)


def as_blocks(text: str) -> str:
    """For a terminal of 80 columns: two rows of modules a line. The colours are set, whatever the terminal's are."""
    rows = [list(row) for row in _code(text).matrix_iter(border=QUIET)]
    pairs = zip_longest(rows[::2], rows[1::2], fillvalue=[0] * len(rows[0]))
    lines = ["".join(map(_HALVES.__getitem__, zip(*pair, strict=True))) for pair in pairs]
    return "\n".join(f"{_BLACK_ON_WHITE}{line}{_PLAIN}" for line in lines)


def _code(text: str) -> segno.QRCode:
    """Level M: 15 % of it may be glare."""
    return segno.make_qr(text, error="m", boost_error=False)
