"""A box that wakes in 2000: it prints on, and what it wrote is dated truthfully afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.config import HubConfig
from kiosk.core.clock import Certainty, Moment
from kiosk.core.dating import Dated, date_of
from kiosk.crypto import keys
from kiosk.hub import stations
from kiosk.journal import Clock
from kiosk.journal.clock import machine_clocks
from kiosk.link import Ends
from kiosk.sync.client import HubClient, connect
from kiosk.sync.enrol import enrol
from kiosk.sync.shipping import Shipper
from tests.office import STATION, Office
from tests.sync.centre import Centre

IN_2000_MS = 946_684_800_000
AWAY_MS = 3 * 3_600_000
CLOSE_MS = 2_000
"""A Date is to the second."""

pytestmark = pytest.mark.timeout(300)  # a busy machine fails none of them


class Machine:
    """The real monotonic clock, a wall clock that can be wrong, and boots."""

    def __init__(self) -> None:
        self._begun = machine_clocks()
        self._off_ms = self._skew_ms = 0
        self.boot = "aaaaaaaa"

    @property
    def truth_ms(self) -> int:
        return self._begun.wall_ms + self._off_ms + machine_clocks().monotonic_ms - self._begun.monotonic_ms

    def __call__(self) -> Moment:
        return Moment(self.truth_ms + self._skew_ms, self.boot, machine_clocks().monotonic_ms)

    def wakes(self, boot: str, in_ms: int | None = None) -> None:
        """After `AWAY_MS` without power; at `in_ms` by its own clock, without it at the true time."""
        self.boot = boot
        self._off_ms += AWAY_MS
        self._skew_ms = 0 if in_ms is None else in_ms - self.truth_ms


class House:
    """An office on that machine, and the centre that it has not reached yet."""

    def __init__(self, office: Office, centre: Centre) -> None:
        self.office, self.centre = office, centre
        self.machine = Machine()
        self.truths: dict[int, tuple[int, int]] = {}
        self.asked_ms = 0
        self.power_cut("aaaaaaaa")

    def power_cut(self, boot: str, in_ms: int | None = None) -> None:
        """In the middle of a frame."""
        self.office.station.close()
        newest = max((self.office.data / "journal").glob("seg-*"))
        with newest.open("r+b") as file:
            file.truncate(newest.stat().st_size - 20)
        self.machine.wakes(boot, in_ms)
        self.office.machine = Clock(self.office.data, self.machine)
        self.office.reopen()

    def works(self) -> None:
        """One card, and when that was."""
        before, begun_ms = self.office.station.books.seq, self.machine.truth_ms
        assert self.office.print_one()["state"] == "completed"
        when = (begun_ms - CLOSE_MS, self.machine.truth_ms + CLOSE_MS)
        self.truths |= dict.fromkeys(range(before + 1, self.office.station.books.seq + 1), when)

    def is_true(self, seq: int, time_ms: int) -> bool:
        """It was written then; the centre's clock of the tests stands still while it is asked."""
        begun_ms, ended_ms = self.truths[seq]
        return begun_ms - self.asked_ms <= time_ms <= ended_ms

    def reaches_the_centre(self) -> None:
        """With tokens by the machine's clock, until all is there."""
        books = self.office.station.books
        begun_ms = self.machine.truth_ms
        self.centre.clock.now_s = begun_ms / 1000
        key = keys.load_okp(self.office.data / "keys" / "signing.jwk", keys.SIGNING)
        http = connect(self.centre.server.url)
        self.centre.clients.append(http)
        code = stations.add_station(self.centre.store, STATION)
        own = (key, keys.generate_encryption())
        pins = enrol(self.centre.server.url, STATION, code, self.centre.keys.fingerprint, own)
        client = HubClient(
            http, STATION, key, pins.signing, clock=lambda: self.machine().wall_ms / 1000, heard=books.clock.heard
        )
        ends = Ends(HubConfig(), self.office.data, books, self.office.station.vault, pins, key, lambda seq: None)
        shipper = Shipper(client, ends.outbox, ends.acknowledged)
        while shipper.step():
            pass
        assert shipper.unsent == 0
        self.asked_ms += self.machine.truth_ms - begun_ms

    @property
    def certainty(self) -> Certainty:
        return self.office.station.books.time.certainty

    def dates(self) -> dict[int, Dated]:
        frames = self.office.frames()
        clocks = [frame for frame in frames if frame.kind == "clock"]
        return {frame.seq: date_of(frame, clocks) for frame in frames}


@pytest.fixture
def house(office: Office, tmp_path: Path) -> Iterator[House]:
    centre = Centre(tmp_path / "hub")
    yield House(office, centre)
    centre.close()


def test_a_power_cut_then_2000_and_no_link_it_prints_later_syncs_and_order_and_dates_are_true(house: House) -> None:
    house.works()
    house.power_cut("bbbbbbbb", IN_2000_MS)
    house.works()
    assert house.certainty is Certainty.DOUBTFUL
    house.reaches_the_centre()
    assert house.certainty is Certainty.SURE
    house.works()
    frames, dates = house.office.frames(), house.dates()
    assert [frame.data["state"] for frame in frames if frame.kind == "clock"] == ["doubtful", "sure"]
    times = [frame.stamp.time_ms for frame in frames]
    assert times == sorted(times)
    assert [dates[seq] for seq in sorted(dates)] == sorted(dates.values())
    for seq in house.truths:
        assert dates[seq].exact
        assert house.is_true(seq, dates[seq].earliest_ms)
    doubted = [frame for frame in frames if frame.stamp.boot == "bbbbbbbb" and frame.seq in house.truths]
    assert doubted[0].stamp.time_ms < house.truths[doubted[0].seq][0] - AWAY_MS / 2  # what it bears was too early
    assert house.is_true(frames[-1].seq, times[-1])
    assert house.centre.held(STATION) == [frame.record for frame in frames[: len(house.centre.held(STATION))]]
    house.office.agree()


def test_frames_of_a_boot_that_never_reached_the_centre_lie_between_what_is_known(house: House) -> None:
    house.works()
    house.power_cut("bbbbbbbb", IN_2000_MS)
    house.works()
    unknown = [seq for seq in house.truths if not house.dates()[seq].exact]
    assert unknown
    assert {house.dates()[seq].latest_ms for seq in unknown} == {None}
    house.power_cut("cccccccc", IN_2000_MS)
    house.reaches_the_centre()
    house.works()
    for seq in unknown:
        earliest_ms, latest_ms = house.dates()[seq]
        assert latest_ms is not None
        assert earliest_ms <= house.truths[seq][1]
        assert house.truths[seq][0] <= latest_ms
    known = [seq for seq in house.truths if seq not in unknown]
    assert all(house.dates()[seq].exact for seq in known)


def test_the_offset_outlives_a_restart_of_the_program(house: House) -> None:
    """Same boot, clock still in 2000: no new doubt, for the monotonic clock has run on since the centre spoke."""
    house.power_cut("bbbbbbbb", IN_2000_MS)
    house.reaches_the_centre()
    house.office.machine = Clock(house.office.data, house.machine)
    house.office.restart()
    assert house.certainty is Certainty.SURE
    house.works()
    last = house.office.frames()[-1]
    assert house.is_true(last.seq, last.stamp.time_ms)
