"""docs/healing.md has the rows and columns of the matrix, and nothing in it that a run may not measure."""

from __future__ import annotations

import re

import pytest

from tests.docs.pages import page
from tests.heal.matrix import ASKED, LIMIT_S, NOT_NEEDED, Healed, cells
from tests.heal.paced import PACED, Paced
from tests.heal.table import AT_ITS_OWN_SPEED, OPENING, render

PAGE = "healing.md"


def filled(text: str) -> list[str]:
    """The cells of a table, without its head and the names of its rows."""
    rows = [line for line in text.splitlines() if line.startswith("|")]
    return [cell.strip() for row in rows[2:] for cell in row.strip("|").split("|")[1:]]


def shape(text: str) -> str:
    return re.sub(rf"[0-9.]+ s(?:{ASKED})?|{NOT_NEEDED}", "*", text.removeprefix(OPENING))


def test_the_page_is_that_of_the_matrix() -> None:
    text = page(PAGE)
    assert text.startswith(OPENING)
    assert shape(text) == shape(empty())


def empty() -> str:
    return render(dict.fromkeys(cells(), "*"), dict.fromkeys(PACED, "*"))


def tables() -> tuple[str, str]:
    whole, paced = page(PAGE).removeprefix(OPENING).split(AT_ITS_OWN_SPEED)
    return whole, paced


def test_everything_on_it_healed_in_time() -> None:
    took = [cell.removesuffix(ASKED) for cell in filled(tables()[0]) if cell != NOT_NEEDED]
    assert all(float(each.removesuffix(" s")) <= LIMIT_S for each in took)
    assert len(took) > len(list(cells())) / 2


def test_a_printer_that_can_answer_again_is_in_use_in_time() -> None:
    seconds = [float(each.removesuffix(" s")) for each in filled(tables()[1])]
    printer, station = seconds[::2], seconds[1::2]
    assert len(printer) == len(PACED)
    assert all(0 <= ready - there <= LIMIT_S for there, ready in zip(printer, station, strict=True))


@pytest.mark.parametrize(
    "change", [("| feed, before", "| feed, now"), ("tcp-cut", "tcp"), ("\n| eject, after", "\n")]
)
def test_another_shape_would_be_found(change: tuple[str, str]) -> None:
    text = render(dict.fromkeys(cells(), Healed(1.0, 0)), dict.fromkeys(PACED, Paced(1.0, 2.0)))
    assert change[0] in text
    assert shape(text) == shape(empty()) != shape(text.replace(*change))
