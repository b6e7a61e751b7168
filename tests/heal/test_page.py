"""docs/healing.md has the rows and columns of the matrix, and nothing in it that a run may not measure."""

from __future__ import annotations

import re

import pytest

from tests.docs.pages import page
from tests.heal.matrix import ASKED, LIMIT_S, NOT_NEEDED, Healed, cells
from tests.heal.table import OPENING, render

PAGE = "healing.md"


def filled(text: str) -> list[str]:
    """The cells of the table, without its head and the names of its rows."""
    rows = [line for line in text.removeprefix(OPENING).splitlines() if line.startswith("|")]
    return [cell.strip() for row in rows[2:] for cell in row.strip("|").split("|")[1:]]


def shape(text: str) -> str:
    return re.sub(rf"[0-9.]+ s(?:{ASKED})?|{NOT_NEEDED}", "*", text.removeprefix(OPENING))


def test_the_page_is_that_of_the_matrix() -> None:
    text = page(PAGE)
    assert text.startswith(OPENING)
    assert shape(text) == shape(render(dict.fromkeys(cells(), "*")))


def test_everything_on_it_healed_in_time() -> None:
    took = [cell.removesuffix(ASKED) for cell in filled(page(PAGE)) if cell != NOT_NEEDED]
    assert all(float(each.removesuffix(" s")) <= LIMIT_S for each in took)
    assert len(took) > len(list(cells())) / 2


@pytest.mark.parametrize(
    "change", [("| feed, before", "| feed, now"), ("tcp-cut", "tcp"), ("\n| eject, after", "\n")]
)
def test_another_shape_would_be_found(change: tuple[str, str]) -> None:
    text = render(dict.fromkeys(cells(), Healed(1.0, 0)))
    assert change[0] in text
    assert shape(text.replace(*change)) != shape(render(dict.fromkeys(cells(), "*")))
