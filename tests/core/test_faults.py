"""Each printer-state reason is a fault with a code that stays, and with acts that do not cost more than is said."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from drivers.errors import Severity
from drivers.printers.evolis_status import FAILURE_REPLIES, NO_REASON, STATUS_BITS
from kiosk.core.faults import FAULTS, JOB_STOPS, Act, Fault, Remedy, codes, remedies_of, with_codes
from kiosk.core.jobs import Why
from kiosk.core.reconcile import HOPPER
from tests.docs.pages import page, table

GIVEN = """
P-01 media-empty            P-02 media-needed           P-03 media-jam                 P-04 cover-open
P-05 interlock-open         P-06 input-tray-missing     P-07 output-area-full          P-08 marker-supply-empty
P-09 marker-supply-low      P-10 marker-supply-missing  P-11 cleaner-life-over         P-12 cleaner-life-almost-over
P-13 fuser-over-temp        P-14 connecting-to-device   P-15 card-in-path              P-16 other
P-17 printer-unknown        P-18 queue-unsafe           P-19 paused
R-01 reader-missing         R-02 reader-busy            R-03 reader-hung               R-04 sam-missing
S-01 shift-not-open         S-02 spool-area-full        S-03 gap-open                  S-04 superseded
S-05 journal-damaged        S-06 hopper-empty-in-books  S-07 on-battery
S-08 card-seen-before       S-09 store-failed           S-10 offline-limit
"""
"""Codes as they were given out. A line is added for a new one; none is changed or taken out."""
WEIGHT = list(Severity)


def broken(faults: Mapping[str, Fault]) -> list[str]:
    """What is wrong with a table, by reason; a code that was given out must still mean the same."""
    given = dict(zip(GIVEN.split()[1::2], GIVEN.split()[::2], strict=True))
    found = [f"{reason}: {fault.code}" for reason, fault in faults.items() if given.get(reason) != fault.code]
    found += [f"{reason}: {len(fault.remedies)} acts" for reason, fault in faults.items()
              if not 1 <= len({remedy.act for remedy in fault.remedies}) == len(fault.remedies) <= 3]  # fmt: skip
    found += [f"{reason}: costs {blanks}" for reason, fault in faults.items() for act, blanks in fault.remedies
              if blanks not in (0, 1)]  # fmt: skip
    return found


def test_codes_stay_and_acts_are_few() -> None:
    assert broken(FAULTS) == []
    assert len({fault.code for fault in FAULTS.values()}) == len(FAULTS)


@pytest.mark.parametrize(
    "fault",
    [
        Fault("P-99", Severity.ERROR, (Remedy(Act.WAIT),)),
        Fault("P-04", Severity.ERROR, ()),
        Fault("P-04", Severity.ERROR, (Remedy(Act.WAIT), Remedy(Act.WAIT))),
        Fault("P-04", Severity.ERROR, tuple(map(Remedy, list(Act)[:4]))),
        Fault("P-04", Severity.ERROR, (Remedy(Act.WAIT, 2),)),
    ],
)
def test_a_wrong_row_would_be_found(fault: Fault) -> None:
    assert len(broken({**FAULTS, "cover-open": fault})) == 1
    assert len(broken({**FAULTS, "never-heard-of": Fault("P-03", Severity.ERROR, (Remedy(Act.WAIT),))})) == 1


def test_the_faults_are_the_printer_state_reasons() -> None:
    assert set(FAULTS) == {row[0] for row in table(page("vocabulary.md"), "Printer-state reasons")}
    assert set(FAULTS).isdisjoint(Why)


def test_every_act_is_of_use() -> None:
    assert {remedy.act for reason in (*FAULTS, *JOB_STOPS) for remedy in remedies_of(reason)} == set(Act)


def test_a_fault_weighs_as_much_as_the_worst_that_the_printer_says() -> None:
    said = [(bit.keyword, bit.severity) for bit in STATUS_BITS if bit.keyword != NO_REASON]
    said += [(keyword, Severity.ERROR) for keyword in FAILURE_REPLIES.values()]
    for keyword in {keyword for keyword, _ in said}:
        worst = max((severity for word, severity in said if word == keyword), key=WEIGHT.index)
        assert FAULTS[keyword].severity is worst, keyword


def test_what_does_not_touch_the_card_costs_none() -> None:
    """An empty hopper keeps the next card away; reader and station leave the card in the machine as it is."""
    harmless = HOPPER | {reason for reason, fault in FAULTS.items() if fault.code[0] in "RS"}
    for reason in harmless:
        assert not any(remedy.blanks for remedy in FAULTS[reason].remedies), reason


def test_codes_beside_reasons() -> None:
    assert codes({"printer-stopped", "media-jam", "media-empty"}) == ["P-01", "P-03"]
    assert with_codes(["media-jam", "outcome-unknown"]) == "media-jam (P-03), outcome-unknown"
    assert (codes([]), with_codes([])) == ([], "")
