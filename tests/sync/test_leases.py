"""A record is never printable at two places, whatever the order of leases, withdrawals, releases and prints."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import StaticPool

from kiosk.core import release
from kiosk.core.change import ProjectionError
from kiosk.core.frames import ZERO_HEAD, Frame, Stamp, make_frame
from kiosk.core.jobs import Why
from kiosk.core.projection import project
from kiosk.core.records import parse_record
from kiosk.core.release import Withdrawal
from kiosk.crypto import jose, keys
from kiosk.errors import Rejected, UsageError
from kiosk.hub import leases, projection, stations
from kiosk.hub.cards import Cards
from kiosk.hub.keyring import HubKeys
from kiosk.hub.store import Store
from kiosk.outbox import Inbox
from kiosk.releases import Releases, settle
from kiosk.sync.intake import Accepted, judge, judge_withdrawal
from kiosk.views import View
from tests.samples import sample_payload

STORE = Store(create_engine("sqlite://", poolclass=StaticPool))
KEYS = HubKeys.generate()
NAMES = itertools.count(1)
REFS = [f"{number:032x}" for number in range(1, 4)]
FRESH = itertools.count(1)


class Books:
    """View and frames, in memory."""

    def __init__(self) -> None:
        self.view = View()
        self.frames: list[Frame] = []
        self.past = SimpleNamespace(state=lambda ref: (self.view.read("records", ref) or {}).get("state"))

    @contextmanager
    def transaction(self) -> Iterator[View]:
        yield self.view

    def commit(self, kind: str, data: dict[str, Any], by: str) -> Frame:
        head = self.frames[-1].head if self.frames else ZERO_HEAD
        frame = make_frame(len(self.frames) + 1, kind, Stamp(1, "b", 1, by), data, head)
        try:
            changes = project(frame, self.view.read)
        except ProjectionError as exc:
            raise Rejected(str(exc), "not-possible-now") from exc
        self.view.apply(frame.seq, changes)
        self.frames.append(frame)
        return frame

    def restart(self) -> None:
        """The view is replayed."""
        before, self.view = self.view, View()
        for frame in self.frames:
            self.view.apply(frame.seq, project(frame, self.view.read))
        assert self.view.digest == before.digest


@dataclass
class Station:
    """One that does what a hurried office may ask of it, in any order."""

    name: str
    books: Books = field(default_factory=Books)
    shipped: int = 0
    lost: bool = False

    def __post_init__(self) -> None:
        self.vault = SimpleNamespace(put_all=lambda pairs: None, has_biometrics=lambda ref: True)
        self.inbox = Inbox(self.books, self.vault)  # type: ignore[arg-type]
        self.books.commit("genesis", {"station": self.name, "incarnation": "i", "key": "k", "predecessor": None}, "t")

    def take_in(self, ref: str) -> None:
        """What the centre gives, each item judged as it came."""
        trusted = [KEYS.signing]
        with STORE.snapshot() as connection:
            given_out = leases.page(connection, self.name, int(self.inbox.cursor or 0), 50)
        judges = {"record": judge, "withdrawal": judge_withdrawal}
        if given_out and not self.lost:
            judged = [judges[kind](token, self.name, trusted) for _, kind, token in given_out]
            self.inbox.accept(judged, str(given_out[-1].cursor))

    def job(self, ref: str) -> dict[str, Any] | None:
        return next(iter(self.books.view.rows("jobs", ref=ref)), None)

    def create(self, ref: str) -> None:
        self.books.commit("job-created", {"job": f"{next(FRESH):08x}", "ref": ref}, "op")

    def begin(self, ref: str) -> None:
        if (job := self.job(ref)) and job["card"] is None:
            intent = {"step": "feed", "printer": "P", "fed": 1, "panels": 1}
            self.books.commit("step", {"job": job["id"], "intent": intent, "lot": "L"}, "station")

    def complete(self, ref: str) -> None:
        self._end(ref, "completed", Why.COMPLETED, end="printed", uid=f"04{next(FRESH):012X}")

    def cancel(self, ref: str) -> None:
        """As a fault ends it, too: the blank goes back, the record waits again."""
        begun = (self.job(ref) or {}).get("state") != "pending"
        self._end(
            ref, *(("aborted", Why.ABORTED_BY_SYSTEM) if begun else ("canceled", Why.JOB_CANCELED)), end="hopper"
        )

    def spoil(self, ref: str) -> None:
        """The card is refused, the job is to take the next blank; the worker would at once."""
        if (job := self.job(ref)) and job["card"] is not None:
            outcome = {"step": "feed", "result": "ended"}
            body = {"job": job["id"], "outcome": outcome, "end": "spoiled", "cause": "misprint"}
            self.books.commit("step", body, "station")
            settle(self.books)  # type: ignore[arg-type]

    def _end(self, ref: str, state: str, why: Why, **card: str) -> None:
        job = self.job(ref)
        if job is None or (state == "completed" and job["card"] is None):
            return
        body = {"job": job["id"], "ref": ref, "state": state, "reasons": [why.value], "uid": None}
        self.books.commit("job-ended", {**body, **(card if job["card"] else {})}, "station")
        settle(self.books)  # type: ignore[arg-type]

    def release(self, ref: str) -> None:
        Releases(self.books).release("op:yosep", [ref], "why")  # type: ignore[arg-type]

    def restart(self, ref: str) -> None:
        self.books.restart()
        settle(self.books)  # type: ignore[arg-type]

    def ship(self, ref: str) -> None:
        if not self.lost:
            with STORE.transaction() as connection:
                frames = self.books.frames[self.shipped :]
                cards = Cards(connection, self.name, 1, *projection.named(frames))
                for frame in frames:
                    projection.follow(cards, frame)
                cards.save()
            self.shipped = len(self.books.frames)

    def may_print(self, ref: str) -> bool:
        """Printed already counts: whoever prints it as well makes a second card."""
        record = self.books.view.read("records", ref)
        if record is None or record["state"] in release.GONE:
            return False
        job = self.job(ref)
        return not release.is_withdrawn(self.books.view.read, ref) or (job or {}).get("card") is not None


class Office:
    """The centre's side of it, and two stations."""

    def __init__(self) -> None:
        self.stations = [Station(f"s-{next(NAMES)}") for _ in range(2)]
        self.prefix = f"{next(NAMES):08x}"
        for station in self.stations:
            code = stations.add_station(STORE, station.name)
            stations.enrol(STORE, station.name, code, keys.generate_signing(), keys.generate_encryption(), 0)

    def ref(self, number: int) -> str:
        return self.prefix + REFS[number][8:]

    def lease(self, station: Station, ref: str) -> None:
        record = parse_record(sample_payload(ref, station.name))
        with STORE.transaction() as connection:
            token = jose.sign(sample_payload(ref, station.name), KEYS.signing, jose.RECORD)
            leases.lease(connection, record, token, 1)

    def withdraw(self, station: Station, ref: str) -> None:
        leases.withdraw(STORE, KEYS, ref, Withdrawal.WRONG_DATA, 1.0)

    def declare_lost(self, station: Station, ref: str) -> None:
        stations.declare_lost(STORE, station.name, 1)
        station.lost = True

    def act(self, what: str, which: int, number: int) -> None:
        station, ref = self.stations[which], self.ref(number)
        with suppress(Rejected, UsageError):
            if what in ("lease", "withdraw", "declare_lost"):
                getattr(self, what)(station, ref)
            else:
                getattr(station, what)(ref)

    def check(self) -> None:
        """A station that was declared lost and is not gone is the price of the decree."""
        for number in range(len(REFS)):
            ref = self.ref(number)
            assert sum(each.may_print(ref) for each in self.stations if not each.lost) <= 1, ref


