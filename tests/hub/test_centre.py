"""Leases, issue, keys, data base and server of the centre."""

from __future__ import annotations

import json
import random
import threading
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select, update

from kiosk.core.records import CHIP_FILES, parse_record
from kiosk.crypto import chip, jose, keys
from kiosk.errors import DamagedData, Rejected, UsageError
from kiosk.hub import leases, listing, stations
from kiosk.hub.app import create_app
from kiosk.hub.issue import issue
from kiosk.hub.keyring import HubKeys
from kiosk.hub.leases import Given
from kiosk.hub.schema import leases as rows
from kiosk.hub.server import HubServer
from kiosk.hub.store import Store
from kiosk.sync.stream import LINE_BYTES
from tests.hub.conftest import STATION, Hub
from tests.samples import sample_payload

PEOPLE = [parse_record(sample_payload()) for _ in range(3)]


def page(hub: Hub, after: int = 0, limit: int = 50) -> list[Given]:
    with hub.store.snapshot() as connection:
        return leases.page(connection, STATION, after, limit)


def test_issued_record_is_signed_leased_and_fits_the_schema(hub: Hub) -> None:
    refs = issue(hub.store, hub.keys, PEOPLE, STATION, now_s=hub.clock())
    cursors, _, tokens = zip(*page(hub), strict=True)
    records = [parse_record(jose.verify(token, [hub.keys.signing], jose.RECORD)) for token in tokens]
    assert [record.ref for record in records] == refs
    assert cursors == (1, 2, 3)
    for record in records:
        assert (record.station, record.issued_at) == (STATION, "2027-01-15T08:00:00+00:00")
        assert tuple(record.chip) == CHIP_FILES
        assert chip.verify_files(hub.keys.chip, record.chip)
    assert len(set(refs)) == 3


def test_seeded_issue_is_repeatable(hub: Hub, tmp_path: Path) -> None:
    first = issue(hub.store, hub.keys, PEOPLE, STATION, now_s=hub.clock(), rng=random.Random(7))
    here = page(hub)
    other = Store.open(tmp_path / "other")
    code = stations.add_station(other, STATION)
    stations.enrol(other, STATION, code, keys.generate_signing(), keys.generate_encryption(), 0)
    assert issue(other, hub.keys, PEOPLE, STATION, now_s=hub.clock(), rng=random.Random(7)) == first
    with other.snapshot() as connection:
        assert leases.page(connection, STATION, 0, 50) == here
    other.close()


def test_issue_is_all_or_nothing(hub: Hub) -> None:
    with pytest.raises(UsageError):
        issue(hub.store, hub.keys, PEOPLE, "nobody", now_s=0)
    issue(hub.store, hub.keys, PEOPLE[:1], STATION, now_s=0, rng=random.Random(7))
    with pytest.raises(Rejected, match="is leased to"):
        issue(hub.store, hub.keys, PEOPLE, STATION, now_s=0, rng=random.Random(7))
    assert len(page(hub)) == 1


def test_record_of_a_lost_station_may_be_leased_anew_and_not_before(hub: Hub) -> None:
    code = stations.add_station(hub.store, "kupang-02")
    stations.enrol(hub.store, "kupang-02", code, keys.generate_signing(), keys.generate_encryption(), 0)
    issue(hub.store, hub.keys, PEOPLE, STATION, now_s=0, rng=random.Random(7))
    with pytest.raises(Rejected):
        issue(hub.store, hub.keys, PEOPLE, "kupang-02", now_s=0, rng=random.Random(7))
    assert stations.declare_lost(hub.store, STATION, 1) == 3
    assert len(issue(hub.store, hub.keys, PEOPLE, "kupang-02", now_s=0, rng=random.Random(7))) == 3
    assert hub.status.records == {"revoked": 3}
    with pytest.raises(UsageError, match="lost"):
        issue(hub.store, hub.keys, PEOPLE, STATION, now_s=0)


def listed(hub: Hub, after: int = 0, limit: int = 50) -> list[bytes]:
    return list(listing.lines(hub.store, STATION, after, limit))


