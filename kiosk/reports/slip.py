"""The slip of a closed shift: its equation with zeros, what was counted, the signed checkpoint as a code. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from kiosk.core.records import Sku
from kiosk.core.shift import COMES_IN, GOES_OUT
from kiosk.reports.paper import Cell, Column, Kind, Paper, Stretch, Table
from kiosk.reports.period import moment_of, zone_of
from kiosk.reports.words import ACCOUNTS, TERMS, blank_of, who


def slip_paper(slip: Mapping[str, Any], at: Callable[[int], datetime]) -> Paper:
    """`slip`: a row of the view's table `shifts`, with `station` and `checkpoint` (None: it was not signed).

    `at`: Unix ms as the office reads them.
    """
    opened, closed = at(slip["opened"]), at(slip["closed"])
    said = [
        ("Dibuka", f"{moment_of(opened)} oleh {who(slip['opened_by'])}"),
        ("Ditutup", f"{moment_of(closed)} oleh {who(slip['closed_by'])}"),
        ("Dihitung", f"{slip['counts']} kali"),
    ]
    if slip["approved"]:
        said += [("Selisih", slip["reason"]), ("Disetujui", who(slip["approved"]))]
    signed = f"Checkpoint bertanda tangan stasiun atas bingkai {slip['seq']}: simpan kertas ini di luar stasiun."
    unsigned = "Checkpoint belum dibuat: cetak lagi setelah stasiun menyala."
    return Paper(
        name="shift-slip",
        title=f"Slip giliran {slip['shift']}",
        period=f"{moment_of(opened)} s.d. {moment_of(closed)} {zone_of(closed)}",
        stamp=slip["shift"],
        tables=(_equation(slip["equation"]), _counted(slip["counted"])),
        basis=(Stretch(slip["station"], slip["incarnation"], slip["seq"], slip["seq"], slip["head"], closed),),
        said=tuple(said),
        notes=() if slip["checkpoint"] else (unsigned,),
        of_event=True,
        signers=("Petugas giliran", "Penyelia"),
        code=(slip["checkpoint"], signed) if slip["checkpoint"] else None,
    )


def _equation(equation: Mapping[str, Mapping[str, int]]) -> Table:
    """Opening and what came in; what went out and the closing; both sides are equal."""
    rows: list[tuple[Cell, ...]] = []
    for name, sign in [("opening", ""), *((term, "+ ") for term in COMES_IN), *((term, "- ") for term in GOES_OUT)]:
        rows.append((f"{sign}{TERMS[name]}", *(equation[sku][name] for sku in Sku)))
    columns = (Column("Uraian", width=2), *(Column(blank_of(sku), Kind.COUNT) for sku in Sku))
    return Table("Persamaan giliran", columns, tuple(rows), ("Akhir", *(equation[sku]["closing"] for sku in Sku)))


def _counted(counted: list[list[Any]]) -> Table:
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (ACCOUNTS[place], blank_of(sku), found, booked, found - booked) for place, sku, found, booked in counted
    )
    columns = (
        Column("Tempat", width=1.4), Column("Jenis blangko", width=1.6), Column("Dihitung", Kind.COUNT),
        Column("Menurut buku", Kind.COUNT), Column("Selisih", Kind.COUNT),
    )  # fmt: skip
    return Table("Hasil hitung", columns, rows)
