"""Production log: what became of each blank that a job, a test or a reprint took, card by card. Pure."""

from __future__ import annotations

from collections import Counter

from kiosk.core.accounts import Account, Transfer
from kiosk.core.frames import Frame
from kiosk.core.movements import COUNTING
from kiosk.core.records import Sku
from kiosk.reports.paper import HEAD, ROW_NUMBER, Cell, Column, Kind, Paper, Table
from kiosk.reports.period import Period
from kiosk.reports.reading import Basis
from kiosk.reports.stock import moves_of
from kiosk.reports.words import ACCOUNTS, CAUSES, blank_of, who

ENDS = (Account.PRINTED, Account.SPOILED, Account.FACTORY_DEFECT, Account.COUNT_ADJUSTMENT)
"""Where a card ends that was begun. What is found in its holder's hand after a lost disk counts as printed."""
_BY_PEOPLE = COUNTING
"""Movements of a quantity, of which the stock report tells."""


class ProductionReport:
    """A row for each card of the period; `totals` by kind of blank and end."""

    def __init__(self) -> None:
        self._rows: list[tuple[int, str, Transfer, str, str, str]] = []
        self._uids: dict[str, str] = {}
        self.totals: Counter[tuple[Sku, Account]] = Counter()

    def take(self, frame: Frame, inside: bool) -> None:
        data, job = frame.data, str(frame.data.get("job", ""))
        uid = data.get("uid") or data.get("outcome", {}).get("uid")
        if uid and frame.kind != "handed-over":
            self._uids[job] = str(uid)
        if inside and frame.kind not in _BY_PEOPLE:
            for move in moves_of(frame):
                self._note(frame, job, move)
        if frame.kind in ("job-ended", "test-ended") or "end" in data:
            self._uids.pop(job, None)

    def _note(self, frame: Frame, job: str, move: Transfer) -> None:
        found = frame.kind == "gap-closed" and move.target is Account.ISSUED
        end = Account.PRINTED if found else move.target
        if end not in ENDS:
            return
        self.totals[move.sku, end] += move.quantity
        of = str(frame.data.get("reprint_of", job))
        cause = str(frame.data.get("cause") or "") if end is not Account.PRINTED else ""
        uid = "" if frame.kind == "reprint" else self._uids.get(job, "")
        row = move._replace(target=end)
        self._rows.append((frame.stamp.time_ms, of, row, uid, cause, frame.stamp.by))

    def paper(self, period: Period, basis: Basis) -> Paper:
        return Paper(
            name="production",
            title="Catatan produksi KTP-el",
            period=str(period),
            stamp=period.stamp,
            tables=(self._summary(), self._log(period)),
            basis=basis.stretches,
            notes=(
                "Satu baris untuk tiap kartu yang dimulai, juga yang rusak, ditolak, diganti setelah tercetak, atau "
                "tidak ditemukan. Blangko yang dicatat rusak tanpa masuk mesin ada di laporan persediaan.",
                *basis.notes,
            ),
            signers=(HEAD, "Petugas cetak"),
        )

    def _summary(self) -> Table:
        columns = (
            Column("Jenis blangko", width=2.2), *(Column(ACCOUNTS[end].partition(",")[0], Kind.COUNT) for end in ENDS)
        )  # fmt: skip
        rows: tuple[tuple[Cell, ...], ...] = tuple(
            (blank_of(sku), *(self.totals[sku, end] for end in ENDS)) for sku in Sku
        )
        return Table("Ringkasan", columns, rows)

    def _log(self, period: Period) -> Table:
        rows: list[tuple[Cell, ...]] = [
            (number, period.at(time_ms), job, move.sku.upper(), uid, ACCOUNTS[move.target].partition(",")[0],
             CAUSES.get(cause, cause), move.quantity, who(by))
            for number, (time_ms, job, move, uid, cause, by) in enumerate(self._rows, start=1)
        ]  # fmt: skip
        columns = (
            ROW_NUMBER, Column("Waktu", Kind.TIME, 1.55), Column("Pekerjaan"),
            Column("Jenis", width=0.6), Column("UID cip", width=1.5), Column("Hasil", width=1.1),
            Column("Sebab", width=1.6), Column("Jml", Kind.COUNT, 0.5), Column("Oleh", width=0.9),
        )  # fmt: skip
        return Table("Kartu demi kartu", columns, tuple(rows))
