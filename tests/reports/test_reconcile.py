"""Each paper's figures are those of the journal to the unit, for any sequence of movements and any period."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kiosk.reports
from kiosk.core.accounts import Account, Transfer
from kiosk.core.frames import Frame
from kiosk.core.history import Subject
from kiosk.core.movements import TABLE
from kiosk.core.records import Reason, Sku
from kiosk.reports import invalid, named, production, stock, trail
from kiosk.reports.backlog import BacklogReport
from kiosk.reports.catalogue import CATALOGUE, NAMED
from kiosk.reports.invalid import InvalidReport
from kiosk.reports.named import Whose
from kiosk.reports.opname import OpnameReport
from kiosk.reports.period import Period
from kiosk.reports.production import ProductionReport
from kiosk.reports.reading import read
from kiosk.reports.stock import StockReport
from kiosk.reports.uncollected import UncollectedReport
from tests.journal.test_history import TABLE as HISTORY
from tests.reports.life import FRAMES_OF_EVERYTHING, NOVEMBER, OPS, STEPS_MS, Office, dated
from tests.reports.reconcile import (
    RECONCILE,
    reconcile,
    reconcile_backlog,
    reconcile_ekspedisi,
    reconcile_invalid,
    reconcile_opname,
    reconcile_production,
    reconcile_stock,
    reconcile_trail,
    reconcile_uncollected,
    reconcile_uncollected_names,
)
from tests.reports.told import Folded, Told

FRAMES = FRAMES_OF_EVERYTHING


def test_every_paper_is_reconciled() -> None:
    """Whatever names itself a paper in kiosk/reports: of a period, of a person, or of one event."""
    made = set()
    for path in Path(kiosk.reports.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Paper":
                made |= {ast.literal_eval(word.value) for word in node.keywords if word.arg == "name"}
    assert made == set(RECONCILE)
    assert made >= set(CATALOGUE) | set(NAMED)


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


def test_an_ekspedisi_of_one_day_has_no_card_of_another() -> None:
    day = NOVEMBER.at(FRAMES[-1].stamp.time_ms).date()
    told = Told(FRAMES, Period(day, day, NOVEMBER.zone))
    reconcile_ekspedisi(told)
    [(_, whole, _)] = told.named("ekspedisi", [Whose()])
    assert sum(len(table.rows) for table in whole.tables) < len(told.view.rows("uncollected"))


def test_a_trail_has_words_for_each_kind_that_tells_of_a_person() -> None:
    personal = {Subject.RECORD, Subject.JOB, Subject.CALL}
    told = {kind for kind, _, keys in HISTORY if personal & {key.subject for key in keys}} - {
        "test-card",
        "test-ended",
    }
    assert told - trail._PLAIN.keys() - trail._TOLD.keys() == {"records"}


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
        reconcile_stock(Told(FRAMES, NOVEMBER))
    monkeypatch.setattr(production, "moves_of", without(source, target))
    if target in production.ENDS and any(k not in ("stock", "shift-closed") and (f, t) == (source, target)
                                         for k, _, f, t in folded.flows):  # fmt: skip
        with pytest.raises(AssertionError):
            reconcile_production(Told(FRAMES, NOVEMBER))
    monkeypatch.setattr(invalid, "moves_of", without(source, target))
    if {source, target} & set(invalid.REGISTERS):
        with pytest.raises(AssertionError):
            reconcile_invalid(Told(FRAMES, NOVEMBER))


@pytest.mark.parametrize("kind", ["records", "job-created", "job-ended", "reprint", "released"])
def test_a_backlog_that_overlooks_one_kind_is_found_out(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    take = BacklogReport.take
    monkeypatch.setattr(
        BacklogReport, "take", lambda self, frame, inside: None if frame.kind == kind else take(self, frame, inside)
    )
    with pytest.raises((AssertionError, KeyError)):
        reconcile_backlog(Told(FRAMES, NOVEMBER))


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


@pytest.mark.parametrize("kind", ["stock", "step", "job-ended"])
def test_an_opname_that_overlooks_one_kind_is_found_out(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    take = OpnameReport.take
    monkeypatch.setattr(
        OpnameReport, "take", lambda self, frame, inside: None if frame.kind == kind else take(self, frame, inside)
    )
    with pytest.raises(AssertionError):
        reconcile_opname(Told(FRAMES, NOVEMBER))


@pytest.mark.parametrize("kind", ["job-ended", "handed-over", "reprint"])
@pytest.mark.parametrize("check", [reconcile_uncollected, reconcile_uncollected_names, reconcile_ekspedisi])
def test_a_list_that_overlooks_one_kind_is_found_out(
    monkeypatch: pytest.MonkeyPatch, kind: str, check: Callable[[Told], None]
) -> None:
    take = UncollectedReport.take
    monkeypatch.setattr(
        UncollectedReport, "take",
        lambda self, frame, inside: None if frame.kind == kind else take(self, frame, inside),
    )  # fmt: skip
    monkeypatch.setattr(BacklogReport, "take", lambda self, frame, inside: None)
    with pytest.raises((AssertionError, KeyError)):
        check(Told(FRAMES, NOVEMBER))


def test_a_list_that_loses_a_kelurahan_or_the_destroyed_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    inner = named._Names._sorted
    for lose in ("rows", "nobody"):

        def sorted_(self: Any, since_ms: int = 0, lose: str = lose) -> Any:
            rows, nobody, elsewhere = inner(self, since_ms)
            return (dict(list(rows.items())[1:]), nobody, elsewhere) if lose == "rows" else (rows, [], elsewhere)

        monkeypatch.setattr(named._Names, "_sorted", sorted_)
        for check in (reconcile_uncollected_names, reconcile_ekspedisi):
            with pytest.raises(AssertionError):
                check(Told(FRAMES, NOVEMBER))


@pytest.mark.parametrize(
    "kind", sorted({frame.kind for frame in FRAMES} & {"records", "step", "looked-up", "handed-over"})
)
def test_a_trail_that_overlooks_one_kind_is_found_out(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    keys = trail.keys_of
    monkeypatch.setattr(trail, "keys_of", lambda frame: frozenset() if frame.kind == kind else keys(frame))
    with pytest.raises(AssertionError):
        reconcile_trail(Told(FRAMES, NOVEMBER))


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
