"""A chart as a part of a PDF: black on white."""

from __future__ import annotations

from reportlab.lib.colors import black, white
from reportlab.platypus import Flowable

from kiosk.reports.chart import Box, Chart, Line, canvas_of
from kiosk.reports.picture_words import spelled

TEXT = 7.5
WEIGHTS = (0.15, 0.5, 1.2)
DASHES = ([0.5, 2], [0.5, 2], [5, 2])


class Picture(Flowable):  # type: ignore[misc]
    """As wide as the page."""

    def __init__(self, chart: Chart, font: str) -> None:
        super().__init__()
        self._chart, self._font = chart, font

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        self._canvas = canvas_of(self._chart, width, TEXT, spelled)
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
