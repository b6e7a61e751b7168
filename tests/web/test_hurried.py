"""A hurried operator: every form tapped twice, once more later, and by somebody else too.

Each form that the touchscreen takes stands in `FORMS`, with what it does once: a form that is added without a row
there fails the first test. Two taps have one effect, and both are led to the same page. Somebody else's form of the
same kind either does what is left to do, or is refused on a page of words.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from kiosk.core.authority import Caps
from kiosk.core.movements import HAND_MOVEMENTS
from kiosk.papers import Work
from kiosk.people import Role
from kiosk.sticks import Place
from kiosk.web.examination import Kind
from kiosk.web.screens.shifts import FIELDS as SHIFT_FIELDS
from kiosk.web.security import OWN_PIN
from tests.station.test_handover import printed, tray
from tests.station.test_in_doubt import stop_in_doubt
from tests.web.conftest import PIN, PINS, Kiosk, Visitor

NOTHING_LOST = "Tidak ada data yang hilang"
UNNAMED = "Itu tidak bisa dilakukan"
"""The heading of a refusal that has no words of its own."""
OTHER = {"maria": "tinus", "yosep": "tinus", "tinus": "yosep"}
"""Who else taps: another supervisor, or whoever may do the same."""
TINUS_PIN = "975310"
ALL_PINS = {**PINS, "tinus": TINUS_PIN}
HANDED = {"taker": "holder", "verified": "kk", "chip": "by-eye", "old_card": "none", "strokes": "10,20 30,40;50,60"}

REFUSED, NOTHING_LEFT, ACTS, DONE = "refused", "nothing left", "acts", "done"


@dataclass(frozen=True)
class Form:
    """`effect`: how often what it does was done. `another`: what becomes of somebody else's, who has another key."""

    path: str
    fields: dict[str, Any]
    effect: Callable[[], int]
    another: str = REFUSED
    person: str = "maria"


def counted(kiosk: Kiosk, kind: str) -> Callable[[], int]:
    """How many frames of that kind were written from now on."""

    def now() -> int:
        return sum(frame.kind == kind for frame in kiosk.office.frames())

    before = now()
    return lambda: now() - before


def nothing() -> int:
    """Of a form that writes nothing: once or often, it is the same."""
    return 1


def jobs_that_wait(kiosk: Kiosk, count: int = 1) -> list[str]:
    """Nobody begins them."""
    worker = kiosk.office.station.worker
    assert worker
    worker.stop()
    return kiosk.office.station.desk.run_jobs("test", refs=kiosk.office.bring_records(count))


def signing_in(kiosk: Kiosk) -> Form:
    return Form("/sign-in", {"person": "maria", "pin": PIN}, nothing, ACTS)


def signing_out(kiosk: Kiosk) -> Form:
    return Form("/sign-out", {}, nothing, ACTS)


def choosing_a_language(kiosk: Kiosk) -> Form:
    return Form("/language", {"language": "en", "back": "/queue"}, nothing, ACTS)


def searching(kiosk: Kiosk) -> Form:
    return Form("/search/queue", {"q": "ANA"}, nothing, ACTS)


def making_jobs(kiosk: Kiosk) -> Form:
    return Form("/jobs", {"ref": kiosk.office.bring_records(1)}, counted(kiosk, "job-created"))


def stopping_a_run(kiosk: Kiosk) -> Form:
    jobs_that_wait(kiosk)
    return Form("/now/stop", {}, counted(kiosk, "job-state"), NOTHING_LEFT)


def going_on(kiosk: Kiosk) -> Form:
    [job] = jobs_that_wait(kiosk)
    kiosk.office.station.desk.hold_job("test", job)
    return Form("/now/go-on", {}, counted(kiosk, "job-state"), NOTHING_LEFT)


def cancelling(kiosk: Kiosk) -> Form:
    [job] = jobs_that_wait(kiosk)
    return Form(f"/jobs/{job}/cancel", {}, counted(kiosk, "job-ended"))


def answering(kiosk: Kiosk) -> Form:
    job = stop_in_doubt(kiosk.office, "print", 2)
    kiosk.office.world.take_card()
    return Form(f"/jobs/{job}/resolve", {"answer": "spoiled", "cause": "media-jam"}, counted(kiosk, "job-resolved"))


