"""A paper on the screen, sheet by sheet: every row once, in order, each total with the end of its table."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kiosk.reports.paper import Column, Kind, Paper, Table
from kiosk.web.sheets import ROWS, sheets_of

SIZES = st.lists(st.tuples(st.integers(0, 3 * ROWS), st.booleans()), min_size=1, max_size=6)


@given(SIZES)
def test_every_row_is_on_one_sheet(sizes: list[tuple[int, bool]]) -> None:
    column = (Column("n", Kind.COUNT),)
    tables = tuple(
        Table(str(place), column, tuple((n,) for n in range(rows)), (rows,) if total else None)
        for place, (rows, total) in enumerate(sizes)
    )
    sheets = sheets_of(Paper("x", "x", "x", "x", tables, ()))
    parts = [part for sheet in sheets for part in sheet]
    for table in tables:
        mine = [part for part in parts if part.title == table.title]
        assert tuple(row for part in mine for row in part.rows) == table.rows
        assert [part.total for part in mine] == [None] * (len(mine) - 1) + [table.total]
    assert [part.title for part in parts] == sorted((part.title for part in parts), key=int)
    assert all(sum(len(part.rows) for part in sheet) <= ROWS for sheet in sheets)
    assert all(sheets)
