"""The layout file is checked when it is read: a slip in it shows at start, not on a card."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.core.records import Fields, Sku
from kiosk.errors import UsageError
from kiosk.render.layout import Box, read_layout
from kiosk.resources import resource

SOURCE = resource("templates", "card", "ktp_el_front.toml").read_text("utf-8")


def test_the_shipped_layout_prints_every_field(tmp_path: Path) -> None:
    layout = read_layout(resource("templates", "card", "ktp_el_front.toml"))
    for sku in Sku:
        printed = " ".join(box.text for box in layout.texts[sku])
        assert [name for name in Fields.__dataclass_fields__ if f"{{{name}}}" not in printed] == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('text = "{nama}"', 'text = "{name}"', "name: missing, or not a field of the record"),
        ("[portrait]\nx = 740", "[portrait]\nx = 700", "portrait overlaps nama"),
        ("[signature]\nx = 740", "[signature]\nx = 760", "signature: outside the margin"),
        ("min_size = 17", "min_size = 27", "0 < min_size <= size"),
        ('align = "centre"', 'align = "middle"', "align is left or centre"),
        ("max_lines = 2", "max_line = 2", "max_line"),
        ("dye_gamma = 1.1", "", "dye_gamma: missing"),
        ("width = 1016", 'width = "1016"', "unsupported operand"),
        ("width = 1016", "width = ", "Invalid value"),
    ],
)
def test_a_slip_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in SOURCE
    path = tmp_path / "layout.toml"
    path.write_text(SOURCE.replace(old, new), "utf-8")
    with pytest.raises(UsageError, match=message) as caught:
        read_layout(path)
    assert str(path) in str(caught.value)


def test_boxes_that_share_an_edge_do_not_overlap() -> None:
    box = Box(10, 10, 20, 20)
    assert not box.overlaps(Box(30, 10, 5, 5))
    assert not box.overlaps(Box(10, 30, 5, 5))
    assert box.overlaps(Box(29, 29, 5, 5))
    assert Box(10, 10, 20, 20).inside(box)
    assert not Box(10, 10, 21, 20).inside(box)
