"""A week of the story, told by a real station: what it says is what the simulated world holds."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from click.testing import CliRunner

from drivers.sim.cards import Card
from kiosk.cli import main
from kiosk.cli import rig as commands
from kiosk.core.workdays import office_day
from kiosk.hub.status import status
from kiosk.journal import scan
from kiosk.rig.scenario import adds_up, found_in
from kiosk.rig.scenario_plan import kupang
from kiosk.rig.story import Fetch, Story
from kiosk.rig.story_office import OPENS, StoryOffice, at

pytestmark = pytest.mark.rig

WEEK = replace(
    kupang(100, 7), blanks=30, most=3, arrivals=(2, 2, 1, 1, 2), outages=((1, 2),), letter=2, granting=3, receipt=3,
    asked=20, granted=8, jams=frozenset({2}), cuts={5: "print"}, ahead=1,
)  # fmt: skip
WEEK = replace(WEEK, days=WEEK.days[: len(WEEK.arrivals)])


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Story, dict[str, Any]]]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = "WITA-8"
    time.tzset()
    office = StoryOffice(tmp_path_factory.mktemp("story") / "office", WEEK)
    story = Story(office, Fetch.AHEAD, lambda day: None)
    try:
        story.tell()
        yield story, found_in(story, office.station.stop())
    finally:
        office.close()
        os.environ.pop("TZ") if before is None else os.environ.update(TZ=before)
        time.tzset()


@pytest.mark.timeout(240)
def test_a_week_adds_up(told: tuple[Story, dict[str, Any]]) -> None:
    story, found = told
    assert found["problems"] == []
    assert found["unaccounted"] == 0
    assert found["received"] == WEEK.blanks + WEEK.granted
    assert found["printed"] == found["people"] == sum(WEEK.arrivals)
    assert found["spoiled"] == 2  # the one that jammed, the one that was under the head when the power went
    assert found["power_cuts"] == 1
    assert found["left"] == found["received"] - found["printed"] - found["spoiled"]
    assert found["served_within_a_day"] == 1.0
    assert story.letter is not None
    assert str(WEEK.asked) in str(story.letter)
    assert found["issued"] == story.handed == found["printed"] - story.uncollected


def test_each_day_is_the_storys(told: tuple[Story, dict[str, Any]]) -> None:
    story, _ = told
    frames = list(scan(story.office.rig.data / "journal"))
    days = [office_day(at(day, OPENS)) for day in WEEK.days]
    assert {office_day(frame.stamp.time_ms) for frame in frames} == set(days)
    made = Counter(office_day(frame.stamp.time_ms) for frame in frames if frame.kind == "job-ended")
    # Of the two days without the centre the records of the first were here.
    assert [made[day] for day in days] == [2, 2, 0, 2, 2]
    assert len({frame.stamp.boot for frame in frames}) == 2


def test_a_card_that_is_gone_is_found(told: tuple[Story, dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    story, found = told
    world = story.office.world
    gone: Card = world.collected.pop()
    try:
        robbed = found_in(story, 0)
    finally:
        world.collected.append(gone)
    assert robbed["unaccounted"] == 1
    assert any("printed: books 8, world 7" in line for line in robbed["problems"])
    assert found_in(story, 0) == found
    for result, code in ((found, 0), (robbed, 1), (found | {"fetch_at_print": robbed}, 1)):
        asked = {"asked": 1, "granted": 1, "outage_days": 2, "papers": [], "fetch_at_print": None}
        said = asked | result | {"served_within_a_day": {"prefetch": 1.0}}
        monkeypatch.setattr(commands, "tell", lambda tale, progress, said=said: said)
        done = CliRunner().invoke(main, ["scenario", "kupang", "--scale", "100", "--json"])
        assert done.exit_code == code
        assert json.loads(done.stdout)["unaccounted"] == result["unaccounted"]
        assert adds_up(said) is (code == 0)


def test_a_centre_or_a_hand_that_differs_is_found(
    told: tuple[Story, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    story, _ = told
    [known] = status(story.office.rig.store)
    monkeypatch.setattr("kiosk.rig.scenario.hub_status", lambda store: [replace(known, seq=known.seq + 1)])
    assert found_in(story, 3)["problems"] == ["the centre's ledger is not the station's", "the station ended with 3"]
    monkeypatch.setattr("kiosk.rig.scenario.hub_status", lambda store: [known])
    monkeypatch.setattr(story, "handed", story.handed + 1)
    assert found_in(story, 0)["problems"] == [f"issued: books {story.handed - 1}, hands {story.handed}"]


class Desk:
    """The part of an office that knows of records: what was leased, and how often the centre was asked."""

    def __init__(self) -> None:
        self.plan, self.here = WEEK, set[str]()
        self.leased: list[str] = []
        self.asked = 0
        self.rig = SimpleNamespace(invent=lambda count: [SimpleNamespace() for _ in range(count)])
        self.station = SimpleNamespace(call=self._call)

    def lease(self, people: list[Any]) -> list[str]:
        refs = [f"{len(self.leased) + number}" for number, _ in enumerate(people)]
        self.leased += refs
        return refs

    def _call(self, command: str) -> None:
        assert command == "sync.now"
        self.asked += 1


def line_up(fetch: Fetch) -> tuple[Story, Desk]:
    desk = Desk()
    story = Story(cast(StoryOffice, desk), fetch, lambda day: None)
    for day in (0, 1):
        story._invent(day)
        story._line += story._to_come.popleft()
    return story, desk


def test_at_the_print_a_record_is_leased_only_when_its_turn_has_come() -> None:
    story, desk = line_up(Fetch.AT_PRINT)
    assert desk.leased == []
    assert story._next(1, 3) == []  # without the centre
    assert (desk.leased, desk.asked) == ([], 0)
    first = story._next(0, 3)
    assert [person.ref for person in first] == desk.leased == ["0", "1", "2"]
    assert desk.asked == 1
    assert len(story._next(3, 3)) == 1
    assert story._next(3, 3) == []
    assert desk.asked == 2


def test_fetched_ahead_only_who_has_a_record_here_is_served_and_nobody_overtakes() -> None:
    story, desk = line_up(Fetch.AHEAD)
    assert len(desk.leased) == 4
    assert story._next(0, 3) == []
    desk.here = {"0", "2", "3"}
    assert [person.ref for person in story._next(1, 2)] == ["0", "2"]
    assert [person.ref for person in story._next(1, 2)] == ["3"]
    assert [person.ref for person in story._line] == ["1"]
