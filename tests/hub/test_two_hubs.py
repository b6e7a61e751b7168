"""Two hubs before one PostgreSQL, and a PostgreSQL that dies under them: what each relies on still holds."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from kiosk.core.records import parse_record
from kiosk.crypto import keys
from kiosk.errors import Rejected
from kiosk.hub import leases, stations
from kiosk.hub.app import create_app
from kiosk.hub.issue import issue
from kiosk.hub.schema import frames
from kiosk.hub.status import status
from kiosk.hub.store import Store, lock_station
from tests.hub.conftest import STATION, Hub
from tests.postgresql import Cluster
from tests.samples import sample_payload

OTHER = "kupang-02"


@pytest.fixture
def database(cluster: Cluster) -> str:
    """Of this file always PostgreSQL: on SQLite there is one hub, and its transactions go one by one."""
    return cluster.database()


@pytest.fixture
def second(hub: Hub, tmp_path: Path, database: str) -> Iterator[Hub]:
    """Another hub process, as far as PostgreSQL can tell: with connections of its own."""
    made = Hub(Store.open(tmp_path, database), hub.keys, hub.clock, hub.key, hub.journal)
    made.tokens = iter(range(20_000_000, 30_000_000))
    yield made
    made.store.close()


class Watch:
    """Waits until others wait: PostgreSQL tells who stands before a lock."""

    def __init__(self, url: str) -> None:
        self._url = url

    def until_waiting(self, count: int, *futures: Future[Any]) -> None:
        """AssertionError if one of them is done instead."""
        asked = (
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        with psycopg.connect(self._url, autocommit=True) as connection:
            while connection.execute(asked).fetchone() != (count,):
                for each in futures:
                    assert not each.done(), each.exception()
                connection.execute("SELECT pg_sleep(0.01)")


@pytest.fixture
def watch(database: str) -> Watch:
    return Watch(database)


def enrolled(hub: Hub, station: str) -> None:
    code = stations.add_station(hub.store, station)
    stations.enrol(hub.store, station, code, keys.generate_signing(), keys.generate_encryption(), 0)


def both(watch: Watch, hub: Hub, station: str, *calls: Callable[[], Any]) -> list[Any]:
    """What the calls come to, results or errors, when both of them began before either could work on `station`."""
    with ThreadPoolExecutor(2) as pool:
        with hub.store.transaction() as connection:
            lock_station(connection, station)
            begun = [pool.submit(call) for call in calls]
            watch.until_waiting(len(calls), *begun)
        return [each.exception() or each.result() for each in begun]


def test_one_record_leased_at_two_hubs_at_once_has_one_holder(hub: Hub, second: Hub, watch: Watch) -> None:
    enrolled(hub, OTHER)
    person = [parse_record(sample_payload())]
    with ThreadPoolExecutor(1) as pool:
        with hub.store.transaction() as connection:
            jws = "a.b.c"
            [record] = _records(hub, STATION)
            leases.lease(connection, record, jws, 0)  # not yet committed: nobody else can see it
            elsewhere = pool.submit(
                issue, second.store, hub.keys, person, OTHER, now_s=hub.clock(), rng=random.Random(7)
            )
            watch.until_waiting(1, elsewhere)
        refused = elsewhere.exception()
    assert isinstance(refused, Rejected)
    assert str(refused).endswith(f"is leased to {STATION}")
    assert [each.records for each in status(hub.store)] == [{"waiting": 1}, {}]


def _records(hub: Hub, station: str) -> list[Any]:
    """The record that `issue` would make of the seed 7."""
    made = random.Random(7).getrandbits(128)
    return [parse_record({**sample_payload(), "ref": f"{made:032x}", "station": station})]


def test_the_same_alarm_at_two_hubs_at_once_is_one_row(hub: Hub, second: Hub, watch: Watch) -> None:
    def alarm(at: Hub) -> None:
        with at.store.transaction() as connection:
            stations.raise_alarm(connection, STATION, "x", "y", 2)

    with ThreadPoolExecutor(1) as pool:
        with hub.store.transaction() as connection:
            stations.raise_alarm(connection, STATION, "x", "y", 1)
            other = pool.submit(alarm, second)
            watch.until_waiting(1, other)
        other.result()
    assert [(alarm.first_at, alarm.last_at, alarm.times) for alarm in hub.status.alarms] == [(1, 2, 2)]


def test_one_delivery_at_two_hubs_at_once_is_applied_once(hub: Hub, second: Hub, watch: Watch) -> None:
    hub.journal.stock(5)
    answers = both(watch, hub, STATION, hub.ship, second.ship)
    assert [each.status_code for each in answers] == [200, 200]
    assert counted(hub) == hub.status.seq == 6
    assert hub.status.stock[("wni", "vault")] == 5
    assert hub.alarms == set()


def test_two_who_enrol_with_one_code_at_once(hub: Hub, second: Hub, watch: Watch) -> None:
    code = stations.add_station(hub.store, OTHER)
    signing = [keys.generate_signing(), keys.generate_signing()]

    def enrol(at: Hub, key: Any) -> None:
        stations.enrol(at.store, OTHER, code, key, keys.generate_encryption(), 5)

    found = both(watch, hub, OTHER, lambda: enrol(hub, signing[0]), lambda: enrol(second, signing[1]))
    assert sorted(type(each).__name__ for each in found) == ["EnrolmentRefused", "NoneType"]
    with hub.store.snapshot() as connection:
        assert stations.thumbprints(connection, OTHER, keys.SIGNING) == [keys.thumbprint(signing[found.index(None)])]


def test_a_station_declared_lost_meanwhile_is_given_nothing(hub: Hub, second: Hub, watch: Watch) -> None:
    """The lease waits for the decree, and sees it: else its record would be nobody's for ever."""
    person = [parse_record(sample_payload())]
    with ThreadPoolExecutor(1) as pool:
        with hub.store.transaction() as connection:
            lock_station(connection, STATION)
            given = pool.submit(issue, second.store, hub.keys, person, STATION, now_s=0)
            watch.until_waiting(1, given)
            connection.execute(stations.stations.update().values(lost_at=1))
        assert "lost" in str(given.exception())
    assert hub.status.records == {}


