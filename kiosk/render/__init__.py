"""Record + layout -> the face of a card. Pure, thread-safe; the only part of the station that knows fonts."""

from kiosk.render.face import check_fit, render_face
from kiosk.render.text import LayoutError

__all__ = ["LayoutError", "check_fit", "render_face"]
