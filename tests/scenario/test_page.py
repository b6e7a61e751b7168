"""docs/scenario.md is what the kept story said, and that one went well; `make scenario` writes both."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from kiosk.rig.scenario import adds_up
from kiosk.rig.scenario_plan import kupang
from tests.scenario.page import KEPT, PAGE, ROWS, SCALE, SEED, load, render


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


def a_result(lines: list[int]) -> dict[str, Any]:
    plan = kupang(SCALE, SEED)
    at_print = {"lines": lines, "problems": [], "printed": 1, "waiting": lines[-1]}
    return dict.fromkeys(ROWS, 1) | {
        "seed": SEED, "scale": SCALE, "days": len(plan.days), "first_day": "a", "last_day": "b", "seconds": 1.0,
        "machine": "m", "figures": {}, "outages": [], "problems": [], "unaccounted": 0, "lines": [7] * len(lines),
        "served_within_a_day": {"prefetch": 1.0, "fetch-at-print": 0.5}, "fetch_at_print": at_print,
        "papers": ["/tmp/somewhere/a-paper.pdf"],
    }  # fmt: skip


def test_the_page_says_why_few_are_served_and_names_papers_without_their_place() -> None:
    plan = kupang(SCALE, SEED)
    end, days = sum(plan.outages[0]), len(plan.days)
    lines = [0] * (end - 1) + [133] + [150] * (days - end)
    stays, melts = render(a_result(lines)), render(a_result([*lines[:-1], 0]))
    assert "133 people stood in line when the first outage ended" in stays
    assert f"150 on the\nevening of {plan.days[end]}" in stays
    assert "never gone" in stays
    assert f"It was gone on {plan.days[-1]}." in melts
    assert "7 people at its longest" in stays
    assert "* `a-paper.pdf`" in stays
    assert "somewhere" not in stays


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
