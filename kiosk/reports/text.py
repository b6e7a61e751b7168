"""A paper for a screen of text, and as CSV. Pure."""

from __future__ import annotations

import csv
import io
import re
from datetime import datetime

from kiosk.reports.paper import Cell, Kind, Paper, Stretch, Table
from kiosk.reports.period import moment_of, zone_of

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_LONG_NUMBER = re.compile(r"\d{16,}")


def cell_of(cell: Cell, kind: Kind) -> str:
    """As a person reads it: "10.000", "28-11-2026 21.05"."""
    if isinstance(cell, datetime):
        return moment_of(cell)
    return f"{cell:,}".replace(",", ".") if kind is Kind.COUNT and isinstance(cell, int) else str(cell)


def when_of(stretch: Stretch) -> str:
    return f"Keadaan pada {moment_of(stretch.last_at)} {zone_of(stretch.last_at)}"


def foot_of(paper: Paper) -> list[str]:
    """From which frames the figures are, and how to hold them against the journal."""
    return [line for stretch in paper.basis for line in _stretch(stretch, paper.of_event)]


def _stretch(stretch: Stretch, of_event: bool) -> list[str]:
    within = f"{stretch.first} s.d. {stretch.last}" if stretch.first <= stretch.last else "tidak ada pada masa ini"
    of_period = f"Bingkai masa ini: {within}; saldo awal dari semua bingkai sebelumnya."
    return [
        f"Buku stasiun {stretch.station}, jurnal {stretch.incarnation}. "
        + (f"Dari bingkai {stretch.last}." if of_event else of_period),
        f"Sidik bingkai {stretch.last}: {stretch.head}",
    ]


def as_text(paper: Paper) -> str:
    """For a terminal: columns as wide as their widest cell."""
    parts = [f"{paper.title}\n{paper.period}"]
    parts += ["\n".join(f"{label}: {value}" for label, value in paper.said)] if paper.said else []
    parts += [*paper.opening, *map(_lines, paper.tables), *paper.notes]
    parts += ["\n".join(foot_of(paper))]
    return "\n\n".join(parts)


def _lines(table: Table) -> str:
    kinds = [column.kind for column in table.columns]
    rows = [[column.name for column in table.columns]]
    rows += [
        [cell_of(cell, kind) for cell, kind in zip(row, kinds, strict=True)]
        for row in (*table.rows, *([table.total] if table.total else []))
    ]
    widths = [max(len(row[place]) for row in rows) for place in range(len(kinds))]
    lines = [
        "  ".join(
            cell.rjust(width) if kind is Kind.COUNT else cell.ljust(width)
            for cell, width, kind in zip(row, widths, kinds, strict=True)
        ).rstrip()
        for row in rows
    ]
    return "\n".join([table.title, *lines, *(["Tidak ada."] if not table.rows else [])])


def as_csv(paper: Paper) -> bytes:
    """RFC 4180 in UTF-8, one block for each table: its title, its columns, its rows, an empty line; last the basis.

    Numbers are plain, times in ISO 8601. A cell that a spreadsheet would take for a formula, or would round, as it
    does with a NIK, has an apostrophe before it.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([paper.title, paper.period])
    writer.writerows([_plain(label), _plain(value)] for label, value in paper.said)
    for table in paper.tables:
        writer.writerow([])
        writer.writerow([table.title])
        writer.writerow([column.name for column in table.columns])
        writer.writerows([_plain(cell) for cell in row] for row in table.rows)
        if table.total:
            writer.writerow([_plain(cell) for cell in table.total])
    writer.writerow([])
    writer.writerow(["Stasiun", "Jurnal", "Bingkai pertama", "Bingkai terakhir", "Sidik"])
    writer.writerows([each.station, each.incarnation, each.first, each.last, each.head] for each in paper.basis)
    return out.getvalue().encode()


def _plain(cell: Cell) -> str | int:
    if isinstance(cell, int):
        return cell
    text = cell.isoformat(timespec="seconds") if isinstance(cell, datetime) else cell
    return f"'{text}" if text.startswith(_FORMULA) or _LONG_NUMBER.fullmatch(text) else text
