"""Berita acara: the paper to one movement by hand, ready to be signed. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

from kiosk.core.frames import Frame
from kiosk.core.movements import BY_HAND, DESTROY_OLD_CARDS, Detail
from kiosk.errors import Rejected
from kiosk.reports.paper import HEAD, Cell, Column, Kind, Paper, Stretch, Table
from kiosk.reports.period import day_of, moment_of
from kiosk.reports.stock import moves_of
from kiosk.reports.words import ACCOUNTS, blank_of, who


class Deed(NamedTuple):
    """`what` follows "telah dilakukan"."""

    what: str
    signers: tuple[str, ...]


_WITNESSED = (HEAD, "Saksi", "Saksi", "Pengurus barang")
_GIVEN = ("Yang menyerahkan", "Yang menerima", HEAD)
DEEDS: Mapping[str, Deed] = {
    "receive": Deed("penerimaan blangko KTP-el", _GIVEN),
    "loan-in": Deed("penerimaan pinjaman blangko KTP-el", _GIVEN),
    "loan-out": Deed("peminjaman blangko KTP-el ke daerah lain", _GIVEN),
    "send-back": Deed("pengembalian blangko KTP-el", _GIVEN),
    "destroy": Deed("pemusnahan blangko KTP-el rusak atau cacat", _WITNESSED),
    DESTROY_OLD_CARDS.name: Deed("pemusnahan KTP lama yang ditarik", _WITNESSED),
}
SAID: Mapping[str, str] = {
    Detail.BOXES: "Jumlah kotak", Detail.CARRIERS: "Dibawa oleh", Detail.OFFICE: "Daerah",
    Detail.WITNESSES: "Saksi (instansi)", Detail.METHOD: "Cara",
}  # fmt: skip


def deed_paper(
    frame: Frame, station: str, incarnation: str, at: Callable[[int], datetime], reversed_by: int | None = None
) -> Paper:
    """Of the movement in `frame`; `reversed_by`: the frame that took it back. Rejected if it has no such paper."""
    movement = str(frame.data.get("movement", frame.kind))
    if frame.kind != BY_HAND or movement not in DEEDS:
        raise Rejected(f"frame {frame.seq}: {movement} has no berita acara, only {', '.join(DEEDS)}", "not-found")
    deed, when, data = DEEDS[movement], at(frame.stamp.time_ms), frame.data
    table, count = _table(frame)
    labels = [(SAID[name], str(data[name])) for name in SAID if data.get(name)]
    approved = [("Disetujui oleh", who(data["approved"]))] if data.get("approved") else []
    taken_back = f"TIDAK BERLAKU: telah dikoreksi balik oleh bingkai {reversed_by}." if reversed_by else ""
    return Paper(
        name="berita-acara",
        title=f"Berita acara {deed.what}",
        period=f"Nomor {data['document']}",
        stamp=str(frame.seq),
        tables=(table,),
        basis=(Stretch(station, incarnation, frame.seq, frame.seq, frame.head, when),),
        said=(("Tanggal", moment_of(when)), *labels, ("Dicatat oleh", who(frame.stamp.by)), *approved),
        opening=(
            *([taken_back] if taken_back else []),
            f"Pada tanggal {day_of(when.date())} telah dilakukan {deed.what} sebanyak {_thousands(count)} keping, "
            "dengan rincian sebagai berikut.",
        ),
        notes=("Nama dan tanda tangan ditulis di kertas ini dan tidak disimpan di stasiun.",),
        of_event=True,
        signers=deed.signers,
    )


def _table(frame: Frame) -> tuple[Table, int]:
    if frame.data["movement"] == DESTROY_OLD_CARDS.name:
        count = int(frame.data["old_cards"])
        columns: tuple[Column, ...] = (Column("Uraian", width=3), Column("Jumlah", Kind.COUNT))
        return Table("Rincian", columns, (("KTP lama yang ditarik saat penyerahan", count),)), count
    moves = list(moves_of(frame))
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (blank_of(move.sku), move.lot, ACCOUNTS[move.source], ACCOUNTS[move.target], move.quantity) for move in moves
    )
    count = sum(move.quantity for move in moves)
    columns = (
        Column("Jenis blangko", width=1.4), Column("Lot (BAST)", width=1.4), Column("Dari", width=1.2),
        Column("Ke", width=1.2), Column("Jumlah", Kind.COUNT, 0.8),
    )  # fmt: skip
    return Table("Rincian", columns, rows, ("Jumlah", "", "", "", count)), count


def _thousands(number: int) -> str:
    return f"{number:,}".replace(",", ".")
