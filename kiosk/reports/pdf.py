"""A paper as PDF: A4, black on white, the same bytes for the same paper. The one place that knows reportlab."""

from __future__ import annotations

import html
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import font_roboto
import segno
from reportlab.lib.colors import black
from reportlab.lib.enums import TA_CENTER, TA_LEFT, TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    KeepTogether,
    LongTable,
    PageTemplate,
    Paragraph,
    Spacer,
)
from reportlab.platypus import Table as Grid

from kiosk.reports.paper import HEAD, Column, Kind, Paper, Table
from kiosk.reports.pdf_picture import Picture
from kiosk.reports.picture_words import spelled
from kiosk.reports.text import cell_of, foot_of, when_of

MARGIN, TOP = 18 * mm, 13 * mm
WIDTH = A4[0] - 2 * MARGIN
FOOT_LINE = 3 * mm
SIZE, LEADING, PAD = 8.5, 10.5, 3
SIGNING = 14
"""Points under each row of a table in which people sign."""
REGULAR, BOLD = "Roboto", "Roboto-Bold"


@dataclass(frozen=True)
class Letterhead:
    """As the config has it; what is empty is left out."""

    office: str
    address: str
    city: str
    head: str


def render(paper: Paper, letterhead: Letterhead) -> bytes:
    """The whole file. Blocks for 25 to 50 ms a page."""
    _fonts()
    out = io.BytesIO()
    foot = foot_of(paper)
    bottom = MARGIN + FOOT_LINE * (len(foot) + 1)
    document = BaseDocTemplate(out, pagesize=A4, title=paper.title, author=letterhead.office, invariant=1)
    body = Frame(MARGIN, bottom, WIDTH, A4[1] - TOP - bottom, 0, 0, 0, 0)
    document.addPageTemplates(PageTemplate(frames=[body]))
    document.build(_story(paper, letterhead), canvasmaker=lambda *args, **more: _Pages(foot, *args, **more))
    return out.getvalue()


@cache
def _fonts() -> None:
    for name, file in ((REGULAR, "Roboto"), (BOLD, "RobotoBold")):
        pdfmetrics.registerFont(TTFont(name, font_roboto.font_files[file]))
    pdfmetrics.registerFontFamily(REGULAR, REGULAR, BOLD, REGULAR, BOLD)


