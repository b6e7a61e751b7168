"""What the counter may say of a hand-over, and what of a chip agrees with a record."""

from dataclasses import asdict, replace
from itertools import product

import pytest

from kiosk.core.handover import BIODATA, ChipCheck, HandoverError, OldCard, Proof, Taker, compare, parse_handing
from kiosk.core.records import Fields
from kiosk.rig.residents import biodata
from tests.samples import FIELDS

RECORD = Fields(**FIELDS)
PLAIN = {"taker": "holder", "verified": "ktp-lama"}


@pytest.mark.parametrize(("taker", "proof", "chip", "old"), list(product(Taker, Proof, ChipCheck, OldCard)))
def test_every_word_is_taken_and_only_a_representative_is_named(
    taker: Taker, proof: Proof, chip: ChipCheck, old: OldCard
) -> None:
    said = parse_handing(taker.value, proof.value, chip.value, old.value, "Yosep Bria", "1,2 3,4;5,6")
    assert (said.taker, said.proof, said.chip, said.old_card) == (taker, proof, chip, old)
    assert said.name == ("Yosep Bria" if taker is Taker.REPRESENTATIVE else "")
    assert said.strokes == (((1, 2), (3, 4)), ((5, 6),))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"taker": "neighbour"}, "taker: 'neighbour' is not one of holder, representative"),
        ({"verified": ""}, "verified: ''"),
        ({"chip": "felt"}, "chip: 'felt'"),
        ({"old_card": "lost"}, "old_card: 'lost'"),
        ({"taker": "representative"}, "is named"),
        ({"taker": "representative", "name": "  "}, "is named"),
        ({"taker": "representative", "name": "a\nb"}, "printable"),
        ({"taker": "representative", "name": "x" * 61}, "at most 60"),
        ({"strokes": "1,2 3"}, "strokes"),
        ({"strokes": "-1,2"}, "strokes"),
        ({"strokes": "1,2\n"}, "strokes"),
        ({"strokes": "1,2 " * 6_001}, "strokes"),
    ],
)
def test_what_is_incomplete_or_no_word_is_refused(changed: dict[str, str], message: str) -> None:
    with pytest.raises(HandoverError, match=message):
        parse_handing(**{**PLAIN, **changed})


def test_a_chip_of_this_person_agrees_in_every_field() -> None:
    rows = compare(biodata(RECORD), RECORD)
    assert all(row.same for row in rows)
    assert {row.name for row in rows} == {name for name in BIODATA if name}


@pytest.mark.parametrize("name", [name for name in BIODATA if name])
def test_each_field_that_differs_is_found_alone(name: str) -> None:
    chip = replace(RECORD, **{name: "X" if asdict(RECORD)[name] != "X" else "Y"})
    assert [row.name for row in compare(biodata(chip), RECORD) if not row.same] == [name]


@pytest.mark.parametrize("content", [b"", b'"a","b"', b"\xff\xfe", biodata(RECORD) + b'\n"x"', biodata(RECORD)[:-1]])
def test_what_can_not_be_read_agrees_in_nothing(content: bytes) -> None:
    assert not any(row.same for row in compare(content, RECORD))
