"""Pictures: what is drawn is what the figures are, within the page, told apart without colour."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.config import SupplyConfig
from kiosk.core.frames import ZERO_HEAD, Frame, Stamp, make_frame
from kiosk.core.pace import weekday
from kiosk.core.workdays import DAY_MS
from kiosk.reports.chart import (
    HOLLOW,
    SOLID,
    STRIPED,
    Bars,
    Box,
    Canvas,
    Chart,
    Columns,
    Curve,
    Line,
    Lines,
    Shape,
    Stack,
    Text,
    number,
)
from kiosk.reports.paper import Paper
from kiosk.reports.pdf import Letterhead, render
from kiosk.reports.period import Period
from kiosk.reports.picture_words import spelled
from kiosk.reports.pictures import PicturesReport
from kiosk.reports.reading import read
from kiosk.supply import EPOCH
from tests.crash.events import GENESIS
from tests.reports.life import WITA

CANVAS = Canvas(480.0, 96.0, 7.5, spelled)
FIRST = date(2026, 10, 5).toordinal() - EPOCH
"""A Monday."""
COUNTS = st.lists(st.integers(0, 5_000), min_size=1, max_size=92)


def drawn(chart: Chart, canvas: Canvas = CANVAS) -> list[Shape]:
    return list(chart.draw(canvas))


def columns(*values: int | float | None, fill: str = "made", most: float = 0) -> Columns:
    return Columns("cards-a-day", FIRST, (Stack(fill, values, SOLID),), most)


CHARTS = st.one_of(
    COUNTS.map(lambda counts: columns(*counts)),
    COUNTS.map(lambda counts: columns(*(count % 101 for count in counts), most=100)),
    COUNTS.map(lambda counts: Lines("burn-down-wni", (FIRST, FIRST + len(counts)), (
        Curve("left", tuple((FIRST + place, float(count)) for place, count in enumerate(counts))),
    ))),
    st.lists(st.tuples(st.sampled_from(["damaged", "misprint"]), st.integers(0, 10_000)), max_size=20).map(
        lambda rows: Bars("spoiled-by-cause", tuple(rows))
    ),
)  # fmt: skip


@given(CHARTS)
def test_nothing_is_drawn_beside_the_page(chart: Chart) -> None:
    for shape in drawn(chart):
        ends = [(shape.x, shape.y)]
        if isinstance(shape, Line):
            ends.append((shape.to_x, shape.to_y))
        if isinstance(shape, Box):
            assert shape.width >= 0 <= shape.height
            ends.append((shape.x + shape.width, shape.y + shape.height))
        if isinstance(shape, Text):
            across = CANVAS.wide(shape.said) * {"start": 0, "middle": 0.5, "end": 1}[shape.anchor]
            assert shape.x - across >= -CANVAS.text, shape
        for x, y in ends:
            assert -0.01 <= x <= CANVAS.width + 0.01, shape
            assert -0.01 <= y <= CANVAS.height + 0.01, shape


@given(st.lists(st.integers(1, 5_000), min_size=1, max_size=92))
def test_a_column_is_as_high_as_its_figure(counts: list[int]) -> None:
    found = [box.height for box in drawn(columns(*counts))[1:] if isinstance(box, Box)]
    highest = max(counts)
    assert len(found) == len(counts)
    for height, count in zip(found, counts, strict=True):
        assert height / max(found) == pytest.approx(count / highest)


def test_a_stack_stands_on_the_one_below_and_is_another_pattern() -> None:
    parts = (("made", 200, SOLID), ("spoiled", 20, STRIPED), ("defect", 10, HOLLOW))
    chart = Columns("cards-a-day", FIRST, tuple(Stack(name, (count,), fill) for name, count, fill in parts))
    found = [shape for shape in drawn(chart) if isinstance(shape, Box)]
    legend, stacks = found[:3], found[3:]
    assert [box.fill for box in legend] == [box.fill for box in stacks] == [SOLID, STRIPED, HOLLOW]
    for below, above in pairwise(stacks):
        assert above.y + above.height == pytest.approx(below.y)
    stripes = [line for line in drawn(chart) if isinstance(line, Line) and stacks[1].y < line.y < stacks[0].y]
    assert stripes, "told apart without colour"


def test_a_day_without_a_value_has_no_column_and_a_hundred_is_the_top() -> None:
    found = [shape for shape in drawn(columns(50, None, 100, most=100)) if isinstance(shape, Box)][1:]
    assert [round(box.height / found[1].height, 3) for box in found] == [0.5, 1.0]
    scale = [
        shape.said for shape in drawn(columns(50, most=100)) if isinstance(shape, Text) and shape.anchor == "end"
    ]
    assert scale == ["0", "20", "40", "60", "80", "100"]


def test_the_longest_cause_is_the_longest_bar_and_each_says_its_number() -> None:
    shapes = drawn(Bars("spoiled-by-cause", (("damaged", 1_200), ("misprint", 300))))
    assert [text.said for text in shapes if isinstance(text, Text)] == ["rusak fisik", "1.200", "salah cetak", "300"]
    wide = [box.width for box in shapes if isinstance(box, Box)]
    assert wide[0] == pytest.approx(4 * wide[1])
    assert [text.said for text in drawn(Bars("spoiled-by-cause", ())) if isinstance(text, Text)] == ["Tidak ada."]


@given(st.integers(0, 2_000_000))
def test_a_scale_has_few_lines_and_whole_numbers(most: int) -> None:
    said = [text.said for text in drawn(columns(most)) if isinstance(text, Text) and text.anchor == "end"]
    values = [int(text.replace(".", "")) for text in said]
    assert len(set(values)) == len(values) <= 8
    assert values[-1] >= most
    assert number(values[-1]) == said[-1]


# From the frames.


def history(weeks: int, blanks: int = 12_000, used: int = 200) -> list[Frame]:
    frames: list[Frame] = []

    def add(kind: str, day: int, data: dict[str, object]) -> None:
        head = frames[-1].head if frames else ZERO_HEAD
        stamp = Stamp(day * DAY_MS + len(frames), "b", len(frames), "op:maria")
        frames.append(make_frame(len(frames) + 1, kind, stamp, data, head))

    add("genesis", FIRST, dict(GENESIS))
    add(
        "stock", FIRST, {"movement": "receive", "document": "L", "moves": [["wni", "L", "supplier", "vault", blanks]]}
    )
    for day in range(FIRST, FIRST + 7 * weeks):
        if weekday(day) < 5:
            moves = [["wni", "L", "hopper", "printed", used]]
            add("job-ended", day, {"job": "J", "ref": "0" * 32, "state": "completed", "moves": moves})
    return frames


def told(frames: list[Frame], period: Period, settings: SupplyConfig | None = None) -> tuple[PicturesReport, Paper]:
    report = PicturesReport(settings)
    return report, report.paper(period, read(frames, period, [report]))


def burn_down(paper: Paper) -> dict[str, Curve]:
    [chart] = [chart for chart in paper.charts if isinstance(chart, Lines)]
    return {curve.name: curve for curve in chart.curves}


def test_the_forecast_goes_on_from_what_is_left_and_knows_the_holidays() -> None:
    frames, october = history(4), Period.month(2026, 10, WITA)
    curves = burn_down(told(frames, october)[1])
    today, stock = FIRST + 25, 12_000 - 20 * 200.0
    assert curves["left"].points[-1] == (today, stock)
    assert {curves[name].points[0] for name in ("early", "likely", "late")} == {(today, stock)}
    day, rest = curves["likely"].points[1]
    assert rest == 0
    assert curves["early"].points[1][0] <= day <= curves["late"].points[1][0]
    assert not curves["left"].dashed
    assert curves["likely"].dashed
    free = tuple(date.fromordinal(EPOCH + today + ahead).isoformat() for ahead in range(1, 40))
    later = burn_down(told(frames, october, SupplyConfig(holidays=free))[1])["likely"].points[1][0]
    assert later > day


def test_a_month_that_is_over_is_drawn_from_its_own_frames() -> None:
    frames = history(9)
    once = told(frames, Period.month(2026, 10, WITA))[1]
    short = told([each for each in frames if each.stamp.time_ms < Period.month(2026, 10, WITA).end_ms],
                 Period.month(2026, 10, WITA))[1]  # fmt: skip
    assert once == short
    assert len(once.tables[0].rows) == 30, "up to the last day with a frame"


def test_a_long_period_shows_its_last_days() -> None:
    report, paper = told(history(20), Period(date(2026, 10, 5), date(2027, 2, 21), WITA))
    assert len(paper.tables[0].rows) == 92
    assert len(report.charts(Period(date(2026, 10, 5), date(2027, 2, 21), WITA))) == 4


def test_pictures_are_the_same_bytes_for_the_same_journal() -> None:
    paper = told(history(4), Period.month(2026, 10, WITA))[1]
    office = Letterhead("Disdukcapil", "", "Kupang", "Kepala")
    assert render(paper, office) == render(paper, office)
    assert [label for label, _ in paper.said] == ["Blangko WNI habis"]


def test_what_was_left_before_the_period_is_carried_into_it() -> None:
    _, paper = told(history(9), Period.month(2026, 11, WITA))
    assert paper.tables[0].rows[0] == ("1 November 2026", 0, 0, 0, 8_000, 0, 0, 0)


def test_who_waited_longer_than_a_day_was_not_served_within_one() -> None:
    """Two come on Monday: one has the card on Tuesday, the other on Thursday."""
    frames = history(1)
    refs = [f"{number:032x}" for number in (1, 2)]
    body = {"records": [{"ref": ref, "sku": "wni", "reason": "baru"} for ref in refs], "cursor": "2"}
    kinds = [(0, "records", body)]
    kinds += [
        (day, "job-ended", {"job": "J", "ref": ref, "state": "completed"})
        for day, ref in zip((1, 3), refs, strict=True)
    ]
    for place, (day, kind, data) in enumerate(kinds):
        stamp = Stamp((FIRST + day) * DAY_MS + 3_600_000 + place, "b", place, "op:maria")
        frames.append(make_frame(100 + place, kind, stamp, data, ZERO_HEAD))
    frames.sort(key=lambda frame: frame.stamp.time_ms)
    _, paper = told(frames, Period.month(2026, 10, WITA))
    monday = next(row for row in paper.tables[0].rows if row[0] == "5 Oktober 2026")
    assert monday[-2:] == (2, 1)
