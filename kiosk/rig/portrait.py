"""Drawn portraits and signatures of people who do not exist. The same seed gives the same bytes."""

from __future__ import annotations

import io
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageDraw

Rgb = tuple[int, int, int]

PHOTO = (480, 640)
CHIP_PHOTO = (150, 200)
CHIP_PHOTO_LIMIT = 3_500  # bytes: what the photo file of an 8 KB chip can spare
SIGNATURE = (336, 88)
CHIP_SIGNATURE = (168, 44)  # the bitmap of EF 6FF3

_RED, _BLUE = (190, 32, 40), (38, 92, 168)  # odd and even year of birth
_OVERSAMPLED = 2
_ENLARGED = 1.13 * _OVERSAMPLED
_SKINS: Sequence[Rgb] = ((241, 205, 172), (224, 178, 138), (198, 146, 106), (165, 113, 78), (130, 86, 60))
_HAIR: Sequence[Rgb] = ((28, 24, 26), (44, 34, 32), (62, 46, 38))
_GREY: Rgb = (150, 148, 148)
_SHIRTS: Sequence[Rgb] = ((244, 243, 238), (58, 74, 98), (92, 108, 82), (122, 52, 58), (70, 92, 108))
_SCARVES: Sequence[Rgb] = ((238, 234, 226), (54, 66, 92), (96, 112, 92), (142, 104, 112), (42, 42, 48))
_CASTS = 24  # looks for each kind of person: enough to differ, few enough to be drawn once and kept
_MEN = ("short", "crew", "curly", "bald")
_WOMEN = ("long", "bun", "bob", "curls")


@dataclass(frozen=True)
class Look:
    """What is drawn. Few enough values that a run of residents shares its pictures."""

    hair: str
    skin: Rgb
    hair_colour: Rgb
    shirt: Rgb
    background: Rgb
    moustache: bool = False


def invent_look(rng: random.Random, woman: bool, hijab: bool, birth_year: int, age: int) -> Look:
    """Choose a look. The background is red for an odd and blue for an even year of birth."""
    rng = random.Random(rng.randrange(_CASTS))  # noqa: S311 - invention, not secrecy
    if hijab:
        hair, colour = "hijab", rng.choice(_SCARVES)
    else:
        styles = _WOMEN if woman else _MEN[: 4 if age >= 45 else 3]
        hair, colour = rng.choice(styles), _GREY if age >= 60 else rng.choice(_HAIR)
    return Look(
        hair=hair,
        skin=rng.choice(_SKINS),
        hair_colour=colour,
        shirt=rng.choice(_SHIRTS),
        background=_RED if birth_year % 2 else _BLUE,
        moustache=not woman and age >= 25 and rng.random() < 0.3,
    )


@lru_cache(maxsize=512)
def photos(look: Look) -> tuple[bytes, bytes]:
    """JPEG for printing (480 x 640) and for the chip (150 x 200, at most CHIP_PHOTO_LIMIT bytes)."""
    image = draw_portrait(look)
    chip = image.resize(CHIP_PHOTO, Image.Resampling.LANCZOS)
    sizes = (_jpeg(chip, quality) for quality in range(70, 10, -10))
    return _jpeg(image, 80), next(data for data in sizes if len(data) <= CHIP_PHOTO_LIMIT)


