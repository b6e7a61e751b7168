"""docs/scenario.md is what the kept story said, and that one went well; `make scenario` writes both."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from kiosk.rig.scenario import adds_up
from kiosk.rig.scenario_plan import kupang
from tests.scenario.page import KEPT, PAGE, SCALE, SEED, load, render


@pytest.fixture
def told() -> dict[str, Any]:
    if not KEPT.exists():
        pytest.skip("the story was not told yet: make scenario")
    return load()


def test_the_page_is_what_was_said(told: dict[str, Any]) -> None:
    assert PAGE.read_text(encoding="utf-8") == render(told), "make scenario writes both"


def test_what_was_said_is_whole_and_well(told: dict[str, Any]) -> None:
    plan = kupang(SCALE, SEED)
    assert adds_up(told)
    assert (told["asked"], told["granted"], told["people"]) == (plan.asked, plan.granted, sum(plan.arrivals))
    assert told["outage_days"] == 12
    assert told["power_cuts"] == 2
    assert told["received"] == told["printed"] + told["spoiled"] + told["defective"] + told["left"]
    assert len(told["papers"]) == 12


def test_a_story_that_does_not_add_up_says_so(told: dict[str, Any]) -> None:
    assert "everything adds up" in render(told)
    assert "it does not add up" in render(told | {"unaccounted": 1})


@pytest.mark.parametrize("scale", [1, 10, 100])
def test_the_same_seed_tells_the_same_story(scale: int) -> None:
    plan, again, other = kupang(scale, SEED), kupang(scale, SEED), kupang(scale, SEED + 1)
    assert plan == again
    assert plan != other
    assert len(plan.days) == len(plan.arrivals) == plan.receipt + 3
    assert plan.granted < plan.asked
    assert {field.name for field in fields(plan)} >= {"cuts", "jams"}
    assert len(plan.cuts) == 2
    assert not plan.jams & set(plan.cuts)


@pytest.mark.parametrize("seed", range(30))
def test_outages_end_well_before_the_letter(seed: int) -> None:
    plan = kupang(10, seed)
    ends = [first + count for first, count in plan.outages]
    assert all(end <= first for end, (first, _) in zip(ends, plan.outages[1:], strict=False))
    assert ends[-1] < plan.letter
    assert sum(plan.away(day) for day in range(len(plan.days))) == 12
