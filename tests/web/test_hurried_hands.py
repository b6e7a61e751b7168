"""A hurried operator's hands: one question answered by two people, covers opened and cards pulled at every step."""

from __future__ import annotations

import random
import re
from typing import Any

import httpx
import pytest

from drivers.sim.cards import Card
from kiosk.config import ServiceConfig
from kiosk.core.jobs import FINAL
from kiosk.core.plan import Plan
from kiosk.desk import Desk
from kiosk.errors import Rejected
from kiosk.outbox import Inbox
from kiosk.rig.operator import ScriptedOperator
from kiosk.rig.residents import Resident
from kiosk.rig.world_check import good_cards, wrong_cards
from kiosk.roster import Roster
from kiosk.service_order import Service
from kiosk.sync.intake import RefusedRecord, judge
from tests.office import STATION, Office
from tests.station.test_in_doubt import stop_in_doubt
from tests.web.conftest import Kiosk, Visitor
from tests.web.states import Pause
from tests.web.test_hurried import DONE, HANDED, REFUSED, outcome, seat, staffed, together

__all__ = ["staffed"]

OPEN = "Tutup printer terbuka"
HAS_CARD = "Orang ini sudah punya kartu di sini"


def ask(person: Visitor) -> dict[str, dict[str, Any]]:
    """The forms of the question on the page, by the answer that each sends."""
    page = person.get("/now").text
    forms: dict[str, dict[str, Any]] = {}
    for path, body in re.findall(r'<form method="post" action="(/jobs/\w+/resolve)">(.*?)</form>', page, re.DOTALL):
        fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', body))
        forms[fields["answer"]] = {**fields, "path": path}
    return forms


def send(person: Visitor, form: dict[str, Any]) -> httpx.Response:
    return person.post(form["path"], {name: value for name, value in form.items() if name != "path"})


def test_two_people_answer_one_question_differently_and_one_of_them_is_believed(staffed: Kiosk) -> None:
    """The printer contradicts neither. Who says so is right, and whoever came second is told that it is answered."""
    office = staffed.office
    job = stop_in_doubt(office, "contactless")
    office.world.take_card()
    maria, yosep = seat(staffed, "maria"), seat(staffed, "yosep")
    spoiled, blank = ask(maria)["spoiled"], ask(yosep)["blank"]
    path = spoiled.pop("path")
    blank.pop("path")
    answers = together(path, [(maria, spoiled), (yosep, blank)])
    assert sorted(outcome(answer) for answer in answers) == [DONE, REFUSED]
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert "Sudah dijawab" in refused.text
    office.until(lambda: office.state(job) in FINAL)
    [said] = [frame for frame in office.frames() if frame.kind == "job-resolved"]
    winner = ("op:maria", "spoiled") if answers[0].status_code == 303 else ("op:yosep", "blank")
    assert (said.stamp.by, said.data["answer"]) == winner
    for person in (maria, yosep):
        person.leave()


def test_an_answer_to_one_card_is_not_booked_of_the_next(staffed: Kiosk) -> None:
    """Yosep's page still asks about the first card when the second one of the same job has jammed."""
    office = staffed.office
    job = stop_in_doubt(office, "print", 2)
    office.world.take_card()
    maria, yosep = seat(staffed, "maria"), seat(staffed, "yosep")
    late = ask(yosep)["spoiled"]
    office.world.jam("print", 2)
    assert outcome(send(maria, ask(maria)["spoiled"])) == DONE
    office.until(lambda: len(office.job(job)["cards"]) == 1 and "outcome-unknown" in office.reasons(job))
    assert outcome(send(yosep, late)) == REFUSED
    assert len(office.job(job)["cards"]) == 1
    office.world.take_card()
    assert outcome(send(yosep, ask(yosep)["spoiled"])) == DONE
    office.until(lambda: office.state(job) == "completed")
    assert office.accounts()["spoiled"] == 2
    office.agree()
    for person in (maria, yosep):
        person.leave()


# Hands where they don't belong.


class AtThePage:
    """What the scripted operator takes for a station: it reads the question on the page, and taps the answer."""

    def __init__(self, person: Visitor) -> None:
        self.person = person

    def call(self, command: str, job: str, answer: str = "", cause: str | None = None) -> dict[str, str]:
        assert command == "jobs.resolve"
        assert outcome(send(self.person, ask(self.person)[answer])) == DONE
        return {"job": job, "answer": answer}


def meddle(office: Office, trouble: str) -> list[Card]:
    """Open the cover, or pull the card out of the machine; before it is in there, all of them out of the feeder,
    which are returned."""
    world = office.world
    if trouble == "cover":
        world.open_cover()
    elif world.path is not None:
        world.take_card()
    else:
        return world.empty_hopper()
    return []


WAYS = [(step.value, trouble) for step in Plan.INLINE.steps for trouble in ("cover", "pulled")]
DRAWN = random.Random(11).sample(WAYS, 5)
MEDDLING = [way if way in DRAWN else pytest.param(*way, marks=pytest.mark.long) for way in WAYS]
"""All of them in the long run, some always."""


