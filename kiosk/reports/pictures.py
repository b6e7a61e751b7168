"""Burn-down of blanks with the forecast, cards a day, what spoiled them, served within a day: figures and pictures.

The days are those of kiosk.core.usage, and the forecast that of kiosk.supply at the end of the period, both folded
from the frames: the screen that shows the same pictures reads the same. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date

from kiosk.config import SupplyConfig
from kiosk.core import supply, usage
from kiosk.core.accounts import Transfer
from kiosk.core.change import Change, Document
from kiosk.core.forecast import Forecast
from kiosk.core.frames import Frame
from kiosk.core.records import Sku
from kiosk.core.within_a_day import within_a_day
from kiosk.core.workdays import office_day
from kiosk.reports.backlog import SERVED, BacklogReport
from kiosk.reports.chart import HOLLOW, SOLID, STRIPED, Bars, Chart, Columns, Curve, Lines, Stack
from kiosk.reports.invalid import InvalidReport
from kiosk.reports.paper import Cell, Column, Kind, Paper, Table
from kiosk.reports.period import Period, day_of
from kiosk.reports.reading import Basis
from kiosk.reports.stock import moves_of
from kiosk.supply import EPOCH, outlook

MOST_DAYS = 92
"""That are shown: the last ones of a longer period."""
AHEAD_DAYS = 92
"""The burn-down looks ahead no further."""
PARTS = ("made", "spoiled", "defect")


class _Served(BacklogReport):
    """`pairs`: of those served in the period, the days on which they came and had their card."""

    def __init__(self) -> None:
        super().__init__()
        self.pairs: Counter[tuple[int, int]] = Counter()

    def _leave(self, refs: Iterable[str], way: str, inside: bool) -> None:
        gone = list(refs)
        if way == SERVED and inside:
            for ref in gone:
                if ref in self.line:
                    self.pairs[office_day(self.line[ref].since), office_day(self._last_ms)] += 1
        super()._leave(gone, way, inside)


class PicturesReport:
    """Memory grows with who waits, and by no more than usage.KEPT days."""

    def __init__(self, settings: SupplyConfig | None = None) -> None:
        self._settings = settings or SupplyConfig()
        self._tables: dict[tuple[str, str], Document] = {}
        self._served, self._invalid = _Served(), InvalidReport()
        self._last = 0

    def take(self, frame: Frame, inside: bool) -> None:
        self._last = office_day(frame.stamp.time_ms)
        self._served.take(frame, inside)
        self._invalid.take(frame, inside)
        if handler := supply.HANDLERS.get(frame.kind):
            self._apply(handler(frame, self._read))
        if moves := list(moves_of(frame)):
            self._follow(frame, moves)

    def _follow(self, frame: Frame, moves: list[Transfer]) -> None:
        for follow in (usage.follow, supply.follow):
            self._apply(follow(frame, moves, self._read))

    def _read(self, table: str, key: str) -> Document | None:
        return self._tables.get((table, key))

    def _apply(self, changes: Iterable[Change]) -> None:
        for table, key, document in changes:
            if document is None:
                self._tables.pop((table, key), None)
            else:
                self._tables[table, key] = document

    # What is shown.

    def _shown(self, period: Period) -> range:
        """Those days of the period that have come."""
        first, last = (_number(day) for day in (period.first, period.last))
        last = min(last, max(first, self._last))
        return range(max(first, last - MOST_DAYS + 1), last + 1)

    def charts(self, period: Period) -> tuple[Chart, ...]:
        days = self._shown(period)
        used = self._used(days)
        return (
            *self._burn_downs(days),
            Columns("cards-a-day", days.start, tuple(
                Stack(part, tuple(used[day, part] for day in days), fill)
                for part, fill in zip(PARTS, (SOLID, STRIPED, HOLLOW), strict=True)
            )),
            Bars("spoiled-by-cause", tuple(self.causes())),
            Columns("served-within-a-day", days.start, (
                Stack("share", tuple(100 * soon / came if came else None for came, soon in self.served(days)), SOLID),
            ), 100),
        )  # fmt: skip

    def _used(self, days: range) -> Counter[tuple[int, str]]:
        found: Counter[tuple[int, str]] = Counter()
        for row in usage.rows(self._read, days.stop):
            for part in row["skus"].values():
                found.update({(row["day"], name): part[name] for name in PARTS})
        return found

    def left(self, sku: Sku, days: range) -> list[int]:
        """Usable blanks in the evening of each day."""
        known = {row["day"]: int(row["skus"][sku]["left"]) for row in usage.rows(self._read, days.stop)}
        before = [day for day in known if day < days.start]
        left, found = known[max(before)] if before else 0, []
        for day in days:
            left = known.get(day, left)
            found.append(left)
        return found

    def _burn_downs(self, days: range) -> tuple[Lines, ...]:
        """Of each kind of which there were any."""
        foreseen = {each.what: each for each in outlook(self._read, self._settings, days.stop - 1)}
        kept = ((sku, self.left(sku, days)) for sku in Sku)
        return tuple(_burn_down(sku, days, left, foreseen[sku]) for sku, left in kept if any(left))

    def causes(self) -> list[tuple[str, int]]:
        """New ones of both registers, the most frequent first."""
        found: Counter[str] = Counter()
        for (_, _, cause), count in self._invalid.causes.items():
            found[cause] += count
        return [(cause, count) for cause, count in found.most_common() if count]

    def served(self, days: range) -> list[tuple[int, int]]:
        """Of each day, how many came and how many of them had their card within a day; nobody of a day that is not
        over (docs/vocabulary.md)."""
        waiting = Counter(office_day(who.since) for who in self._served.line.values())
        open_days = sorted(row["day"] for row in usage.rows(self._read, days.stop) if _worked(row))
        last = open_days[-1] if open_days else 0
        came, soon = Counter(waiting), Counter[int]()
        for (arrived, made), count in self._served.pairs.items():
            came[arrived] += count
            soon[arrived] += count * within_a_day(arrived, made, open_days)
        return [(came[day], soon[day]) if day < last else (0, 0) for day in days]

    def paper(self, period: Period, basis: Basis) -> Paper:
        return Paper(
            name="pictures",
            title="Persediaan dan pelayanan dalam gambar",
            period=str(period),
            stamp=period.stamp,
            tables=(self._daily(self._shown(period)),),
            basis=basis.stretches,
            said=tuple(self._foreseen(self._shown(period))),
            notes=(
                "Dilayani dalam sehari: kartu jadi pada hari datanya masuk, atau cetak ulangnya diminta, atau pada "
                "hari kerja berikutnya. Hari terakhir belum dihitung. Sisa: blangko yang dapat dipakai, di mana pun.",
                *basis.notes,
            ),
            charts=self.charts(period),
        )

    def _foreseen(self, days: range) -> Iterator[tuple[str, str]]:
        for each in outlook(self._read, self._settings, days.stop - 1):
            early, likely, _ = each.ends
            if each.what in list(Sku) and each.stock and each.a_day:
                ends = "cukup lebih dari tiga tahun" if likely is None else _day(likely)
                yield f"Blangko {each.what.upper()} habis", ends + (f", paling awal {_day(early)}" if early else "")

    def _daily(self, days: range) -> Table:
        used, lefts = self._used(days), [self.left(sku, days) for sku in Sku]
        rows: list[tuple[Cell, ...]] = [
            (_day(day), *(used[day, part] for part in PARTS), *left, came, soon)
            for day, *left, (came, soon) in zip(days, *lefts, self.served(days), strict=True)
        ]  # fmt: skip
        counted = (
            "Tercetak",
            "Rusak",
            "Cacat pabrik",
            *(f"Sisa {sku.upper()}" for sku in Sku),
            "Datang",
            "Dalam sehari",
        )
        columns = (Column("Tanggal", width=1.6), *(Column(name, Kind.COUNT) for name in counted))
        return Table("Hari demi hari", columns, tuple(rows))


def _worked(row: Document) -> bool:
    return any(part["made"] > 0 for part in row["skus"].values())


def _day(number: int) -> str:
    return day_of(date.fromordinal(EPOCH + number))


def _number(day: date) -> int:
    return day.toordinal() - EPOCH


def _burn_down(sku: Sku, days: range, left: list[int], foreseen: Forecast) -> Lines:
    """What was left, and from the last day on the likely end between the early and the late one."""
    today, stock = days.stop - 1, left[-1]
    curves = [Curve("left", tuple(zip(days, map(float, left), strict=True)))]
    for name, end, weight in zip(("early", "likely", "late"), foreseen.ends, (1, 2, 1), strict=True):
        if foreseen.a_day and stock and end is not None:
            last = min(end, today + AHEAD_DAYS)
            rest = stock * (end - last) / (end - today)
            curves.append(Curve(name, ((today, float(stock)), (last, rest)), weight, dashed=True))
    return Lines(
        f"burn-down-{sku}", (days.start, max(point[0] for curve in curves for point in curve.points)), tuple(curves)
    )
