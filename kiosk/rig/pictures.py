"""Pictures that an office brings: judged, and made into what a record and a chip hold."""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image

from kiosk.rig.portrait import CHIP_PHOTO, CHIP_PHOTO_LIMIT, CHIP_SIGNATURE, SIGNATURE

PHOTO_BYTES, SIGNATURE_BYTES = 200_000, 100_000
LEAST_PHOTO = (300, 400)
MOST_PIXELS = 16_000_000
INK = 128
"""Darker than this is ink."""


class UnfitPicture(ValueError):
    """What is wrong with it, in a few words."""


@dataclass(frozen=True)
class Photo:
    """`jpeg`: as it was brought. `chip`: 150 x 200, at most CHIP_PHOTO_LIMIT bytes."""

    jpeg: bytes
    chip: bytes


@dataclass(frozen=True)
class Signature:
    """As kiosk.rig.portrait.Signature has it."""

    png: bytes
    bitmap: bytes


def photo(content: bytes) -> Photo:
    """UnfitPicture unless it is a JPEG, 3 to 4, of LEAST_PHOTO pixels or more and PHOTO_BYTES at most."""
    image = _opened(content, "JPEG", PHOTO_BYTES)
    width, height = image.size
    if width < LEAST_PHOTO[0] or height < LEAST_PHOTO[1]:
        raise UnfitPicture(f"{width} x {height} pixels, {LEAST_PHOTO[0]} x {LEAST_PHOTO[1]} are needed")
    if abs(width / height - 3 / 4) > 0.02:
        raise UnfitPicture(f"{width} x {height} is not 3 to 4")
    small = image.convert("RGB").resize(CHIP_PHOTO, Image.Resampling.LANCZOS)
    for quality in range(70, 0, -10):
        out = io.BytesIO()
        small.save(out, "JPEG", quality=quality, optimize=True)
        if len(out.getvalue()) <= CHIP_PHOTO_LIMIT:
            return Photo(content, out.getvalue())
    raise UnfitPicture("has too much detail for the chip")


def signature(content: bytes) -> Signature:
    """UnfitPicture unless it is a PNG of SIGNATURE_BYTES at most, dark ink on a light ground."""
    image = _opened(content, "PNG", SIGNATURE_BYTES).convert("RGBA")
    ground = Image.new("RGBA", image.size, "white")
    grey = Image.alpha_composite(ground, image).convert("L").resize(SIGNATURE, Image.Resampling.LANCZOS)
    ink = grey.point(lambda value: 255 if value < INK else 0)
    if ink.getbbox() is None:
        raise UnfitPicture("holds no ink")
    small = ink.resize(CHIP_SIGNATURE, Image.Resampling.BOX).point(lambda value: 255 if value > 80 else 0)
    out = io.BytesIO()
    ink.point(lambda value: 255 - value).convert("1").save(out, "PNG", optimize=True)
    return Signature(out.getvalue(), small.convert("1").tobytes())


def _opened(content: bytes, kind: str, limit: int) -> Image.Image:
    if len(content) > limit:
        raise UnfitPicture(f"is larger than {limit // 1000} KB")
    try:
        image = Image.open(io.BytesIO(content), formats=[kind])
        if image.size[0] * image.size[1] > MOST_PIXELS:
            raise UnfitPicture("has too many pixels")
        image.load()
    except (OSError, SyntaxError, ValueError) as exc:
        if isinstance(exc, UnfitPicture):
            raise
        raise UnfitPicture(f"is no whole {kind}") from exc
    return image
