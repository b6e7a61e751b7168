"""Set text in a box: shrink, wrap, or refuse. Nothing is ever cut or drawn outside its box.

Glyphs are drawn by FreeType's 1-bit rasteriser with the font's own hinting, so stems keep one width at
300 dpi; thresholding anti-aliased text makes them uneven.
"""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import font_roboto
from PIL import ImageDraw, ImageFont

from kiosk.render.layout import LayoutError, TextBox

_NO_CHARACTER = "\uffff"  # a Unicode noncharacter: every font shows it as .notdef
_CAP_HEIGHT = 0.711  # of the em, all of Roboto


class Fonts:
    """Roboto, each font and size loaded once. For one thread: FreeType faces keep state."""

    def __init__(self) -> None:
        self._loaded: dict[tuple[str, int], ImageFont.FreeTypeFont] = {}

    def at(self, name: str, size: int) -> ImageFont.FreeTypeFont:
        """`name` as in font_roboto ("RobotoMedium"), `size` in pixels per em."""
        key = (name, size)
        if key not in self._loaded:
            # The basic engine: raqm would reorder and join, and its result depends on the build.
            self._loaded[key] = ImageFont.truetype(
                font_roboto.font_files[name], size, layout_engine=ImageFont.Layout.BASIC
            )
        return self._loaded[key]


_KEPT = threading.local()


def fonts_of_thread() -> Fonts:
    """This thread's own, loaded once: to load them anew took longer than to set the text of a card."""
    if not hasattr(_KEPT, "fonts"):
        _KEPT.fonts = Fonts()
    fonts: Fonts = _KEPT.fonts
    return fonts


@dataclass(frozen=True)
class SetLine:
    """One line of text in its place: `x` the origin of the first glyph, `baseline` counted downwards."""

    text: str
    font: str
    size: int
    x: int
    baseline: int


@lru_cache(maxsize=4096)
def _drawable(font: str, character: str) -> bool:
    # A combining mark left over by NFC needs shaping that the basic engine does not do.
    if unicodedata.combining(character):
        return False
    face = Fonts().at(font, 24)
    glyph, missing = (face.getmask(each, mode="1") for each in (character, _NO_CHARACTER))
    return glyph.size != missing.size or bytes(glyph) != bytes(missing)


def _wrap(text: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """Greedy; a word wider than the box stays whole, so that the caller sees it does not fit."""
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and _width(longer, font) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _width(text: str, font: ImageFont.FreeTypeFont) -> int:
    left, _, right, _ = _extent(text, font)
    return right - left


def _extent(text: str, font: ImageFont.FreeTypeFont) -> tuple[int, int, int, int]:
    left, top, right, bottom = font.getbbox(text, mode="1", anchor="ls")
    return int(left), int(top), int(right), int(bottom)


def _place(lines: list[str], size: int, box: TextBox, fonts: Fonts) -> list[SetLine] | None:
    """Centre lines in the box by their capitals, raised if a descender needs it; None if any ink would leave it.

    A single line keeps the baseline of the full size, so a shrunk value still stands level with its label.
    """
    cap = round((box.size if len(lines) == 1 else size) * _CAP_HEIGHT)
    first = box.y + (box.h - cap - (len(lines) - 1) * size) // 2 + cap
    inks = [_extent(line, fonts.at(box.font, size)) for line in lines]
    lowest = max(first + number * size + ink[3] for number, ink in enumerate(inks))
    first -= max(0, lowest - (box.y + box.h))
    highest = min(first + number * size + ink[1] for number, ink in enumerate(inks))
    if highest < box.y or any(right - left > box.w for left, _, right, _ in inks):
        return None
    placed = []
    for number, (line, (left, _, right, _)) in enumerate(zip(lines, inks, strict=True)):
        indent = (box.w - (right - left)) // 2 if box.align == "centre" else 0
        placed.append(SetLine(line, box.font, size, box.x + indent - left, first + number * size))
    return placed


def set_text(box: TextBox, text: str, fonts: Fonts) -> list[SetLine]:
    """Find the largest setting of `text` in `box`; of two lines and one at the same size, one.

    Runs of blanks become one and the text is composed (NFC). LayoutError if it does not fit at `min_size` on
    `max_lines`, or has a character that the font cannot show.
    """
    text = " ".join(unicodedata.normalize("NFC", text).split())
    for character in text:
        if not _drawable(box.font, character):
            raise LayoutError(box.field, f"{box.font} cannot show one of its characters")
    for placed in _settings(box, text, fonts):
        if placed:
            return placed
    raise LayoutError(box.field, f"does not fit {box.max_lines} line(s) of {box.w} px at {box.min_size} px")


def _settings(box: TextBox, text: str, fonts: Fonts) -> Iterator[list[SetLine] | None]:
    for size in range(box.size, box.min_size - 1, -1):
        lines = _wrap(text, fonts.at(box.font, size), box.w)
        if len(lines) <= box.max_lines:
            yield _place(lines, size, box, fonts)


def draw_lines(canvas: ImageDraw.ImageDraw, lines: list[SetLine], fonts: Fonts) -> None:
    """Draw in black resin (255) onto a canvas of mode "L"."""
    canvas.fontmode = "1"
    for line in lines:
        font = fonts.at(line.font, line.size)
        canvas.text((line.x, line.baseline), line.text, font=font, fill=255, anchor="ls")
