"""The whole table of verdicts, one line a case, so that a non-programmer can check it."""

from dataclasses import replace
from itertools import product

import pytest

from drivers.protocols import Position
from kiosk.core.plan import READING, Step
from kiosk.core.reconcile import RULES, Evidence, Verdict, reconcile

N, C, P, U = Position.NONE, Position.CONTACTLESS, Position.PRINT, Position.UNKNOWN
QUIET = Evidence(Step.FEED, N, 0, 0, 5, just_reset=False, stopping=frozenset(), same_printer=True)

CASES = [
    # step            where fed panels reset  stopping            same   let   verdict
    (Step.FEED,       N,    0,  0,     False, "",                 True,  None, Verdict.NOT_DONE),
    (Step.FEED,       N,    0,  0,     False, "media-empty",      True,  None, Verdict.NOT_DONE),
    (Step.FEED,       N,    0,  0,     False, "media-jam",        True,  None, Verdict.ASK),
    (Step.FEED,       N,    0,  0,     True,  "",                 True,  None, Verdict.NOT_DONE),
    (Step.FEED,       N,    -1, 0,     True,  "",                 True,  None, Verdict.NOT_DONE),
    (Step.FEED,       N,    1,  0,     True,  "",                 True,  None, Verdict.ASK),
    (Step.FEED,       U,    0,  0,     True,  "",                 True,  None, Verdict.ASK),
    (Step.FEED,       N,    1,  0,     False, "",                 True,  None, Verdict.ASK),
    (Step.FEED,       C,    1,  0,     False, "",                 True,  None, Verdict.DONE),
    (Step.FEED,       C,    0,  0,     False, "",                 True,  None, Verdict.DONE),
    (Step.FEED,       C,    1,  0,     True,  "",                 True,  None, Verdict.DONE),
    (Step.FEED,       C,    1,  0,     False, "media-empty",      True,  None, Verdict.DONE),
    (Step.PRINT,      P,    0,  5,     False, "media-empty",      True,  None, Verdict.DONE),
    (Step.FEED,       C,    2,  0,     False, "",                 True,  None, Verdict.ASK),
    (Step.IDENTIFY,   C,    0,  0,     False, "",                 True,  None, Verdict.NOT_DONE),
    (Step.IDENTIFY,   N,    0,  0,     False, "",                 True,  None, Verdict.ASK),
    (Step.ENCODE,     C,    0,  0,     True,  "",                 True,  None, Verdict.NOT_DONE),
    (Step.ENCODE,     N,    0,  0,     False, "",                 True,  None, Verdict.ASK),
    (Step.VERIFY,     C,    0,  0,     False, "cover-open",       True,  None, Verdict.ASK),
    (Step.PRINT,      P,    0,  5,     False, "",                 True,  None, Verdict.DONE),
    (Step.PRINT,      P,    0,  5,     True,  "",                 True,  None, Verdict.ASK),
    (Step.PRINT,      P,    0,  5,     True,  "",                 True,  5,    Verdict.ASK),
    (Step.PRINT,      P,    0,  0,     False, "",                 True,  0,    Verdict.NOT_DONE),
    (Step.PRINT,      P,    -1, -2,    True,  "",                 True,  0,    Verdict.NOT_DONE),
    (Step.PRINT,      P,    0,  1,     False, "",                 True,  0,    Verdict.ASK),
    (Step.PRINT,      P,    0,  1,     True,  "",                 True,  0,    Verdict.ASK),
    (Step.PRINT,      P,    0,  0,     True,  "",                 True,  1,    Verdict.ASK),
    (Step.PRINT,      P,    0,  1,     True,  "",                 True,  1,    Verdict.SPOILED),
    (Step.PRINT,      P,    0,  0,     False, "",                 True,  1,    Verdict.ASK),
    (Step.PRINT,      P,    0,  0,     True,  "",                 True,  2,    Verdict.SPOILED),
    (Step.PRINT,      P,    0,  0,     False, "",                 True,  4,    Verdict.SPOILED),
    (Step.PRINT,      P,    0,  0,     False, "",                 True,  5,    Verdict.ASK),
    (Step.PRINT,      P,    0,  4,     True,  "",                 True,  5,    Verdict.ASK),
    (Step.PRINT,      N,    0,  0,     False, "",                 True,  0,    Verdict.ASK),
    (Step.PRINT,      P,    0,  2,     False, "",                 True,  None, Verdict.SPOILED),
    (Step.PRINT,      P,    0,  0,     False, "",                 True,  None, Verdict.ASK),
    (Step.PRINT,      P,    0,  6,     False, "",                 True,  None, Verdict.ASK),
    (Step.PRINT,      N,    0,  5,     False, "",                 True,  None, Verdict.ASK),
    (Step.PRINT,      P,    0,  -3,    False, "",                 True,  None, Verdict.ASK),
    (Step.PRINT,      P,    0,  5,     False, "media-jam",        True,  None, Verdict.ASK),
    (Step.EJECT,      P,    0,  0,     False, "",                 True,  None, Verdict.NOT_DONE),
    (Step.EJECT,      N,    0,  0,     False, "",                 True,  None, Verdict.DONE),
    (Step.EJECT,      N,    0,  0,     True,  "",                 True,  None, Verdict.DONE),
    (Step.EJECT,      N,    0,  0,     False, "",                 False, None, Verdict.ASK),
    (Step.EJECT,      U,    0,  0,     False, "",                 True,  None, Verdict.ASK),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: tuple[Step, Position, int, int, bool, str, bool, int | None, Verdict]) -> None:
    step, where, fed, panels, reset, stopping, same, let, verdict = case
    reasons = frozenset(stopping.split())
    assert reconcile(Evidence(step, where, fed, panels, 5, reset, reasons, same, let))[0] is verdict