def booking_a_blank(kiosk: Kiosk) -> Form:
    """Whoever holds the button again says it of another one."""
    return Form("/now/blank", {"movement": "defect", "sku": "wni"}, counted(kiosk, "stock"), ACTS)


def reading_a_card(kiosk: Kiosk) -> Form:
    [job] = printed(kiosk.office)
    kiosk.office.desk.lay(tray(kiosk.office, job))
    return Form(f"/hand-over/{job}/read", {}, nothing, ACTS)


def handing_over(kiosk: Kiosk) -> Form:
    [job] = printed(kiosk.office)
    return Form(f"/hand-over/{job}", HANDED, counted(kiosk, "handed-over"))


def making_it_again(kiosk: Kiosk) -> Form:
    [job] = printed(kiosk.office)
    return Form(f"/hand-over/{job}/reprint", {"reason": "misprint"}, counted(kiosk, "reprint"))


def noting_a_call(kiosk: Kiosk) -> Form:
    said = {"nik": kiosk.office.residents[0].fields.nik, "phone": "081234567890", "reason": "no-blank"}
    return Form("/calls/new", said, counted(kiosk, "call-back"), ACTS)


def closing_a_call(kiosk: Kiosk) -> Form:
    nik = kiosk.office.residents[0].fields.nik
    number = kiosk.office.station.callbacks.add("test", nik, "081234567890", "no-blank")
    return Form("/calls/close", {"number": number}, counted(kiosk, "call-back-closed"))


def loading(kiosk: Kiosk) -> Form:
    kiosk.office.station.stock.move("test", "unload", "wni", 5)
    fields = {"movement": "load", "sku": "wni", "quantity": "2"}
    return Form("/supplies/move", fields, counted(kiosk, "stock"), ACTS)


def asking_for_a_life(kiosk: Kiosk) -> Form:
    """Whoever looks is written down, once for each look."""
    [job] = printed(kiosk.office)
    return Form("/trace", {"what": job}, counted(kiosk, "looked-up"), ACTS, "yosep")


def laying_down_any_card(kiosk: Kiosk) -> Form:
    [job] = printed(kiosk.office)
    kiosk.office.desk.lay(tray(kiosk.office, job))
    return Form("/trace/card", {}, counted(kiosk, "looked-up"), ACTS, "yosep")


STOCKED = {
    "receive": {"document": "BAST-2", "dated": "28-11-2026"}, "release": {}, "return": {},
    "set-aside": {"source": "shift"}, "put-back": {},
    "spoil": {"source": "shift", "cause": "damaged", "marks": ["corner-cut", "chip-punched"]},
    "defect": {"source": "shift", "cause": "chip-silent"}, "mobile-out": {"document": "ST-1"}, "mobile-in": {},
    "loan-out": {"document": "BA-1", "office": "Kupang"}, "loan-in": {"document": "BA-2", "office": "Kupang"},
    "send-back": {"source": "spoiled", "document": "BA-3"},
    "destroy": {"source": "spoiled", "document": "BA-4", "witnesses": "Satpol PP", "method": "dibakar"},
}  # fmt: skip
"""Movement -> what its form says beside kind and quantity."""


def stocked(kiosk: Kiosk) -> None:
    """Blanks in every place from which they can be moved, and somebody else who approves."""
    stock = kiosk.office.station.stock
    stock.move("test", "receive", "wni", 40, "BAST-40")
    stock.move("test", "mobile-out", "wni", 10, "ST-0")
    stock.move("test", "release", "wni", 20)
    stock.move("test", "set-aside", "wni", 5, source="shift")
    stock.move("test", "spoil", "wni", 5, source="shift", cause="damaged")


SECOND = {"supervisor": "tinus", "pin": TINUS_PIN, OWN_PIN: ""}
"""And the own PIN, whoever sends it."""


def moving(name: str) -> Callable[[Kiosk], Form]:
    """Of somebody else the same is done again; but not with themselves as the second person, nor a paper twice."""
    row = HAND_MOVEMENTS[name]

    def form(kiosk: Kiosk) -> Form:
        stocked(kiosk)
        fields = {"sku": "wni", "quantity": "2", **STOCKED[name], **(SECOND if row.second else {})}
        another = REFUSED if row.second or row.makes_lot else ACTS
        return Form(f"/supplies/{name}", fields, counted(kiosk, "stock"), another, "yosep")

    return form


