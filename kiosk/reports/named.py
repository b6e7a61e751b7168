"""Lists with names, by kelurahan: who fetches a card there, and who has not fetched theirs. Pure.

The names are asked for only when the paper is made; what is folded from the journal has none.
"""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple, Protocol

from kiosk.core.frames import Frame
from kiosk.core.records import Fields
from kiosk.reports.paper import HEAD, ROW_NUMBER, Cell, Column, Kind, Paper, Table
from kiosk.reports.period import Period
from kiosk.reports.reading import Basis, Report
from kiosk.reports.uncollected import Lying, UncollectedReport

DESTROYED = "data dimusnahkan"
PRIVATE = (
    "Memuat data pribadi (UU 27/2022): simpan terkunci, musnahkan bila tidak diperlukan lagi. Di buku stasiun "
    "tercatat siapa yang membuat kertas ini, dan tentang siapa."
)


class Kelurahan(NamedTuple):
    kecamatan: str
    kel_desa: str

    def __str__(self) -> str:
        return f"{self.kel_desa}, Kecamatan {self.kecamatan}"


class Whose(NamedTuple):
    """Of which kelurahan, None for all; or of which records, and the numbers of their call-backs."""

    place: Kelurahan | None = None
    refs: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()


class People(Protocol):
    """What the station still knows of whoever is behind a reference."""

    def get(self, ref: str) -> Fields | None:
        """None: it is destroyed."""

    def call_of(self, nik: str) -> str:
        """How their call-back stands, empty if they left no number."""

    def has_biometrics(self, ref: str) -> bool: ...


class NamedReport(Report, Protocol):
    """`named`: the records whose people are on the paper, once it is made."""

    named: list[str]


class Row(NamedTuple):
    job: str
    card: Lying
    fields: Fields


class _Names:
    """Finished cards that nobody has fetched, by kelurahan; those of the others are counted."""

    def __init__(self, people: People, whose: Whose) -> None:
        self.named: list[str] = []
        self._people = people
        self._place = whose.place
        self._lying = UncollectedReport()

    def take(self, frame: Frame, inside: bool) -> None:
        self._lying.take(frame, inside)

    def _sorted(self, since_ms: int = 0) -> tuple[dict[Kelurahan, list[Row]], list[tuple[str, Lying]], int]:
        """Of the cards finished from `since_ms` on: rows by place, those of nobody known, how many are elsewhere."""
        rows: defaultdict[Kelurahan, list[Row]] = defaultdict(list)
        nobody, elsewhere = [], 0
        for job, card in self._lying.cards.items():
            if card.since < since_ms:
                continue
            fields = self._people.get(card.ref)
            if fields is None:
                nobody.append((job, card))
            elif self._place in (None, place := Kelurahan(fields.kecamatan, fields.kel_desa)):
                rows[place].append(Row(job, card, fields))
            else:
                elsewhere += 1
        self.named = [row.card.ref for place in rows.values() for row in place]
        return dict(sorted(rows.items())), nobody, elsewhere


class UncollectedNames(_Names):
    """All that lie here at the end of the period, the longest first."""

    def paper(self, period: Period, basis: Basis) -> Paper:
        rows, nobody, elsewhere = self._sorted()
        return Paper(
            name="uncollected-names",
            title="Daftar nama pemilik KTP-el yang belum diambil",
            period=str(period),
            stamp=period.stamp,
            tables=(
                _summary(rows, len(nobody), elsewhere),
                *(self._list(f"Kelurahan {place}", cards, period) for place, cards in rows.items()),
                *([self._destroyed(nobody, period)] if nobody else []),
            ),
            basis=basis.stretches,
            notes=(
                "Keadaan pada akhir masa. Panggilan: nomor di daftar Panggil bagi yang meninggalkan nomor telepon, "
                "menurut keadaan saat kertas ini dibuat.",
                PRIVATE,
                *basis.notes,
            ),
            signers=(HEAD, "Petugas penyerahan"),
        )

    def _list(self, title: str, cards: list[Row], period: Period) -> Table:
        rows: tuple[tuple[Cell, ...], ...] = tuple(
            (number, row.fields.nama, row.fields.nik, row.job, period.at(row.card.since), self._lying.days(row.card),
             self._people.call_of(row.fields.nik) or "-")
            for number, row in enumerate(cards, start=1)
        )  # fmt: skip
        columns = (
            ROW_NUMBER, Column("Nama", width=2.3), Column("NIK", width=1.75),
            Column("Pekerjaan"), Column("Jadi", Kind.TIME, 1.35), Column("Hari", Kind.COUNT, 0.55),
            Column("Panggilan", width=1.7),
        )  # fmt: skip
        return Table(title, columns, rows)

    def _destroyed(self, cards: list[tuple[str, Lying]], period: Period) -> Table:
        rows: tuple[tuple[Cell, ...], ...] = tuple(
            (number, DESTROYED, job, period.at(card.since), self._lying.days(card))
            for number, (job, card) in enumerate(cards, start=1)
        )
        columns = (
            ROW_NUMBER, Column("Nama", width=3.9), Column("Pekerjaan"),
            Column("Jadi", Kind.TIME, 1.35), Column("Hari", Kind.COUNT, 0.55),
        )  # fmt: skip
        return Table("Tanpa nama", columns, rows)