def waits_for_a_hand(office: Office, job: str) -> bool:
    """Nothing goes on before somebody does something."""
    worker = office.station.worker
    stopped = worker is not None and worker.holdup is not None
    return "outcome-unknown" in office.reasons(job) or (
        stopped and (office.world.cover_open or not office.world.hopper)
    )


@pytest.mark.parametrize(("step", "trouble"), MEDDLING)
def test_a_cover_is_opened_or_the_card_pulled_at_each_step(kiosk: Kiosk, step: str, trouble: str) -> None:
    """The page always says what to do; done, the station goes on by itself; books and world agree in the end."""
    office, person = kiosk.office, seat(kiosk, "maria")
    operator = ScriptedOperator(AtThePage(person), office.world, office.line)  # type: ignore[arg-type]
    office.bring_records(1)
    pause = Pause(office, step)
    [job] = office.station.desk.run_jobs("test")
    assert pause.reached.wait(120), office.describe()
    lifted = meddle(office, trouble)
    pause.go_on.set()
    while True:
        office.until(lambda: office.state(job) in FINAL or waits_for_a_hand(office, job))
        if office.state(job) in FINAL:
            break
        assert ask(person) or re.search(r'<span class="number">P-\d\d</span>', person.get("/now").text)
        operator.look(office.jobs())
        office.world.load(lifted)
        lifted = []
    assert office.state(job) == "completed"
    office.agree()
    assert len(good_cards(office.world)) == 1
    assert wrong_cards(good_cards(office.world), office.residents) == []
    person.leave()


def test_the_question_shows_what_is_so_now(kiosk: Kiosk) -> None:
    """The cover is long closed; who still reads that it is open looks for a cover, and not for the card."""
    office, maria = kiosk.office, seat(kiosk, "maria")
    office.bring_records(1)
    pause = Pause(office, "print")
    [job] = office.station.desk.run_jobs("test")
    assert pause.reached.wait(120), office.describe()
    office.world.open_cover()
    pause.go_on.set()
    office.until(lambda: "outcome-unknown" in office.reasons(job))

    def says_open() -> bool:
        page = maria.get("/now").text
        assert ask(maria)
        assert ('#cover"' in page, '#head"' in page) == (OPEN in page, OPEN not in page)
        return OPEN in page

    assert says_open()
    office.world.close_cover()
    office.until(lambda: not says_open())
    office.world.open_cover()
    office.until(says_open)
    office.world.close_cover()
    maria.leave()


# The same person, twice.


def bring_again(office: Office, resident: Resident) -> str:
    """One more record of somebody; its reference."""
    judged = judge(office.token(resident)[1], STATION, [office.hub_key])
    assert not isinstance(judged, RefusedRecord)
    Inbox(office.station.books, office.station.vault).accept([judged], "9")
    return judged.ref


def test_a_person_who_is_in_the_records_twice_gets_one_card(kiosk: Kiosk) -> None:
    """The other record waits until the first card is handed over; then it is a new errand."""
    office, maria = kiosk.office, seat(kiosk, "maria")
    [first] = office.bring_records(1)
    second = bring_again(office, office.residents[0])

    answer = maria.post("/jobs", maria.form(ref=[first, second]))
    assert (outcome(answer), HAS_CARD in answer.text, kiosk.made()) == (REFUSED, True, [])
    assert maria.get("/run").text.count('type="hidden" name="ref"') == 1
    with office.station.books.look() as view:  # as by `keping jobs run --next 2`
        assert {row["ref"] for row in view.select("records", state="waiting")} == {first, second}
    [job] = office.station.desk.run_jobs("test", count=2)

    for _ in range(2):  # while it is made, and when it waits to be collected
        answer = maria.post("/jobs", maria.form(ref=second))
        assert (outcome(answer), HAS_CARD in answer.text) == (REFUSED, True)
        assert HAS_CARD in maria.get(f"/check/{second}").text
        office.until(lambda: office.state(job) == "completed")
    assert kiosk.made() == [first]

    office.station.counter.hand_over("op:maria", job, **HANDED)
    assert outcome(maria.post("/jobs", maria.form(ref=second))) == DONE
    assert kiosk.made() == [first, second]
    maria.leave()


def test_a_record_that_is_queued_twice_is_one_job(kiosk: Kiosk) -> None:
    office, maria, yosep = kiosk.office, seat(kiosk, "maria"), seat(kiosk, "yosep")
    refs = office.bring_records(3)
    forms = [(maria, maria.form(ref=refs[:2] * 2)), (yosep, yosep.form(ref=refs[1:]))]
    answers = together("/jobs", forms)
    assert sorted(outcome(answer) for answer in answers) == [DONE, REFUSED]
    assert len(kiosk.made()) == len(set(kiosk.made())) == 2
    for person in (maria, yosep):
        person.leave()


def test_the_station_that_has_just_begun_knows_who_is_there_twice(kiosk: Kiosk) -> None:
    """As at a shell where no station serves: nobody has opened the names yet."""
    office = kiosk.office
    [first] = office.bring_records(1)
    second = bring_again(office, office.residents[0])
    books = office.station.books
    desk = Desk(books, service=Service(books, ServiceConfig(), Roster(office.station.vault)))
    with pytest.raises(Rejected, match="its person has a card here") as refused:
        desk.run_jobs("test", refs=[first, second])
    assert refused.value.reason == "person-has-card"
