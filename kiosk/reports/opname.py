"""Stock opname: what was counted of blanks, place by place, beside the books, and what has moved since. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from kiosk.core.accounts import Account
from kiosk.core.frames import Frame
from kiosk.core.movements import COUNTABLE
from kiosk.core.records import Sku
from kiosk.reports.paper import HEAD, Cell, Column, Kind, Paper, Table
from kiosk.reports.period import Period
from kiosk.reports.reading import Basis
from kiosk.reports.stock import StockReport, Where, moves_of
from kiosk.reports.words import ACCOUNTS, blank_of, who

PLACES: tuple[Where, ...] = tuple((sku, place) for sku in Sku for place in COUNTABLE)


@dataclass
class Count:
    """Of one place. `booked`: in the books before it. `came`, `went`: moved there since."""

    seq: int
    time_ms: int
    booked: int
    counted: int
    came: int = 0
    went: int = 0

    @property
    def difference(self) -> int:
        return self.counted - self.booked

    @property
    def closing(self) -> int:
        """What the books hold, for a count makes them agree with it."""
        return self.counted + self.came - self.went


@dataclass(frozen=True)
class Difference:
    where: Where
    more: int
    seq: int
    time_ms: int
    reason: str
    by: str
    approved: str


class OpnameReport:
    """The last count of each place in the period, by hand or at the close of a shift; every difference."""

    def __init__(self) -> None:
        self.stock = StockReport()
        self.last: dict[Where, Count] = {}
        self.differences: list[Difference] = []

    def take(self, frame: Frame, inside: bool) -> None:
        self.stock.take(frame, inside)
        for move in moves_of(frame):
            if source := self.last.get((move.sku, move.source)):
                source.went += move.quantity
            if target := self.last.get((move.sku, move.target)):
                target.came += move.quantity
        for place, sku, counted, *booked in frame.data.get("counted", []) if inside else []:
            if booked:  # of a shift that is still open nothing is compared yet
                self._count(frame, (Sku(sku), Account(place)), counted, booked[0])

    def _count(self, frame: Frame, where: Where, counted: int, booked: int) -> None:
        found = self.last[where] = Count(frame.seq, frame.stamp.time_ms, booked, counted)
        if found.difference:
            self.differences.append(Difference(
                where, found.difference, frame.seq, frame.stamp.time_ms, str(frame.data.get("reason", "")),
                frame.stamp.by, str(frame.data.get("approved", "")),
            ))  # fmt: skip

    def paper(self, period: Period, basis: Basis) -> Paper:
        left = [where for where in PLACES if where not in self.last]
        where = ", ".join(f"{ACCOUNTS[place]} {blank_of(sku)}" for sku, place in left)
        return Paper(
            name="opname",
            title="Berita acara hitung fisik (stock opname) blangko KTP-el",
            period=str(period),
            stamp=period.stamp,
            tables=(
                *(self._counts(sku, period) for sku in Sku), self._differences(period),
                *(self.stock.table(sku) for sku in Sku),
            ),
            basis=basis.stretches,
            said=(("Sudah dihitung", f"{len(PLACES) - len(left)} dari {len(PLACES)} tempat dan jenis"),),
            opening=(
                "Blangko dihitung di tempatnya tanpa melihat buku, lalu dibandingkan dengan buku pada saat itu. "
                "Selisih dibukukan dengan alasan dan persetujuan orang kedua.",
            ),
            notes=(
                *([f"BELUM DIHITUNG pada masa ini: {where}."] if left else []),
                "Akhir = dihitung + masuk sesudahnya - keluar sesudahnya, dan sama dengan buku pada akhir masa ini. "
                "Kartu yang sudah tercetak dicari satu per satu dan tidak dihitung di sini.",
                *basis.notes,
            ),
            signers=(HEAD, "Pengurus barang", "Yang menghitung", "Saksi"),
        )  # fmt: skip

    def _counts(self, sku: Sku, period: Period) -> Table:
        figures = attrgetter("booked", "counted", "difference", "came", "went", "closing")
        found = [(place, self.last[sku, place]) for place in COUNTABLE if (sku, place) in self.last]
        rows: list[tuple[Cell, ...]] = [
            (ACCOUNTS[place], period.at(count.time_ms), *figures(count), str(count.seq)) for place, count in found
        ]
        names = ("Buku", "Dihitung", "Selisih", "Masuk sesudahnya", "Keluar sesudahnya", "Akhir")
        columns = (
            Column("Tempat", width=1.6), Column("Dihitung pada", Kind.TIME, 1.7),
            *(Column(name, Kind.COUNT, 1.1) for name in names), Column("Bingkai", width=0.9),
        )  # fmt: skip
        sums = [sum(column) for column in zip(*(figures(count) for _, count in found), strict=True)] or [0] * 6
        return Table(f"Hasil hitung {blank_of(sku)}", columns, tuple(rows), ("Jumlah", "", *sums, ""))

    def _differences(self, period: Period) -> Table:
        rows: tuple[tuple[str | int | datetime, ...], ...] = tuple(
            (period.at(each.time_ms), ACCOUNTS[each.where[1]], each.where[0].upper(), each.more, each.reason,
             who(each.by), who(each.approved), str(each.seq))
            for each in self.differences
        )  # fmt: skip
        columns = (
            Column("Waktu", Kind.TIME, 1.5), Column("Tempat", width=1.3), Column("Jenis", width=0.6),
            Column("Selisih", Kind.COUNT, 0.7), Column("Alasan", width=2.2), Column("Oleh"), Column("Disetujui"),
            Column("Bingkai", width=0.8),
        )  # fmt: skip
        total = ("Jumlah", "", "", sum(each.more for each in self.differences), "", "", "", "")
        return Table("Selisih yang dibukukan", columns, rows, total)
