"""docs/faults.md says what the table of faults says, both ways."""

from __future__ import annotations

import re

from kiosk.core.faults import FAULTS
from kiosk.web.fault_words import HAPPENED
from kiosk.web.words import STOPS
from tests.docs import fault_page
from tests.docs.pages import page

ROW = re.compile(r"^\| ([PRS]-\d\d) \| `([a-z-]+)` \| (\w+) \| [^|]+ \| [^|]+ \| (.+) \|$", re.MULTILINE)


def rows(text: str) -> dict[str, tuple[str, str, list[str], int]]:
    """By keyword: code, weight, acts, and how many of them cost a blank."""
    return {keyword: (code, weight, re.findall(r"`([a-z-]+)`", acts), acts.count("costs a blank"))
            for code, keyword, weight, acts in ROW.findall(text)}  # fmt: skip


def test_the_page_is_as_it_is_written_from_the_table() -> None:
    assert fault_page.render() == page("faults.md"), "write it again: python -m tests.docs.fault_page"


def test_the_rows_of_the_page_are_the_faults() -> None:
    table = {
        reason: (fault.code, str(fault.severity), [str(act) for act, _ in fault.remedies],
                 sum(blanks for _, blanks in fault.remedies))
        for reason, fault in FAULTS.items()
    }  # fmt: skip
    assert rows(page("faults.md")) == table
    assert rows(page("faults.md").replace("P-03", "P-33")) != table


def test_every_fault_has_a_heading_of_its_own_and_a_sentence() -> None:
    assert set(FAULTS) <= set(STOPS)
    assert set(STOPS) == set(HAPPENED)
    assert len(set(STOPS.values())) == len(STOPS)
