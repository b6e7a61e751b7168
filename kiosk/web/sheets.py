"""A paper in parts that a screen shows one at a time. Pure."""

from __future__ import annotations

from dataclasses import replace

from kiosk.reports.paper import Paper, Table

ROWS = 40
"""Of a sheet: some screens to scroll through with a finger, and light enough for any panel."""


def sheets_of(paper: Paper) -> list[list[Table]]:
    """Every row of every table on exactly one sheet, in order; a total stands with the last rows of its table."""
    sheets: list[list[Table]] = [[]]
    left = ROWS
    for table in paper.tables:
        rows, begun = table.rows, False
        while rows or not begun:
            if left <= 0:
                sheets.append([])
                left = ROWS
            part, rows, begun = rows[:left], rows[left:], True
            sheets[-1].append(replace(table, rows=part, total=None if rows else table.total))
            left -= max(len(part), 1)
    return sheets
