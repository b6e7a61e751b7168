"""Each paper's figures are those of the journal to the unit, for any sequence of movements and any period."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.core.accounts import Account, Transfer
from kiosk.core.frames import Frame
from kiosk.core.movements import TABLE
from kiosk.core.records import Reason, Sku
from kiosk.reports import invalid, production, stock
from kiosk.reports.backlog import AGAIN, CAME, SERVED, WAYS, BacklogReport
from kiosk.reports.catalogue import CATALOGUE
from kiosk.reports.invalid import InvalidReport, Part
from kiosk.reports.paper import Paper, Table
from kiosk.reports.period import Period
from kiosk.reports.production import ProductionReport
from kiosk.reports.reading import Report, read
from kiosk.reports.stock import StockReport
from kiosk.reports.uncollected import UncollectedReport
from kiosk.reports.words import ACCOUNTS
from kiosk.views import View
from tests.purity import project
from tests.reports.life import FRAMES_OF_EVERYTHING, NOVEMBER, OPS, STEPS_MS, Office, dated

FRAMES = FRAMES_OF_EVERYTHING


def told(frames: Iterable[Frame], period: Period) -> tuple[dict[str, Report], dict[str, Paper]]:
    reports = {name: entry.make() for name, entry in CATALOGUE.items()}
    basis = read(frames, period, reports.values())
    return reports, {name: report.paper(period, basis) for name, report in reports.items()}


class Folded:
    """The stored bytes, folded by nothing of the program: balances at both ends, and every flow between accounts."""

    def __init__(self, frames: Iterable[Frame], period: Period) -> None:
        self.opening: Counter[tuple[str, str]] = Counter()
        self.closing: Counter[tuple[str, str]] = Counter()
        self.flows: Counter[tuple[str, str, str, str]] = Counter()
        self.came = self.served = 0
        for frame in frames:
            record = json.loads(frame.record)
            if record["t"] >= period.end_ms:
                continue
            if record["t"] >= period.begin_ms:
                self.came += len(record["d"].get("records", []))
                self.served += record["d"].get("state") == "completed"
            for sku, _, source, target, quantity in record["d"].get("moves", []):
                for books in [self.closing, *([self.opening] if record["t"] < period.begin_ms else [])]:
                    books[sku, source] -= quantity
                    books[sku, target] += quantity
                if record["t"] >= period.begin_ms:
                    self.flows[record["k"], sku, source, target] += quantity

    def into(self, sku: str, target: str, *but: str) -> int:
        return sum(n for (k, s, _, t), n in self.flows.items() if (s, t) == (sku, target) and k not in but)

    def out_of(self, sku: str, source: str) -> int:
        return sum(n for (_, s, f, _), n in self.flows.items() if (s, f) == (sku, source))


def view_at(frames: Iterable[Frame], period: Period) -> View:
    view = View()
    for frame in frames:
        if frame.stamp.time_ms < period.end_ms:
            view.apply(frame.seq, project(frame, view.read))
    return view


def rows(table: Table) -> Iterator[tuple[Any, ...]]:
    return iter(table.rows)


def reconcile_stock(papers: dict[str, Paper], folded: Folded) -> None:
    for sku, table in zip(Sku, papers["stock"].tables, strict=True):
        found = {row[0]: row[1:] for row in rows(table)}
        assert list(found) == [ACCOUNTS[place] for place in Account], "zeros are written"
        for place in Account:
            came, went = folded.into(sku, place), folded.out_of(sku, place)
            wanted = (folded.opening[sku, place], came, went, folded.closing[sku, place])
            assert found[ACCOUNTS[place]] == wanted, (sku, place)
        assert table.total is not None
        assert (table.total[1], table.total[4]) == (0, 0)
        assert table.total[2] == table.total[3]


def reconcile_production(papers: dict[str, Paper], folded: Folded) -> None:
    summary, log = papers["production"].tables
    for sku, (_, *counts) in zip(Sku, rows(summary), strict=True):
        assert counts == [folded.into(sku, end, "stock", "shift-closed") for end in production.ENDS], sku
    listed = Counter[tuple[str, str]]()
    for _, _, _, sku, _, end, _, quantity, _ in rows(log):
        listed[sku, end] += quantity
    names = [column.name for column in summary.columns[1:]]
    assert listed == Counter({
        (sku.upper(), name): n for sku, (_, *counts) in zip(Sku, rows(summary), strict=True)
        for name, n in zip(names, counts, strict=True) if n
    })  # fmt: skip


def reconcile_invalid(papers: dict[str, Paper], folded: Folded) -> None:
    registers, causes, _ = papers["invalid"].tables
    places = [(sku, place) for sku in Sku for place in invalid.REGISTERS]
    new = list(Part).index(Part.NEW)
    assert causes.total is not None
    for number, (row, (sku, place)) in enumerate(zip(rows(registers), places, strict=True)):
        _, _, opening, *parts, closing = row
        assert (opening, closing) == (folded.opening[sku, place], folded.closing[sku, place]), (sku, place)
        assert opening + sum(parts) == closing
        assert parts[new] == causes.total[1 + number] == sum(each[1 + number] for each in rows(causes))


def reconcile_backlog(papers: dict[str, Paper], view: View, folded: Folded) -> None:
    flow, waits, ages = papers["backlog"].tables
    waiting = Counter(row["sku"] for row in view.rows("records") if row["state"] in ("waiting", "in-job"))
    for sku, (_, opening, *ways, closing) in zip(Sku, rows(flow), strict=True):
        signed = [n if way in (CAME, AGAIN) else -n for way, n in zip(WAYS, ways, strict=True)]
        assert closing == opening + sum(signed) == waiting[sku]
    assert ages.total is not None
    assert ages.total[-1] == waiting.total()
    totals = {way: sum(row[2 + place] for row in rows(flow)) for place, way in enumerate(WAYS)}
    assert (totals[CAME], totals[SERVED]) == (folded.came, folded.served)
    assert next(rows(waits))[1] == str(folded.served)


def reconcile_uncollected(papers: dict[str, Paper], view: View, folded: Folded) -> None:
    ages, cards = papers["uncollected"].tables
    for sku, row in zip(Sku, rows(ages), strict=True):
        assert row[-1] == folded.closing[sku, Account.PRINTED] == sum(each[2] == sku.upper() for each in rows(cards))
    assert {(row[1], row[3]) for row in rows(cards)} == {
        (each["job"], each["uid"]) for each in view.rows("uncollected")
    }


def reconcile(frames: list[Frame], period: Period) -> None:
    _, papers = told(frames, period)
    folded = Folded(frames, period)
    reconcile_stock(papers, folded)
    reconcile_production(papers, folded)
    reconcile_invalid(papers, folded)
    view = view_at(frames, period)
    reconcile_backlog(papers, view, folded)
    reconcile_uncollected(papers, view, folded)


@pytest.mark.parametrize("examples", [12, pytest.param(300, marks=pytest.mark.long)])
@pytest.mark.timeout(600)
def test_any_life_of_an_office(examples: int) -> None:
    @settings(max_examples=examples, database=None)
    @given(st.lists(OPS, min_size=10, max_size=60), st.lists(st.sampled_from(STEPS_MS), min_size=9, max_size=9))
    def check(operations: list[tuple[Any, ...]], steps_ms: list[int]) -> None:
        office = Office()
        for operation in operations:
            office.do(operation)
        steps = steps_ms * (len(office.frames) // 9 + 1)
        reconcile(list(dated(office.frames, steps)), NOVEMBER)

    check()


def test_an_office_that_does_everything() -> None:
    reconcile(FRAMES, NOVEMBER)
    pairs = {(move.source, move.target) for frame in FRAMES for move in stock.moves_of(frame)
             if frame.stamp.time_ms >= NOVEMBER.begin_ms}  # fmt: skip
    told_of = {"found", "found-issued", "found-spoiled", "found-defect", "lay-down", "not-fed", "feed"}
    missing = {row.name for row in TABLE if not row.pairs & pairs} - told_of
    assert not missing, "the negative control below drops each of them"


def without(source: Account, target: Account) -> Callable[[Frame], Iterator[Transfer]]:
    """A paper that knows one way less."""
    return lambda frame: (
        move for move in map(Transfer.from_json, frame.data.get("moves") or [])
        if (move.source, move.target) != (source, target)
    )  # fmt: skip


WAYS_SEEN = sorted({(move.source, move.target) for frame in FRAMES for move in stock.moves_of(frame)})


@pytest.mark.parametrize(("source", "target"), WAYS_SEEN)
def test_a_paper_that_drops_one_movement_is_found_out(
    monkeypatch: pytest.MonkeyPatch, source: Account, target: Account
) -> None:
    folded = Folded(FRAMES, NOVEMBER)
    monkeypatch.setattr(stock, "moves_of", without(source, target))
    with pytest.raises(AssertionError):
        reconcile_stock(told(FRAMES, NOVEMBER)[1], folded)
    monkeypatch.setattr(production, "moves_of", without(source, target))
    if target in production.ENDS and any(k not in ("stock", "shift-closed") and (f, t) == (source, target)
                                         for k, _, f, t in folded.flows):  # fmt: skip
        with pytest.raises(AssertionError):
            reconcile_production(told(FRAMES, NOVEMBER)[1], folded)
    monkeypatch.setattr(invalid, "moves_of", without(source, target))
    if {source, target} & set(invalid.REGISTERS):
        with pytest.raises(AssertionError):
            reconcile_invalid(told(FRAMES, NOVEMBER)[1], folded)


@pytest.mark.parametrize("kind", ["records", "job-created", "job-ended", "reprint", "released"])
def test_a_backlog_that_overlooks_one_kind_is_found_out(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    take = BacklogReport.take
    view, folded = view_at(FRAMES, NOVEMBER), Folded(FRAMES, NOVEMBER)
    monkeypatch.setattr(
        BacklogReport, "take", lambda self, frame, inside: None if frame.kind == kind else take(self, frame, inside)
    )
    with pytest.raises((AssertionError, KeyError)):
        reconcile_backlog(told(FRAMES, NOVEMBER)[1], view, folded)


def test_a_reversal_is_booked_against_what_it_takes_back() -> None:
    office = Office()
    office.do(("move", "spoil", Sku.WNI, 5, 1))
    office.do(("reverse", 0))
    report = InvalidReport()
    read(
        dated(office.frames, [1_000] * 99),
        Period(NOVEMBER.first.replace(month=10), NOVEMBER.last, NOVEMBER.zone),
        [report],
    )
    assert not any(report.causes.values())
    assert not any(report.parts.values())


@pytest.mark.parametrize("kind", ["job-ended", "handed-over", "reprint"])
def test_a_list_that_overlooks_one_kind_is_found_out(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    view, folded = view_at(FRAMES, NOVEMBER), Folded(FRAMES, NOVEMBER)
    seen = [frame for frame in FRAMES if frame.kind != kind]
    report = UncollectedReport()
    monkeypatch.setattr(report._line, "take", lambda frame, inside: None)
    paper = report.paper(NOVEMBER, read(seen, NOVEMBER, [report]))
    with pytest.raises(AssertionError):
        reconcile_uncollected({"uncollected": paper}, view, folded)


DAY = [("take_in", 1, Reason.BARU), ("make", "printed", ""), ("hand_over", 0, "none"), ("seal",)]


def test_memory_is_of_what_is_live() -> None:
    """A journal ten times as long leaves the reports no bigger, where the work is of before the period."""

    def size(days: int) -> int:
        office = Office()
        for _ in range(days):
            for operation in DAY:
                office.do(operation)
        reports = [StockReport(), ProductionReport(), InvalidReport(), BacklogReport(), UncollectedReport()]
        read(dated(office.frames, [1_000] * len(office.frames)), NOVEMBER, reports)
        return sum(len(part) for report in reports for part in vars(report).values() if hasattr(part, "__len__"))

    assert size(6) == size(60)
