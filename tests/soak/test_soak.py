"""A small soak, one that must fail, and what the figures of the whole one are made of; `make soak` runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Measured
from tests.soak.memory import Bar, Sample, growth, stretches
from tests.soak.page import dump, faults, load
from tests.soak.run import Found, Soak
from tests.soak.schedule import CALM, FULL, KILL, OUTAGE, WHAT, Schedule

NOTHING = dict.fromkeys(WHAT, 0)
SMALL = Bar(warm_up=2, least=5, kb=4_000_000.0)
"""The first cards load what the others find: a few cards show a coarse leak only."""


def soaked(
    directory: Path, cards: int, amounts: dict[str, int], *, leak: bool = False, thief: int | None = None
) -> Found:
    soak = Soak(directory, Schedule(cards, 7, {**NOTHING, **amounts}), leak=leak, thief=thief, each=1)
    try:
        return soak.run()
    finally:
        soak.close()


@pytest.mark.rig
@pytest.mark.timeout(300)
def test_a_small_soak(tmp_path: Path, measured: Measured) -> None:
    amounts = {KILL: 2, OUTAGE: 1, "cable": 1, "jam:print": 1, "chip-weak": 1, "lost-replies": 1}
    found = soaked(tmp_path, 40, amounts)
    measured(f"soak: {found.cards} cards in {found.seconds:.0f} s, {found.starts} starts, {found.asked} questions")
    assert faults(found, SMALL) == []
    assert (found.cards, found.starts, found.dealt) == (40, 3, amounts)
    assert found.queued[0] > 20
    assert stretches(found.samples, SMALL)
    assert load(dump(found)) == found


@pytest.mark.rig
@pytest.mark.timeout(300)
def test_a_theft_and_a_leak_are_seen(tmp_path: Path) -> None:
    """The negative control: a card is taken out of the tray by nobody's booking, from a station that leaks."""
    said = "\n".join(faults(soaked(tmp_path, 12, {}, leak=True, thief=8), SMALL))
    assert "wni printed: books 12, world 11" in said
    assert "500 blanks were delivered, 499 are there" in said
    assert "memory grows by" in said
    assert "handles at rest were" in said


def life(rows: int, per_card_kb: float, *, late: int = 16) -> list[Sample]:
    return [
        Sample(card, 1, 90_000 + round(per_card_kb * card), late if card > 1_500 else 16, 21, card % 500 == 0)
        for card in range(0, rows, 25)
    ]


@pytest.mark.parametrize(("kb", "late", "said"), [
    (0.5, 16, ""), (1.5, 16, "memory grows by 1500 kB in 1,000 cards"), (0.5, 17, "handles at rest were 16, 17"),
])  # fmt: skip
def test_the_bar_tells_a_leak_from_none(kb: float, late: int, said: str) -> None:
    [stretch] = stretches(life(3_000, kb, late=late), Bar())
    assert [fault.partition(": ")[2] for fault in stretch.faults(Bar())] == ([said] if said else [])


def test_a_life_that_was_short_says_nothing() -> None:
    assert stretches(life(1_200, 9.0), Bar()) == []


def test_an_outage_is_no_leak() -> None:
    """What waits for the centre is memory too, for a while."""
    humped = [
        (each.card, each.rss_kb + (20_000 if 1_200 < each.card < 1_500 else 0)) for each in life(3_000, 0.0)
    ]  # fmt: skip
    assert growth(humped) == 0.0


def test_the_whole_one_is_what_was_asked_for() -> None:
    whole = Schedule(FULL)
    blows = whole.blows()
    kills = [blow for blow in blows if blow.kind == KILL]
    pulled = [blow for blow in blows if blow.kind in ("cable", "reader")]
    assert (whole.cards, len(kills), len(pulled), whole.counts[OUTAGE]) == (10_000, 50, 20, 5)
    assert not any(begin <= blow.card / FULL < end for begin, end in CALM for blow in kills)
    assert blows == Schedule(FULL).blows() != Schedule(FULL, 1).blows()


def test_each_audit_finds_the_centre_there() -> None:
    for cards in (20, 40, 1_000, FULL):
        whole = Schedule(cards)
        away = [(blow.card, blow.until) for blow in whole.blows() if blow.until]
        assert away
        assert all(begin // whole.step == end // whole.step for begin, end in away)
