"""The face of a test card: edges, lines and ramps that show how a printer prints. Nothing of anybody is on it."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from drivers.protocols import Face
from kiosk.render.face import front
from kiosk.render.text import Fonts

_EDGE, _CROSS = 12, 40
_RAMP_LEFT, _RAMP_TOP, _RAMP_HEIGHT = 120, 330, 50
_INKS = ("y", "m", "c")


def specimen_face(*, colour: bool) -> Face:
    """1016 x 648, 300 dpi, about 10 ms. `colour`: the ribbon has dye, else black alone.

    A frame of 1 px and a cross show where the picture lies; lines of 1 to 4 px how fine black is; a ramp of each dye
    how even they are.
    """
    layout = front()
    width, height = layout.width, layout.height
    resin = Image.new("L", (width, height))
    draw = ImageDraw.Draw(resin)
    draw.rectangle((_EDGE, _EDGE, width - 1 - _EDGE, height - 1 - _EDGE), outline=255)
    draw.line((width // 2 - _CROSS, height // 2, width // 2 + _CROSS, height // 2), fill=255)
    draw.line((width // 2, height // 2 - _CROSS, width // 2, height // 2 + _CROSS), fill=255)
    for thickness in range(1, 5):
        for line in range(6):
            left = 120 + 190 * (thickness - 1) + line * thickness * 3
            draw.rectangle((left, 190, left + thickness - 1, 270), fill=255)
    draw.fontmode = "1"
    draw.text((120, 60), "UJI / TEST", font=Fonts().at("RobotoBold", 96), fill=255)
    draw.text((120, 560), "BUKAN KARTU / NOT A CARD", font=Fonts().at("RobotoMedium", 36), fill=255)
    return Face(width, height, resin.tobytes(), _ramps(width, height) if colour else {})


def _ramps(width: int, height: int) -> dict[str, bytes]:
    """One below the other, none to full dye from left to right."""
    ramp = np.linspace(0, 255, width - 2 * _RAMP_LEFT).round().astype(np.uint8)
    panels = {}
    for row, ink in enumerate(_INKS):
        panel = np.zeros((height, width), np.uint8)
        top = _RAMP_TOP + row * (_RAMP_HEIGHT + 16)
        panel[top : top + _RAMP_HEIGHT, _RAMP_LEFT : width - _RAMP_LEFT] = ramp
        panels[ink] = panel.tobytes()
    return panels
