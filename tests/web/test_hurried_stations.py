"""Two stations of one centre, and one person's record: whatever a hurry makes of it, one card, or an alarm."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import select

from kiosk.config import Config, HubConfig, StationConfig
from kiosk.core.jobs import FINAL
from kiosk.core.records import dump_record
from kiosk.crypto import jose
from kiosk.enrolment import enrol_station
from kiosk.errors import Rejected
from kiosk.hub import stations
from kiosk.hub.app import create_app
from kiosk.hub.issue import issue
from kiosk.hub.keyring import HubKeys
from kiosk.hub.leases import lease
from kiosk.hub.schema import leases
from kiosk.hub.server import HubServer
from kiosk.hub.status import status
from kiosk.hub.store import Store
from kiosk.outbox import Inbox
from kiosk.station import Station
from kiosk.sync.intake import RefusedRecord, judge
from tests.office import Office
from tests.web.conftest import Kiosk, Visitor

HERE, THERE = "kupang-01", "kupang-02"


class Centre:
    def __init__(self, directory: Path) -> None:
        self.store, self.keys = Store.open(directory), HubKeys.generate()
        self.server = HubServer(create_app(self.store, self.keys, time.time))

    def alarms(self, station: str) -> dict[str, str]:
        """Kind -> what it says."""
        row = next(each for each in status(self.store) if each.station == station)
        return {alarm.kind: alarm.detail for alarm in row.alarms}

    def token(self, ref: str) -> str:
        with self.store.transaction() as connection:
            return str(connection.execute(select(leases.c.jws).where(leases.c.ref == ref)).scalar_one())

    def close(self) -> None:
        self.server.stop()
        self.store.close()


class Branch(Office):
    """An office of its own, with a station of the centre."""

    def __init__(self, directory: Path, centre: Centre, name: str) -> None:
        self.centre, self.name = centre, name
        super().__init__(directory, blanks=3)

    @property
    def config(self) -> Config:
        return Config(
            station=StationConfig(id=self.name), hub=HubConfig(self.centre.server.url, poll=1.0),
            printer=self.printer(), reader=self.reader(),
        )  # fmt: skip

    def _enrol(self) -> None:
        code = stations.add_station(self.centre.store, self.name)
        enrol_station(self.config, self.data, self.centre.server.url, code, self.centre.keys.fingerprint, "test")

    def _open(self) -> Station:
        return Station(self.config, self.data, "test")

    def ask_centre(self) -> None:
        assert self.station.sync
        self.station.sync.wake(now=True)

    def holds(self, ref: str) -> bool:
        return self.station.books.past.state(ref) == "waiting"

    def made(self) -> int:
        return len(self.world.census()["output"])


@dataclass
class Two:
    centre: Centre
    here: Branch
    there: Branch


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Two]:
    with ExitStack() as stack:
        centre = Centre(tmp_path / "hub")
        stack.callback(centre.close)
        branches = []
        for name in (HERE, THERE):
            (tmp_path / name).mkdir()
            branches.append(Branch(tmp_path / name, centre, name))
            stack.callback(branches[-1].close)
        yield Two(centre, *branches)


@pytest.fixture
def ref(two: Two) -> str:
    """A record that is leased to the station here, and has arrived."""
    [ref] = issue(two.centre.store, two.centre.keys, two.here.residents[:1], HERE, now_s=time.time())
    two.here.ask_centre()
    two.here.until(lambda: two.here.holds(ref))
    return ref


def test_what_is_leased_here_can_not_be_leased_or_printed_there(two: Two, ref: str) -> None:
    """Not even if its intake were fooled: the lease is read again before a blank is spent."""
    token = two.centre.token(ref)
    judged = judge(token, HERE, [two.centre.keys.signing])
    assert not isinstance(judged, RefusedRecord)
    with two.centre.store.transaction() as connection, pytest.raises(Rejected, match=f"leased to {HERE}"):
        lease(connection, judged.record, token, 0)
    refused = judge(token, THERE, [two.centre.keys.signing])
    assert isinstance(refused, RefusedRecord)

    Inbox(two.there.station.books, two.there.station.vault).accept([judged], "9")
    kiosk = Kiosk(two.there)
    person = Visitor(kiosk.url)
    person.sign_in()
    assert person.post("/jobs", person.form(ref=ref)).headers["Location"] == "/now"
    [job] = [job["id"] for job in two.there.jobs()]
    two.there.until(lambda: two.there.state(job) in FINAL)
    assert (two.there.state(job), two.there.made()) == ("aborted", 0)
    assert "the record may not be printed here" in person.get("/now").text
    assert two.there.accounts()["hopper"] == 3
    person.leave()
    kiosk.close()


def test_a_station_that_was_given_up_prints_no_more_and_alarms_the_centre(two: Two, ref: str) -> None:
    """Declared lost while the line was down, and its record leased elsewhere: by then both may have printed it."""
    here, there, centre = two.here, two.there, two.centre
    centre.server.pause()
    [job] = here.station.desk.run_jobs("test", refs=[ref])
    here.until(lambda: here.state(job) == "completed")
    assert stations.declare_lost(centre.store, HERE, 5) == 1
    lease_anew(centre, ref, THERE)
    centre.server.resume()
    there.ask_centre()
    there.until(lambda: there.holds(ref))
    [job] = there.station.desk.run_jobs("test", refs=[ref])
    there.until(lambda: there.state(job) == "completed")
    assert (here.made(), there.made()) == (1, 1)

    here.ask_centre()
    here.until(lambda: here.station._guard.barred() is not None)
    with pytest.raises(Rejected, match="has closed") as refused:
        here.station.desk.run_jobs("test")
    assert refused.value.reason == "superseded"
    assert centre.alarms(HERE)["station-lost"].endswith("records of it at other stations: 1")
    assert centre.alarms(THERE) == {}


def lease_anew(centre: Centre, ref: str, station: str) -> None:
    """The same record, signed for another station."""
    judged = judge(centre.token(ref), HERE, [centre.keys.signing])
    assert not isinstance(judged, RefusedRecord)
    record = replace(judged.record, station=station)
    with centre.store.transaction() as connection:
        lease(connection, record, jose.sign(dump_record(record), centre.keys.signing, jose.RECORD), 0)
