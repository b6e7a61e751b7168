"""A whole station with a printer that has no status words: cards come out, trouble stops it, and the books agree."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.sim.answers import CLASSIC
from tests.office import Office


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    place = Office(tmp_path, blanks=4, printer=CLASSIC)
    yield place
    place.close()


def test_a_card_is_made(office: Office) -> None:
    assert office.print_one()["state"] == "completed"
    [card] = office.world.output
    assert {panel.fraction for panel in card.panels} == {1.0}
    office.agree()


def test_an_empty_hopper_stops_it_and_it_goes_on_by_itself(office: Office) -> None:
    blanks = office.world.empty_hopper()
    office.bring_records(1)
    [ident] = office.station.desk.run_jobs("test")
    assert "media-needed" in office.until_held_up()
    office.world.load(blanks)
    office.until(lambda: office.state(ident) == "completed")
    office.agree()


def test_power_lost_in_a_print_is_not_taken_for_a_card(office: Office) -> None:
    def watch(event: str, card: object, what: str) -> None:
        if event == "panel-started" and what == "k":
            stop()
            office.world.power_off()

    stop = office.world.observe(watch)
    office.bring_records(1)
    [ident] = office.station.desk.run_jobs("test")
    office.until_held_up()
    office.world.power_on()
    office.until(lambda: office.is_settled(ident))
    assert len(office.world.output) == (office.state(ident) == "completed")
    assert [panel.fraction for card in office.world.output for panel in card.panels] in ([], [1.0] * 5)
    office.agree()
