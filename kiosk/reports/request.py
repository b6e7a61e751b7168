"""Surat permohonan: the draft of a letter that asks for blanks, ready to be signed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path

from kiosk import lineage
from kiosk.config import Config
from kiosk.core.forecast import Forecast
from kiosk.core.letter import Asked, Letter
from kiosk.core.records import Sku
from kiosk.core.supply import Figure
from kiosk.core.usage import USABLE
from kiosk.errors import DamagedData
from kiosk.journal.extract import extract
from kiosk.reports.paper import HEAD, Cell, Column, Kind, Paper, Stretch, Table
from kiosk.reports.period import day_of, local
from kiosk.reports.text import cell_of
from kiosk.reports.words import ACCOUNTS, blank_of
from kiosk.supply import EPOCH, letter
from kiosk.views import View

FIGURES = {
    Figure.PRINTED_BEFORE: "KTP-el yang tercetak sebelum stasiun ini",
    Figure.HOLDERS: "Pemegang KTP-el",
    Figure.WITHOUT_CARD: "Wajib KTP yang belum memiliki KTP-el",
    Figure.NEW_A_DAY: "Permohonan baru per hari kerja",
    Figure.RIBBONS: "Ribbon utuh",
    Figure.FILMS: "Film utuh",
    Figure.CLEANINGS: "Kit pembersih utuh",
}


def drafted(
    data: Path, look: Callable[[], AbstractContextManager[View]], config: Config, today: int, sku: Sku,
    document: str = "", quantity: int | None = None,
) -> Paper:  # fmt: skip
    """As the books are now (`Books.look`); without `quantity` it asks for what the forecast advises. Quick."""
    with look() as view:
        said, seq = letter(view, config, today, sku, document, quantity), view.seq
    journal = lineage.current(data)
    frame = next(iter(extract(journal.directory, seq, seq)), None)
    if frame is None:
        raise DamagedData(f"{journal.directory}: frame {seq} is not there")
    when = local(frame.stamp.time_ms)
    return request_paper(said, Stretch(journal.station, journal.incarnation, seq, seq, frame.head, when))


def request_paper(asked: Letter, basis: Stretch) -> Paper:
    """What nobody has told is left out. Without a number it is a draft, which it says."""
    foreseen, blank = asked.forecast, blank_of(asked.sku)
    others = [row for row in asked.before if row.document != asked.document]
    own = sum(row.asked for row in asked.before if row.document == asked.document and row.granted is None)
    return Paper(
        name="request-letter",
        title=f"Permohonan {blank}",
        period=f"Nomor {asked.document or '.' * 30}",
        stamp=f"{asked.sku}-{_iso(asked.day)}",
        tables=(_stock(asked), _use(asked), *([_before(others)] if others else [])),
        basis=(basis,),
        opening=(
            f"Dengan ini kami mohon {_count(asked.quantity) if asked.quantity else '.' * 12} keping {blank} "
            f"untuk pelayanan sampai permohonan berikutnya. Keadaan kami pada {_day(asked.day)}:",
        ),
        said=(*_needs(foreseen, foreseen.coming - own), *_told(asked)),
        notes=(
            "Stok, pemakaian dan kerusakan dari buku stasiun; yang lain dari kantor, pada tanggal yang disebut.",
            "Perkiraan: pemakaian hari-hari terakhir diteruskan; rentangnya dari kesalahannya di masa lalu.",
        ),
        of_event=True,
        signers=(HEAD,),
    )


def _needs(foreseen: Forecast, coming: int) -> list[tuple[str, str]]:
    said = [("Sisa yang dapat dipakai", f"{_count(foreseen.stock)} keping")]
    if foreseen.a_day is not None and foreseen.least_a_day is not None and foreseen.most_a_day is not None:
        spread = f"{_count(foreseen.least_a_day)} sampai {_count(foreseen.most_a_day)}"
        said.append(("Pemakaian sehari", f"{_count(foreseen.a_day)} keping ({spread})"))
        early, likely, _ = foreseen.ends
        ends = "cukup lebih dari tiga tahun" if likely is None else _day(likely)
        said.append(("Perkiraan habis", ends + (f", paling awal {_day(early)}" if early is not None else "")))
    if coming:
        said.append(("Sudah diminta, belum tiba", f"{_count(coming)} keping"))
    if foreseen.waiting is not None:
        ends = "" if foreseen.backlog_ends is None else f", selesai {_day(foreseen.backlog_ends)} bila blangko cukup"
        said.append(("Backlog", f"{_count(foreseen.waiting)} orang{ends}"))
    if foreseen.lead:
        usual, longest = foreseen.lead
        said.append(("Perjalanan", f"{usual} hari sejak surat, paling lama {longest} hari; diambil sendiri"))
    return said


def _told(asked: Letter) -> list[tuple[str, str]]:
    return [(FIGURES[Figure(name)], f"{_count(value)} ({_day(day)})") for name, (value, day) in asked.figures.items()]


def _stock(asked: Letter) -> Table:
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (ACCOUNTS[place], asked.stock[place]) for place in ACCOUNTS if place in USABLE and asked.stock.get(place)
    )
    total: tuple[Cell, ...] = ("Jumlah", sum(int(row[1]) for row in rows if isinstance(row[1], int)))
    return Table("Stok yang dapat dipakai", (Column("Pos", width=3), Column("Keping", Kind.COUNT)), rows, total)


def _use(asked: Letter) -> Table:
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (f"{_day(each.first)} s.d. {_day(each.last)}", each.days, each.made, each.spoiled, each.defect,
         f"{100 * each.spoilage:.2f} %".replace(".", ","))
        for each in asked.months
    )  # fmt: skip
    counted = ("Hari kerja", "Tercetak", "Rusak", "Cacat pabrik")
    columns = (Column("Masa", width=3), *(Column(name, Kind.COUNT) for name in counted), Column("Bagian rusak"))
    return Table("Pemakaian dan kerusakan", columns, rows)


def _before(letters: Sequence[Asked]) -> Table:
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (row.document, _day(row.day), row.asked, "belum dijawab" if row.granted is None else _count(row.granted),
         row.received)
        for row in letters
    )  # fmt: skip
    columns = (
        Column("Surat", width=1.6), Column("Tanggal", width=1.4), Column("Diminta", Kind.COUNT),
        Column("Diberi"), Column("Diterima", Kind.COUNT),
    )  # fmt: skip
    return Table("Permohonan terakhir", columns, rows)


def _count(value: float) -> str:
    return cell_of(round(value), Kind.COUNT)


def _day(number: int) -> str:
    return day_of(date.fromordinal(EPOCH + number))


def _iso(number: int) -> str:
    return date.fromordinal(EPOCH + number).isoformat()
