"""A picture of a face for the screen: what will come out, on a plain ground in the blank's colour."""

from __future__ import annotations

import numpy as np
from PIL import Image

from kiosk.core.records import Record, Sku
from kiosk.render.face import render_face

GROUND = {Sku.WNI: (222, 236, 248), Sku.WNA: (252, 232, 212)}


def draw_proof(record: Record, width: int) -> Image.Image:
    """RGB, `width` px wide, proportions of a CR80 card. About 40 ms. LayoutError as `render_face`."""
    face = render_face(record)
    shape = (face.height, face.width)
    picture = np.empty((*shape, 3), np.float32)
    picture[:] = GROUND[record.sku]
    for channel, ink in enumerate("cmy"):
        if ink in face.dye:
            picture[..., channel] *= 1 - np.frombuffer(face.dye[ink], np.uint8).reshape(shape) / np.float32(255)
    picture[np.frombuffer(face.resin, np.uint8).reshape(shape) > 0] = (20, 20, 22)
    height = round(width * face.height / face.width)
    return Image.fromarray(picture.round().astype(np.uint8)).resize((width, height), Image.Resampling.LANCZOS)
