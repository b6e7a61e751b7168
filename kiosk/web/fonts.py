"""Roboto for the browser: the package's files, cut to the letters that the screens use (12 KB a weight).

Cutting needs fontTools, which a station should not carry in memory for ever: it is done once, in a process of its
own, and kept in DATA/cache, which may be deleted at any time.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import font_roboto

from kiosk.durable import replace_file

WEIGHTS = {"400": "Roboto", "500": "RobotoMedium", "700": "RobotoBold"}
LETTERS = [*range(0x20, 0x17F), 0x2013, 0x2014, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2026, 0x2192, 0x2212]
EDITION = "1"
"""Part of the cached file's name: another choice of letters gets another number."""


def woff(weight: str, cache: Path, *, keep: bool = True) -> bytes:
    """A WOFF file; 0.3 s the first time, from the cache after that, if it may `keep` it there.

    KeyError if there is no such weight.
    """
    kept = cache / f"{WEIGHTS[weight]}-{EDITION}.woff"
    if kept.exists():
        return kept.read_bytes()
    words = [sys.executable, "-m", "kiosk.web.fonts", weight]
    content = subprocess.run(words, capture_output=True, check=True).stdout  # noqa: S603  # our own interpreter
    if keep:
        cache.mkdir(parents=True, exist_ok=True)
        replace_file(kept, content)
    return content


def cut(weight: str) -> bytes:
    """Do the cutting, here and now."""
    from io import BytesIO

    from fontTools import subset

    options = subset.Options()
    options.layout_features = ["kern", "tnum"]
    options.hinting = False
    out = BytesIO()
    with subset.load_font(font_roboto.font_files[WEIGHTS[weight]], options) as font:
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=LETTERS)
        cutter.subset(font)
        font.flavor = "woff"
        font.save(out)
    return out.getvalue()


if __name__ == "__main__":
    sys.stdout.buffer.write(cut(sys.argv[1]))