def destroying_old_cards(kiosk: Kiosk) -> Form:
    [job] = printed(kiosk.office)
    kiosk.office.station.counter.hand_over("test", job, **{**HANDED, "old_card": "taken"}, name="")
    fields = {"quantity": "1", "document": "BA-5", "witnesses": "Satpol PP", "method": "dibakar", **SECOND}
    return Form("/supplies/destroy-old-cards", fields, counted(kiosk, "stock"), person="yosep")


def counting(kiosk: Kiosk) -> Form:
    stocked(kiosk)
    return Form(
        "/supplies/count", {"place": "vault", "wni": "10", "wna": "0"}, counted(kiosk, "stock"), ACTS, "yosep"
    )


COUNTED = {f"{place}-{sku}": "0" for place, sku in SHIFT_FIELDS} | {"hopper-wni": "12"}


def checking_the_books(kiosk: Kiosk) -> Form:
    """A second one begins nothing while the first runs; each may ask."""
    return Form("/books", {}, nothing, ACTS, "yosep")


def opening_a_shift(kiosk: Kiosk) -> Form:
    return Form("/shift/open", COUNTED, counted(kiosk, "shift-opened"))


def counting_a_shift(kiosk: Kiosk) -> Form:
    kiosk.office.station.shifts.open("op:maria")
    return Form("/shift/count", {"shift": "S0001", **COUNTED}, counted(kiosk, "shift-counted"), ACTS)


def closing_a_shift(kiosk: Kiosk) -> Form:
    """Whoever comes second is led to the slip."""
    shifts = kiosk.office.station.shifts
    shifts.open("op:maria")
    shifts.count("op:maria", [[place, sku, int(COUNTED[f"{place}-{sku}"])] for place, sku in SHIFT_FIELDS])
    return Form("/shift/close", {"shift": "S0001", OWN_PIN: ""}, counted(kiosk, "shift-closed"), NOTHING_LEFT)


def printed_on(kiosk: Kiosk) -> Path:
    return kiosk.office.directory / "papers"


def papers(kiosk: Kiosk) -> Callable[[], int]:
    """How many came out of the office printer."""
    return lambda: printed_on(kiosk).read_text().count("1") if printed_on(kiosk).exists() else 0


def printing_a_slip(kiosk: Kiosk) -> Form:
    closing_a_shift(kiosk)
    kiosk.office.station.shifts.close("op:maria")
    return Form("/shift/slip/S0001/print", {}, papers(kiosk), ACTS)


def reversing(kiosk: Kiosk) -> Form:
    stocked(kiosk)
    entry = kiosk.office.station.stock.entries("test")[0]["seq"]
    fields = {"entry": str(entry), "reason": "salah ketik", **SECOND}
    return Form("/supplies/reverse", fields, counted(kiosk, "stock"), person="yosep")


def lifting_the_limit(kiosk: Kiosk) -> Form:
    """Granted once: whoever comes second finds that as much is left without them."""
    kiosk.office.station.authority.caps = Caps(1, 1)
    kiosk.office.print_one()
    fields = {"cards": "1", "days": "0", "reason": "no-line", OWN_PIN: ""}
    return Form("/outbox/lift", fields, counted(kiosk, "limit-lifted"), person="yosep")


def holding_data(kiosk: Kiosk) -> Form:
    [ref] = kiosk.office.bring_records(1)
    return Form(f"/wrong/{ref}", {"wrong": "name"}, counted(kiosk, "record-held"))


def holding_the_data_of_a_card(kiosk: Kiosk) -> Form:
    [job] = printed(kiosk.office)
    return Form(f"/hand-over/{job}/wrong", {"wrong": "name"}, counted(kiosk, "reprint"))


def held(kiosk: Kiosk) -> str:
    [ref] = kiosk.office.bring_records(1)
    kiosk.office.station.corrections.hold("op:maria", ref, ["name"])
    return ref


def freeing_data(kiosk: Kiosk) -> Form:
    return Form(f"/held/{held(kiosk)}/free", {}, counted(kiosk, "record-freed"))


def giving_data_back(kiosk: Kiosk) -> Form:
    return Form(f"/held/{held(kiosk)}/give-back", {}, counted(kiosk, "released"), person="yosep")