class _Pages(Canvas):  # type: ignore[misc]
    """Writes the foot of each page when it is known how many there are."""

    def __init__(self, foot: Sequence[str], *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._foot, self._done = foot, list[dict[str, Any]]()

    def showPage(self) -> None:  # noqa: N802  # reportlab's name
        self._done.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        done = self._done
        for number, page in enumerate(done, start=1):
            self.__dict__.update(page)
            self._write_foot(f"Halaman {number} dari {len(done)}")
            super().showPage()
        super().save()

    def _write_foot(self, page: str) -> None:
        top = MARGIN + FOOT_LINE * (len(self._foot) - 1)
        self.setLineWidth(0.4)
        self.line(MARGIN, top + FOOT_LINE, MARGIN + WIDTH, top + FOOT_LINE)
        self.setFont(REGULAR, 6.5)
        for place, line in enumerate(self._foot):
            self.drawString(MARGIN, top - place * FOOT_LINE, line)
        self.drawRightString(MARGIN + WIDTH, MARGIN - FOOT_LINE, page)


def _style(size: float = SIZE, bold: bool = False, **more: Any) -> ParagraphStyle:
    name = BOLD if bold else REGULAR
    return ParagraphStyle(name, fontName=name, fontSize=size, leading=size * 1.25, splitLongWords=1, **more)


def _said(text: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph(html.escape(text, quote=False), style)


def _story(paper: Paper, letterhead: Letterhead) -> list[Flowable]:
    centred = _style(9, alignment=TA_CENTER)
    top = [_said(letterhead.office.upper(), _style(13, bold=True, alignment=TA_CENTER))]
    top += [_said(line, centred) for line in (letterhead.address, letterhead.city) if line]
    story: list[Flowable] = [*top, Spacer(0, 2 * mm), _Rule(), Spacer(0, 4 * mm)]
    story += [_said(paper.title, _style(13, bold=True, alignment=TA_CENTER)), _said(paper.period, centred)]
    if paper.basis:
        story += [_said(when_of(paper.basis[-1]), centred)]
    story.append(Spacer(0, 4 * mm))
    story += [part for text in paper.opening for part in (_said(text, _style(9.5)), Spacer(0, 2 * mm))]
    if paper.said:
        story += [_labelled(paper.said), Spacer(0, 4 * mm)]
    for chart in paper.charts:
        title = _said(spelled(chart.name), _style(10, bold=True))
        story.append(KeepTogether([title, Spacer(0, 1 * mm), Picture(chart, REGULAR), Spacer(0, 3 * mm)]))
    for table in paper.tables:
        story += _table(table)
    story += [part for note in paper.notes for part in (_said(note, _style(7.5)), Spacer(0, 1 * mm))]
    if paper.code:
        story.append(KeepTogether([Spacer(0, 4 * mm), _Code(paper.code[0]), _said(paper.code[1], _style(7.5))]))
    return [*story, *_signatures(paper, letterhead)]


def _labelled(said: Sequence[tuple[str, str]]) -> Grid:
    rows = [[_said(label, _style(9)), ":", _said(value, _style(9))] for label, value in said]
    style = [("VALIGN", (0, 0), (-1, -1), "TOP"), ("FONTNAME", (0, 0), (-1, -1), REGULAR), *_padding(1)]
    return Grid(rows, colWidths=[40 * mm, 4 * mm, WIDTH - 44 * mm], style=style, hAlign="LEFT")


def _table(table: Table) -> list[Flowable]:
    """Title and columns stand on each page again."""
    widths = _widths(table.columns)
    bodies = [*table.rows, *([table.total] if table.total else [])]
    rows = [
        [_said(table.title, _style(10, bold=True)), *[""] * (len(widths) - 1)],
        [_said(each.name, _style(8, bold=True, alignment=_side(each))) for each in table.columns],
        *([_shown(*each) for each in zip(row, table.columns, widths, strict=True)] for row in bodies),
    ]
    if not table.rows:
        rows.insert(2, ["Tidak ada.", *[""] * (len(widths) - 1)])
    style = [
        ("FONT", (0, 0), (-1, -1), REGULAR, SIZE, LEADING), ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("SPAN", (0, 0), (-1, 0)),
        ("LINEABOVE", (0, 1), (-1, 1), 0.8, black), ("LINEBELOW", (0, 1), (-1, 1), 0.8, black),
        ("LINEBELOW", (0, 2), (-1, -1), 0.2, black), ("LINEBELOW", (0, -1), (-1, -1), 0.8, black), *_padding(1.3),
    ]  # fmt: skip
    style += [("ALIGN", (n, 2), (n, -1), "RIGHT") for n, each in enumerate(table.columns) if each.kind is Kind.COUNT]
    if any(each.kind is Kind.SPACE for each in table.columns):
        style += [("INNERGRID", (0, 1), (-1, -1), 0.2, black), ("BOTTOMPADDING", (0, 2), (-1, -1), SIGNING)]
    if table.total:
        style += [("LINEABOVE", (0, -1), (-1, -1), 0.8, black), ("FONT", (0, -1), (-1, -1), BOLD, SIZE, LEADING)]
    return [LongTable(rows, colWidths=widths, repeatRows=2, style=style), Spacer(0, 4 * mm)]


def _side(column: Column) -> int:
    return int(TA_RIGHT if column.kind is Kind.COUNT else TA_LEFT)


def _padding(points: float) -> list[tuple[Any, ...]]:
    sides = (("LEFTPADDING", PAD), ("RIGHTPADDING", PAD), ("TOPPADDING", points), ("BOTTOMPADDING", points))
    return [(name, (0, 0), (-1, -1), amount) for name, amount in sides]


def _widths(columns: Sequence[Column]) -> list[float]:
    whole = sum(column.width for column in columns)
    return [WIDTH * column.width / whole for column in columns]


def _shown(cell: Any, column: Column, width: float) -> Any:
    """A line as it is where it fits: a paragraph takes ten times as long."""
    text = cell_of(cell, column.kind)
    fits = pdfmetrics.stringWidth(text, BOLD, SIZE) <= width - 2 * PAD
    return text if fits else _said(text, _style())


def _signatures(paper: Paper, letterhead: Letterhead) -> list[Flowable]:
    if not paper.signers:
        return []
    titles = [letterhead.head if signer == HEAD else signer for signer in paper.signers]
    place = f"{letterhead.city or letterhead.office}, {'.' * (40 if len(titles) < 4 else 16)}"
    centred = _style(9, alignment=TA_CENTER)
    rows = [
        [*[""] * (len(titles) - 1), _said(place, centred)],
        [_said(title, centred) for title in titles],
        [""] * len(titles),
        [_said("(" + "." * 36 + ")", centred)] * len(titles),
    ]
    grid = Grid(rows, colWidths=[WIDTH / len(titles)] * len(titles), rowHeights=[None, None, 13 * mm, None])
    return [KeepTogether([Spacer(0, 2 * mm), grid])]


class _Rule(Flowable):  # type: ignore[misc]
    """The double line under a letterhead."""

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        self.width = width
        return width, 2

    def draw(self) -> None:
        for offset, thickness in ((0.0, 0.4), (1.8, 1.2)):
            self.canv.setLineWidth(thickness)
            self.canv.line(0, offset, self.width, offset)


class _Code(Flowable):  # type: ignore[misc]
    """A QR code of level M; a module is 0.5 mm, which a telephone still reads from a copy."""

    MODULE, QUIET = 0.5 * mm, 4

    def __init__(self, content: str) -> None:
        super().__init__()
        self._rows = list(segno.make_qr(content, error="m", boost_error=False).matrix_iter(border=self.QUIET))

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        side = len(self._rows) * self.MODULE
        return side, side

    def draw(self) -> None:
        for line, row in enumerate(reversed(self._rows)):
            for place, dark in enumerate(row):
                if dark:
                    self.canv.rect(place * self.MODULE, line * self.MODULE, self.MODULE, self.MODULE, 0, 1)