def every_evidence() -> list[Evidence]:
    return [
        Evidence(step, where, fed, panels, 5, reset, frozenset(stop), same, let)
        for step, where, fed, panels, reset, stop, same, let in product(
            Step,
            Position,
            (-1, 0, 1, 2),
            (-1, 0, 1, 4, 5, 6),
            (False, True),
            ((), ("media-jam",)),
            (False, True),
            (None, 0, 1, 2, 4, 5),
        )
    ]


def test_a_print_is_repeated_only_where_nothing_was_let_onto_the_card() -> None:
    again = [e for e in every_evidence() if e.step is Step.PRINT and reconcile(e)[0] is Verdict.NOT_DONE]
    assert again
    assert all(e.let == 0 and e.panels <= 0 and e.inside and e.same_printer for e in again)


def test_a_print_that_was_answered_well_is_done_whatever_is_counted() -> None:
    """By a printer that forgot its counts when the power went, say; while the card is where it left it."""
    ended = replace(QUIET, step=Step.PRINT, position=P, let=5, ended=True, just_reset=True)
    assert reconcile(ended)[0] is Verdict.DONE
    assert reconcile(replace(ended, panels=-5))[0] is Verdict.DONE
    for other in ({"position": N}, {"position": U}, {"same_printer": False}, {"stopping": frozenset({"media-jam"})}):
        assert reconcile(replace(ended, **other))[0] is Verdict.ASK


def test_nothing_else_is_called_printed_without_every_panel_counted() -> None:
    """By a printer that has been under power all the time: one that counts a panel as it begins had not ended it."""
    done = [e for e in every_evidence() if e.step is Step.PRINT and reconcile(e)[0] is Verdict.DONE]
    assert done
    assert all(e.panels == e.panels_due and e.inside and e.same_printer and not e.just_reset for e in done)


def test_another_printer_is_always_asked() -> None:
    assert all(reconcile(e)[0] is Verdict.ASK for e in every_evidence() if not e.same_printer)


def test_a_missing_card_is_never_done_before_the_eject() -> None:
    gone = [e for e in every_evidence() if e.gone and e.step not in (Step.FEED, Step.EJECT)]
    assert all(reconcile(e)[0] is Verdict.ASK for e in gone)


def test_every_rule_decides_something() -> None:
    ended = replace(QUIET, step=Step.PRINT, position=P, ended=True)
    cases = [*every_evidence(), ended, replace(QUIET, stopping=frozenset({"media-empty"}))]
    assert {reconcile(e)[1] for e in cases} >= {rule.name for rule in RULES}
    assert {Step.IDENTIFY, Step.VERIFY, Step.CONFIRM} == READING
