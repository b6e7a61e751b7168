"""What time it is, from clocks of which none is to be trusted alone; and when a frame was written, afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kiosk.core.clock import SKEW_MS, Certainty, Contact, Moment, Reading, note_of, noted, read_clock, runs_on
from kiosk.core.dating import Dated, date_of
from kiosk.core.frames import ZERO_HEAD, Frame, Stamp, make_frame

NOON = 1_795_000_000_000
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
YEAR = 365 * DAY
IN_2000 = 946_684_800_000
LAST = Stamp(NOON, "old", 5_000, "x")
SAME_BOOT = Stamp(NOON, "new", 5_000, "x")
NEVER = Stamp(0, "", 0, "")
SURE, DOUBTFUL, AHEAD = Certainty.SURE, Certainty.DOUBTFUL, Certainty.AHEAD


def heard(centre_ms: int, wall_ms: int, boot: str = "new", monotonic_ms: int = 10_000) -> Contact:
    return Contact(centre_ms, Moment(wall_ms, boot, monotonic_ms))


@pytest.mark.parametrize(
    ("newest", "wall_ms", "contact", "time_ms", "certainty"),
    [
        pytest.param(LAST, NOON + HOUR, None, NOON + HOUR, SURE, id="all is well"),
        pytest.param(LAST, IN_2000, None, NOON, DOUBTFUL, id="it wakes in 2000"),
        pytest.param(SAME_BOOT, IN_2000, None, NOON + 55_000, DOUBTFUL, id="time runs on in doubt"),
        pytest.param(LAST, NOON - 30_000, None, NOON, SURE, id="a step of seconds waits"),
        pytest.param(LAST, NOON + 30 * DAY, None, NOON + 30 * DAY, SURE, id="a month switched off"),
        pytest.param(LAST, NOON + 40 * YEAR, None, NOON, DOUBTFUL, id="a counter that ran over"),
        pytest.param(NEVER, IN_2000, None, IN_2000, SURE, id="before the first frame"),
        pytest.param(LAST, IN_2000, heard(NOON + DAY, IN_2000), NOON + DAY + 50_000, SURE, id="the centre has said"),
        pytest.param(LAST, NOON + DAY, heard(NOON + DAY, NOON + DAY), NOON + DAY, SURE, id="both agree"),
        pytest.param(LAST, NOON + HOUR, heard(NOON - DAY, NOON), NOON, AHEAD, id="frames of the future"),
        pytest.param(LAST, IN_2000, heard(NOON + DAY, NOON + DAY, "old"), NOON + DAY, DOUBTFUL, id="floor: centre"),
        pytest.param(
            LAST, NOON + 9 * HOUR, heard(NOON, NOON + 8 * HOUR, "old"), NOON + HOUR, DOUBTFUL, id="8 h ahead, known"
        ),
        pytest.param(
            LAST, NOON + HOUR, heard(NOON, NOON + 8 * HOUR, "old"), NOON + HOUR, SURE, id="8 h ahead, set right since"
        ),
        pytest.param(LAST, NOON + HOUR, heard(NOON, IN_2000, "old"), NOON + HOUR, SURE, id="2000, set right since"),
    ],
)  # fmt: skip
def test_time(newest: Stamp, wall_ms: int, contact: Contact | None, time_ms: int, certainty: Certainty) -> None:
    reading = read_clock(Moment(wall_ms, "new", 60_000), newest, contact)
    assert (reading.time_ms, reading.certainty) == (time_ms, certainty)
    assert (reading.truth_ms is None) == (certainty is DOUBTFUL)


def test_skew_is_told_from_a_minute_on() -> None:
    for off_ms, told_ms in ((50_000, 0), (-50_000, 0), (2 * HOUR, 2 * HOUR), (-2 * HOUR, -2 * HOUR)):
        contact = heard(NOON + HOUR, NOON + HOUR + off_ms, monotonic_ms=60_000)
        assert read_clock(Moment(NOON + HOUR + off_ms, "new", 60_000), LAST, contact).skew_ms == told_ms


MOMENTS = st.builds(
    Moment, st.integers(0, 2 * NOON), st.sampled_from(["old", "new"]), st.integers(0, 100 * DAY)
)  # fmt: skip
STAMPS = st.builds(
    Stamp, st.integers(0, 2 * NOON), st.sampled_from(["old", "new"]), st.integers(0, 100 * DAY), st.just("x")
)
CONTACTS = st.none() | st.builds(Contact, st.integers(0, 2 * NOON), MOMENTS)


@given(MOMENTS, STAMPS, CONTACTS)
def test_recorded_time_never_goes_below_the_last_frame(now: Moment, newest: Stamp, contact: Contact | None) -> None:
    reading = read_clock(now, newest, contact)
    assert reading.time_ms >= newest.time_ms
    if reading.certainty is SURE and reading.truth_ms is not None:
        assert reading.time_ms - reading.truth_ms <= SKEW_MS


NOTED = st.none() | st.fixed_dictionaries(
    {"state": st.sampled_from(Certainty).map(str), "boot": st.sampled_from(["old", "new"])},
    optional={"proved": st.booleans()},
)


@given(MOMENTS, STAMPS, CONTACTS, NOTED, st.integers(-2 * SKEW_MS, 2 * SKEW_MS), st.booleans())
def test_a_clock_that_runs_on_is_what_the_whole_judgement_says(
    now: Moment, newest: Stamp, contact: Contact | None, noted: dict[str, object] | None, off_ms: int, close: bool
) -> None:
    """`close`: all of it is told within two minutes of one another, as on most days."""
    if close:
        passed = now.monotonic_ms - newest.monotonic_ms
        now = now._replace(wall_ms=max(0, newest.time_ms + passed + off_ms))
        if contact:
            passed = now.monotonic_ms - contact.at.monotonic_ms
            contact = contact._replace(centre_ms=max(0, now.wall_ms - passed - off_ms // 2))
    if runs_on(now, newest, contact, noted):
        reading = read_clock(now, newest, contact)
        assert (reading.time_ms, reading.certainty) == (max(now.wall_ms, newest.time_ms), SURE)
        assert note_of(reading, now, newest, noted) is None


def test_it_runs_on_whether_the_centre_has_spoken_or_not_and_no_longer_once_anything_is_odd() -> None:
    now, newest = Moment(NOON + HOUR, "new", 5_000 + HOUR), SAME_BOOT
    agreeing = heard(NOON + 5_000, NOON + 5_000)
    doubtful = {"state": "doubtful", "boot": "new"}
    assert runs_on(now, newest, None, None)
    proved = {"state": "sure", "boot": "old", "proved": True}
    assert runs_on(now, newest, agreeing, proved)
    for other in (
        (now, newest, None, doubtful),
        (now, newest, agreeing, {**proved, "proved": False}),
        (now._replace(wall_ms=NOON + 2 * HOUR), newest, None, None),
        (now._replace(wall_ms=NOON), newest, None, None),
        (now._replace(boot="newer"), newest, None, None),
        (now, newest, agreeing._replace(centre_ms=NOON + HOUR), None),
        (now, newest, agreeing._replace(centre_ms=NOON + 5_000 + 2 * MINUTE), None),
        (now, newest, heard(NOON, NOON, "old"), None),
        (now, newest, heard(NOON + HOUR, NOON - 7 * HOUR, "old"), None),
        (now, NEVER, None, None),
    ):
        assert not runs_on(*other)


@dataclass
class Box:
    """A machine with a true time that only the test knows, and the frames it writes."""

    truth_ms: int = NOON
    boot: int = 0
    woke_ms: int = NOON
    skew_ms: int = 0
    contact: Contact | None = None
    noted: dict[str, object] | None = None
    frames: list[Frame] = field(default_factory=list)
    truths: dict[int, int] = field(default_factory=dict)

    @property
    def now(self) -> Moment:
        return Moment(self.truth_ms + self.skew_ms, f"boot{self.boot}", self.truth_ms - self.woke_ms)

    @property
    def newest(self) -> Stamp:
        return self.frames[-1].stamp if self.frames else NEVER

    @property
    def clocks(self) -> list[Frame]:
        return [frame for frame in self.frames if frame.kind == "clock"]

    def pass_ms(self, passed_ms: int) -> None:
        self.truth_ms += passed_ms

    def reboot(self, skew_ms: int) -> None:
        self.boot, self.woke_ms, self.skew_ms = self.boot + 1, self.truth_ms, skew_ms

    def sync(self) -> None:
        self.contact = Contact(self.truth_ms, self.now)

    def write(self) -> Reading:
        reading = read_clock(self.now, self.newest, self.contact)
        body = note_of(reading, self.now, self.newest, self.noted)
        if body is not None:
            self._append("clock", body)
            [change] = noted(self.frames[-1], lambda *_: None)
            self.noted = change.document
        return self._append("started", {})

    def _append(self, kind: str, body: dict[str, object]) -> Reading:
        reading = read_clock(self.now, self.newest, self.contact)
        stamp = Stamp(reading.time_ms, self.now.boot, self.now.monotonic_ms, "x")
        head = self.frames[-1].head if self.frames else ZERO_HEAD
        self.frames.append(make_frame(len(self.frames) + 1, kind, stamp, dict(body), head))
        self.truths[len(self.frames)] = self.truth_ms
        return reading


WRONG = [IN_2000 - NOON, -DAY, -8 * HOUR, 8 * HOUR, DAY, YEAR]
ACTS = st.one_of(
    st.tuples(st.just("pass_ms"), st.integers(0, 3 * DAY)),
    st.tuples(st.just("reboot"), st.sampled_from([0, 0, 20_000, *WRONG])),
    st.tuples(st.just("sync")),
    st.tuples(st.just("write")),
)


@given(st.lists(ACTS, max_size=40))
@example([("reboot", -DAY), ("sync",), ("reboot", -8 * HOUR), ("write",)])
@example([("reboot", IN_2000 - NOON), ("pass_ms", DAY), ("write",), ("reboot", -8 * HOUR), ("write",)])
def test_dates_are_true_and_in_order_whatever_the_clock_does(acts: list[tuple[str, int]]) -> None:
    """Every frame's truth lies in what is said of it; a frame of a boot in which the centre spoke later, exactly.

    Not of a frame whose clock nothing spoke against, in a boot that never met the centre: the machine is believed.
    """
    box = Box()
    box.write()
    for name, *rest in acts:
        getattr(box, name)(*rest)
    box.reboot(0)
    box.pass_ms(DAY * 2)
    box.sync()
    box.write()
    times = [frame.stamp.time_ms for frame in box.frames]
    assert times == sorted(times)
    met = {each.stamp.boot for each in box.clocks if "centre_ms" in each.data}
    doubted = False
    for frame in box.frames:
        dated, truth_ms = date_of(frame, box.clocks), box.truths[frame.seq]
        doubted = frame.data["state"] == DOUBTFUL if frame.kind == "clock" else doubted
        if frame.stamp.boot in met:
            assert dated.exact
        if frame.stamp.boot in met or doubted or not dated.exact:
            assert dated.earliest_ms <= truth_ms + SKEW_MS
            assert dated.latest_ms is None or truth_ms <= dated.latest_ms + SKEW_MS
        if doubted:
            assert dated.latest_ms is not None


def test_between_two_words_of_the_centre_the_time_since_the_first_look_counts() -> None:
    box = Box()
    box.sync()
    box.write()
    box.reboot(IN_2000 - NOON)
    for _ in range(2):
        box.pass_ms(HOUR)
        box.write()
    doubted = box.frames[-1]
    assert date_of(doubted, box.clocks) == Dated(NOON + HOUR, None)
    box.reboot(0)
    box.pass_ms(DAY)
    box.write()
    assert date_of(doubted, box.clocks).latest_ms is None  # a clock that was set right proves nothing
    box.sync()
    box.write()
    assert date_of(doubted, box.clocks) == Dated(NOON + HOUR, box.truth_ms)
    assert box.write().certainty is SURE
    assert len(box.clocks) == 3


def test_a_clock_a_year_ahead_is_found_out_and_its_frames_are_dated() -> None:
    box = Box()
    box.write()
    box.reboot(YEAR)
    box.pass_ms(HOUR)
    assert box.write().certainty is SURE  # nothing speaks against it
    box.pass_ms(MINUTE)
    box.sync()
    assert box.write().certainty is AHEAD
    box.reboot(0)
    box.pass_ms(HOUR)
    box.sync()
    box.write()
    assert [date_of(frame, box.clocks).earliest_ms for frame in box.frames] == list(box.truths.values())
    assert all(date_of(frame, box.clocks).exact for frame in box.frames)


def test_a_sure_clock_writes_nothing_of_itself() -> None:
    box = Box()
    for _ in range(20):
        box.write()
        box.pass_ms(HOUR)
        box.sync()
    box.reboot(5_000)
    box.pass_ms(DAY)
    box.write()
    assert box.clocks == []
    assert date_of(box.frames[0], []) == Dated(NOON, NOON)
