"""The doctor's result as one text: read back as it was, or refused."""

from __future__ import annotations

import string
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.core.faults import FAULTS
from kiosk.doctor import SITUATIONS, CompactError, Finding, Report, decode, encode, six_lines
from kiosk.doctor.compact import LONGEST_TEXT, PREFIX

ALPHANUMERIC = frozenset(string.digits + string.ascii_uppercase + " $%*+-./:")
WORD = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF), max_size=20)

reports = st.builds(
    Report,
    version=WORD,
    station=WORD,
    time_s=st.integers(0, 2**33),
    seq=st.integers(0, 2**40),
    head=st.text("0123456789abcdef", min_size=16, max_size=16),
    printer=st.one_of(st.just(()), st.tuples(WORD, WORD, WORD)),
    reasons=st.lists(st.sampled_from(sorted(FAULTS)), unique=True).map(tuple),
    findings=st.lists(st.sampled_from(sorted(SITUATIONS)).map(Finding), max_size=20).map(tuple),
)
SAMPLE = Report(
    "0.1.0", "kupang-01", 1_534_204_800, 4711, "9f86d081884c7d65", ("Primacy", "1.2", "10000012345"), ("media-jam",),
    (Finding("config.ok"), Finding("mirror.missing"), Finding("printer.stopped"), Finding("data.ok")),
)  # fmt: skip


@given(reports)
def test_what_is_written_is_read(report: Report) -> None:
    text = encode(report)
    assert decode(text) == report
    assert frozenset(text) <= ALPHANUMERIC, "a QR code holds these at 5.5 bits"


@given(reports, st.text(max_size=40))
def test_details_stay_on_the_machine(report: Report, detail: str) -> None:
    told = replace(report, findings=tuple(Finding(each.situation, detail) for each in report.findings))
    assert encode(told) == encode(report)


@given(st.data())
def test_one_wrong_letter_is_refused(data: st.DataObject) -> None:
    text = encode(SAMPLE)
    at = data.draw(st.integers(0, len(text) - 2))  # of the last letter some bits may mean nothing
    letter = data.draw(st.sampled_from(sorted(set(string.ascii_uppercase + "234567") - {text[at]})))
    with pytest.raises(CompactError):
        decode(text[:at] + letter + text[at + 1 :])


@given(st.one_of(st.text(max_size=200), st.text(max_size=200).map(lambda text: PREFIX + text)))
def test_garbage_is_refused(text: str) -> None:
    with pytest.raises(CompactError):
        decode(text)


@pytest.mark.parametrize("cut", [1, 5, 40])
def test_a_text_that_is_cut_is_refused(cut: int) -> None:
    with pytest.raises(CompactError, match="a letter is wrong or missing"):
        decode(encode(SAMPLE)[:-cut])


def test_too_long_a_text_is_not_even_read() -> None:
    with pytest.raises(CompactError):
        decode(PREFIX + "A" * LONGEST_TEXT)


def test_as_somebody_types_it() -> None:
    text = encode(SAMPLE).lower()
    typed = " ".join(text[at : at + 4] for at in range(0, len(text), 4)).replace(" ", "-\n", 3)
    assert decode(typed) == SAMPLE


def test_six_lines_for_the_telephone() -> None:
    assert six_lines(SAMPLE) == [
        "1  kupang-01, Keping 0.1.0",
        "2  2018-08-14 00:00 UTC",
        "3  frame 4711, 9f86 d081 884c 7d65",
        "4  Primacy, 1.2, 10000012345",
        "5  P-03",
        "6  printer.stopped mirror.missing",
    ]
    assert len(encode(SAMPLE)) < 300