def moving_up(kiosk: Kiosk) -> Form:
    """Once: whoever comes second finds that they were moved up."""
    [ref] = kiosk.office.bring_records(1)
    fields = {"reason": "ill", "supervisor": "yosep", "pin": PINS["yosep"], OWN_PIN: ""}
    return Form(f"/jump/{ref}", fields, counted(kiosk, "queue-jump"))


def asking_the_centre(kiosk: Kiosk) -> Form:
    return Form("/outbox/retry", {}, nothing, ACTS)


def writing_a_stick(kiosk: Kiosk) -> Form:
    """Its end is not seen: nobody can begin another one meanwhile."""
    root, began = kiosk.office.directory / "stick", []
    root.mkdir()
    sticks = kiosk.office.station.sticks
    sticks.look = lambda patterns: [Place(str(root), root.name, 0)]
    sticks._work = began.append  # type: ignore[method-assign]
    return Form("/outbox/stick", {"verb": "export", "place": str(root)}, lambda: len(began), NOTHING_LEFT)


def making(path: str, **fields: str) -> Callable[[Kiosk], Form]:
    """Its end is not seen: nobody can begin another one meanwhile."""

    def form(kiosk: Kiosk) -> Form:
        began = []

        def work(begun: Work) -> None:
            began.append(begun)
            begun.over.set()

        kiosk.house.papers._work = work  # type: ignore[method-assign]
        return Form(path, {**fields, "way": "screen"}, lambda: len(began), NOTHING_LEFT, "yosep")

    return form


def taking_a_plan(kiosk: Kiosk) -> Form:
    fields = {"role": "plan", "name": "desktop-after"}
    return Form("/devices/use", fields, counted(kiosk, "equipment"), NOTHING_LEFT, "yosep")


def looking_for_devices(kiosk: Kiosk) -> Form:
    return Form("/devices/look", {}, nothing, ACTS, "yosep")


def examining(kiosk: Kiosk) -> Form:
    """Nothing of it ends meanwhile: the worker who is asked has gone home."""
    began = []
    examinations = kiosk.house.examinations
    examinations._ask = lambda begun, question: began.append(begun)  # type: ignore[method-assign]
    return Form("/technician/examine", {"what": Kind.PRINTER.value}, lambda: len(began), person="tinus")


def spending_a_test_card(kiosk: Kiosk) -> Form:
    jobs_that_wait(kiosk)
    return Form(
        "/technician/test-card", {"sku": "wni", "plan": "test-print"}, counted(kiosk, "test-card"), person="tinus"
    )


def cancelling_a_test(kiosk: Kiosk) -> Form:
    jobs_that_wait(kiosk)
    job = kiosk.office.station.card_tests.begin("test", "wni")
    return Form("/technician/test-card/cancel", {"job": job}, counted(kiosk, "test-ended"), person="tinus")


def answering_of_a_test(kiosk: Kiosk) -> Form:
    office = kiosk.office
    office.world.jam("print")
    job = office.station.card_tests.begin("test", "wni")
    office.until(lambda: "outcome-unknown" in (office.station.card_tests.last or {"reasons": []})["reasons"])
    office.world.take_card()
    fields = {"job": job, "answer": "spoiled"}
    return Form("/technician/test-card/resolve", fields, counted(kiosk, "test-ended"), person="tinus")


NEW_PIN = {"new_pin": "112358", "new_again": "112358", OWN_PIN: ""}


def staff(path: str, another: str, fields: dict[str, str]) -> Callable[[Kiosk], Form]:
    """A form of a supervisor for Maria, or for nobody yet."""
    return lambda kiosk: Form(path, {OWN_PIN: "", **fields}, counted(kiosk, "people"), another, "yosep")


def appointed(path: str, another: str, fields: dict[str, str]) -> Callable[[Kiosk], Form]:
    def form(kiosk: Kiosk) -> Form:
        today = kiosk.office.station.books.today.isoformat()
        kiosk.office.station.staff.appoint("op:yosep", "maria", today, today, "SP-1")
        return staff(path, another, fields)(kiosk)

    return form


def unlocking(kiosk: Kiosk) -> Form:
    kiosk.office.station.staff.deactivate("op:yosep", "maria")
    return staff("/people/maria/unlock", REFUSED, {})(kiosk)