OFTEN = (
    "lease",
    "take_in",
    "withdraw",
    "release",
    "create",
    "begin",
    "complete",
    "cancel",
    "spoil",
    "ship",
    "restart",
)
ACTS = st.sampled_from((*OFTEN, *OFTEN, "declare_lost"))


@settings(max_examples=60)
@given(st.lists(st.tuples(ACTS, st.integers(0, 1), st.integers(0, len(REFS) - 1)), max_size=60))
def test_a_record_is_never_printable_at_two_places(steps: list[tuple[str, int, int]]) -> None:
    office = Office()
    for step in steps:
        office.act(*step)
        office.check()


def walk(*steps: tuple[str, int]) -> Office:
    office = Office()
    for what, which in steps:
        office.act(what, which, 0)
        office.check()
    return office


def state(office: Office, which: int) -> str:
    return office.stations[which].books.past.state(office.ref(0)) or "nothing"


def leased(office: Office, which: int) -> str:
    with STORE.snapshot() as connection:
        lease = Cards(connection, office.stations[which].name, 1, {office.ref(0)}, ()).lease(office.ref(0))
    return lease.state if lease else "nothing"


def test_withdrawn_released_and_leased_anew() -> None:
    office = walk(("lease", 0), ("take_in", 0), ("withdraw", 0), ("lease", 1))
    assert (leased(office, 0), leased(office, 1)) == ("waiting", "nothing")
    for step in (("take_in", 0), ("ship", 0), ("lease", 1), ("take_in", 1)):
        office.act(*step, 0)
        office.check()
    assert (state(office, 0), state(office, 1)) == ("released", "waiting")
    office.act("lease", 0, 0)
    assert leased(office, 0) == "revoked"


