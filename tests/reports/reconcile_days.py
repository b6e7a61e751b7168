"""The papers that go by days, beside the stored bytes: a part of tests/reports/reconcile.py."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

from kiosk.config import Config
from kiosk.core.records import Sku
from kiosk.core.within_a_day import share_within_a_day
from kiosk.core.workdays import office_day
from kiosk.reports.chart import Bars
from kiosk.reports.paper import Stretch
from kiosk.reports.period import day_of
from kiosk.reports.request import request_paper
from kiosk.reports.words import ACCOUNTS
from kiosk.supply import EPOCH, letter
from tests.reports.told import Told, rows

Record = dict[str, Any]
USABLE = frozenset({"vault", "shift", "hopper", "bench", "in-machine", "mobile-unit"})
SPENT_AS = {"printed": "made", "issued": "made", "spoiled": "spoiled", "factory-defect": "defect"}
PARTS = ("made", "spoiled", "defect")


class Days:
    """Sums of the bytes. `spent`: by day, kind and part. `left`: usable ones in the evening of each day with frames.
    `met`: day of coming and of the card, None without one."""

    def __init__(self, told: Told) -> None:
        self.spent: Counter[tuple[int, str, str]] = Counter()
        self.left: dict[int, dict[str, int]] = {}
        self.held: Counter[tuple[str, str]] = Counter()
        self.met: list[tuple[int, int | None]] = []
        self._here: dict[str, int] = {}
        for record in told.records:
            if record["t"] < told.period.end_ms:
                self._blanks(record)
                self._people(record, inside=record["t"] >= told.period.begin_ms)
        self.met += [(came, None) for came in self._here.values()]

    def _blanks(self, record: Record) -> None:
        day = office_day(record["t"])
        for sku, _, source, target, count in record["d"].get("moves", []):
            self.held.update({(sku, source): -count, (sku, target): count})
            if (source in USABLE) != (target in USABLE):
                part, sign = (target, count) if source in USABLE else (source, -count)
                self.spent[day, sku, SPENT_AS.get(part, "")] += sign
        self.left[day] = {sku: self.usable(sku) for sku in Sku}

    def usable(self, sku: str) -> int:
        return sum(self.held[sku, place] for place in USABLE)

    def _people(self, record: Record, *, inside: bool) -> None:
        day, data = office_day(record["t"]), record["d"]
        begun = [data["ref"]] if record["k"] in ("job-created", "reprint") else []
        came = [item["ref"] for item in data.get("records", [])] + [ref for ref in begun if ref not in self._here]
        self._here |= dict.fromkeys(came, day)
        ended = record["k"] == "job-ended"
        made = [data["ref"]] if ended and data["state"] == "completed" else []
        made += [card["ref"] for card in data["cards"]] if record["k"] == "gap-closed" else []
        self.met += [(self._here[ref], day) for ref in made if inside and ref in self._here]
        unfit = ended and data["state"] != "completed" and data.get("record_state", "waiting") != "waiting"
        gone = data["refs"] if record["k"] == "released" else [data["ref"]] if unfit else []
        for ref in (*made, *gone):
            self._here.pop(ref, None)

    def of(self, day: int, part: str) -> int:
        return sum(self.spent[day, sku, part] for sku in Sku)


def reconcile_pictures(told: Told) -> None:
    days, [table] = Days(told), told.papers["pictures"].tables
    opened = sorted({day for day, _, _ in days.spent if any(days.spent[day, sku, "made"] > 0 for sku in Sku)})
    first, left = told.period.first.toordinal() - EPOCH, dict.fromkeys(Sku, 0)
    for day in sorted(day for day in days.left if day < first):
        left = days.left[day]
    shown = list(rows(table))
    assert first + len(shown) - 1 == max(first, min(max(days.left), told.period.last.toordinal() - EPOCH))
    for day, (name, *counts) in enumerate(shown, start=first):
        left = days.left.get(day, left)
        people = [pair for pair in days.met if pair[0] == day < (opened or [0])[-1]]
        soon = round((share_within_a_day(people, opened) or 0) * len(people))
        assert name == day_of(date.fromordinal(EPOCH + day))
        assert counts == [*(days.of(day, part) for part in PARTS), *left.values(), len(people), soon], name
    [bars] = [chart for chart in told.papers["pictures"].charts if isinstance(chart, Bars)]
    causes = told.papers["invalid"].tables[1]
    assert causes.total is not None
    assert sum(count for _, count in bars.rows) == causes.total[-1]


def reconcile_request(told: Told) -> None:
    """The draft at the end of the period: its stock is that of the books, its months what was used in them."""
    last = [frame for frame in told.frames if frame.stamp.time_ms < told.period.end_ms][-1]
    today, days = office_day(last.stamp.time_ms), Days(told)
    basis = Stretch("kupang-01", "ab" * 8, last.seq, last.seq, last.head, told.period.at(last.stamp.time_ms))
    for sku in Sku:
        stock, use, *_ = request_paper(letter(told.view, Config(), today, sku), basis).tables
        held = {ACCOUNTS[place]: days.held[sku, place] for place in USABLE if days.held[sku, place]}
        assert {row[0]: row[1] for row in rows(stock)} == held
        assert stock.total is not None
        assert stock.total[1] == days.usable(sku)
        for place, row in enumerate(rows(use)):
            month = range(today - 30 * place - 29, today - 30 * place + 1)
            assert row[2:5] == tuple(sum(days.spent[day, sku, part] for day in month) for part in PARTS)
