"""Roboto for the browser: the package's files, cut to the letters that the screens use (12 KB a weight)."""

from __future__ import annotations

import io
from functools import lru_cache

import font_roboto
from fontTools import subset

WEIGHTS = {"400": "Roboto", "500": "RobotoMedium", "700": "RobotoBold"}
LETTERS = [*range(0x20, 0x17F), 0x2013, 0x2014, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2026, 0x2192, 0x2212]


@lru_cache(maxsize=len(WEIGHTS))
def woff(weight: str) -> bytes:
    """A WOFF file; about 0.1 s the first time. KeyError if there is no such weight."""
    options = subset.Options()
    options.layout_features = ["kern", "tnum"]
    options.hinting = False
    font = subset.load_font(font_roboto.font_files[WEIGHTS[weight]], options)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=LETTERS)
    cutter.subset(font)
    font.flavor = "woff"
    out = io.BytesIO()
    font.save(out)
    return out.getvalue()
