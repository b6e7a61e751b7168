"""Finished cards that nobody has fetched yet: by age, and one by one. Pure; no person is named."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

from kiosk.core.accounts import Account
from kiosk.core.frames import Frame
from kiosk.core.records import Sku
from kiosk.reports.backlog import AGES, DAY_MS, BacklogReport, age_of
from kiosk.reports.paper import HEAD, ROW_NUMBER, Cell, Column, Kind, Paper, Table
from kiosk.reports.period import Period
from kiosk.reports.reading import Basis
from kiosk.reports.words import blank_of


class Lying(NamedTuple):
    """`since`: Unix ms when the card was finished, or found. `uid`: empty if its chip was not read."""

    since: int
    sku: str
    uid: str
    ref: str


class UncollectedReport:
    """`cards`: by job, in the order in which they were finished; as the account `printed` has them."""

    def __init__(self) -> None:
        self.cards: dict[str, Lying] = {}
        self._line = BacklogReport()
        self._last_ms = 0

    def take(self, frame: Frame, inside: bool) -> None:
        self._last_ms = frame.stamp.time_ms
        match frame.kind:
            case "job-ended":
                self._finished(frame.data)
            case "gap-closed":
                for card in frame.data["cards"]:
                    if card["with"] == "here":
                        self._lies(card, self._line.line[card["ref"]].sku)
            case "handed-over":
                self.cards.pop(frame.data["job"], None)
            case "reprint":
                self.cards.pop(frame.data["reprint_of"], None)
        self._line.take(frame, inside)

    def _finished(self, data: dict[str, Any]) -> None:
        for sku, _, _, target, _ in data.get("moves") or []:
            if target == Account.PRINTED:
                self._lies(data, sku)

    def _lies(self, card: dict[str, Any], sku: str) -> None:
        self.cards[card["job"]] = Lying(self._last_ms, sku, card.get("uid") or "", card["ref"])

    def days(self, card: Lying) -> int:
        """Whole days that it has waited, at the end of what was read."""
        return (self._last_ms - card.since) // DAY_MS

    def paper(self, period: Period, basis: Basis) -> Paper:
        return Paper(
            name="uncollected",
            title="Daftar KTP-el yang belum diambil",
            period=str(period),
            stamp=period.stamp,
            tables=(self._ages(), self._list(period)),
            basis=basis.stretches,
            notes=(
                "Keadaan pada akhir masa, kartu yang paling lama menunggu di atas. Nama ada di layar Serahkan.",
                *basis.notes,
            ),
            signers=(HEAD, "Petugas penyerahan"),
        )

    def _ages(self) -> Table:
        counts = Counter((card.sku, age_of(self._last_ms - card.since)) for card in self.cards.values())
        bounds = [name for _, name in AGES]
        rows: tuple[tuple[Cell, ...], ...] = tuple(
            (blank_of(sku), *(found := [counts[sku, name] for name in bounds]), sum(found)) for sku in Sku
        )
        columns = (
            Column("Jenis blangko", width=1.8), *(Column(name, Kind.COUNT) for name in bounds),
            Column("Jumlah", Kind.COUNT),
        )  # fmt: skip
        return Table("Menurut lamanya", columns, rows)

    def _list(self, period: Period) -> Table:
        rows: list[tuple[Cell, ...]] = [
            (number, job, card.sku.upper(), card.uid, period.at(card.since), self.days(card))
            for number, (job, card) in enumerate(self.cards.items(), start=1)
        ]
        columns = (
            ROW_NUMBER, Column("Pekerjaan"), Column("Jenis", width=0.7),
            Column("UID cip", width=1.5), Column("Jadi", Kind.TIME, 1.4), Column("Hari", Kind.COUNT, 0.6),
        )  # fmt: skip
        return Table("Kartu demi kartu", columns, tuple(rows))
