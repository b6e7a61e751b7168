"""A person at the desk who does it wrong, or holds a card that is no good: told at once, nothing written."""

from __future__ import annotations

import pytest

from drivers.iso7816 import Ins
from drivers.sim.cards import Card
from drivers.sim.chip import Behaviour, Chip
from kiosk.core.plan import Plan
from kiosk.errors import Rejected
from kiosk.rig.world_check import good_cards, wrong_cards
from tests.office import Office
from tests.plans.hands import TO_FEEDER, Hands, uid_of

BEFORE, AFTER = Plan.DESKTOP_BEFORE, Plan.DESKTOP_AFTER


def chip_of(card: Card) -> Chip:
    assert isinstance(card.chip, Chip)
    return card.chip


def frames_now(office: Office) -> int:
    return len(office.frames())


@pytest.mark.parametrize("behaviour", [Behaviour(used=True), Behaviour(random_uid=True)], ids=["used", "random"])
def test_a_blank_that_can_not_be_used_is_told_and_nothing_written(office: Office, behaviour: Behaviour) -> None:
    hands = Hands(office, BEFORE)
    bad = office.spoil_chip(0, behaviour)
    job = hands.begin()
    hands.asked()
    before = frames_now(office)
    office.world.lift(bad)
    hands.lay(bad)
    hands.asked(problem="chip-used" if behaviour.used else "chip-uid-random")
    assert frames_now(office) == before
    assert chip_of(bad).updates == 0
    office.station.stock.move("op:maria", "set-aside", "wni", 1, source="hopper")
    hands.help_through_with(job, hands.next_blank())
    assert office.accounts() == {"supplier": -12, "hopper": 10, "bench": 1, "printed": 1}


@pytest.mark.parametrize("plan", [BEFORE, AFTER])
def test_the_card_of_another_job_is_named_and_left_alone(office: Office, plan: Plan) -> None:
    first = office.print_one()
    finished = office.world.output.pop()
    office.world.by_hand.append(finished)
    hands = Hands(office, plan)
    [job] = office.bring_more_and_run()
    hands.asked()
    written = chip_of(finished).updates
    hands.lay(finished)
    holdup = hands.asked(problem="wrong-card")
    assert getattr(holdup, "owner", None) == first["id"]
    assert chip_of(finished).updates == written
    hands.help_through(job)
    assert office.state(job) == "completed"
    assert wrong_cards(good_cards(office.world), office.residents) == []
    office.agree()


@pytest.mark.parametrize("plan", [BEFORE, AFTER])
def test_a_chip_that_was_begun_goes_on_with_itself_alone(office: Office, plan: Plan) -> None:
    """The card is pulled in mid-write; another blank is laid down, then the same."""
    hands = Hands(office, plan)
    job = hands.begin()
    hands.asked()
    card = hands.next_blank() if plan is BEFORE else hands.printed()
    pulled = []

    def pull(apdu: bytes) -> None:
        if apdu[1] == Ins.UPDATE_BINARY and chip_of(card).updates == 3 and not pulled:
            pulled.append(True)
            office.desk.lift()

    chip_of(card).on_apdu(pull)
    hands.lay(card)
    office.until(lambda: bool(pulled))
    other = office.world.hopper[0]
    hands.asked()
    hands.lay(other)
    hands.asked(problem="wrong-card")
    assert chip_of(other).updates == 0
    office.desk.lift()
    office.world.put_back(other)
    hands.help_through_with(job, card)
    assert office.job(job)["cards"][-1]["uid"] == uid_of(card)
    assert len(office.job(job)["cards"]) == 1
    office.agree()


@pytest.mark.parametrize(("plan", "end"), [(BEFORE, "factory-defect"), (AFTER, "spoiled")])
@pytest.mark.parametrize("behaviour", [Behaviour(weak=True), Behaviour(fail_write_at=4)], ids=["weak", "unwritable"])
def test_a_chip_that_fails_is_booked_where_it_belongs(
    office: Office, plan: Plan, end: str, behaviour: Behaviour
) -> None:
    hands = Hands(office, plan)
    bad = office.spoil_chip(0, behaviour)
    job = hands.begin()
    hands.asked()
    if plan is BEFORE:
        office.world.lift(bad)
    hands.lay(bad)
    office.until(lambda: bool(office.job(job)["cards"]))
    assert [card["end"] for card in office.job(job)["cards"]] == [end]
    office.desk.lift()
    office.world.discard(bad)
    hands.help_through(job)
    assert office.accounts() == {"supplier": -12, "hopper": 10, end: 1, "printed": 1}
    assert bad.panels == [] if plan is BEFORE else bad.panels
    office.agree()