def _jpeg(image: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()


class _Pen:
    """Draws in the coordinates of PHOTO, enlarged about a point below the chin so that the head fills it."""

    def __init__(self, background: Rgb) -> None:
        width, height = PHOTO
        self.image = Image.new("RGB", (width * _OVERSAMPLED, height * _OVERSAMPLED), background)
        self._draw = ImageDraw.Draw(self.image)

    def oval(self, x: float, y: float, rx: float, ry: float, colour: Rgb) -> None:
        self._draw.ellipse(_at((x - rx, y - ry), (x + rx, y + ry)), fill=colour)

    def arch(self, x: float, y: float, rx: float, ry: float, colour: Rgb) -> None:
        """The upper half of an oval."""
        self._draw.pieslice(_at((x - rx, y - ry), (x + rx, y + ry)), 180, 360, fill=colour)

    def slab(self, left: float, top: float, right: float, bottom: float, radius: float, colour: Rgb) -> None:
        box = _at((left, top), (right, bottom))
        self._draw.rounded_rectangle(box, radius=radius * _ENLARGED, fill=colour)

    def shape(self, points: Sequence[tuple[float, float]], colour: Rgb) -> None:
        self._draw.polygon(_at(*points), fill=colour)

    def curve(self, x: float, y: float, rx: float, ry: float, span: tuple[int, int], colour: Rgb) -> None:
        """A stroke along an oval; `span` in degrees, clockwise from three o'clock."""
        box = _at((x - rx, y - ry), (x + rx, y + ry))
        self._draw.arc(box, *span, fill=colour, width=round(6 * _ENLARGED))


def _at(*points: tuple[float, float]) -> list[tuple[float, float]]:
    return [
        (240 * _OVERSAMPLED + (x - 240) * _ENLARGED, 430 * _OVERSAMPLED + (y - 430) * _ENLARGED)
        for x, y in points
    ]  # fmt: skip


def _shade(colour: Rgb, factor: float) -> Rgb:
    red, green, blue = (min(255, round(part * factor)) for part in colour)
    return red, green, blue


def draw_portrait(look: Look) -> Image.Image:
    """RGB, 480 x 640: head and shoulders, facing the viewer, on the plain background."""
    pen = _Pen(look.background)
    _behind(pen, look)
    _shoulders(pen, look)
    if look.hair == "hijab":
        _scarf(pen, look.hair_colour)
    else:
        _ears(pen, look.skin)
    _head(pen, look.skin)
    _hair(pen, look)
    _features(pen, look)
    return pen.image.reduce(_OVERSAMPLED)


def _behind(pen: _Pen, look: Look) -> None:
    colour = _shade(look.hair_colour, 0.85)
    if look.hair == "long":
        pen.slab(118, 150, 362, 500, 110, colour)
    elif look.hair == "bob":
        pen.slab(122, 150, 358, 400, 90, colour)
    elif look.hair == "bun":
        pen.oval(240, 112, 58, 52, colour)
    elif look.hair == "curls":
        for x, y in ((142, 230), (338, 230), (130, 300), (350, 300), (134, 368), (346, 368), (152, 424), (328, 424)):
            pen.oval(x, y, 50, 50, colour)


def _shoulders(pen: _Pen, look: Look) -> None:
    pen.slab(48, 456, 432, 800, 110, look.shirt)
    pen.slab(194, 370, 286, 490, 44, _shade(look.skin, 0.86))
    pen.oval(240, 476, 60, 36, _shade(look.skin, 0.86))
    edge = _shade(look.shirt, 0.8 if sum(look.shirt) > 400 else 1.35)
    pen.shape(((186, 448), (164, 496), (212, 550), (240, 512)), edge)
    pen.shape(((294, 448), (316, 496), (268, 550), (240, 512)), edge)


def _scarf(pen: _Pen, colour: Rgb) -> None:
    pen.slab(84, 430, 396, 760, 110, colour)
    pen.oval(240, 286, 130, 158, colour)
    pen.shape(((111, 300), (369, 300), (376, 500), (240, 580), (104, 500)), colour)
    pen.curve(240, 380, 112, 88, (38, 142), _shade(colour, 0.82))
    pen.curve(264, 430, 160, 104, (50, 132), _shade(colour, 0.82))


def _ears(pen: _Pen, skin: Rgb) -> None:
    for x in (138, 342):
        pen.oval(x, 298, 20, 32, _shade(skin, 0.9))


def _head(pen: _Pen, skin: Rgb) -> None:
    pen.oval(240, 280, 104, 122, skin)
    pen.oval(240, 326, 88, 96, skin)


def _features(pen: _Pen, look: Look) -> None:
    for x in (198, 282):
        pen.oval(x, 288, 18, 11, (250, 248, 245))
        pen.oval(x, 288, 10, 10, (38, 28, 26))
        pen.oval(x + 3, 285, 3, 3, (250, 248, 245))
        pen.curve(x, 272, 28, 16, (205, 335), _shade(look.skin, 0.35))
        pen.oval(x + (-18 if x < 240 else 18), 340, 22, 14, _blush(look.skin))
    pen.curve(240, 322, 18, 14, (30, 150), _shade(look.skin, 0.62))
    pen.curve(240, 352, 40, 26, (30, 150), (156, 66, 62))
    if look.moustache:
        for x in (222, 258):
            pen.curve(x, 342, 20, 13, (15, 165), look.hair_colour)


def _blush(skin: Rgb) -> Rgb:
    red, green, blue = skin
    return min(255, red + 6), round(green * 0.92), round(blue * 0.9)


def _hair(pen: _Pen, look: Look) -> None:
    colour = look.hair_colour
    if look.hair == "hijab":
        pen.arch(240, 262, 112, 118, _shade(colour, 0.88))
        pen.oval(240, 284, 92, 72, look.skin)
    elif look.hair == "bald":
        for x in (143, 337):
            pen.slab(x - 12, 216, x + 12, 276, 12, colour)
    elif look.hair in ("curly", "curls"):
        for x, y in ((150, 226), (170, 188), (206, 166), (246, 160), (286, 170), (316, 194), (332, 230)):
            pen.oval(x, y, 36, 34, colour)
    elif look.hair == "crew":
        pen.arch(240, 244, 112, 96, colour)
        pen.arch(240, 250, 92, 52, look.skin)
    else:
        pen.arch(240, 262, 112, 122, colour)
        side = 1 if look.hair == "short" else -1
        pen.oval(240 + side * 22, 262, 86, 52, look.skin)


@dataclass(frozen=True)
class Signature:
    """`png`: 1 bit, 336 x 88, black ink. `bitmap`: 168 x 44, rows of 21 bytes, MSB left, 1 is ink."""

    png: bytes
    bitmap: bytes


def scribble(rng: random.Random) -> Signature:
    """A pen stroke that runs to the right in loops and ends in a flourish."""
    width, height = SIGNATURE
    ink = Image.new("L", SIGNATURE)
    draw = ImageDraw.Draw(ink)
    draw.line(_loops(rng, width, height), fill=255, width=3, joint="curve")
    y = height * rng.uniform(0.68, 0.85)
    draw.line([(40, y), (width - rng.randint(24, 90), y - rng.randint(4, 22))], fill=255, width=3)
    small = ink.resize(CHIP_SIGNATURE, Image.Resampling.BOX).point(lambda value: 255 if value > 80 else 0)
    out = io.BytesIO()
    ink.point(lambda value: 0 if value > 127 else 255).convert("1").save(out, "PNG", optimize=True)
    return Signature(out.getvalue(), small.convert("1").tobytes())


def _loops(rng: random.Random, width: int, height: int) -> list[tuple[float, float]]:
    turns = rng.randint(4, 7)
    heights = [rng.uniform(0.12, 0.42) for _ in range(turns + 1)]
    heights[0] = rng.uniform(0.36, 0.46)  # the initial is the tallest
    loop, slant, sway = rng.uniform(12, 26), rng.uniform(0.2, 0.6), rng.uniform(0, math.tau)
    points = []
    for step in range(turns * 24 + 1):
        turn = step / 24
        here = int(turn)
        reach = heights[here] + (heights[min(here + 1, turns)] - heights[here]) * (turn - here)
        swing = math.cos(turn * math.tau) + 0.3 * math.sin(turn * 2.3 + sway)
        rise = swing / 1.3 * reach * height
        along = 44 + (width - 100) * turn / turns + math.sin(turn * math.tau) * loop + slant * rise
        points.append((along, height / 2 - rise))
    return points
