"""A chart as a part of a PDF: black on white."""

from __future__ import annotations

from functools import partial

from reportlab.lib.colors import black, white
from reportlab.lib.units import mm
from reportlab.platypus import Flowable

from kiosk.reports.chart import Bars, Box, Canvas, Chart, Line
from kiosk.reports.picture_words import spelled
from kiosk.reports.words import CAUSES, NO_CAUSE

HEIGHT, TEXT = 33 * mm, 7.5
WEIGHTS = (0.15, 0.5, 1.2)
DASHES = ([0.5, 2], [0.5, 2], [5, 2])
WORDS = {**CAUSES, NO_CAUSE: NO_CAUSE}
say = partial(spelled, causes=WORDS)


class Picture(Flowable):  # type: ignore[misc]
    """As wide as the page."""

    def __init__(self, chart: Chart, font: str) -> None:
        super().__init__()
        self._chart, self._font = chart, font

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        rows = max(1, len(self._chart.rows)) if isinstance(self._chart, Bars) else 0
        self._canvas = Canvas(width, rows * TEXT * 1.6 or HEIGHT, TEXT, say)
        return width, self._canvas.height

    def draw(self) -> None:
        page, canvas = self.canv, self._canvas
        page.setFont(self._font, TEXT)
        page.setStrokeColor(black)
        for shape in self._chart.draw(canvas):
            if isinstance(shape, Line):
                page.setLineWidth(WEIGHTS[shape.weight])
                page.setDash(*([DASHES[shape.weight]] if shape.dashed else []))
                page.line(shape.x, canvas.height - shape.y, shape.to_x, canvas.height - shape.to_y)
                page.setDash()
            elif isinstance(shape, Box):
                page.setLineWidth(WEIGHTS[1])
                page.setFillColor(black if shape.fill.dark else white)
                page.rect(shape.x, canvas.height - shape.y - shape.height, shape.width, shape.height, 1, 1)
                page.setFillColor(black)
            else:
                put = {"start": page.drawString, "middle": page.drawCentredString, "end": page.drawRightString}
                put[shape.anchor](shape.x, canvas.height - shape.y, shape.said)
