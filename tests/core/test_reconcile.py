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
    # step            where fed panels reset  stopping            same   verdict
    (Step.FEED,       N,    0,  0,     False, "",                 True,  Verdict.NOT_DONE),
    (Step.FEED,       N,    0,  0,     False, "media-empty",      True,  Verdict.NOT_DONE),
    (Step.FEED,       N,    0,  0,     False, "media-jam",        True,  Verdict.ASK),
    (Step.FEED,       N,    0,  0,     True,  "",                 True,  Verdict.ASK),
    (Step.FEED,       N,    1,  0,     False, "",                 True,  Verdict.ASK),
    (Step.FEED,       C,    1,  0,     False, "",                 True,  Verdict.DONE),
    (Step.FEED,       C,    0,  0,     False, "",                 True,  Verdict.DONE),
    (Step.FEED,       C,    1,  0,     True,  "",                 True,  Verdict.DONE),
    (Step.FEED,       C,    1,  0,     False, "media-empty",      True,  Verdict.DONE),
    (Step.PRINT,      P,    0,  5,     False, "media-empty",      True,  Verdict.DONE),
    (Step.FEED,       C,    2,  0,     False, "",                 True,  Verdict.ASK),
    (Step.IDENTIFY,   C,    0,  0,     False, "",                 True,  Verdict.NOT_DONE),
    (Step.IDENTIFY,   N,    0,  0,     False, "",                 True,  Verdict.ASK),
    (Step.ENCODE,     C,    0,  0,     True,  "",                 True,  Verdict.NOT_DONE),
    (Step.ENCODE,     N,    0,  0,     False, "",                 True,  Verdict.ASK),
    (Step.VERIFY,     C,    0,  0,     False, "cover-open",       True,  Verdict.ASK),
    (Step.PRINT,      P,    0,  5,     False, "",                 True,  Verdict.DONE),
    (Step.PRINT,      P,    0,  5,     True,  "",                 True,  Verdict.DONE),
    (Step.PRINT,      P,    0,  2,     False, "",                 True,  Verdict.SPOILED),
    (Step.PRINT,      P,    0,  0,     False, "",                 True,  Verdict.ASK),
    (Step.PRINT,      P,    0,  6,     False, "",                 True,  Verdict.ASK),
    (Step.PRINT,      N,    0,  5,     False, "",                 True,  Verdict.ASK),
    (Step.PRINT,      P,    0,  -3,    False, "",                 True,  Verdict.ASK),
    (Step.PRINT,      P,    0,  5,     False, "media-jam",        True,  Verdict.ASK),
    (Step.EJECT,      P,    0,  0,     False, "",                 True,  Verdict.NOT_DONE),
    (Step.EJECT,      N,    0,  0,     False, "",                 True,  Verdict.DONE),
    (Step.EJECT,      N,    0,  0,     True,  "",                 True,  Verdict.ASK),
    (Step.EJECT,      N,    0,  0,     False, "",                 False, Verdict.ASK),
    (Step.EJECT,      U,    0,  0,     False, "",                 True,  Verdict.ASK),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: tuple[Step, Position, int, int, bool, str, bool, Verdict]) -> None:
    step, where, fed, panels, reset, stopping, same, verdict = case
    reasons = frozenset(stopping.split())
    assert reconcile(Evidence(step, where, fed, panels, 5, reset, reasons, same))[0] is verdict


def every_evidence() -> list[Evidence]:
    return [
        Evidence(step, where, fed, panels, 5, reset, frozenset(stop), same)
        for step, where, fed, panels, reset, stop, same in product(
            Step, Position, (-1, 0, 1, 2), (-1, 0, 1, 4, 5, 6), (False, True), ((), ("media-jam",)), (False, True)
        )
    ]


def test_a_print_is_never_repeated() -> None:
    """No evidence at all lets a begun print be called not done."""
    assert all(reconcile(e)[0] is not Verdict.NOT_DONE for e in every_evidence() if e.step is Step.PRINT)


def test_nothing_is_called_printed_without_every_panel_counted() -> None:
    done = [e for e in every_evidence() if e.step is Step.PRINT and reconcile(e)[0] is Verdict.DONE]
    assert done
    assert all(e.panels == e.panels_due and e.inside and e.same_printer for e in done)


def test_another_printer_is_always_asked() -> None:
    assert all(reconcile(e)[0] is Verdict.ASK for e in every_evidence() if not e.same_printer)


def test_a_missing_card_is_never_done_before_the_eject() -> None:
    gone = [e for e in every_evidence() if e.gone and e.step not in (Step.FEED, Step.EJECT)]
    assert all(reconcile(e)[0] is Verdict.ASK for e in gone)


def test_every_rule_decides_something() -> None:
    cases = [*every_evidence(), replace(QUIET, stopping=frozenset({"media-empty"}))]
    assert {reconcile(e)[1] for e in cases} >= {rule.name for rule in RULES}
    assert {Step.IDENTIFY, Step.VERIFY, Step.CONFIRM} == READING
