"""A picture of a card for the documentation: an invented resident on a stand-in for the blank."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import font_roboto
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from drivers.protocols import Face
from kiosk.core.records import Record, Sku
from kiosk.render import render_face
from kiosk.rig.residents import Resident, invent

_TINT = {Sku.WNI: (196, 220, 240), Sku.WNA: (246, 214, 180)}
_CORNER = 37  # px: 3.18 mm, ISO/IEC 7810


def unsigned(resident: Resident, ref: str = "0" * 32, station: str = "specimen") -> Record:
    """A record to draw from; nobody signed it, so no station would print it."""
    return Record(
        ref=ref, station=station, sku=resident.sku, reason=resident.reason, priority=resident.priority,
        issued_at="", fields=resident.fields, photo=resident.photo, signature=resident.signature,
        chip=resident.chip,
    )  # fmt: skip


def compose(face: Face, sku: Sku) -> Image.Image:
    """RGB, the size of the face: blank, then dye, then resin."""
    shape = (face.height, face.width)
    paper = np.asarray(draw_blank(face.width, face.height, sku), np.float64)
    dye = np.stack([np.frombuffer(face.dye[ink], np.uint8).reshape(shape) for ink in "cmy"], axis=2)
    resin = np.frombuffer(face.resin, np.uint8).reshape(shape)
    printed = paper * (1 - dye / 255)
    printed[resin > 0] = (24, 24, 26)
    return Image.fromarray(np.asarray(np.rint(printed), np.uint8))


def draw_blank(width: int, height: int, sku: Sku) -> Image.Image:
    """A tint with interlaced waves; a real blank's background is not ours to copy."""
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    waves: NDArray[np.float64] = np.zeros((height, width))
    for phase in (0.0, 2.1, 4.2):
        bent = y + 26 * np.sin(x / 92 + phase) + 9 * np.sin(x / 31 - phase)
        waves += np.clip(1.2 - np.abs(np.mod(bent, 22) - 11), 0, 1)
    fade = 0.35 + 0.65 * y / height
    tint = np.array(_TINT[sku], np.float64)
    depth = (fade * 0.55 + 0.09 * waves)[:, :, None]
    return Image.fromarray(np.asarray(255 - (255 - tint) * depth * 1.2, np.uint8))


def draw_specimen(path: Path, *, seed: int = 2026, issued: date = date(2026, 11, 2)) -> None:
    """Write the PNG of docs/card.png: one invented resident, marked SPECIMEN across the picture, not the face."""
    resident = next(invent(seed, 1, issued=issued))
    picture = compose(render_face(unsigned(resident)), resident.sku)
    stamp = Image.new("L", picture.size)
    font = ImageFont.truetype(font_roboto.font_files["RobotoBold"], 132)
    centre = (picture.width / 2 - 120, picture.height / 2 + 60)
    ImageDraw.Draw(stamp).text(centre, "SPECIMEN", font=font, fill=38, anchor="mm")
    stamp = stamp.rotate(16, center=centre)
    picture.paste((150, 20, 30), mask=stamp)
    shape = Image.new("L", picture.size)
    ImageDraw.Draw(shape).rounded_rectangle((0, 0, picture.width - 1, picture.height - 1), _CORNER, fill=255)
    card = Image.new("RGB", picture.size, "white")
    card.paste(picture, mask=shape)
    card.quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(path, "PNG", optimize=True)