def test_withdrawn_before_it_came() -> None:
    office = walk(("lease", 0), ("withdraw", 0), ("take_in", 0))
    assert state(office, 0) == "released"
    assert [frame.kind for frame in office.stations[0].books.frames] == ["genesis", "records", "released"]


@pytest.mark.parametrize(
    ("then", "ends"), [("complete", "printed"), ("cancel", "released"), ("spoil", "released"), ("restart", "in-job")]
)
def test_withdrawn_while_its_card_is_made(then: str, ends: str) -> None:
    office = walk(("lease", 0), ("take_in", 0), ("create", 0), ("begin", 0), ("withdraw", 0), ("take_in", 0))
    assert state(office, 0) == "in-job"
    office.act(then, 0, 0)
    office.act("ship", 0, 0)
    assert state(office, 0) == ends
    station = office.stations[0]
    with STORE.snapshot() as connection:
        alarms = raised(connection, station.name)
    assert alarms == ({"withdrawn-too-late"} if ends == "printed" else set())


def raised(connection: Connection, station: str) -> set[str]:
    rows = connection.execute(stations.alarms.select().where(stations.alarms.c.station == station))
    return {row.kind for row in rows}


def test_withdrawn_with_a_job_and_no_card() -> None:
    office = walk(("lease", 0), ("take_in", 0), ("create", 0), ("withdraw", 0), ("take_in", 0))
    assert state(office, 0) == "released"
    assert office.stations[0].job(office.ref(0)) is None


def test_withdrawn_when_it_is_printed_is_alarmed() -> None:
    office = walk(*((each, 0) for each in ("lease", "take_in", "create", "begin", "complete", "withdraw", "take_in")))
    office.act("ship", 0, 0)
    assert (state(office, 0), leased(office, 0)) == ("printed", "printed")
    with STORE.snapshot() as connection:
        assert raised(connection, office.stations[0].name) == {"withdrawn-too-late"}


def test_a_station_gives_up_what_waits_and_nothing_else() -> None:
    office = walk(("lease", 0), ("take_in", 0), ("create", 0), ("release", 0))
    assert state(office, 0) == "in-job"
    office.act("cancel", 0, 0)
    office.act("release", 0, 0)
    assert (state(office, 0), leased(office, 0)) == ("released", "waiting")
    office.act("ship", 0, 0)
    assert leased(office, 0) == "revoked"
    with pytest.raises(Rejected, match="released"):
        office.stations[0].create(office.ref(0))


def test_a_correction_takes_the_first_away() -> None:
    office = walk(("lease", 0), ("take_in", 0))
    station, first, second = office.stations[0], office.ref(0), office.ref(1)
    payload = {**sample_payload(second, station.name), "replaces": first}
    verdict = judge(jose.sign(payload, KEYS.signing, jose.RECORD), station.name, [KEYS.signing])
    assert isinstance(verdict, Accepted)
    station.inbox.accept([verdict], "99")
    assert (state(office, 0), station.books.past.state(second)) == ("released", "waiting")
    assert station.books.view.read("records", first)["reason"] == "corrected"  # type: ignore[index]


def test_what_a_station_gave_back_never_comes_to_it_again() -> None:
    """It would not take it, and the centre would wait for ever."""
    office = walk(("lease", 0), ("take_in", 0), ("release", 0), ("ship", 0))
    assert leased(office, 0) == "revoked"
    with pytest.raises(Rejected, match=r"was at .* before"):
        office.lease(office.stations[0], office.ref(0))
    office.lease(office.stations[1], office.ref(0))
    assert (leased(office, 0), leased(office, 1)) == ("revoked", "waiting")
