"""An answer that the machine's own evidence contradicts is not taken, and the others are booked where they belong."""

from __future__ import annotations

import pytest

from drivers.sim.chip import Behaviour
from kiosk.core.jobs import Answer
from kiosk.core.verdicts import AnswerError, SpoilCause, fitting_answers, resolve
from kiosk.errors import Rejected
from tests.office import Office
from tests.station.test_in_doubt import stop_in_doubt


def test_a_printed_card_is_not_blank(office: Office) -> None:
    """It would be fed again under another face."""
    ident = stop_in_doubt(office, "eject")
    assert office.job(ident)["answers"] == ["good", "spoiled", "not-there"]
    with pytest.raises(Rejected, match="was printed"):
        office.station.desk.resolve_job("test", ident, "blank")


def test_a_refused_card_that_jams_on_its_way_out_is_not_good_and_stays_a_factory_defect(office: Office) -> None:
    bad = office.spoil_chip(0, Behaviour(dead=True))
    ident = stop_in_doubt(office, "eject")
    assert "good" not in office.job(ident)["answers"]
    assert office.world.take_card() is bad
    office.station.desk.resolve_job("test", ident, "spoiled")
    office.until(lambda: office.state(ident) == "completed")
    first = office.job(ident)["cards"][0]
    assert (first["end"], first["cause"]) == ("factory-defect", "chip-silent")
    office.agree()


def test_a_refused_card_that_is_missing_costs_nobody_the_job(office: Office) -> None:
    """It was never printed, so the record may have another."""
    office.spoil_chip(0, Behaviour(dead=True))
    ident = stop_in_doubt(office, "eject")
    office.world.take_card()
    office.station.desk.resolve_job("test", ident, "not-there")
    office.until(lambda: office.state(ident) == "completed")
    assert office.accounts()["count-adjustment"] == 1


def test_not_there_before_anything_was_fed_moves_nothing_and_says_so(office: Office) -> None:
    ident = stop_in_doubt(office, "feed")
    office.world.put_back(office.world.take_card())
    assert office.station.desk.resolve_job("test", ident, "not-there")["end"] == "hopper"
    office.until(lambda: office.state(ident) == "completed")
    assert office.job(ident)["cards"][0]["end"] == "hopper"
    office.agree()


def test_printed_first_a_card_is_good_only_with_its_chip() -> None:
    """A plan of an earlier release could print before it encoded; its card is finished as it stands."""
    card = {"done": ["feed", "print"], "cause": None, "lot": "L",
            "intent": {"step": "identify"}}  # fmt: skip
    assert fitting_answers(card) == (Answer.SPOILED, Answer.NOT_THERE)
    with pytest.raises(AnswerError, match="does not fit"):
        resolve({"card": card, "sku": "wni"}, Answer.GOOD, None)


def test_a_broken_print_is_not_good() -> None:
    """The counters have said so already; only its way out is in doubt."""
    card = {"done": ["feed", "identify", "encode", "verify"], "cause": "print-interrupted",
            "lot": "L", "intent": {"step": "eject", "tray": "reject"}}  # fmt: skip
    assert Answer.GOOD not in fitting_answers(card)
    found = resolve({"card": card, "sku": "wni"}, Answer.SPOILED, None)
    assert (found.end, found.cause) == ("spoiled", SpoilCause.PRINT_INTERRUPTED)
    assert resolve({"card": card, "sku": "wni"}, Answer.NOT_THERE, None).aborts
