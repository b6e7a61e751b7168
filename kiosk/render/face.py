"""A record becomes the front of a card: text and signature in black resin, the portrait in dye."""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageOps

from drivers.protocols import Face
from kiosk.core.records import Fields, Record, Sku
from kiosk.render.layout import Box, Layout, LayoutError, read_layout
from kiosk.render.text import Fonts, SetLine, draw_lines, fonts_of_thread, set_text
from kiosk.resources import resource

_MAX_SIDE = 4096  # pixels; a larger picture is a mistake or an attack on memory
_MAX_CROP = 0.15  # of a side; more would cut the head
_INK_COVERAGE = 0.3  # of a printed dot: a scaled-down pen stroke stays connected


@lru_cache(maxsize=1)
def front() -> Layout:
    """The layout of the front, read once from templates/card. UsageError if it is broken."""
    return read_layout(resource("templates", "card", "ktp_el_front.toml"))


def typeset(layout: Layout, sku: Sku, fields: Fields, fonts: Fonts) -> list[SetLine]:
    """Every line of text in its place. LayoutError names the first field that does not fit."""
    values = vars(fields)
    return [
        line for box in layout.texts[sku] for line in set_text(box, box.text.format_map(values), fonts)
    ]  # fmt: skip


def check_fit(sku: Sku, fields: Fields) -> None:
    """LayoutError if the text of the card cannot be printed whole. Draws nothing; under 10 ms."""
    typeset(front(), sku, fields, fonts_of_thread())


def render_face(record: Record) -> Face:
    """Draw the front of the card: 1016 x 648, 300 dpi, about 30 ms of CPU, callable from any thread.

    Dye lies only under the portrait; the blank's own background is not printed. LayoutError names the field
    that cannot be printed: text that does not fit, a photo or signature that is damaged.
    """
    layout, fonts = front(), fonts_of_thread()
    lines = typeset(layout, record.sku, record.fields, fonts)
    resin = Image.new("L", (layout.width, layout.height))
    draw_lines(ImageDraw.Draw(resin), lines, fonts)
    resin.paste(_signature(record.signature, layout.signature), (layout.signature.x, layout.signature.y))
    portrait = _portrait(record.photo, layout.portrait)
    return Face(
        width=layout.width,
        height=layout.height,
        resin=resin.tobytes(),
        dye={
            ink: _panel(portrait[:, :, channel], layout)
            for ink, channel in (("y", 2), ("m", 1), ("c", 0))  # each dye absorbs its complement
        },
    )


def _panel(channel: NDArray[np.uint8], layout: Layout) -> bytes:
    """One dye over the whole card, from one channel of the RGB portrait: height x width, 255 full dye."""
    box = layout.portrait
    panel = np.zeros((layout.height, layout.width), np.uint8)
    panel[box.y : box.y + box.h, box.x : box.x + box.w] = _dye_curve(layout.dye_gamma)[channel]
    return panel.tobytes()


@lru_cache(maxsize=4)
def _dye_curve(gamma: float) -> NDArray[np.uint8]:
    light = np.arange(256) / 255
    return np.asarray(np.rint((1 - light) ** gamma * 255), np.uint8)


def _portrait(jpeg: bytes, box: Box) -> NDArray[np.uint8]:
    """h x w x 3, sRGB."""
    with _open(jpeg, "JPEG", "photo") as image:
        kept = min(image.width * box.h, image.height * box.w) / max(image.width * box.h, image.height * box.w)
        if kept < 1 - _MAX_CROP:
            raise LayoutError("photo", f"{image.width} x {image.height} is not a portrait of 3 x 4")
        return np.asarray(ImageOps.fit(image.convert("RGB"), (box.w, box.h), Image.Resampling.LANCZOS))


def _signature(png: bytes, box: Box) -> Image.Image:
    """Mode "L", at most w x h, 255 where there is ink; black is ink in the record's picture."""
    with _open(png, "PNG", "signature") as image:
        ink = ImageOps.invert(image.convert("L"))
    fitted = ImageOps.pad(ink, (box.w, box.h), Image.Resampling.BOX)
    return fitted.point(lambda coverage: 255 if coverage >= _INK_COVERAGE * 255 else 0)


def _open(data: bytes, kind: str, field: str) -> Image.Image:
    """Decode fully, so that a damaged picture is found here and not while a card waits."""
    try:
        image = Image.open(io.BytesIO(data), formats=(kind,))
        if max(image.size) > _MAX_SIDE:
            raise LayoutError(field, f"{image.width} x {image.height} is more than {_MAX_SIDE} px a side")
        image.load()
    except LayoutError:
        raise
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as exc:
        raise LayoutError(field, f"not a whole {kind}: {exc}") from exc
    return image
