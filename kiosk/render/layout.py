"""Where everything stands on the front of the card: data from templates/card, checked once when read."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from kiosk.core.records import Fields, Sku
from kiosk.errors import UsageError


class LayoutError(ValueError):
    """This record cannot be printed as it is; `field` is the part of it that cannot.

    The message goes into the journal: it says nothing of the field's content.
    """

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field = field


@dataclass(frozen=True)
class Box:
    """Pixels at 300 dpi, origin top left of the landscape card."""

    x: int
    y: int
    w: int
    h: int

    def inside(self, other: Box) -> bool:
        return (
            other.x <= self.x
            and other.y <= self.y
            and self.x + self.w <= other.x + other.w
            and self.y + self.h <= other.y + other.h
        )

    def overlaps(self, other: Box) -> bool:
        return (
            self.x < other.x + other.w
            and other.x < self.x + self.w
            and self.y < other.y + other.h
            and other.y < self.y + self.h
        )


@dataclass(frozen=True)
class TextBox(Box):
    """`text` is a template over the names of `Fields`; `field` is what an error about it names.

    `size` and `min_size` in pixels per em: at 300 dpi, 17 px is a capital 1 mm high.
    """

    field: str
    text: str
    font: str
    size: int
    min_size: int
    max_lines: int
    align: str


@dataclass(frozen=True)
class Layout:
    """`texts`: what a card of that SKU says, in reading order."""

    width: int
    height: int
    dye_gamma: float
    portrait: Box
    signature: Box
    texts: Mapping[Sku, tuple[TextBox, ...]]


@dataclass(frozen=True)
class _Row:
    """Label, colon and value on one line, as the template file writes it."""

    field: str
    label: str
    text: str
    y: int
    h: int
    font: str
    label_font: str
    size: int
    min_size: int
    max_lines: int
    label_x: int
    label_w: int
    colon_x: int
    value_x: int
    value_w: int
    label_wna: str = ""

    def boxes(self, sku: Sku) -> Iterator[TextBox]:
        label = self.label_wna if sku is Sku.WNA and self.label_wna else self.label
        for text, x, w, font, lines in (
            (label, self.label_x, self.label_w, self.label_font, 1),
            (":", self.colon_x, self.value_x - self.colon_x, self.label_font, 1),
            (self.text, self.value_x, self.value_w, self.font, self.max_lines),
        ):
            yield TextBox(
                x, self.y, w, self.h, self.field, text, font, self.size, self.min_size, lines, "left"
            )  # fmt: skip


def _build(top: Mapping[str, Any]) -> Layout:
    texts = [TextBox(**{**top["text_defaults"], **text}) for text in top["text"]]
    rows = [_Row(**{**top["row_defaults"], **row}) for row in top["row"]]
    layout = Layout(
        width=top["width"],
        height=top["height"],
        dye_gamma=top["dye_gamma"],
        portrait=Box(**top["portrait"]),
        signature=Box(**top["signature"]),
        texts={sku: (*texts, *(box for row in rows for box in row.boxes(sku))) for sku in Sku},
    )
    m = top["margin"]
    safe = Box(m, m, layout.width - 2 * m, layout.height - 2 * m)
    for sku in Sku:
        _check(layout, sku, safe)
    return layout


def _check(layout: Layout, sku: Sku, safe: Box) -> None:
    names = dict.fromkeys(Fields.__dataclass_fields__, "")
    every: list[tuple[str, Box]] = [("portrait", layout.portrait), ("signature", layout.signature)]
    for text in layout.texts[sku]:
        text.text.format_map(names)
        name = f"{text.field} {text.text!r}"
        if text.align not in ("left", "centre") or not 0 < text.min_size <= text.size:
            raise ValueError(f"{name}: align is left or centre, and 0 < min_size <= size")
        every.append((name, text))
    for name, box in every:
        if not box.inside(safe):
            raise ValueError(f"{name}: outside the margin")
    for (one, first), (two, second) in combinations(every, 2):
        if first.overlaps(second):
            raise ValueError(f"{one} overlaps {two}")


def read_layout(path: Path) -> Layout:
    """Read and check a layout: no unknown key, every box inside the margin, no two boxes overlapping.

    UsageError names the file and what is wrong; OSError if it cannot be read.
    """
    try:
        return _build(tomllib.loads(path.read_text("utf-8")))
    except KeyError as exc:
        raise UsageError(f"{path}: {exc.args[0]}: missing, or not a field of the record") from exc
    except (TypeError, ValueError) as exc:
        raise UsageError(f"{path}: {exc}") from exc