def test_a_token_passes_at_one_of_two_hubs(hub: Hub, second: Hub, watch: Watch) -> None:
    path = f"/v1/stations/{STATION}/status"
    signed = {"Authorization": f"Bearer {hub.token('GET', path)}"}
    answers = both(watch, hub, STATION, *(lambda at=at: at.http.get(path, headers=signed) for at in (hub, second)))
    assert sorted(each.status_code for each in answers) == [200, 401]


def counted(hub: Hub) -> int:
    with hub.store.snapshot() as connection:
        return int(connection.execute(select(func.count()).select_from(frames)).scalar_one())


def problem(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["reason"]


def kill_under(hub: Hub, cluster: Cluster, watch: Watch) -> None:
    """While `hub` holds the station's lock and a delivery waits for it."""
    with ThreadPoolExecutor(1) as pool, hub.store.transaction() as connection:
        lock_station(connection, STATION)
        answer = pool.submit(hub.ship)
        watch.until_waiting(1, answer)
        cluster.kill()
        assert problem(answer.result()) == (503, "busy")
        assert problem(hub.ship()) == (503, "busy")
        cluster.start()


def test_postgresql_dies_under_a_request_and_comes_back(hub: Hub, cluster: Cluster, watch: Watch) -> None:
    """503 while it is away, no half of a batch after, and the pool mends itself."""
    hub.journal.stock(5)
    with pytest.raises(OperationalError):
        kill_under(hub, cluster, watch)
    assert counted(hub) == 0
    assert hub.ship().status_code == 200
    assert counted(hub) == hub.status.seq == 6


class Forgetful(Store):
    """Its server commits, and dies before it says so, once it `dies`."""

    dies = False

    @contextmanager
    def transaction(self, *, hasty: bool = False) -> Iterator[Connection]:
        with super().transaction(hasty=hasty) as connection:
            yield connection
        if self.dies:
            self.dies = False
            raise OperationalError("COMMIT", None, Exception("server closed the connection unexpectedly"))


def test_a_commit_whose_reply_is_lost_is_asked_again(hub: Hub, tmp_path: Path, database: str) -> None:
    """One commit is of the token and of its frames."""
    hub.journal.stock(5)
    forgetful = Forgetful.open(tmp_path, database)
    forgetful.dies = True
    hub.http = create_app(forgetful, hub.keys, hub.clock).test_client()
    assert problem(hub.ship()) == (503, "busy")
    assert counted(hub) == 6
    assert hub.ship().status_code == 200
    assert counted(hub) == hub.status.seq == 6
    assert hub.status.stock[("wni", "vault")] == 5
    assert hub.alarms == set()
    forgetful.close()