class Ekspedisi(_Names):
    """Those that were finished in the period: the list goes with the cards, and comes back signed."""

    def paper(self, period: Period, basis: Basis) -> Paper:
        rows, nobody, _ = self._sorted(period.begin_ms)
        count = sum(map(len, rows.values())) + (0 if self._place else len(nobody))
        said = [("Jumlah kartu", f"{count} keping")]
        if self._place:
            said = [("Kelurahan", self._place.kel_desa), ("Kecamatan", self._place.kecamatan), *said]
        return Paper(
            name="ekspedisi",
            title="Ekspedisi dan tanda terima KTP-el",
            period=f"Kartu yang jadi {period}",
            stamp=period.stamp,
            said=tuple(said),
            tables=(
                *(_signed(f"Kelurahan {place}", cards) for place, cards in rows.items()),
                *([_unknown(nobody)] if nobody and not self._place else []),
                *([] if rows else [_signed("Kartu", [])]),
            ),
            basis=basis.stretches,
            notes=(
                "Setiap pemegang menandatangani saat menerima kartunya. Kertas ini kembali ke kantor, dan penyerahan "
                "dibukukan dari situ di layar Serah.",
                PRIVATE,
                *basis.notes,
            ),
            signers=("Yang menyerahkan", "Yang menerima", HEAD),
        )


def _summary(rows: dict[Kelurahan, list[Row]], nobody: int, elsewhere: int) -> Table:
    cells: list[tuple[Cell, ...]] = [(place.kel_desa, place.kecamatan, len(cards)) for place, cards in rows.items()]
    cells += [(name, "", count) for name, count in (("kelurahan lain", elsewhere), (DESTROYED, nobody)) if count]
    columns = (Column("Kelurahan", width=2), Column("Kecamatan", width=2), Column("Kartu", Kind.COUNT))
    return Table("Menurut kelurahan", columns, tuple(cells), ("Jumlah", "", sum(int(str(row[2])) for row in cells)))


def _signed(title: str, cards: list[Row]) -> Table:
    ordered = sorted(cards, key=lambda row: (row.fields.nama, row.fields.nik))
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (number, row.fields.nama, row.fields.nik, f"{row.fields.alamat}, RT/RW {row.fields.rt}/{row.fields.rw}",
         row.job, "", "")
        for number, row in enumerate(ordered, start=1)
    )  # fmt: skip
    columns = (
        ROW_NUMBER, Column("Nama", width=1.9), Column("NIK", width=1.8),
        Column("Alamat", width=1.8), Column("Pekerjaan"), Column("Tanggal", Kind.SPACE, 0.9),
        Column("Tanda tangan", Kind.SPACE, 1.7),
    )  # fmt: skip
    return Table(title, columns, rows)


def _unknown(cards: list[tuple[str, Lying]]) -> Table:
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (number, DESTROYED, job) for number, (job, _) in enumerate(cards, start=1)
    )
    return Table("Tanpa nama", (ROW_NUMBER, Column("Nama", width=4), Column("Pekerjaan")), rows)
