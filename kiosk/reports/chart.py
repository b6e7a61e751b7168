"""Pictures of figures, before they are drawn: lines, columns and bars, laid out in black and white. Pure.

A chart says itself in a few shapes, in units of whoever draws it: pixels of a screen, points of a paper. Both draw
the same shapes, so both show the same. What is told apart is told apart by form, never by colour. Texts are keywords
until `say` makes them words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, log10
from typing import NamedTuple

Say = Callable[[str], str]
STEPS = (1, 2, 2.5, 5, 10)


class Fill(NamedTuple):
    """Of a box: `dark` all over, else `stripes` across it or nothing."""

    dark: bool
    stripes: bool = False


SOLID, STRIPED, HOLLOW = Fill(True), Fill(False, True), Fill(False)


class Line(NamedTuple):
    """`weight`: 0 is a line of the grid, 1 a thin one, 2 a thick one."""

    x: float
    y: float
    to_x: float
    to_y: float
    weight: int = 1
    dashed: bool = False


class Box(NamedTuple):
    x: float
    y: float
    width: float
    height: float
    fill: Fill


class Text(NamedTuple):
    """`anchor`: start, middle or end of it is at x; its baseline is at y."""

    x: float
    y: float
    said: str
    anchor: str = "start"


Shape = Line | Box | Text


@dataclass(frozen=True)
class Canvas:
    """Y goes down from the top. `text`: the size of letters; everything else is measured by it."""

    width: float
    height: float
    text: float
    say: Say

    def wide(self, text: str) -> float:
        """At the most."""
        return len(text) * self.text * 0.6


@dataclass(frozen=True)
class Curve:
    """Points of day and value, from left to right, joined."""

    name: str
    points: tuple[tuple[int, float], ...]
    weight: int = 2
    dashed: bool = False


@dataclass(frozen=True)
class Lines:
    """`days`: first and last one, since 1970."""

    name: str
    days: tuple[int, int]
    curves: tuple[Curve, ...]

    def draw(self, canvas: Canvas) -> Iterator[Shape]:
        plot = _Plot(canvas, [y for curve in self.curves for _, y in curve.points])
        yield from plot.legend((curve.name, _Sample(curve.weight, curve.dashed)) for curve in self.curves)
        yield from plot.scale()
        first, last = self.days
        across = plot.width / max(1, last - first)
        yield from plot.days(range(first, last + 1), across, 0)
        for curve in self.curves:
            at = [(plot.left + (day - first) * across, plot.up(y)) for day, y in curve.points]
            for (x, y), (to_x, to_y) in pairwise(at):
                yield Line(x, y, to_x, to_y, curve.weight, curve.dashed)


@dataclass(frozen=True)
class Stack:
    """One value for each column; None: that day has none."""

    name: str
    values: tuple[float | None, ...]
    fill: Fill


@dataclass(frozen=True)
class Columns:
    """A column for each day, its stacks one upon the other. `most`: the top of the scale; 0: as high as they are."""

    name: str
    first: int
    stacks: tuple[Stack, ...]
    most: float = 0

    def draw(self, canvas: Canvas) -> Iterator[Shape]:
        heights = [
            sum(max(0, each or 0) for each in day) for day in zip(*(s.values for s in self.stacks), strict=True)
        ]
        plot = _Plot(canvas, heights, self.most)
        yield from plot.legend((stack.name, stack.fill) for stack in self.stacks)
        yield from plot.scale()
        across = plot.width / max(1, len(heights))
        yield from plot.days(range(self.first, self.first + len(heights)), across, across / 2)
        for place in range(len(heights)):
            foot = 0.0
            for stack in self.stacks:
                if value := max(0, stack.values[place] or 0):
                    x, top = plot.left + place * across + across * 0.15, plot.up(foot + value)
                    yield from _box(Box(x, top, across * 0.7, plot.up(foot) - top, stack.fill), canvas)
                    foot += value


@dataclass(frozen=True)
class Bars:
    """A row for each name, the longest first, with its number."""

    name: str
    rows: tuple[tuple[str, int], ...]

    def draw(self, canvas: Canvas) -> Iterator[Shape]:
        if not self.rows:
            yield Text(0, canvas.text * 1.5, canvas.say("nothing"))
            return
        names = [canvas.say(name) for name, _ in self.rows]
        left = max(canvas.wide(name) for name in names) + canvas.text
        room = canvas.width - left - canvas.wide("00.000")
        high = min(canvas.text * 2, canvas.height / len(self.rows))
        longest = max(1, *(count for _, count in self.rows))
        for place, (name, (_, count)) in enumerate(zip(names, self.rows, strict=True)):
            y, length = place * high, max(0, count) / longest * room
            yield Text(left - canvas.text / 2, y + high * 0.68, name, "end")
            yield from _box(Box(left, y + high * 0.15, length, high * 0.7, SOLID), canvas)
            yield Text(left + length + canvas.text / 2, y + high * 0.68, number(count))


Chart = Lines | Columns | Bars


def canvas_of(chart: Chart, width: float, text: float, say: Say) -> Canvas:
    """As high as it has to be."""
    rows = max(1, len(chart.rows)) * 1.6 if isinstance(chart, Bars) else 12.5
    return Canvas(width, rows * text, text, say)


class _Sample(NamedTuple):
    weight: int
    dashed: bool


class _Plot:
    """The room within legend, scale and days."""

    def __init__(self, canvas: Canvas, values: Sequence[float], most: float = 0) -> None:
        self._canvas, text = canvas, canvas.text
        self.top, self.bottom = text * 2.2, canvas.height - text * 1.6
        self._step = _step(most or max([0.0, *values]))
        self._most = most or self._step * max(1, ceil(max([0.0, *values]) / self._step))
        self.left = canvas.wide(number(self._most)) + text / 2
        self.width = canvas.width - self.left - text

    def up(self, value: float) -> float:
        return self.bottom - value / self._most * (self.bottom - self.top)

    def scale(self) -> Iterator[Shape]:
        for place in range(round(self._most / self._step) + 1):
            value = place * self._step
            y = self.up(value)
            yield Line(self.left, y, self.left + self.width, y, int(place == 0))
            yield Text(self.left - self._canvas.text / 2, y + self._canvas.text * 0.35, number(value), "end")

    def days(self, days: range, across: float, into: float) -> Iterator[Shape]:
        """As many of them as have room, each week's first if all weeks have."""
        room = self._canvas.wide("00 Agu") / across
        every = next((each for each in (1, 2, 7, 14, 28, 56, 91, 182) if each >= room), 364)
        for place, day in enumerate(days):
            if day % every == (4 if every % 7 == 0 else 0) % every:  # 5 January 1970 was a Monday
                x = self.left + place * across + into
                if x + self._canvas.wide("00 Agu") / 2 <= self._canvas.width:
                    yield Text(x, self.bottom + self._canvas.text * 1.3, self._canvas.say(f"day {day}"), "middle")
                yield Line(x, self.bottom, x, self.bottom + self._canvas.text * 0.3)

    def legend(self, named: Iterator[tuple[str, Fill | _Sample]]) -> Iterator[Shape]:
        x, text = self.left, self._canvas.text
        for name, sample in named:
            word = self._canvas.say(name)
            if isinstance(sample, Fill):
                yield from _box(Box(x, text * 0.2, text * 1.2, text * 0.9, sample), self._canvas)
            else:
                yield Line(x, text * 0.7, x + text * 2, text * 0.7, sample.weight, sample.dashed)
            x += text * (1.6 if isinstance(sample, Fill) else 2.4)
            yield Text(x, text, word)
            x += self._canvas.wide(word) + text


def _box(box: Box, canvas: Canvas) -> Iterator[Shape]:
    yield box
    if box.fill.stripes:
        gap = canvas.text * 0.3
        for place in range(1, ceil(box.height / gap)):
            y = box.y + place * gap
            yield Line(box.x, y, box.x + box.width, y)


def _step(most: float) -> float:
    """Between the lines of a scale: about five of them, and never half a card."""
    if most <= 5:
        return 1
    power = float(10 ** int(log10(most / 5)))
    return next(step * power for step in STEPS if step * power >= most / 5 and (step * power) % 1 == 0)


def number(value: float) -> str:
    return f"{round(value):,}".replace(",", ".")
