"""A whole station with a printer that does a card in one, and the chip written on the desk: no second card, ever."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drivers.sim.cards import Card
from drivers.sim.firmware import Firmware
from drivers.sim.ipp_line import IppLine
from drivers.sim.ipp_printer import IppPrinter
from kiosk.config import CardConfig, Config, PrinterConfig, WebConfig
from kiosk.core.plan import Plan
from kiosk.errors import UsageError
from kiosk.rig.world_check import good_cards, wrong_cards
from kiosk.station import Station
from tests.office import Killed, Office
from tests.plans.hands import Hands
from tests.station.test_in_doubt import die_at


class IppOffice(Office):
    """The same office; its printer speaks IPP. `plan`: of the config."""

    plan = Plan.DESKTOP_AFTER

    def lay_line(self, firmware: Firmware) -> tuple[IppLine, str]:  # type: ignore[override]
        self.ipp = IppPrinter(self.world)
        line = IppLine(self.ipp)
        return line, line.url

    def printer(self) -> PrinterConfig:
        return PrinterConfig(driver="ipp", port=self.port, reply_timeout=1.0)

    def _open(self) -> Station:
        card, web = CardConfig(plan=self.plan.value), WebConfig(port=0)
        config = Config(printer=self.printer(), reader=self.reader(), card=card, web=web)
        return Station(config, self.data, "test")

    @property
    def printed_on(self) -> list[Card]:
        """All cards with anything on them, wherever they lie."""
        return [card for cards in self.world.census().values() for card in cards if card.panels]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[IppOffice]:
    place = IppOffice(tmp_path, blanks=4)
    yield place
    place.close()


@pytest.mark.parametrize("plan", [Plan.DESKTOP_AFTER, pytest.param(Plan.DESKTOP_BEFORE, marks=pytest.mark.long)])
def test_a_card_from_the_record_to_the_hand(office: IppOffice, plan: Plan) -> None:
    hands = Hands(office, plan)
    job = hands.begin()
    hands.help_through(job)
    assert office.accounts() == {"supplier": -4, "hopper": 3, "printed": 1}
    office.agree()
    assert wrong_cards(good_cards(office.world), office.residents) == []
    assert len(office.printed_on) == 1
    hands.help_through(hands.begin())
    assert len(office.printed_on) == 2
    office.agree()


def answer(office: IppOffice, job: str) -> None:
    """As a person who looks into tray and printer, and nothing else."""
    if office.world.path:
        office.world.discard(office.world.take_card())
        said = "spoiled"
    else:
        said = "good" if office.world.output else "blank"
    office.station.desk.resolve_job("test", job, said)


def settled(office: IppOffice, hands: Hands, job: str) -> None:
    """Whatever is asked is answered, until the card is made."""
    hands.help_through_with(job, None, lambda: "outcome-unknown" in office.reasons(job))
    if office.state(job) != "completed":
        answer(office, job)
        hands.help_through(job)
    assert office.state(job) == "completed"
    office.agree()
    assert len(good_cards(office.world)) == len(office.printed_on) == 1


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("nth", [2, pytest.param(1, marks=pytest.mark.long), pytest.param(3, marks=pytest.mark.long)])
def test_the_station_is_killed_at_a_commit(office: IppOffice, nth: int, when: str) -> None:
    hands = Hands(office, Plan.DESKTOP_AFTER)
    worker = office.station.worker
    assert worker is not None
    die_at(office, nth, when)
    job = hands.begin()
    office.until(lambda: worker.failure is not None)
    assert isinstance(worker.failure, Killed)
    office.restart()
    settled(office, hands, job)


CUTS: dict[str, Callable[[IppOffice], object]] = {
    "cable": lambda office: office.line.cut(),
    "power": lambda office: office.world.power_off(),
}


@pytest.mark.parametrize("fate", CUTS)
def test_cut_off_in_mid_card_and_started_again(office: IppOffice, fate: str) -> None:
    hands = Hands(office, Plan.DESKTOP_AFTER)

    def watch(event: str, card: object, what: str) -> None:
        if event == "panel-started" and what == "k":
            stop()
            CUTS[fate](office)

    stop = office.world.observe(watch)
    job = hands.begin()
    office.until_held_up()
    office.station.close()
    office.line.restore()
    office.world.power_on()
    office.reopen()
    hands.help_through_with(job, None, lambda: "outcome-unknown" in office.reasons(job))
    assert "outcome-unknown" in office.reasons(job), "nobody knows, and nobody was asked"
    answer(office, job)
    hands.help_through(job)
    office.agree()
    assert office.state(job) == "completed"
    assert len(good_cards(office.world)) == 1
    assert len(office.printed_on) == (2 if fate == "power" else 1)
    assert wrong_cards(good_cards(office.world), office.residents) == []


def test_a_plan_without_the_desk_is_refused_at_the_start(office: IppOffice) -> None:
    office.station.close()
    office.plan = Plan.INLINE
    station = office._open()
    try:
        with pytest.raises(UsageError, match=r"card.plan: inline"):
            station.start()
    finally:
        station.close()
        office.plan = Plan.DESKTOP_AFTER
        office.reopen()