def test_lines_follow_the_cursor(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    issue(hub.store, hub.keys, PEOPLE, STATION, now_s=0)
    whole = listed(hub)
    assert [json.loads(line) for line in whole] == [
        {"cursor": str(cursor), "record": token} for cursor, _, token in page(hub)
    ]
    assert listed(hub, 0, 2) == whole[:2]
    assert listed(hub, 2, 2) == whole[2:]
    assert listed(hub, 3, 2) == []
    monkeypatch.setattr(listing, "ROWS", 1)
    assert listed(hub) == whole
    monkeypatch.setattr(listing, "ANSWER_BYTES", len(whole[0]) + 10)
    assert listed(hub) == whole[:2]


def test_a_slow_line_holds_nothing_in_the_data_base(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is given while somebody reads was not looked at yet; what is taken away is not sent any more."""
    monkeypatch.setattr(listing, "ROWS", 1)
    issue(hub.store, hub.keys, PEOPLE, STATION, now_s=0)
    lines = listing.lines(hub.store, STATION, 0, 50)
    assert json.loads(next(lines))["cursor"] == "1"
    with hub.store.transaction() as connection:
        connection.execute(update(rows).where(rows.c.cursor == 2).values(state="revoked"))
    assert [json.loads(line)["cursor"] for line in lines] == ["3"]


def test_a_record_that_no_station_would_take_is_not_leased(hub: Hub) -> None:
    [person, *_] = PEOPLE
    with pytest.raises(UsageError, match="bytes signed"):
        issue(hub.store, hub.keys, [replace(person, photo=bytes(600_000))], STATION, now_s=0)
    assert issue(hub.store, hub.keys, [replace(person, photo=bytes(585_000))], STATION, now_s=0)
    [line] = listed(hub)
    assert LINE_BYTES * 0.98 < len(line) <= LINE_BYTES
    assert leases.RECORD_BYTES + len(b'{"cursor":"","record":""}') + 19 <= LINE_BYTES


def test_keys_are_made_once_and_never_in_part(tmp_path: Path) -> None:
    first = HubKeys.open(tmp_path / "keys")
    assert HubKeys.open(tmp_path / "keys").fingerprint == first.fingerprint
    assert keys.fingerprint_matches(first.signing, first.fingerprint)
    (tmp_path / "keys" / "chip.json").unlink()
    with pytest.raises(DamagedData, match=r"chip\.json missing"):
        HubKeys.open(tmp_path / "keys")


def alarm_then_fail(hub: Hub) -> None:
    with hub.store.transaction() as connection:
        stations.raise_alarm(connection, STATION, "x", "y", 1)
        raise ZeroDivisionError


def test_failed_transaction_leaves_nothing(hub: Hub) -> None:
    with pytest.raises(ZeroDivisionError):
        alarm_then_fail(hub)
    assert hub.alarms == set()
    assert stations.add_station(hub.store, "kupang-03")


def test_state_survives_reopening(hub: Hub, tmp_path: Path, database: str) -> None:
    hub.journal.stock(2)
    hub.ship()
    before = hub.status
    hub.store.close()
    hub.store = Store.open(tmp_path, database)
    assert hub.status == before


def test_server_pauses_and_resumes_on_its_port(hub: Hub) -> None:
    threads = threading.active_count()
    server = HubServer(create_app(hub.store, hub.keys, hub.clock))
    port = server.port
    with httpx.Client(base_url=server.url, trust_env=False, timeout=None) as http:
        assert http.get("/").status_code == 404
        for _ in range(2):
            server.pause()
            server.pause()
            with pytest.raises(httpx.ConnectError):
                http.get("/")
            server.resume()
            server.resume()
            assert http.get("/").status_code == 404
        assert server.port == port
        server.stop()
        server.stop()
    assert threading.active_count() == threads


def test_taken_port_is_an_error(hub: Hub) -> None:
    threads = threading.active_count()
    server = HubServer(create_app(hub.store, hub.keys, hub.clock))
    with pytest.raises(OSError, match="in use"):
        HubServer(create_app(hub.store, hub.keys, hub.clock), port=server.port)
    server.stop()
    assert threading.active_count() == threads


def test_a_card_changes_no_lease_of_another_station(hub: Hub) -> None:
    """Cursors count within a station: both have a 1."""
    other = "kupang-02"
    code = stations.add_station(hub.store, other)
    stations.enrol(hub.store, other, code, keys.generate_signing(), keys.generate_encryption(), 0)
    [mine], [theirs] = (
        issue(hub.store, hub.keys, PEOPLE[number : number + 1], name, now_s=hub.clock())
        for number, name in enumerate((STATION, other))
    )
    hub.journal.append("job-ended", {"job": "1", "ref": mine, "state": "completed", "uid": "04AB"})
    assert hub.ship().status_code == 200
    with hub.store.snapshot() as connection:
        told = connection.execute(select(rows.c.station, rows.c.cursor, rows.c.state, rows.c.chip_uid))
        assert {tuple(row) for row in told} == {(STATION, 1, "printed", "04AB"), (other, 1, "waiting", None)}
    assert theirs != mine
