"""Which answers the devices contradict, one line a case; and that what they don't know contradicts nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.protocols import Position
from kiosk.core.contradictions import IN_HAND, TABLE, contradiction
from kiosk.core.jobs import Answer
from kiosk.core.plan import Step
from kiosk.core.reconcile import Evidence, Verdict, reconcile
from kiosk.web.words import CONTRADICTED

N, C, P, U = Position.NONE, Position.CONTACTLESS, Position.PRINT, Position.UNKNOWN
GOOD, SPOILED, BLANK, GONE = Answer.GOOD, Answer.SPOILED, Answer.BLANK, Answer.NOT_THERE
OUT = Evidence(Step.PRINT, N, 0, 0, 5, just_reset=False, stopping=frozenset(), same_printer=True)

CASES = [
    # answer  step         where panels reset  same   let   keyword
    (GONE,    Step.FEED,   U,    0,     False, True,  None, "card-still-inside"),
    (GONE,    Step.EJECT,  C,    0,     False, True,  None, "card-still-inside"),
    (GOOD,    Step.PRINT,  P,    5,     False, True,  5,    "card-still-inside"),
    (BLANK,   Step.ENCODE, C,    0,     True,  True,  None, "card-still-inside"),
    (SPOILED, Step.PRINT,  P,    2,     False, True,  3,    "card-still-inside"),
    (GONE,    Step.PRINT,  P,    0,     False, False, None, None),  # another printer's card
    (GONE,    Step.PRINT,  N,    2,     False, True,  3,    None),
    (GOOD,    Step.PRINT,  N,    0,     False, True,  5,    None),
    (GOOD,    Step.PRINT,  N,    5,     False, True,  5,    None),
    (GOOD,    Step.PRINT,  N,    4,     False, True,  5,    "not-all-printed"),
    (GOOD,    Step.PRINT,  N,    5,     False, True,  4,    "not-all-printed"),
    (GOOD,    Step.PRINT,  N,    0,     True,  False, 0,    "not-all-printed"),
    (GOOD,    Step.PRINT,  N,    4,     False, True,  None, "not-all-printed"),
    (GOOD,    Step.PRINT,  N,    4,     True,  True,  None, None),  # it may have forgotten one
    (GOOD,    Step.PRINT,  N,    4,     False, False, None, None),
    (GOOD,    Step.PRINT,  N,    0,     False, True,  None, None),  # it may count at the eject
    (GOOD,    Step.EJECT,  N,    0,     False, True,  3,    None),  # its print was done
    (BLANK,   Step.PRINT,  N,    1,     True,  True,  None, "printed-on"),
    (BLANK,   Step.PRINT,  N,    0,     False, True,  5,    None),  # whether the first was begun, nobody knows
    (BLANK,   Step.PRINT,  N,    3,     False, False, None, None),
    (BLANK,   Step.FEED,   N,    0,     False, True,  4,    None),
    (SPOILED, Step.PRINT,  N,    0,     False, True,  0,    None),
    (SPOILED, Step.PRINT,  N,    5,     False, True,  5,    None),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_each_case(case: tuple[Any, ...]) -> None:
    answer, step, where, panels, reset, same, let, keyword = case
    evidence = replace(OUT, step=step, position=where, panels=panels, just_reset=reset, same_printer=same, let=let)
    found = contradiction(answer, evidence)
    assert (found and found[0]) == keyword
    if found and keyword != "card-still-inside":
        assert f"{panels} were counted" in found[1]


def test_a_print_that_was_answered_to_its_end_is_no_blank() -> None:
    told = contradiction(BLANK, replace(OUT, same_printer=False, let=5, ended=True))
    assert told is not None
    assert told[0] == "printed-on"


def test_each_row_has_a_case_and_its_words() -> None:
    assert {row.keyword for row in TABLE} == {case[-1] for case in CASES} - {None} == set(CONTRADICTED)


EVIDENCE = st.builds(
    Evidence, step=st.sampled_from(Step), position=st.sampled_from(Position), fed=st.integers(-2, 2),
    panels=st.integers(-6, 6), panels_due=st.just(5), just_reset=st.booleans(), stopping=st.just(frozenset()),
    same_printer=st.booleans(), let=st.none() | st.integers(0, 5), ended=st.just(False),
)  # fmt: skip


@given(EVIDENCE)
def test_a_person_who_has_looked_always_has_an_answer(evidence: Evidence) -> None:
    """Once the card is out `spoiled` is open to anybody: no machine that is wrong stops the line for good."""
    out = replace(evidence, position=N)
    assert contradiction(SPOILED, out) is None
    assert contradiction(GONE, out) is None


@given(EVIDENCE)
def test_what_is_not_known_contradicts_nothing(evidence: Evidence) -> None:
    nothing = replace(evidence, same_printer=False, let=None)
    assert all(contradiction(answer, nothing) is None for answer in IN_HAND)


@given(EVIDENCE)
def test_what_the_table_of_verdicts_decides_is_not_contradicted(evidence: Evidence) -> None:
    """The same evidence would have decided it alone: were the card out, the answer to it would be let through."""
    verdict, _ = reconcile(evidence)
    if evidence.step is not Step.PRINT or evidence.ended:
        return
    out = replace(evidence, position=N)
    if verdict is Verdict.DONE:
        assert contradiction(GOOD, out) is None or evidence.let not in (None, evidence.panels_due)
    if verdict is Verdict.NOT_DONE:
        assert contradiction(BLANK, out) is None
