"""What a paper looks like from outside: its days, its bytes, its foot, its cells."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime

import pytest

from kiosk.core.frames import ZERO_HEAD, Frame, Stamp, make_frame
from kiosk.reports import pdf, words
from kiosk.reports.named import Whose
from kiosk.reports.paper import ROW_NUMBER, Column, Kind, Paper, Stretch, Table
from kiosk.reports.pdf import Letterhead, render
from kiosk.reports.period import Period, zone_of
from kiosk.reports.reading import read
from kiosk.reports.stock import StockReport
from kiosk.reports.text import as_csv, as_text, cell_of
from tests.crash.events import GENESIS
from tests.docs.pages import page, table
from tests.reports.life import FRAMES_OF_EVERYTHING, NOVEMBER, WITA
from tests.reports.told import Told

OFFICE = Letterhead("Disdukcapil Kota Kupang", "Jl. S. K. Lerik No. 1 & 2 <lantai 3>", "Kupang", "Kepala Dinas")
AT = datetime(2026, 11, 28, 21, 5, tzinfo=WITA)
BASIS = (Stretch("kupang-01", "ab" * 8, 7, 4711, "9f" * 32, AT),)


def paper(rows: int = 2, **more: object) -> Paper:
    columns = (ROW_NUMBER, Column("Nama", width=2), Column("Waktu", Kind.TIME))
    name = "MARIA MAGDALENA YOSEFINA BANUNAEK-TAEK & <ANAK> " * 2
    cells = tuple((10_000 + n, name, AT) for n in range(rows))
    made = {"name": "x", "title": "Judul", "period": "28 November 2026", "stamp": "2026-11-28", "basis": BASIS}
    return Paper(**{**made, "tables": (Table("Tabel", columns, cells),), **more})  # type: ignore[arg-type]


def frame(seq: int, when: datetime, quantity: int, head: str) -> Frame:
    moves = [["wni", "L", "supplier", "vault", quantity]]
    return make_frame(seq, "stock", Stamp(round(when.timestamp() * 1000), "b", seq, "op:a"), {"moves": moves}, head)


def test_a_month_begins_and_ends_at_midnight_where_the_station_stands() -> None:
    """One millisecond before midnight in Kupang it is 15:59:59.999 UTC of the day before."""
    times = [
        datetime(2026, 10, 31, 23, 59, 59, 999_000, tzinfo=WITA), datetime(2026, 11, 1, tzinfo=WITA),
        datetime(2026, 11, 30, 23, 59, 59, 999_000, tzinfo=WITA), datetime(2026, 12, 1, tzinfo=WITA),
    ]  # fmt: skip
    frames = [make_frame(1, "genesis", Stamp(0, "b", 0, "op:a"), GENESIS, ZERO_HEAD)]
    for place, when in enumerate(times, start=1):
        frames.append(frame(place + 1, when, 10**place, frames[-1].head))
    report = StockReport()
    basis = read(frames, Period.month(2026, 11, WITA), [report])
    assert (report.opening.total(), sum(report.came.values())) == (0, 1_100)
    assert report.opening[("wni", "vault")] == 10  # type: ignore[index]
    assert [(each.first, each.last) for each in basis.stretches] == [(3, 4)]


@pytest.mark.parametrize(
    ("period", "stamp", "told"),
    [
        (Period(date(2026, 11, 28), date(2026, 11, 28)), "2026-11-28", "28 November 2026"),
        (Period.month(2026, 2), "2026-02", "Februari 2026"),
        (Period.month(2026, 12), "2026-12", "Desember 2026"),
        (Period(date(2026, 5, 1), date(2026, 5, 9)), "2026-05-01_2026-05-09", "1 Mei 2026 s.d. 9 Mei 2026"),
    ],
)  # fmt: skip
def test_a_period_has_a_name(period: Period, stamp: str, told: str) -> None:
    assert (period.stamp, str(period)) == (stamp, told)


def test_the_zone_is_named() -> None:
    assert zone_of(AT) == "WITA"
    assert zone_of(
        AT.replace(tzinfo=None).astimezone(tz=datetime.fromisoformat("2026-01-01T00:00+05:30").tzinfo)
    ) == ("UTC+0530")


def test_the_same_paper_is_the_same_bytes_and_another_is_not() -> None:
    once = render(paper(40), OFFICE)
    assert once == render(paper(40), OFFICE)
    assert once != render(paper(39), OFFICE)
    assert once.startswith(b"%PDF-")
    assert b"Roboto" in once, "the letters travel with it"


def test_a_long_table_goes_over_pages_and_an_empty_one_says_so() -> None:
    assert render(paper(90), OFFICE).count(b"/Type /Page\n") > 2
    assert "Tidak ada." in as_text(paper(0))
    assert render(paper(0), OFFICE).count(b"/Type /Page\n") == 1


def test_the_foot_leads_to_the_journal() -> None:
    text = as_text(paper())
    assert "Bingkai masa ini: 7 s.d. 4711" in text
    assert "ab" * 8 in text
    assert "9f" * 32 in text


def test_csv_is_plain_and_no_formula() -> None:
    columns = (Column("a"), Column("b", Kind.COUNT), Column("c", Kind.TIME))
    cells = (("=1+1", 10_000, AT), ("5371044909900001", 0, AT), ('a "b", c', -3, ""))
    read_back = list(csv.reader(io.StringIO(as_csv(paper(tables=(Table("T", columns, cells),))).decode())))
    assert ["'=1+1", "10000", "2026-11-28T21:05:00+08:00"] in read_back
    assert ["'5371044909900001", "0", "2026-11-28T21:05:00+08:00"] in read_back
    assert ['a "b", c', "-3", ""] in read_back
    assert read_back[-1] == ["kupang-01", "ab" * 8, "7", "4711", "9f" * 32]


def test_numbers_are_read_in_thousands() -> None:
    assert cell_of(1_234_567, Kind.COUNT) == "1.234.567"
    assert cell_of(-20_000, Kind.COUNT) == "-20.000"


def test_the_words_are_those_of_the_vocabulary() -> None:
    text = page("vocabulary.md")
    for chapters, mapping in (
        (["Accounts"], words.ACCOUNTS), (["Blanks"], words.BLANKS), (["Reasons of issuance"], words.REASONS),
        (["Shift terms"], {name: word for name, word in words.TERMS.items() if name != "opening"}),
        (["Chip refusal causes", "Defect causes", "Spoil causes"], words.CAUSES),
    ):  # fmt: skip
        office: dict[str, str] = {}
        for chapter in chapters:
            office = {row[0].strip("`"): row[2] for row in table(text, chapter)} | office
        assert dict(mapping) == office, chapters


@pytest.mark.parametrize("name", ["ekspedisi", "uncollected-names"])
def test_a_nik_is_on_one_line(name: str) -> None:
    [(_, made, _)] = Told(FRAMES_OF_EVERYTHING, NOVEMBER).named(name, [Whose()])
    pdf._fonts()
    niks = 0
    for each in made.tables:
        widths = pdf._widths(each.columns)
        for place, column in enumerate(each.columns):
            if column.name == "NIK":
                shown = [pdf._shown(row[place], column, widths[place]) for row in each.rows]
                assert all(isinstance(cell, str) for cell in shown), "not broken into two"
                niks += len(shown)
    assert niks > 3


def test_the_number_of_a_row_is_on_one_line_in_the_longest_of_lists() -> None:
    told = Told(FRAMES_OF_EVERYTHING, NOVEMBER)
    made = [*told.papers.values(), *(each for name in ("ekspedisi", "uncollected-names")
                                     for _, each, _ in told.named(name, [Whose()]))]  # fmt: skip
    pdf._fonts()
    numbered = 0
    for columns in [each.columns for paper in made for each in paper.tables]:
        for column, width in zip(columns, pdf._widths(columns), strict=True):
            if column == ROW_NUMBER:
                assert isinstance(pdf._shown(99_999, column, width), str), columns
                numbered += 1
    assert numbered > 4
