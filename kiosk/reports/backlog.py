"""Backlog and waiting time: who came, who was served and how soon, who still waits. Pure; no person is named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any, NamedTuple

from kiosk.core.frames import Frame
from kiosk.core.records import Reason, Sku
from kiosk.reports.paper import HEAD, Cell, Column, Kind, Paper, Table
from kiosk.reports.period import Period
from kiosk.reports.reading import Basis
from kiosk.reports.words import REASONS, blank_of

DAY_MS = 86_400_000
AGES = ((1, "sampai 1 hari"), (7, "2 - 7 hari"), (30, "8 - 30 hari"), (None, "lebih dari 30 hari"))
CAME, AGAIN, SERVED, UNFIT, MISSING, GIVEN_BACK = "came", "again", "served", "unfit", "missing", "given-back"
WAYS = {
    CAME: "Data masuk", AGAIN: "Antre lagi", SERVED: "Tercetak", UNFIT: "Data ditolak", MISSING: "Kartu hilang",
    GIVEN_BACK: "Kembali ke pusat",
}  # fmt: skip


class Waiting(NamedTuple):
    """`since`: Unix ms when the record came, or its second card was asked for."""

    since: int
    sku: str
    reason: str


class BacklogReport:
    """Who waits for a card: from the arrival of the record until its card is good. Memory grows with them alone.

    `ways`: by kind of blank how they came into the line and left it, in the period. `waits_ms`: of those served.
    """

    def __init__(self) -> None:
        self.line: dict[str, Waiting] = {}
        self.opening: Counter[str] = Counter()
        self.ways: Counter[tuple[str, str]] = Counter()
        self.waits_ms: list[int] = []
        self._known: dict[str, Waiting] = {}
        self._issued: list[str] = []
        self._issued_before: list[str] = []
        """Until the seal after the next: so long a card that was handed over can be brought back (core.closing)."""
        self._last_ms = 0

    def take(self, frame: Frame, inside: bool) -> None:
        self._last_ms = frame.stamp.time_ms
        match frame.kind:
            case "records":
                for item in frame.data["records"]:
                    self._joins(Waiting(self._last_ms, item["sku"], item["reason"]), item["ref"], CAME, inside)
            case "job-created" | "reprint":
                self._begun(frame.data["ref"], inside)
            case "job-ended":
                self._ended(frame.data, inside)
            case "gap-closed":
                self._leave((card["ref"] for card in frame.data["cards"]), SERVED, inside)
            case "released":
                self._leave(frame.data["refs"], GIVEN_BACK, inside)
                self._forget(frame.data["refs"])
            case "handed-over" | "segment":
                self._closes(frame)

    def _closes(self, frame: Frame) -> None:
        if frame.kind == "handed-over":
            self._issued.append(frame.data["ref"])
        else:
            self._forget(ref for ref in self._issued_before if ref not in self.line)
            self._issued_before, self._issued = self._issued, []

    def _joins(self, who: Waiting, ref: str, way: str, inside: bool) -> None:
        self.line[ref] = self._known[ref] = who
        if inside:
            self.ways[who.sku, way] += 1
        else:
            self.opening[who.sku] += 1

    def _begun(self, ref: str, inside: bool) -> None:
        """A job is made for somebody who waits, or who was served or refused before and waits again."""
        if ref not in self.line:
            self._joins(self._known[ref]._replace(since=self._last_ms), ref, AGAIN, inside)

    def _ended(self, data: dict[str, Any], inside: bool) -> None:
        if data["state"] == "completed":
            self._leave([data["ref"]], SERVED, inside)
        elif data.get("record_state", "waiting") != "waiting":
            self._leave([data["ref"]], MISSING if data["record_state"] == "card-missing" else UNFIT, inside)

    def _leave(self, refs: Iterable[str], way: str, inside: bool) -> None:
        for ref in refs:
            if (who := self.line.pop(ref, None)) is None:
                continue
            if not inside:
                self.opening[who.sku] -= 1
                continue
            self.ways[who.sku, way] += 1
            if way == SERVED:
                self.waits_ms.append(self._last_ms - who.since)

    def _forget(self, refs: Iterable[str]) -> None:
        for ref in refs:
            self._known.pop(ref, None)

    def paper(self, period: Period, basis: Basis) -> Paper:
        return Paper(
            name="backlog",
            title="Laporan antrean dan waktu tunggu",
            period=str(period),
            stamp=period.stamp,
            tables=(self._flow(), self._waits(), self._ages()),
            basis=basis.stretches,
            notes=(
                "Menunggu: data sudah ada di stasiun dan kartunya belum jadi. Waktu tunggu dihitung dari data masuk, "
                "atau dari cetak ulang diminta, sampai kartu jadi.",
                *basis.notes,
            ),
            signers=(HEAD, "Petugas pelayanan"),
        )

    def waiting(self, sku: str) -> int:
        """At the end of the period."""
        return sum(each.sku == sku for each in self.line.values())

    def _flow(self) -> Table:
        rows: tuple[tuple[Cell, ...], ...] = tuple(
            (blank_of(sku), self.opening[sku], *(self.ways[sku, way] for way in WAYS), self.waiting(sku))
            for sku in Sku
        )
        names = ("Awal", *WAYS.values(), "Akhir")
        columns = (Column("Jenis blangko", width=2.2), *(Column(name, Kind.COUNT) for name in names))
        return Table("Antrean", columns, rows)

    def _waits(self) -> Table:
        waits = sorted(self.waits_ms)
        soon = sum(wait <= DAY_MS for wait in waits)
        rows = (
            ("Kartu jadi", str(len(waits))),
            ("Jadi dalam 24 jam", f"{soon} ({_share(soon, len(waits))})"),
            ("Waktu tunggu tengah (median)", _days(median(waits)) if waits else "-"),
            (
                "Sembilan dari sepuluh menunggu paling lama",
                _days(waits[(len(waits) * 9 - 1) // 10]) if waits else "-",
            ),
            ("Paling lama", _days(waits[-1]) if waits else "-"),
        )
        return Table("Waktu tunggu", (Column("Ukuran", width=2), Column("Nilai")), rows)

    def _ages(self) -> Table:
        counts = Counter((who.reason, age_of(self._last_ms - who.since)) for who in self.line.values())
        bounds: Sequence[str] = [name for _, name in AGES]
        rows: tuple[tuple[Cell, ...], ...] = tuple(
            (REASONS[reason], *(found := [counts[reason, name] for name in bounds]), sum(found)) for reason in Reason
        )
        columns = (
            Column("Alasan penerbitan", width=1.6), *(Column(name, Kind.COUNT) for name in bounds),
            Column("Jumlah", Kind.COUNT),
        )  # fmt: skip
        sums = [sum(column) for column in zip(*(row[1:] for row in rows), strict=True)]
        return Table("Yang masih menunggu, menurut lamanya", columns, rows, ("Jumlah", *sums))


def age_of(wait_ms: int) -> str:
    return next(name for days, name in AGES if days is None or wait_ms <= days * DAY_MS)


def _days(wait_ms: float) -> str:
    """ "3,4 hari"; hours below two days."""
    hours = wait_ms / 3_600_000
    number, unit = (hours, "jam") if hours < 48 else (hours / 24, "hari")
    return f"{number:.1f} {unit}".replace(".", ",")


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %".replace(".", ",") if whole else "-"
