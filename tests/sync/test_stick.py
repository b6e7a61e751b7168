"""Frames and records travel on a stick as they do over the link: once in effect, in order, whatever befalls it."""

from __future__ import annotations

import base64
import errno
import json
import os
import shutil
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kiosk.core.release import Withdrawal
from kiosk.crypto import jwe, keys
from kiosk.crypto.checkpoint import verify_receipt
from kiosk.hub.leases import withdraw
from kiosk.hub.schema import leases, retired_keys
from kiosk.hub.stations import declare_lost
from kiosk.sync import packing, shipping
from kiosk.sync.intake import Accepted, Intake, Withdrawn
from kiosk.sync.stick import CHUNK_BYTES, Reason, StickGone, StickRefused
from tests.sync.centre import Centre, Station
from tests.sync.trips import NOW_MS, Trips


@pytest.fixture
def trips(centre: Centre, station: Station, tmp_path: Path) -> Iterator[Trips]:
    return Trips(centre, station, tmp_path)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of a few frames, so that there are many."""
    monkeypatch.setattr(packing, "CONTENT_BYTES", 2000)
    monkeypatch.setattr(shipping, "REQUEST_BYTES", 500)


def refusal(taken: list) -> list[str]:
    return [each.reason for each in taken]


def test_a_whole_trip(trips: Trips) -> None:
    trips.station.journal.stock(20, 2)
    refs = trips.centre.issue(trips.station.name, 5)
    root, exported = trips.export()
    assert (exported.after, exported.through) == (0, 21)
    [taken] = trips.visit(root)
    assert (taken.fresh, taken.held, taken.reason) == (21, 21, "")
    assert trips.held() == trips.own()
    found = trips.carrier.take(root)
    assert (found.acknowledged, found.confirmed, found.records, found.refused) == (21, 21, 5, 0)
    assert found.unused == []
    assert [item.ref for item in trips.sink.held if isinstance(item, Accepted)] == refs
    assert trips.told == [21]
    assert trips.acknowledged.unsent == 0
    assert trips.alarms() == set()


def test_a_withdrawal_travels_too(trips: Trips) -> None:
    """Of a record that the stick before brought, and of one that comes to no station any more."""
    first, second = trips.centre.issue(trips.station.name, 2)
    trips.round()
    third, fourth = trips.centre.issue(trips.station.name, 2)
    for ref in (first, third):
        withdraw(trips.centre.store, trips.centre.keys, ref, Withdrawal.MOVED, 1.0)
    found = trips.round()
    assert (found.records, found.withdrawn, found.refused) == (1, 2, 0)
    assert [item for item in trips.sink.held if isinstance(item, Withdrawn)] == [
        Withdrawn(first, Withdrawal.MOVED), Withdrawn(third, Withdrawal.MOVED),
    ]  # fmt: skip
    assert [item.ref for item in trips.sink.held if isinstance(item, Accepted)] == [first, second, fourth]


def test_the_receipt_is_kept_as_one_from_the_link(trips: Trips) -> None:
    trips.station.journal.stock(3)
    trips.round()
    kept = json.loads((trips.station.directory / "ack.json").read_bytes())
    assert verify_receipt(kept["receipt"], trips.station.pins.signing) == trips.station.journal.position()
    trips.restart()
    assert trips.acknowledged.position.seq == 4
    assert trips.station.shipper().step() is False


def test_only_what_is_not_confirmed_is_written(trips: Trips) -> None:
    trips.station.journal.stock(3)
    trips.round()
    trips.station.journal.stock(2)
    _, exported = trips.export()
    assert (exported.after, exported.through) == (4, 6)
    nothing = trips.round()
    assert nothing.confirmed == 2
    _, empty = trips.export()
    assert (empty.after, empty.through, empty.written.chunks) == (6, 6, 0)


def test_an_export_without_frames_still_asks_for_records(trips: Trips) -> None:
    trips.round()
    trips.centre.issue(trips.station.name, 2)
    assert trips.round().records == 2
    assert trips.round().records == 0
    assert trips.alarms() == set()


def test_an_old_stick_without_frames_alarms_nobody(trips: Trips) -> None:
    trips.round()
    old, _ = trips.export()
    trips.station.journal.stock(3)
    trips.round()
    assert refusal(trips.visit(old)) == [""]
    assert trips.alarms() == set()


def test_link_and_stick_take_turns(trips: Trips) -> None:
    trips.station.journal.stock(3)
    drawer, _ = trips.export()
    trips.station.journal.stock(3)
    shipper = trips.station.shipper()
    while shipper.step():
        continue
    trips.restart()
    assert refusal(trips.visit(drawer)) == [""]
    assert trips.carrier.take(drawer).confirmed == 0
    assert trips.held() == trips.own()
    refs = trips.centre.issue(trips.station.name, 3)
    client = trips.station.client()
    while Intake(client, trips.sink).step():
        continue
    refs += trips.centre.issue(trips.station.name, 2)
    assert trips.round().records == 2
    assert [item.ref for item in trips.sink.held if isinstance(item, Accepted)] == refs


@pytest.mark.usefixtures("small")
def test_many_chunks(trips: Trips) -> None:
    trips.station.journal.stock(60)
    root, exported = trips.export()
    assert exported.written.chunks > 5
    sizes = [path.stat().st_size for path in trips.parcel(root, "journal").iterdir()]
    assert max(sizes) < 3200
    trips.visit(root)
    assert trips.held() == trips.own()


def test_a_chunk_is_never_larger_than_a_mebibyte(trips: Trips) -> None:
    trips.station.journal.append("note", {"text": "x" * (2 * CHUNK_BYTES)})
    trips.station.journal.append("note", {"text": "y" * 700_000})
    trips.station.journal.stock(1)
    root, exported = trips.export()
    assert exported.written.chunks == 5  # three of the first frame, two of the others
    assert max(path.stat().st_size for path in trips.parcel(root, "journal").iterdir()) <= CHUNK_BYTES
    trips.visit(root)
    assert trips.held() == trips.own()


def test_sealed_bytes_is_no_less_than_what_is_made(station: Station) -> None:
    for size in (0, 1, 2, 3, 1000, jwe.MOST_BYTES):
        made = len(jwe.seal_to(b"x" * size, station.encryption, jwe.CHUNK))
        assert made <= jwe.sealed_bytes(size) <= CHUNK_BYTES


def peak_mb(act: Callable[[], object], times: int) -> float:
    tracemalloc.start()
    try:
        for _ in range(times):
            act()
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def test_memory_is_that_of_one_chunk_however_many_there_are(station: Station) -> None:
    content = os.urandom(jwe.MOST_BYTES)
    sealed = jwe.seal_to(content, station.encryption, jwe.CHUNK)
    for act in (
        lambda: jwe.seal_to(content, station.encryption, jwe.CHUNK),
        lambda: jwe.unseal(sealed, [station.encryption], jwe.CHUNK),
    ):
        assert peak_mb(act, 20) < peak_mb(act, 2) + 1 < 5


def test_nothing_personal_can_be_read_on_a_stick(trips: Trips) -> None:
    trips.station.journal.stock(3)
    trips.centre.issue(trips.station.name, 3)
    root, _ = trips.export()
    trips.visit(root)
    content = b"".join(path.read_bytes() for path in root.rglob("*") if path.is_file())
    decoded = content + b"".join(_decoded(path) for path in root.rglob("*") if path.is_file())
    with trips.centre.store.snapshot() as connection:
        token = connection.execute(leases.select().where(leases.c.station == trips.station.name)).first().jws
    words = [token.split(".")[1][40:80].encode(), b'"k":"stock"', b"supplier"]
    assert not [word for word in words if word in decoded]
    trips.carrier.take(root)
    assert len(trips.sink.held) == 3


def _decoded(path: Path) -> bytes:
    return b"".join(base64.urlsafe_b64decode(part + b"===") for part in path.read_bytes().split(b"."))


def test_a_doubled_stick_brings_nothing_new(trips: Trips) -> None:
    trips.station.journal.stock(5)
    trips.centre.issue(trips.station.name, 3)
    root, _ = trips.export()
    twin = trips.copy(root)
    assert [each.fresh for each in trips.visit(root)] == [6]
    assert [each.fresh for each in trips.visit(twin)] == [0]
    assert trips.carrier.take(root).records == 3
    again = trips.carrier.take(twin)
    assert (again.confirmed, again.records, again.unused) == (0, 0, [])
    assert len(trips.sink.held) == 3
    assert trips.alarms() == set()


def test_a_lost_stick_costs_nothing(trips: Trips) -> None:
    trips.station.journal.stock(5)
    lost, _ = trips.export()
    shutil.rmtree(lost)
    trips.station.journal.stock(5)
    trips.round()
    assert trips.held() == trips.own()


def test_sticks_in_any_order(trips: Trips) -> None:
    roots = []
    for _ in range(3):
        trips.station.journal.stock(4)
        roots.append(trips.export()[0])
    for root in reversed(roots):
        assert refusal(trips.visit(root)) == [""]
    found = [trips.carrier.take(root) for root in (roots[1], roots[0], roots[2])]
    assert [each.unused for each in found] == [[], [], []]
    assert trips.held() == trips.own()
    assert trips.told == sorted(set(trips.told))
    assert trips.acknowledged.position.seq == 13


def test_an_old_answer_sets_nothing_back(trips: Trips) -> None:
    trips.station.journal.stock(2)
    old, _ = trips.export()
    trips.visit(old)
    trips.station.journal.stock(2)
    trips.round()
    assert trips.carrier.take(old).acknowledged == 5
    trips.restart()
    assert trips.acknowledged.position.seq == 5
    assert trips.told == [5]


def test_records_that_the_stick_before_brings_are_not_passed_over(trips: Trips) -> None:
    trips.centre.issue(trips.station.name, 4)
    first, _ = trips.export()
    trips.visit(first)
    trips.carrier.take(first)
    second, _ = trips.export()
    trips.centre.issue(trips.station.name, 2)
    trips.visit(second)
    trips.sink.cursor, trips.sink.held = "", []  # a vault that was put back to its first day
    found = trips.carrier.take(second)
    assert [each.reason for each in found.unused] == [Reason.GAP]
    assert trips.sink.held == []
    assert trips.round().records == 6


def test_no_more_records_come_than_have_room(trips: Trips) -> None:
    trips.centre.issue(trips.station.name, 8)
    trips.sink.room = 5
    root, _ = trips.export()
    trips.visit(root)
    trips.sink.room = 3
    assert [each.reason for each in trips.carrier.take(root).unused] == [Reason.ROOM]
    assert len(trips.sink.held) == 3
    trips.sink.room = 100
    assert trips.carrier.take(root).unused == []
    assert len(trips.sink.held) == 5
    assert trips.round().records == 3


def test_one_stick_for_three_stations(centre: Centre, tmp_path: Path) -> None:
    three = [Trips(centre, centre.station(), tmp_path) for _ in range(3)]
    root = three[0].stick()
    for number, each in enumerate(three, start=2):
        each.station.journal.stock(number)
        centre.issue(each.station.name, number)
        each.export(root)
    assert sorted(each.fresh for each in three[0].visit(root)) == [3, 4, 5]
    for number, each in enumerate(three, start=2):
        assert each.carrier.take(root).records == number
        assert each.held() == each.own()


def test_what_an_older_parcel_held_is_in_the_newer_and_makes_room(trips: Trips) -> None:
    root, _ = trips.export()
    trips.station.journal.stock(3)
    trips.export(root)
    assert len(list(root.iterdir())) == 1
    trips.visit(root)
    trips.answer(root)
    assert len(list(root.iterdir())) == 2
    assert trips.held() == trips.own()


@pytest.mark.usefixtures("small")
def test_a_stick_that_is_pulled_while_it_is_written_holds_no_parcel(
    trips: Trips, monkeypatch: pytest.MonkeyPatch
) -> None:
    trips.station.journal.stock(16)
    whole = trips.stick()
    trips.carrier.export(whole)
    files = sum(1 for _ in trips.parcel(whole, "journal").iterdir())
    inner = packing.replace_file
    for pulled_at in range(files):
        root, written = trips.stick(), []

        def until_pulled(path: Path, content: bytes, at: int = pulled_at, done: list = written) -> None:
            if len(done) == at:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            done.append(path)
            inner(path, content)

        monkeypatch.setattr(packing, "replace_file", until_pulled)
        with pytest.raises(StickGone, match="nothing is lost"):
            trips.carrier.export(root)
        assert refusal(trips.hub.take(root)) == [Reason.UNFINISHED]
        assert trips.held() == []
        monkeypatch.setattr(packing, "replace_file", inner)
        trips.carrier.export(root)
        assert len(list(root.iterdir())) == 1
    assert refusal(trips.visit(root)) == [""]
    assert trips.held() == trips.own()
    assert trips.alarms() == set()


@pytest.mark.usefixtures("small")
def test_a_stick_that_is_pulled_while_it_is_read_is_read_on(trips: Trips) -> None:
    trips.station.journal.stock(60)
    root, _ = trips.export()
    torn = trips.copy(root)
    (trips.parcel(torn, "journal") / "000004.jwe").unlink()
    [taken] = trips.hub.take(torn)
    assert taken.reason == Reason.MISSING
    assert 0 < taken.held < 61
    assert trips.alarms() == set()
    [rest] = trips.hub.take(root)
    assert (rest.held, rest.fresh) == (61, 61 - taken.held)
    assert trips.held() == trips.own()


def test_a_full_stick_says_what_is_lacking_before_anything_is_written(
    trips: Trips, monkeypatch: pytest.MonkeyPatch
) -> None:
    trips.station.journal.append("note", {"text": "x" * 3_000_000})
    root = trips.stick()
    found = os.statvfs(root)
    free = 2_000_000 // found.f_frsize

    class Small:
        f_frsize, f_bavail = found.f_frsize, free

    monkeypatch.setattr(packing.os, "statvfs", lambda path: Small)
    with pytest.raises(StickRefused, match=r"3 MB are lacking \(5 MB are needed, 1 MB are free\)") as caught:
        trips.carrier.export(root)
    assert caught.value.reason == Reason.FULL
    assert list(root.iterdir()) == []


def test_a_stick_that_fills_up_meanwhile(trips: Trips, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, content: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(packing, "replace_file", full)
    with pytest.raises(StickRefused, match="is full"):
        trips.carrier.export(trips.stick())


def test_no_directory_no_stick(trips: Trips) -> None:
    nowhere = trips.directory / "pulled"
    for act in (trips.carrier.export, trips.carrier.take, trips.hub.take):
        with pytest.raises(StickGone):
            act(nowhere)
    assert not nowhere.exists()


def test_an_empty_stick_says_so(trips: Trips) -> None:
    root = trips.stick()
    (root / "holiday.jpg").write_bytes(b"")
    for act in (trips.carrier.take, trips.hub.take):
        with pytest.raises(StickRefused, match=r"here|for") as caught:
            act(root)
        assert caught.value.reason == Reason.NOTHING
    assert trips.hub.told(root) == []


def test_a_centre_that_lost_frames_is_given_all(trips: Trips, tmp_path: Path) -> None:
    trips.station.journal.stock(5)
    trips.round()
    trips.station.journal.stock(1)
    root = trips.stick()
    assert trips.carrier.export(root, everything=True).after == 0


def test_a_lost_station_is_not_listened_to(trips: Trips) -> None:
    trips.station.journal.stock(2)
    root, _ = trips.export()
    declare_lost(trips.centre.store, trips.station.name, NOW_MS)
    assert refusal(trips.hub.take(root)) == ["station-lost"]
    assert trips.held() == []
    assert trips.alarms() == {"station-lost"}
    assert trips.hub.told(root) == []


def test_the_old_disk_of_a_restored_station_is_not_listened_to(trips: Trips) -> None:
    trips.station.journal.stock(2)
    root, _ = trips.export()
    with trips.centre.store.transaction() as connection:
        connection.execute(
            retired_keys.insert().values(
                station=trips.station.name, thumbprint=keys.thumbprint(trips.station.key), retired_at=NOW_MS
            )
        )
    assert refusal(trips.hub.take(root)) == ["superseded"]
    assert trips.alarms() == {"superseded"}


def test_a_branched_journal_is_alarmed_as_over_the_link(trips: Trips) -> None:
    trips.station.journal.stock(5)
    trips.round()
    trips.station.journal = trips.station.journal.branch(4)
    trips.station.journal.stock(4, 3)
    (trips.station.directory / "ack.json").unlink()
    trips.restart()
    root, _ = trips.export()
    assert refusal(trips.visit(root)) == ["fork"]
    assert trips.alarms() == {"fork"}
    assert [each.reason for each in trips.carrier.take(root).unused] == ["fork"]


def test_the_window_of_what_was_written_is_fixed_at_its_begin(trips: Trips) -> None:
    """Cards go on while a stick is written."""
    trips.station.journal.stock(2)
    trips.carrier.export(trips.stick(), lambda done, of: trips.station.journal.stock(1))
    root, exported = trips.export()
    assert exported.through == trips.station.journal.last_seq
    trips.visit(root)
    assert trips.held() == trips.own()
