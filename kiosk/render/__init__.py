"""Record + layout -> the face of a card. Pure, thread-safe; the only part of the station that knows fonts.

Pillow and numpy are a fifth of a waiting station's memory and a third of its start: the first picture loads them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kiosk.render.layout import LayoutError

if TYPE_CHECKING:
    from PIL.Image import Image

    from drivers.protocols import Face
    from kiosk.core.records import Fields, Record, Sku

__all__ = ["LayoutError", "check_fit", "draw_proof", "render_face", "specimen_face"]


def check_fit(sku: Sku, fields: Fields) -> None:
    """See `kiosk.render.face.check_fit`."""
    from kiosk.render import face

    face.check_fit(sku, fields)


def draw_proof(record: Record, width: int) -> Image:
    """See `kiosk.render.proof.draw_proof`."""
    from kiosk.render import proof

    return proof.draw_proof(record, width)


def render_face(record: Record) -> Face:
    """See `kiosk.render.face.render_face`."""
    from kiosk.render import face

    return face.render_face(record)


def specimen_face(*, colour: bool) -> Face:
    """See `kiosk.render.specimen.specimen_face`."""
    from kiosk.render import specimen

    return specimen.specimen_face(colour=colour)