def recovering(kiosk: Kiosk) -> Form:
    """Whoever comes with the same code finds it spent; nobody has signed in, so the key is the form's alone."""
    [code, *_] = kiosk.office.station.staff.make_codes("op:yosep")
    return Form("/recover", {**NEW_PIN, "ident": "tinus", "code": code}, counted(kiosk, "people"), person="yosep")


def opening_stock(kiosk: Kiosk) -> Form:
    said = {"wni": "5", "wna": "0", "document": "BAST-77", "dated": "28-11-2026"}
    return Form("/begin/stock", said, counted(kiosk, "stock"), NOTHING_LEFT, "yosep")


def over(path: str) -> Callable[[Kiosk], Form]:
    """A form of the first run, which is over: whoever sends it is led to the sign-in. More in test_first_run.py."""
    return lambda kiosk: Form(path, {}, nothing, ACTS)


def telling_figures(kiosk: Kiosk) -> Form:
    """What is told again is told again."""
    return Form("/supplies/figures", {"holders": "200000"}, counted(kiosk, "office-figures"), ACTS, "yosep")


def asking_for_blanks(kiosk: Kiosk) -> Form:
    """A letter has a number of its own."""
    fields = {"sku": "wni", "quantity": "20000", "document": "470/12"}
    return Form("/supplies/request", fields, counted(kiosk, "blanks-requested"), REFUSED, "yosep")


def granting(kiosk: Kiosk) -> Form:
    """A later answer takes the place of an earlier one."""
    kiosk.office.station.desk.execute(
        "stock.request", {"sku": "wni", "quantity": 20_000, "document": "470/12"}, "op:yosep"
    )
    fields = {"document": "470/12", "quantity": "8000", "grant": "471/1"}
    return Form("/supplies/granted", fields, counted(kiosk, "blanks-granted"), ACTS, "yosep")


FORMS: dict[str, Callable[[Kiosk], Form]] = {
    "sign_in": signing_in, "sign_out": signing_out, "choose_language": choosing_a_language, "search": searching,
    "make_jobs": making_jobs, "stop_run": stopping_a_run, "go_on": going_on, "cancel_job": cancelling,
    "resolve_job": answering, "book_blank": booking_a_blank, "read_card": reading_a_card, "hand_over": handing_over,
    "reprint_card": making_it_again, "add_call": noting_a_call, "close_call": closing_a_call,
    "office_figures": telling_figures, "request_blanks": asking_for_blanks, "grant_blanks": granting,
    "move_supplies": loading, "retry_outbox": asking_the_centre, "use_stick": writing_a_stick,
    "lift_limit": lifting_the_limit, "jump": moving_up, "make_paper": making("/papers/of/stock"),
    "make_names": making("/papers/names/ekspedisi"),
    "wrong_data": holding_data, "wrong_card": holding_the_data_of_a_card, "free_record": freeing_data,
    "give_back_record": giving_data_back,
    **{f"move_{name}": moving(name) for name in STOCKED}, "move_destroy-old-cards": destroying_old_cards,
    "check_books": checking_the_books, "open_shift": opening_a_shift, "count_shift": counting_a_shift,
    "close_shift": closing_a_shift, "print_slip": printing_a_slip, "count_blanks": counting,
    "reverse_entry": reversing,
    "use_device": taking_a_plan, "find_life": asking_for_a_life, "read_any_card": laying_down_any_card,
    "look_for_devices": looking_for_devices, "examine": examining, "test_card": spending_a_test_card,
    "cancel_test_card": cancelling_a_test, "resolve_test_card": answering_of_a_test,
    "begin_devices": over("/begin/devices"), "begin_supervisor": over("/begin/supervisor"),
    "opening_stock": opening_stock,
    "add_person": staff(
        "/people/new", REFUSED, {"called": "DEWI", "ident": "DEWI", "role": "auditor", **NEW_PIN}
    ),
    "change_role": staff("/people/maria/role", ACTS, {"role": "technician"}),
    "give_pin": staff("/people/maria/pin", ACTS, NEW_PIN), "own_pin": staff("/pin", ACTS, NEW_PIN),
    "lock_person": staff("/people/maria/lock", REFUSED, {}), "unlock_person": unlocking,
    "appoint_person": appointed(
        "/people/maria/acting", ACTS, {"first": "28-11-2099", "last": "30-11-2099", "paper": "SP-2"}
    ),
    "end_appointment": appointed("/people/maria/acting/end", REFUSED, {}),
    "make_codes": staff("/people/codes", ACTS, {}), "recover": recovering,
    "codes_shown": lambda kiosk: Form("/people/codes/shown", {}, nothing, ACTS, "yosep"),
}  # fmt: skip
"""Endpoint -> the office in which its form can be sent, and the form."""


