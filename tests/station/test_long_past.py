"""What the desk, the worker and the janitor say of cards that have left the view."""

from __future__ import annotations

import time
from typing import Any

import pytest

from kiosk.core.history import Key, Subject, life
from kiosk.core.jobs import SEEN_BEFORE
from kiosk.errors import Rejected
from kiosk.journal.index import Index
from kiosk.outbox import Inbox
from kiosk.sync.intake import judge
from tests.office import STATION, Office
from tests.station.test_handover import hand_over, printed
from tests.station.test_vault_terms import files, review_after


def forget(office: Office) -> None:
    """Two seals: what was closed before the first of them leaves the view at the second."""
    for _ in range(2):
        office.station.books._seal("test")


def gone(office: Office) -> tuple[str, dict[str, Any]]:
    """A card that was handed over and has left the view: its record and its job."""
    [name] = printed(office)
    job = office.job(name)
    ref = hand_over(office, name)["ref"]
    forget(office)
    with office.station.books.transaction() as view:
        assert view.read("records", ref) is None
        assert view.rows("chips") == []
    return ref, job


def test_every_door_still_knows_it(office: Office) -> None:
    ref, job = gone(office)
    for act, reason in (
        (lambda: office.station.desk.run_jobs("t", refs=[ref]), "record-issued"),
        (lambda: hand_over(office, job["id"]), "handed-over-already"),
        (lambda: office.station.reprints.reprint("op:maria", job["id"], "misprint"), "handed-over-already"),
        (lambda: office.station.reprints.case("0" * 8), "card-not-here"),
        (lambda: office.station.desk.run_jobs("t", refs=["f" * 32]), "record-missing"),
    ):
        with pytest.raises(Rejected) as refused:
            act()
        assert refused.value.reason == reason


def test_the_centre_may_send_it_again_and_nothing_is_taken_in(office: Office) -> None:
    ref, _ = gone(office)
    record, token = office.token(office.residents[3])
    judged = [judge(signed, STATION, [office.hub_key]) for signed in (office.station.vault.token(ref), token)]
    Inbox(office.station.books, office.station.vault).accept(judged, "9")
    assert [item["ref"] for item in office.frames()[-1].data["records"]] == [record.ref]


def test_its_chip_is_never_taken_again_and_the_refused_card_is_found_by_it(office: Office) -> None:
    _, job = gone(office)
    uid = job["cards"][0]["uid"]
    card = next(card for card in office.world.hopper if card.chip)
    card.chip.uid = bytes.fromhex(uid)
    office.bring_records(1)
    office.station.desk.run_jobs("test")
    assert SEEN_BEFORE in office.until_held_up()
    [refused] = [frame for frame in office.frames() if frame.data.get("outcome", {}).get("result") == "refused"]
    assert refused.data["outcome"] == {
        "step": "identify", "result": "refused", "cause": SEEN_BEFORE, "uid": uid,
    }  # fmt: skip
    told = life(Index(office.data).find, Key(Subject.CHIP, uid))
    assert {frame.data["job"] for frame in told if "job" in frame.data} == {job["id"], refused.data["job"]}


def test_its_data_stay_for_the_audit_term_and_go_then(office: Office) -> None:
    ref, _ = gone(office)
    office.restart()
    assert office.station.vault.with_identity() == [ref]  # no leftover of a crash
    review_after(office, 729.9)
    assert len(files(office, ref)) == 2
    office.station._janitor.sweep(office.station.books.seq)
    assert len(files(office, ref)) == 1  # the centre has the hand-over: no biometrics any more
    assert office.station.roster.get(ref) is not None
    review_after(office, 730.1)
    assert (files(office, ref), office.station.roster.get(ref)) == ([], None)
    office.station._janitor.now = time.time