@pytest.mark.parametrize(
    ("plan", "answer", "end", "cause"),
    [
        (AFTER, "unreadable", "spoiled", "chip-silent"),
        (AFTER, "spoiled", "spoiled", "damaged"),
        (AFTER, "not-there", "count-adjustment", "card-missing"),
        (BEFORE, "unreadable", "factory-defect", "chip-silent"),
        (BEFORE, "blank", "hopper", None),
        (BEFORE, "not-there", "count-adjustment", "card-missing"),
    ],
)
def test_a_persons_word_ends_the_wait(office: Office, plan: Plan, answer: str, end: str, cause: str | None) -> None:
    """Of a printed card; of a blank whose chip was begun and then stays silent."""
    hands = Hands(office, plan)
    job = hands.begin()
    hands.asked()
    card = hands.next_blank() if plan is BEFORE else hands.printed()
    if plan is BEFORE:
        chip_of(card).on_apdu(lambda apdu: office.desk.lift() if apdu[1] == Ins.UPDATE_BINARY else None)
        hands.lay(card)
        office.until(lambda: "desk-card-wanted" in office.reasons(job))
    office.until(lambda: answer in office.job(job).get("answers", []))
    assert "good" not in office.job(job)["answers"]
    office.station.desk.resolve_job("op:maria", job, answer)
    with pytest.raises(Rejected):
        office.station.desk.resolve_job("op:maria", job, answer)
    ended = office.job(job)["cards"][0]
    assert (ended["end"], ended["cause"]) == (end, cause)
    assert office.accounts().get(end, 0) == (12 if end == "hopper" else 1)
    assert office.accounts().get("bench", 0) == 0
    if (plan, answer) == (AFTER, "not-there"):
        assert office.state(job) == "aborted"
    else:
        hands.asked()


def test_a_fed_blank_that_is_not_the_encoded_one_is_never_good(office: Office) -> None:
    """The operator puts the encoded card under the others: the printer feeds a blank. One more touch finds it."""
    hands = Hands(office, BEFORE)
    job = hands.begin()
    hands.asked()
    encoded = hands.next_blank()
    hands.lay(encoded)
    hands.asked(TO_FEEDER)
    office.desk.lift()
    office.world.by_hand.remove(encoded)
    office.world.load([encoded])
    office.station.desk.resume_job("op:maria", job)
    hands.asked()
    hands.lay(hands.printed())
    hands.asked(problem="wrong-card")
    assert office.station.counter.uncollected() == []
    office.station.desk.resolve_job("op:maria", job, "spoiled", "wrong-chip")
    office.world.discard(hands.printed())
    assert office.job(job)["cards"][0]["end"] == "spoiled"
    hands.asked()
    office.world.lift(encoded)
    hands.help_through_with(job, encoded)
    assert office.job(job)["cards"][1]["uid"] == uid_of(encoded)
    office.agree()
    assert wrong_cards(good_cards(office.world), office.residents) == []


def test_while_it_lies_there_nobody_books_it_away(office: Office) -> None:
    hands = Hands(office, AFTER)
    job = hands.begin()
    hands.asked()
    for movement, said in {"put-back": {}, "spoil": {"source": "bench", "cause": "damaged"}}.items():
        with pytest.raises(Rejected, match="too few"):
            office.station.stock.move("op:maria", movement, "wni", 1, **said)
    with pytest.raises(Rejected, match="count the bench when it is finished"):
        office.station.stock.count("op:maria", [["bench", "wni", 0]])
    hands.lay(hands.printed())
    hands.finished(job)


def test_a_blank_that_is_only_wanted_can_be_cancelled(office: Office) -> None:
    hands = Hands(office, BEFORE)
    job = hands.begin()
    hands.asked()
    office.station.desk.cancel_job("op:maria", job)
    office.until(lambda: hands.holdup is None)
    assert office.state(job) == "canceled"
    assert office.accounts() == {"supplier": -12, "hopper": 12}


def test_a_hand_over_reads_its_card_between_two_looks(office: Office) -> None:
    """One owner at a time: the worker waits for its card, the counter reads another."""
    first = office.print_one()
    finished = office.world.output[-1]
    hands = Hands(office, AFTER)
    [job] = office.bring_more_and_run()
    hands.asked()
    hands.lay(finished)
    assert office.station.counter.read_card(first["id"]).problem == ""
    hands.lay(hands.printed())
    hands.finished(job)


def test_a_reader_that_is_gone_is_a_fault_and_comes_back(office: Office) -> None:
    from drivers.sim.chiplink import SocketAntenna

    hands = Hands(office, AFTER)
    office.desk_antenna.close()
    job = hands.begin()
    assert "reader-missing" in office.until_held_up()
    office.desk_antenna = SocketAntenna(office.directory / "desk.sock")
    office.desk._antenna = office.desk_antenna
    hands.help_through(job)
    assert office.state(job) == "completed"
    office.agree()


@pytest.mark.parametrize("plan", [BEFORE, AFTER])
def test_a_station_without_a_reader_on_the_desk_has_no_such_plan(office: Office, plan: Plan) -> None:
    office.desk_taken_away()
    office.station.equipment._config.reader.__dict__["desk"] = ""
    with pytest.raises(Rejected, match=r"reader\.desk"):
        Hands(office, plan)