def office_printer(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Stands for CUPS, also where that is installed: `script` has what lp would get."""
    folder.mkdir()
    says = 'case "$*" in -d) echo "system default destination: HP" ;; -p*) echo "printer HP is idle." ;; esac'
    for name, does in {"lp": script, "lpstat": says, "cancel": ":"}.items():
        program = folder / name
        program.write_text(f"#!/bin/sh\n{does}\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


@pytest.fixture
def staffed(kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch) -> Kiosk:
    """Tinus may what everybody may. The office printer notes each paper in a line."""
    office_printer(kiosk.office.directory / "bin", monkeypatch, f"cat > /dev/null; echo 1 >> {printed_on(kiosk)}")
    kiosk.house.people.add("tinus", "Tinus Lay", Role.SUPERVISOR, TINUS_PIN)
    return kiosk


def seat(kiosk: Kiosk, person: str) -> Visitor:
    somebody = Visitor(kiosk.url)
    assert somebody.sign_in(person, ALL_PINS[person]).status_code == 303
    return somebody


def outcome(answer: httpx.Response) -> str:
    """Done, and led on; or refused on a page that says what, and that nothing is lost."""
    if answer.status_code == 303:
        return DONE
    said = re.search("<h1>(.+?)</h1>", answer.text)
    assert said, answer.text
    assert (answer.status_code, said[1] != UNNAMED, NOTHING_LOST in answer.text) == (409, True, True), said[1]
    return REFUSED


def together(path: str, forms: list[tuple[Visitor, dict[str, Any]]]) -> list[httpx.Response]:
    """Send all of them in the same moment; their answers, in that order."""
    begin = threading.Barrier(len(forms))

    def send(form: tuple[Visitor, dict[str, Any]]) -> httpx.Response:
        person, fields = form
        with httpx.Client(
            base_url=person.http.base_url, cookies=person.http.cookies, timeout=None, verify=False
        ) as http:
            begin.wait()
            return http.post(path, data=fields)

    with ThreadPoolExecutor(len(forms)) as pool:
        return list(pool.map(send, forms))


def test_each_form_of_the_touchscreen_stands_here(quiet: Kiosk) -> None:
    posted = {rule.endpoint for rule in quiet.app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    assert posted == FORMS.keys()


ALIKE = {f"move_{name}" for name in STOCKED} - {"move_receive", "move_destroy"}
"""Forms that one piece of code makes and books: two of them are tapped in each run, the others in the long one."""
CASES = [pytest.param(name, marks=pytest.mark.long) if name in ALIKE else name for name in FORMS]


@pytest.mark.parametrize("endpoint", CASES)
def test_two_taps_are_one_and_another_person_is_answered_in_words(staffed: Kiosk, endpoint: str) -> None:
    """Three forms in the same moment: one person's twice, and another's."""
    form = FORMS[endpoint](staffed)
    names = form.person, OTHER[form.person]
    people = seat(staffed, names[0]), seat(staffed, names[1])
    pins = ({OWN_PIN: ALL_PINS[name]} if OWN_PIN in form.fields else {} for name in names)
    hurried, other = (
        (person, person.form(**{**form.fields, **pin})) for person, pin in zip(people, pins, strict=True)
    )
    *twice, once = together(form.path, [hurried, hurried, other])
    assert outcome(twice[0]) == outcome(twice[1])
    done = {endpoint: [outcome(twice[0]), outcome(once)].count(DONE)}
    expected = 2 if form.another == ACTS and form.effect is not nothing else 1
    assert form.effect() == expected
    assert done == {endpoint: 1 if form.another == REFUSED else 2}

    again = [person.post(form.path, fields) for person, fields in (hurried, other)]
    assert [outcome(answer) for answer in again] == [outcome(twice[0]), outcome(once)]
    assert form.effect() == expected, "tapped once more, later"
    for person in people:
        person.leave()
