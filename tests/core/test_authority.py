"""What is left without the centre: a table, and what holds whatever clocks, boots, receipts and lifts do."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.core import authority
from kiosk.core.authority import DAY_MS, HOUR_MS, Caps, Grant, Left, LiftReason, Mark, draws, elapsed_ms, left
from kiosk.core.change import ProjectionError
from kiosk.core.clock import Contact, Moment, read_clock
from kiosk.core.frames import ZERO_HEAD, Frame, Stamp, make_frame

CAPS = Caps(cards=100, days=10)
NOON = 1_795_000_000_000
IN_2000 = 946_684_800_000
NOW = Mark(NOON, "new", 5_000)


def ago(days: float, boot: str = "old", seq: int = 10, cards: int = CAPS.cards, allowed: int = CAPS.days) -> Grant:
    return Grant(seq, [Mark(NOON - int(days * DAY_MS), boot, 0)], cards, allowed)


def frame(kind: str, **data: object) -> Frame:
    return make_frame(9, kind, Stamp(NOON, "new", 5, "op:yosep"), data, ZERO_HEAD)


@pytest.mark.parametrize(
    ("grants", "drawn", "expected"),
    [
        pytest.param([ago(0)], 0, Left(100, 10 * DAY_MS, near=False), id="confirmed just now"),
        pytest.param([ago(1)], 79, Left(21, 9 * DAY_MS, near=False), id="on the way"),
        pytest.param([ago(1)], 80, Left(20, 9 * DAY_MS, near=True), id="a fifth of the cards"),
        pytest.param([ago(8)], 0, Left(100, 2 * DAY_MS, near=True), id="a fifth of the days"),
        pytest.param([ago(1)], 100, Left(0, 9 * DAY_MS, near=True), id="the last card"),
        pytest.param([ago(10)], 0, Left(100, 0, near=True), id="the last day"),
        pytest.param([ago(400)], 500, Left(0, 0, near=True), id="long past"),
        pytest.param([ago(12), ago(1, seq=70, cards=50, allowed=5)], 100, Left(10, 4 * DAY_MS, near=True), id="more"),
        pytest.param([ago(1), ago(1, seq=60, cards=5, allowed=1)], 50, Left(50, 9 * DAY_MS, near=False), id="less"),
        pytest.param([ago(12), ago(0, seq=60, cards=50, allowed=0)], 0, Left(100, 0, near=True), id="cards alone"),
        pytest.param(
            [ago(12), *[ago(0, seq=110, cards=50, allowed=5)] * 2], 100, Left(50, 5 * DAY_MS, near=False), id="twice"
        ),
    ],
)  # fmt: skip
def test_left(grants: list[Grant], drawn: int, expected: Left) -> None:
    """Frames 11, 12, ... draw a card each."""
    seqs = range(11, 11 + drawn)
    found = left(CAPS, grants, lambda seq: len(seqs) - bisect_right(seqs, seq), NOW)
    assert found == expected
    assert found.reached == (0 in (found.cards, found.ms))


def test_days_are_told_as_hours_at_last_and_none_is_left_only_at_the_end() -> None:
    assert (Left(1, DAY_MS - 1, near=True).days, Left(1, DAY_MS - 1, near=True).hours) == (0, 24)
    assert (Left(1, 1, near=True).hours, Left(1, 0, near=True).hours) == (1, 0)
    assert not Left(1, 1, near=True).reached


@pytest.mark.parametrize(
    ("since", "passed_ms"),
    [
        pytest.param([Mark(NOON - 3 * HOUR_MS, "old", 9)], 3 * HOUR_MS, id="over a boot, by the time"),
        pytest.param([Mark(IN_2000, "new", 1_000)], 4_000, id="in this boot, whatever the time is"),
        pytest.param([Mark(NOON + DAY_MS, "old", 9)], 0, id="frames of the future"),
        pytest.param([Mark(NOON - 9 * DAY_MS, "old", 9), Mark(NOON - DAY_MS, "older", 9)], DAY_MS, id="the latest"),
        pytest.param([Mark(NOON + DAY_MS, "old", 9), Mark(0, "new", 2_000)], 3_000, id="this boot is the latest"),
    ],
)  # fmt: skip
def test_elapsed(since: list[Mark], passed_ms: int) -> None:
    assert elapsed_ms(since, NOW) == passed_ms


@pytest.mark.parametrize(
    ("of", "counts"),
    [
        (frame("step", job="1", outcome={"step": "feed", "result": "done"}), True),
        (frame("step", job="1", outcome={"step": "feed", "result": "not-done"}), False),
        (frame("step", job="1", outcome={"step": "print", "result": "done"}, intent={"step": "eject"}), False),
        (frame("step", job="1", intent={"step": "feed"}), False),
        (frame("job-ended", job="1", outcome={"step": "feed", "result": "done"}), False),
    ],
)
def test_a_card_counts_once_when_it_is_drawn_in(of: Frame, counts: bool) -> None:
    assert draws(of) is counts


@pytest.mark.parametrize("wrong", [{"more_cards": 0}, {"more_cards": -1}, {"more_days": -1}, {"reason": "because"}])
def test_a_lift_that_says_nothing_is_none(wrong: dict[str, object]) -> None:
    said = {"reason": LiftReason.NO_LINE.value, "more_cards": 5, "more_days": 0}
    assert authority.lifted(frame("limit-lifted", **said), lambda table, key: None) == []
    with pytest.raises(ProjectionError, match="by cards or days"):
        authority.lifted(frame("limit-lifted", **{**said, **wrong}), lambda table, key: None)


ACTS = st.lists(st.sampled_from(["card", "lift", "receipt"]) | st.integers(0, 3).map(lambda n: f"receipt-{n}"))


@given(ACTS, st.integers(1, 6), st.integers(1, 6))
def test_cards_are_never_more_than_were_granted_and_a_receipt_takes_nothing(
    acts: list[str], cap: int, more: int
) -> None:
    """A model: `receipt` confirms all, `receipt-n` all but the last n frames. What is granted is spent one by one."""
    caps, seq, after, drawn, lifts = Caps(cap, 1), 0, 0, list[int](), list[Grant]()

    def now_left() -> int:
        grants = [Grant(after, [NOW], *caps), *(lift for lift in lifts if lift.seq > after)]
        return left(caps, grants, lambda since: sum(each > since for each in drawn), NOW).cards

    for act in acts:
        before = now_left()
        match act.partition("-"):
            case "card", _, _ if before:
                seq += 1
                drawn.append(seq)
                assert now_left() == before - 1
            case "lift", _, _:
                seq += 1
                lifts.append(Grant(seq, [NOW], more, 0))
                assert now_left() == max(before, more)
            case "receipt", _, behind:
                ended = [lift for lift in lifts if after < lift.seq <= seq - int(behind or 0)]
                after = max(after, seq - int(behind or 0))
                assert now_left() >= (before if not ended else 0)
                assert behind or now_left() == cap


@dataclass
class Box:
    """A machine whose true time only the test knows; it writes a frame at each start, and whenever it works."""

    truth_ms: int = NOON
    boot: int = 0
    woke_ms: int = NOON - 1_000
    wall_ms: int = 0
    contact: Contact | None = None
    stamps: list[Stamp] = field(default_factory=list)
    on_ms: int = 0

    def __post_init__(self) -> None:
        self.write()

    @property
    def now(self) -> Moment:
        return Moment(self.truth_ms + self.wall_ms, f"boot{self.boot}", self.truth_ms - self.woke_ms)

    @property
    def time_ms(self) -> int:
        newest = self.stamps[-1] if self.stamps else Stamp(0, "", 0, "")
        return read_clock(self.now, newest, self.contact).time_ms

    def write(self) -> None:
        self.stamps.append(Stamp(self.time_ms, self.now.boot, self.now.monotonic_ms, "x"))

    def works(self, hours: int) -> None:
        self.truth_ms += hours * HOUR_MS
        self.on_ms += hours * HOUR_MS
        self.write()

    def rests(self, hours: int, *, wakes_in_2000: bool) -> None:
        self.truth_ms += hours * HOUR_MS
        self.boot += 1
        self.woke_ms = self.truth_ms - 1_000
        self.wall_ms = IN_2000 - self.truth_ms if wakes_in_2000 else 0
        self.write()

    def elapsed_ms(self, since: Stamp) -> int:
        now = self.now
        return elapsed_ms([authority.mark_of(since)], Mark(self.time_ms, now.boot, now.monotonic_ms))


LIVES = st.lists(st.tuples(st.sampled_from(["works", "rests", "in 2000"]), st.integers(1, 200)), max_size=12)


@given(LIVES)
def test_no_clock_locks_the_station_nor_gives_it_days_without_end(life: list[tuple[str, int]]) -> None:
    """Never more than has passed; never less than the station was on; all of it where the clock is right."""
    box = Box()
    since, begun_ms = box.stamps[0], box.truth_ms
    for act, hours in life:
        if act == "works":
            box.works(hours)
        else:
            box.rests(hours, wakes_in_2000=act == "in 2000")
        passed, counted = box.truth_ms - begun_ms, box.elapsed_ms(since)
        assert box.on_ms <= counted + 60_000
        assert counted <= passed + 60_000
        if not box.wall_ms:
            assert abs(counted - passed) <= 60_000


@given(LIVES, st.integers(1, 48))
def test_a_clock_that_comes_right_makes_up_for_what_was_not_counted(life: list[tuple[str, int]], hours: int) -> None:
    box = Box()
    since, begun_ms = box.stamps[0], box.truth_ms
    for act, each in life:
        box.works(each) if act == "works" else box.rests(each, wakes_in_2000=True)
    box.rests(hours, wakes_in_2000=False)
    assert abs(box.elapsed_ms(since) - (box.truth_ms - begun_ms)) <= 60_000


def test_a_contact_is_a_moment_as_a_frame_is() -> None:
    """Idle and connected nothing is written, so nothing is confirmed; the days run from when the line went."""
    contact = Contact(NOON - HOUR_MS, Moment(0, "old", 7))
    base = ago(40)
    grants = [base._replace(at=[*base.at, authority.mark_of_contact(contact)])]
    assert left(CAPS, grants, lambda seq: 0, NOW).ms == 10 * DAY_MS - HOUR_MS
