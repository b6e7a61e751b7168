"""What may go back to the centre, and what is not printable here any more."""

from __future__ import annotations

from typing import Any

import pytest

from kiosk.core.change import Document, ProjectionError, Read
from kiosk.core.frames import ZERO_HEAD, Frame, Stamp, make_frame
from kiosk.core.release import GONE, NEVER_CAME, RELEASED, TABLE, WITH_CARD, due, must_be_printable, released

REF = "a" * 32


def of(state: str, pending: bool = False, gap: bool = False) -> Read:
    tables: dict[tuple[str, str], dict[str, Any]] = {
        ("records", REF): {"ref": REF, "state": state, "order": [3, 0]},
        **({(TABLE, REF): {"ref": REF, "reason": "moved"}} if pending else {}),
        **({("gap", "open"): {"seq": 1}} if gap else {}),
    }
    return lambda table, key: tables.get((table, key))


def give_back(*refs: str) -> Frame:
    return make_frame(9, "released", Stamp(5_000, "boot", 5, "op:yosep"), {"refs": list(refs)}, ZERO_HEAD)


def test_what_waits_goes_back_once() -> None:
    record, pending, *_ = released(give_back(REF), of("waiting"))
    assert record.document is not None
    assert (record.document["state"], record.document["released"]) == (RELEASED, 9)
    assert "reason" not in record.document
    assert pending.document is None


def test_why_the_centre_took_it_is_kept_with_it() -> None:
    record, *_ = released(give_back(REF), of("waiting", pending=True))
    assert record.document is not None
    assert record.document["reason"] == "moved"


@pytest.mark.parametrize("state", sorted({*WITH_CARD, RELEASED}))
def test_what_has_a_card_or_may_have_one_stays(state: str) -> None:
    with pytest.raises(ProjectionError, match=state):
        released(give_back(REF), of(state, pending=True))


@pytest.mark.parametrize("state", sorted(GONE))
def test_what_went_back_is_printed_by_nobody_here(state: str) -> None:
    record: Document = {"ref": REF, "state": state}
    with pytest.raises(ProjectionError):
        must_be_printable(of(state), record)


def test_what_is_taken_away_is_begun_by_nobody() -> None:
    record: Document = {"ref": REF, "state": "waiting"}
    must_be_printable(of("waiting"), record)
    with pytest.raises(ProjectionError):
        must_be_printable(of("waiting", pending=True), record)


@pytest.mark.parametrize(
    ("state", "goes"),
    [("waiting", True), ("in-job", True), (NEVER_CAME, True), ("printed", False), ("issued", False)],
)
def test_what_can_go_of_what_was_taken_away(state: str, goes: bool) -> None:
    assert due([{"ref": REF, "reason": "moved"}], of(state)) == ([REF] if goes else [])


def test_while_a_lost_disk_has_a_gap_nothing_goes() -> None:
    with pytest.raises(ProjectionError, match="gap"):
        released(give_back(REF), of("waiting", gap=True))
    assert due([{"ref": REF, "reason": "moved"}], of("waiting", gap=True)) == []
