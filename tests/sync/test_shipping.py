"""Frames reach the centre once in effect, whatever the line does; a branched journal is stopped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update

from kiosk.core.frames import ZERO_HEAD
from kiosk.crypto import keys
from kiosk.crypto.checkpoint import Checkpoint, Position, sign_checkpoint, sign_receipt, verify_receipt
from kiosk.hub.schema import frames, journals
from kiosk.hub.stations import allow_successor
from kiosk.sync import shipping
from kiosk.sync.client import ChainRefused, HubRefused, HubUnreachable, Receipt, UntrustedAnswer
from kiosk.sync.shipping import Acknowledged, AckStore, ForkDetected, Shipper
from tests.sync.centre import BRISK, IMPATIENT, Centre, Journal, Line, Station


def ship_all(shipper: Shipper) -> None:
    while shipper.step():
        continue


def own(journal: Journal) -> list[bytes]:
    return [frame.record for frame in journal.frames]


def test_frames_arrive_in_order_and_are_acknowledged(centre: Centre, station: Station) -> None:
    station.journal.stock(30, 2)
    shipper = station.shipper()
    assert shipper.unsent == 31
    ship_all(shipper)
    assert centre.held(station.name) == own(station.journal)
    assert (shipper.unsent, shipper.acknowledged) == (0, 31)
    assert centre.status(station.name).stock == {("wni", "supplier"): -60, ("wni", "vault"): 60}
    assert centre.alarms(station.name) == set()


def test_each_new_acknowledgement_is_told_once_and_is_on_the_medium_by_then(centre: Centre, station: Station) -> None:
    told: list[tuple[int, int]] = []

    def hear(seq: int) -> None:
        told.append((seq, json.loads((station.directory / "ack.json").read_bytes())["seq"]))

    station.journal.stock(2)
    shipper = Shipper(station.client(), station.journal, station.acknowledged(on_ack=hear))
    ship_all(shipper)
    ship_all(shipper)
    station.journal.stock(1)
    centre.line.faults.append("drop-after")
    with pytest.raises(HubUnreachable):
        shipper.step()
    assert told == [(3, 3)]
    ship_all(shipper)
    assert told == [(3, 3), (4, 4)]


def test_within_a_backlog_a_receipt_is_kept_once_in_a_while_and_the_last_one_always(
    centre: Centre, station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipping, "REQUEST_BYTES", 1000)
    kept: list[int] = []
    now = [0.0]
    store = AckStore(station.directory / "ack.json")
    acknowledged = Acknowledged(
        station.journal, store, station.name, station.pins.signing, kept.append, monotonic=lambda: now[0]
    )
    shipper = Shipper(station.client(), station.journal, acknowledged)
    station.journal.stock(40)
    passed = [shipper.acknowledged for _ in range(3) if shipper.step()]
    assert kept == passed[:1]
    now[0] += shipping.KEEP_S
    assert shipper.step()
    assert kept == [passed[0], shipper.acknowledged]
    assert shipper.step()
    before = shipper.acknowledged
    centre.line.faults.append("drop-before")
    with pytest.raises(HubUnreachable):
        shipper.step()
    assert kept[2:] == [before], "what came before the line broke is kept"
    ship_all(shipper)
    assert kept[-1] == 41
    assert len(kept) < 6


def test_a_receipt_that_the_medium_refused_is_kept_later(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    shipper = station.shipper()
    ack = station.directory / "ack.json"
    with monkeypatch.context() as patched:
        patched.setattr(shipping, "replace_file", refuse)
        with pytest.raises(OSError, match="full"):
            shipper.step()
    assert not ack.exists()
    ship_all(shipper)
    assert json.loads(ack.read_bytes())["seq"] == 1


def refuse(path: Path, content: bytes) -> None:
    raise OSError("the medium is full")


def test_large_backlog_goes_in_bounded_requests(
    centre: Centre, station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipping, "REQUEST_BYTES", 1000)
    station.journal.stock(40)
    before = centre.line.requests
    ship_all(station.shipper())
    assert centre.held(station.name) == own(station.journal)
    assert centre.line.requests - before > 5


def test_one_frame_larger_than_a_request_still_goes(centre: Centre, station: Station) -> None:
    station.journal.append("note", {"text": "x" * (shipping.REQUEST_BYTES + 10)})
    station.journal.stock(1)
    ship_all(station.shipper())
    assert centre.held(station.name) == own(station.journal)


def test_reply_lost_after_the_commit_converges(centre: Centre, station: Station) -> None:
    shipper = station.shipper()
    ship_all(shipper)
    station.journal.stock(3)
    centre.line.faults.append("drop-after")
    with pytest.raises(HubUnreachable):
        shipper.step()
    assert len(centre.held(station.name)) == 4
    assert shipper.acknowledged == 1
    station.journal.stock(2)
    ship_all(shipper)
    assert centre.held(station.name) == own(station.journal)
    assert centre.status(station.name).stock[("wni", "vault")] == 5


def test_request_that_takes_effect_late_changes_nothing(centre: Centre, station: Station) -> None:
    shipper = station.shipper()
    ship_all(shipper)
    station.journal.stock(2)
    centre.line.faults.append("late")
    centre.clients[-1].timeout = IMPATIENT
    with pytest.raises(HubUnreachable):
        shipper.step()
    centre.clients[-1].timeout = BRISK
    station.journal.stock(1)
    ship_all(shipper)
    centre.line.gate.set()
    assert centre.line.late_done.wait(10)
    station.journal.stock(1)
    ship_all(shipper)
    assert centre.held(station.name) == own(station.journal)
    assert centre.alarms(station.name) == set()


@pytest.mark.parametrize("content", [None, b"", b"{}", b"[]", b'{"receipt": 5}', b'{"receipt": "a.b.c"}'])
def test_lost_or_damaged_acknowledgement_is_asked_for(
    centre: Centre, station: Station, content: bytes | None
) -> None:
    station.journal.stock(3)
    ship_all(station.shipper())
    ack = station.directory / "ack.json"
    ack.unlink() if content is None else ack.write_bytes(content)
    again = station.shipper()
    assert again.acknowledged == 0
    assert again.step() is False
    assert again.acknowledged == 4
    assert verify_receipt(json.loads(ack.read_bytes())["receipt"], station.pins.signing).seq == 4


def test_restart_knows_the_position_without_the_centre(station: Station) -> None:
    station.journal.stock(3)
    ship_all(station.shipper())
    assert (station.shipper().acknowledged, station.shipper().unsent) == (4, 0)


def test_acknowledgement_of_another_key_is_not_believed(station: Station) -> None:
    forged = Position(station.name, "00000000000000a1", 1, station.journal.frames[0].head)
    store = AckStore(station.directory / "ack.json")
    store.save(Receipt(forged, sign_receipt(forged, keys.generate_signing())))
    assert store.load(station.name, "00000000000000a1", station.pins.signing) is None
    store.save(Receipt(forged, sign_receipt(forged, station.centre.keys.signing)))
    assert store.load(station.name, "00000000000000a1", station.pins.signing) == forged
    assert store.load(station.name, "00000000000000a2", station.pins.signing) is None


def test_journal_set_back_is_noticed_before_anything_is_sent(centre: Centre, station: Station) -> None:
    station.journal.stock(5)
    ship_all(station.shipper())
    for length in (1, 3):
        with pytest.raises(ForkDetected) as caught:
            station.shipper(station.journal.branch(length)).step()
        assert caught.value.reason == "rollback"
    assert "rollback" in centre.alarms(station.name)
    assert centre.held(station.name) == own(station.journal)


def test_fork_is_refused_and_alarmed_on_both_sides(centre: Centre, station: Station) -> None:
    station.journal.stock(5)
    ship_all(station.shipper())
    twin = station.journal.branch(3)
    twin.stock(9, 7)
    shipper = station.shipper(twin)
    with pytest.raises(ForkDetected) as caught:
        shipper.step()
    assert caught.value.reason == "fork"
    assert "fork" in centre.alarms(station.name)
    assert centre.held(station.name) == own(station.journal)
    ship_all(station.shipper())


def test_fork_that_opens_between_two_requests_is_refused(centre: Centre, station: Station) -> None:
    twin = station.journal.branch(1)
    mine, other = station.shipper(), station.shipper(twin)
    ship_all(mine)
    ship_all(other)
    station.journal.stock(2)
    twin.stock(2, 9)
    ship_all(mine)
    with pytest.raises(ForkDetected):
        other.step()
    assert centre.held(station.name) == own(station.journal)


def test_centre_set_back_to_a_backup_is_filled_again(centre: Centre, station: Station) -> None:
    """The station's acknowledgement is ahead of the centre: the centre's own word counts, if it fits."""
    station.journal.stock(5)
    shipper = station.shipper()
    ship_all(shipper)
    with centre.store.transaction() as connection:
        connection.execute(delete(frames).where(frames.c.station == station.name, frames.c.seq > 3))
        connection.execute(
            update(journals)
            .where(journals.c.station == station.name)
            .values(seq=3, head=station.journal.frames[2].head, checkpoint_seq=0, checkpoint_head=ZERO_HEAD)
        )
    station.journal.stock(1)
    ship_all(shipper)
    assert centre.held(station.name) == own(station.journal)
    assert "gap" in centre.alarms(station.name)


def test_new_incarnation_needs_the_centres_consent(centre: Centre, station: Station) -> None:
    station.journal.stock(4)
    ship_all(station.shipper())
    fresh = Journal(station.name, station.key, "00000000000000a2")
    fresh.stock(2)
    shipper = station.shipper(fresh)
    with pytest.raises(ForkDetected) as caught:
        shipper.step()
    assert caught.value.reason == "incarnation"
    allow_successor(centre.store, station.name)
    shipper.review()
    ship_all(shipper)
    seen = centre.status(station.name)
    assert (seen.incarnation, seen.seq, seen.stock[("wni", "vault")]) == ("00000000000000a2", 3, 2)
    with pytest.raises(ForkDetected):
        ship_all(station.shipper())
    third = Journal(station.name, station.key, "00000000000000a3")
    with pytest.raises(ForkDetected):
        ship_all(station.shipper(third))


def test_consent_is_for_a_new_journal_and_not_for_a_superseded_one(centre: Centre, station: Station) -> None:
    ship_all(station.shipper())
    allow_successor(centre.store, station.name)
    ship_all(station.shipper(Journal(station.name, station.key, "00000000000000a2")))
    allow_successor(centre.store, station.name)
    station.journal.stock(1)
    with pytest.raises(ForkDetected):
        ship_all(station.shipper())
    assert centre.status(station.name).incarnation == "00000000000000a2"


class Forger:
    """A client whose receipts are made here."""

    def __init__(self, station: Station, receipt: Receipt) -> None:
        self.station, self.hub_keys = station.name, station.pins.signing
        self._receipt = receipt

    def position(self) -> Receipt:
        nothing = Position(self.station, "00000000000000a1", 0, ZERO_HEAD)
        return Receipt(nothing, "")

    def ship(self, lines: list[bytes], checkpoint: str) -> Receipt:
        return self._receipt


@pytest.mark.parametrize(
    ("seq", "head", "error"),
    [(4, "ab" * 32, ForkDetected), (9, "ab" * 32, ForkDetected), (2, "own", UntrustedAnswer)],
)
def test_receipt_must_name_a_frame_of_ours(station: Station, seq: int, head: str, error: type) -> None:
    station.journal.stock(3)
    named = station.journal.frames[seq - 1].head if head == "own" else head
    receipt = Receipt(Position(station.name, "00000000000000a1", seq, named), "")
    shipper = Shipper(Forger(station, receipt), station.journal, station.acknowledged())
    with pytest.raises(error):
        shipper.step()
    assert shipper.acknowledged == 0
    assert not (station.directory / "ack.json").exists()


def test_receipt_of_a_stranger_is_not_believed(centre: Centre, station: Station) -> None:
    """The station pinned another centre than the one that answers."""
    station.pins = type(station.pins)(
        station.pins.url, station.name, (keys.generate_signing(),), station.pins.encryption, station.pins.chip
    )
    with pytest.raises(HubRefused) as caught:
        station.client().position()
    assert caught.value.reason == "wrong-claims"


def test_frames_without_a_checkpoint_of_the_station_are_refused(centre: Centre, station: Station) -> None:
    client, lines = station.client(), [station.journal.frames[0].line]
    here = Checkpoint(station.journal.position())
    elsewhere = Checkpoint(Position("kupang-99", "00000000000000a1", 1, station.journal.frames[0].head))
    for token in (
        "",
        sign_checkpoint(here, keys.generate_signing()),
        sign_checkpoint(elsewhere, station.key),
    ):
        with pytest.raises(HubRefused) as caught:
            client.ship(lines, token)
        assert (caught.value.status, caught.value.reason) == (400, "checkpoint")
    assert centre.held(station.name) == []


def test_signed_word_that_runs_ahead_holds_the_journal_later(centre: Centre, station: Station) -> None:
    """Only frame 1 arrives, with a checkpoint of frame 4; then frame 4 comes out different."""
    station.journal.stock(3)
    client = station.client()
    client.ship([station.journal.frames[0].line], station.journal.checkpoint())
    other = station.journal.branch(3)
    other.stock(2, 5)
    with pytest.raises(ChainRefused) as caught:
        client.ship([frame.line for frame in other.frames[1:]], other.checkpoint())
    assert caught.value.reason == "fork"
    client.ship([frame.line for frame in station.journal.frames[1:]], station.journal.checkpoint())
    assert centre.held(station.name) == own(station.journal)


ACTION = st.one_of(
    st.sampled_from(Line.FAULTS),
    st.integers(1, 6),
    st.sampled_from(("lose-ack", "restart")),
)


@settings(max_examples=25)
@given(st.lists(ACTION, max_size=12))
def test_any_sequence_of_faults_converges(centre: Centre, actions: list[str | int]) -> None:
    """Whatever happens on the way, the centre ends with the station's frames, once each, and no alarm."""
    centre.line.mend()
    station = centre.station()
    shipper = station.shipper(timeout=IMPATIENT)
    for action in actions:
        if isinstance(action, int):
            station.journal.stock(action)
        elif action in ("restart", "lose-ack"):
            if action == "lose-ack":
                (station.directory / "ack.json").unlink(missing_ok=True)
            centre.hang_up()
            shipper = station.shipper(timeout=IMPATIENT)
        else:
            centre.line.gate.clear()
            centre.line.faults.append(action)
        try:
            shipper.step()
        except (HubUnreachable, HubRefused):
            centre.line.gate.set()
    centre.line.faults.clear()
    centre.line.gate.set()
    ship_all(station.shipper())
    centre.hang_up()
    assert centre.held(station.name) == own(station.journal)
    quantity = station.journal.last_seq - 1
    assert centre.status(station.name).stock.get(("wni", "vault"), 0) == quantity
    assert centre.alarms(station.name) <= {"token"}  # a body that was cut has another digest
