"""A paper before it is a file: titles, typed tables, signatures, and the frames that it is made from. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from kiosk.reports.chart import Chart


class Kind(StrEnum):
    """Of the cells of a column. `TEXT`: str. `COUNT`: int. `TIME`: an aware datetime, empty: "". `SPACE`: left free,
    to be written on by hand."""

    TEXT = "text"
    COUNT = "count"
    TIME = "time"
    SPACE = "space"


Cell = str | int | datetime
HEAD = "head"
"""Among the signers of a paper: whoever heads the office, by the title that the config gives."""


@dataclass(frozen=True)
class Column:
    """`width`: its share of the paper's, in proportion to the others."""

    name: str
    kind: Kind = Kind.TEXT
    width: float = 1.0


ROW_NUMBER = Column("No.", Kind.COUNT, 0.75)
"""Wide enough for 99.999 in every table that numbers its rows."""


@dataclass(frozen=True)
class Table:
    """`total`: a last row that stands apart. A table without rows says so on the paper."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: tuple[Cell, ...] | None = None

    def __post_init__(self) -> None:
        assert all(len(row) == len(self.columns) for row in (*self.rows, *([self.total] if self.total else [])))


@dataclass(frozen=True)
class Stretch:
    """Of one journal: what was read, and what of it lies in the period (`first` > `last`: nothing).

    `head`: the hash of frame `last`, by which `keping ledger verify --against` holds a paper against the journal.
    `last_at`: when that frame was written.
    """

    station: str
    incarnation: str
    first: int
    last: int
    head: str
    last_at: datetime


@dataclass(frozen=True)
class Paper:
    """`name`: its keyword. `period`: as it is read by people. `stamp`: of the period, for a file's name.

    `said`: label and value, above the tables. `opening`: paragraphs above those. `signers`: who signs, from left to
    right. `code`: a text for a QR code, and the line under it. `of_event`: it is of one frame, not of a period.
    `charts`: above the tables, which have the same figures.
    """

    name: str
    title: str
    period: str
    stamp: str
    tables: tuple[Table, ...]
    basis: tuple[Stretch, ...]
    said: tuple[tuple[str, str], ...] = ()
    opening: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    signers: tuple[str, ...] = ()
    code: tuple[str, str] | None = None
    of_event: bool = False
    charts: tuple[Chart, ...] = ()
