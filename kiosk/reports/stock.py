"""Daily stock: each account of each kind of blank, opening + in - out = closing. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from kiosk.core.accounts import Account, Transfer
from kiosk.core.frames import Frame
from kiosk.core.records import Sku
from kiosk.reports.paper import HEAD, Column, Kind, Paper, Table
from kiosk.reports.period import Period
from kiosk.reports.reading import Basis
from kiosk.reports.words import ACCOUNTS, blank_of

Where = tuple[Sku, Account]


def moves_of(frame: Frame) -> Iterator[Transfer]:
    return map(Transfer.from_json, frame.data.get("moves") or [])


class StockReport:
    """Balances before the period, and what came and went in it, each way for itself."""

    def __init__(self) -> None:
        self.opening: Counter[Where] = Counter()
        self.came: Counter[Where] = Counter()
        self.went: Counter[Where] = Counter()

    def take(self, frame: Frame, inside: bool) -> None:
        for move in moves_of(frame):
            source, target = (move.sku, move.source), (move.sku, move.target)
            if inside:
                self.went[source] += move.quantity
                self.came[target] += move.quantity
            else:
                self.opening[source] -= move.quantity
                self.opening[target] += move.quantity

    def closing(self, where: Where) -> int:
        return self.opening[where] + self.came[where] - self.went[where]

    def paper(self, period: Period, basis: Basis) -> Paper:
        return Paper(
            name="stock",
            title="Laporan persediaan blangko KTP-el",
            period=str(period),
            stamp=period.stamp,
            tables=tuple(self.table(sku) for sku in Sku),
            basis=basis.stretches,
            notes=(
                "Setiap blangko berpindah dari satu pos ke pos lain: jumlah semua pos selalu nol. Pemasok, daerah "
                "lain dan selisih opname dapat bersaldo negatif.",
                *basis.notes,
            ),
            signers=(HEAD, "Pengurus barang"),
        )

    def table(self, sku: Sku) -> Table:
        """Every account of one kind, zeros written."""
        rows = [
            (ACCOUNTS[place], self.opening[sku, place], self.came[sku, place], self.went[sku, place],
             self.closing((sku, place)))
            for place in Account
        ]  # fmt: skip
        columns = (
            Column("Pos", width=2.4), *(Column(name, Kind.COUNT) for name in ("Awal", "Masuk", "Keluar", "Akhir"))
        )  # fmt: skip
        sums = [sum(column) for column in zip(*(row[1:] for row in rows), strict=True)]
        return Table(blank_of(sku), columns, tuple(rows), ("Jumlah", *sums))
