"""The touchscreen asks once, for every page and form, whether the person's role may."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass, replace

import pytest
from flask import Flask

from kiosk.control import call
from kiosk.core.permissions import ACTS, BEGINNING, EVERYBODY, GRAVE, ROUTES, Act
from kiosk.errors import Rejected
from kiosk.people import Named, People, Role
from kiosk.web import create_app, security
from kiosk.web.security import OWN_PIN
from kiosk.web.sessions import Parked, Sessions
from tests.conftest import Measured
from tests.office import Office
from tests.web.conftest import OTHER_PIN, PIN, Kiosk, Visitor
from tests.web.test_guard import paths

STAFF = {Role.OPERATOR: "maria", Role.SUPERVISOR: "yosep", Role.TECHNICIAN: "tinus", Role.AUDITOR: "umi"}
PINS = {"maria": PIN, "yosep": OTHER_PIN, "tinus": "975310", "umi": "864209"}


@pytest.fixture
def staffed(kiosk: Kiosk) -> Kiosk:
    for role in (Role.TECHNICIAN, Role.AUDITOR):
        kiosk.house.people.add(STAFF[role], STAFF[role].title(), role, PINS[STAFF[role]])
    return kiosk


def sign_in(kiosk: Kiosk, ident: str) -> Visitor:
    visitor = Visitor(kiosk.url)
    assert visitor.sign_in(ident, PINS[ident]).status_code == 303
    return visitor


# Each route, by each of those who may stand there.

ACTING = "rosa"
NOBODY, LOCKED = "nobody", "locked"
WHO = (*STAFF.values(), ACTING, NOBODY, LOCKED)


@dataclass(frozen=True)
class Cell:
    """`told`: what the door said."""

    method: str
    endpoint: str
    who: str
    told: str


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kiosk]:
    """Everybody works here: somebody of each role, an acting supervisor, and a supervisor who was locked."""
    office = Office(tmp_path_factory.mktemp("hall"), blanks=5)
    made = Kiosk(office)
    people = made.house.people
    made.office.station.access._people = people
    for role in (Role.TECHNICIAN, Role.AUDITOR):
        people.add(STAFF[role], STAFF[role].title(), role, PINS[STAFF[role]])
    people.add(ACTING, "Rosa", Role.OPERATOR, PIN)
    people.add(LOCKED, "Agnes", Role.SUPERVISOR, PIN)
    for ident in STAFF.values():
        people.reset_pin(ident, PIN)
    staff, today = office.station.staff, office.station.books.today.isoformat()
    staff.deactivate("op:yosep", LOCKED)
    staff.appoint("op:yosep", ACTING, today, today, "SP-7/2026")
    yield made
    made.close()
    office.close()


def visit(hall: Kiosk, who: str, method: str, path: str, /, **fields: str) -> tuple[int, str]:
    """In a session of their own, as if they had signed in before. Status, and where it leads or what it says."""
    client, house = hall.app.test_client(), hall.house
    form = {"key": f"{who}{path}{len(fields)}", **fields}
    if who != NOBODY:
        session = house.sessions.begin(house.people.find(who))
        client.set_cookie(security.COOKIE, session.token)
        form["csrf"] = session.csrf
    with client.open(path, method=method, data=form if method == "POST" else None, buffered=False) as answer:
        told = answer.location or (answer.text if answer.status_code in (403, 409) else "")
        status = answer.status_code
    if who != NOBODY:
        house.sessions.end(session.token)
    return status, told


@pytest.fixture(scope="module")
def doors(hall: Kiosk) -> Kiosk:
    """The same house; behind each door there is nothing but a word."""
    made = copy(hall)
    made.app = create_app(hall.house)
    for name in made.app.view_functions:
        made.app.view_functions[name] = lambda **_: ("behind the door", 418)
    return made


def told_by_the_door(doors: Kiosk, who: str, method: str, path: str) -> str:
    status, told = visit(doors, who, method, path, **({OWN_PIN: PIN} if method == "POST" else {}))
    if status == 418:
        return "open"
    if status == 401 or told.startswith("/sign-in"):
        return "sign-in"
    return "refused" if status == 403 and "Itu bukan wewenang peran Anda" in told else f"{status} {told}"


def expected(endpoint: str, who: str, hall: Kiosk) -> str:
    """By the table alone."""
    if endpoint in BEGINNING:
        return "sign-in"
    if endpoint in EVERYBODY:
        return "open"
    if who in (NOBODY, LOCKED):
        return "sign-in"
    role = hall.house.people.find(who).role
    return "open" if ACTS[ROUTES[endpoint]].open_to(role, acting=who == ACTING) else "refused"


def matrix(doors: Kiosk, people: Iterable[str] = WHO) -> Iterator[Cell]:
    for method in ("GET", "POST"):
        for rule, path in paths(doors, method):
            for who in people:
                yield Cell(method, rule.endpoint, who, told_by_the_door(doors, who, method, path))


def is_wrong(cell: Cell, doors: Kiosk) -> bool:
    return cell.told != expected(cell.endpoint, cell.who, doors)


def unlisted(app: Flask) -> set[str]:
    return {rule.endpoint for rule in app.url_map.iter_rules()} ^ {*ROUTES, *EVERYBODY, *BEGINNING}


def test_every_page_and_form_is_in_the_table(hall: Kiosk) -> None:
    assert unlisted(hall.app) == set()
    assert len(ROUTES.keys() | EVERYBODY | BEGINNING) == len(ROUTES) + len(EVERYBODY) + len(BEGINNING)
    assert {"static", "font", "sign_in", "choose_language", "healthz", "recover"} == EVERYBODY, (
        "said twice on purpose"
    )


def test_a_page_that_is_in_no_list_is_found_and_open_to_nobody(hall: Kiosk) -> None:
    app = create_app(hall.house)
    app.add_url_rule("/nothing-new", "nothing_new", lambda: "done", methods=["GET", "POST"])
    assert unlisted(app) == {"nothing_new"}
    assert list(unlisted(app) & ROUTES.keys()) == []
    for who in STAFF.values():
        session = hall.house.sessions.begin(hall.house.people.find(who))
        client = app.test_client()
        client.set_cookie(security.COOKIE, session.token)
        assert client.get("/nothing-new").status_code == 403, who
        hall.house.sessions.end(session.token)


def test_each_route_by_each_of_them_is_as_the_table_says(doors: Kiosk, measured: Measured) -> None:
    before = doors.office.station.books.seq
    cells = list(matrix(doors))
    assert [cell for cell in cells if is_wrong(cell, doors)] == []
    assert {(cell.endpoint, cell.who) for cell in cells} == {
        (rule.endpoint, who) for rule in doors.app.url_map.iter_rules() for who in WHO
    }
    assert doors.office.station.books.seq == before
    count = Counter((cell.who, cell.told) for cell in cells)
    assert all(count[who, "refused"] for who in WHO if who not in (NOBODY, LOCKED, "yosep"))
    assert not count["yosep", "refused"]
    assert count["maria", "refused"] > count[ACTING, "refused"] > 0, "an acting supervisor may more, and not all"
    measured(f"routes x who: {len(cells)} cells, {sum(cell.told == 'open' for cell in cells)} of them open")


@pytest.mark.parametrize("changed", ["opened", "closed"])
def test_a_door_that_asks_another_table_would_be_found(
    doors: Kiosk, changed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: one act is opened to an auditor, or closed to an operator, behind the back of the table."""
    act = ACTS["take-in"] if changed == "opened" else ACTS["print"]
    who = "S B A" if changed == "opened" else "S B"
    monkeypatch.setattr(security, "ACTS", {**ACTS, act.name: replace(act, who=who)})
    wrong = {
        cell.endpoint for cell in matrix(doors, ["umi" if changed == "opened" else "maria"]) if is_wrong(cell, doors)
    }
    assert wrong == {endpoint for endpoint, name in ROUTES.items() if name == act.name}


# Grave acts, and the second person.


def forms(doors: Kiosk) -> Iterator[tuple[Act, str]]:
    """Each form that is not everybody's, and its act."""
    for rule, path in paths(doors, "POST"):
        if rule.endpoint in ROUTES:
            yield ACTS[ROUTES[rule.endpoint]], path


def test_a_grave_act_wants_the_own_pin_with_it_and_nothing_else_does(doors: Kiosk) -> None:
    """Signed in as who may all of it; and with a second person named, each form wants it, whatever it is."""
    asked = {True: 0, False: 0}
    for act, path in forms(doors):
        status, told = visit(doors, "yosep", "POST", path)
        assert (status, "PIN Anda diperlukan" in told) == ((403, True) if act.pin else (418, False)), path
        asked[act.pin] += 1
        second = {"supervisor": "agnes", "pin": PIN}
        for own, said in (({}, "PIN Anda diperlukan"), ({OWN_PIN: "000000"}, "PIN salah")):
            status, told = visit(doors, "yosep", "POST", path, **second, **own)
            assert (status, f"<h1>{said}</h1>" in told) == (403, True), path
            assert PIN not in told
            doors.house.throttle.right("yosep")
        assert visit(doors, "yosep", "POST", path, **second, own_pin=PIN)[0] == 418, path
    assert asked[True] > 8
    assert asked[False] > 30
    assert {act.name for act in GRAVE} >= {ROUTES[name] for name in ("make_codes", "lift_limit", "move_destroy")}


DESTROY = {"sku": "wni", "quantity": "1", "source": "spoiled", "document": "BA-7", "witnesses": "Satpol PP",
    "method": "dibakar"}  # fmt: skip


def test_two_people_are_two_people(hall: Kiosk) -> None:
    """Not one in two sessions, not somebody whose role may not approve, nor who may not any more."""
    office = hall.office
    office.station.stock.move("test", "spoil", "wni", 2, source="hopper", cause="damaged")
    today = office.station.books.today
    before = office.station.books.seq
    path = "/supplies/destroy"
    other = hall.house.sessions.begin(hall.house.people.find("yosep"))
    for second in ("yosep", "maria", "tinus", "umi", LOCKED, "nobody", "", "op:rosa", " yosep", "YOSEP"):
        status, _ = visit(hall, "yosep", "POST", path, **DESTROY, supervisor=second, pin=PIN, own_pin=PIN, n=second)
        assert status in (403, 409), second
    hall.house.sessions.end(other.token)
    assert office.station.books.seq == before
    for ident in ("maria", "tinus", "umi", LOCKED, "nobody", "op:rosa", " yosep", "YOSEP"):
        hall.house.throttle.right(ident)
    status, _ = visit(hall, ACTING, "POST", path, **DESTROY, supervisor=ACTING, pin=PIN, own_pin=PIN)
    assert status == 409, "acting, and alone"
    status, _ = visit(hall, "yosep", "POST", path, **DESTROY, supervisor=ACTING, pin=PIN, own_pin=PIN, good="1")
    assert status == 303, "the control"
    office.station.staff.appoint("op:yosep", ACTING, end=True)
    status, _ = visit(hall, "yosep", "POST", path, **DESTROY, supervisor=ACTING, pin=PIN, own_pin=PIN, late="1", x="")
    assert status == 409, "the appointment is over"
    office.station.staff.appoint("op:yosep", ACTING, today.isoformat(), today.isoformat(), "SP-8/2026")


def test_the_refusal_names_who_may_and_leads_on(staffed: Kiosk) -> None:
    visitor = sign_in(staffed, "umi")
    page = visitor.get("/queue")
    assert (page.status_code, "ask an operator or supervisor" in page.text) == (403, True)
    assert 'href="/"' in page.text
    assert visitor.get("/").headers["Location"] == "/supplies"
    visitor.leave()


def test_who_sees_nobody_begins_at_the_blanks_without_links_to_people(staffed: Kiosk) -> None:
    visitor = Visitor(staffed.url)
    assert visitor.sign_in("tinus", PINS["tinus"]).headers["Location"] == "/supplies"
    page = visitor.get("/supplies").text
    assert 'href="/outbox"' in page
    for path in ("/queue", "/now", "/printed", "/calls"):
        assert f'href="{path}"' not in page
    visitor.leave()


def test_no_name_is_on_a_page_of_those_who_see_nobody(staffed: Kiosk) -> None:
    office = staffed.office
    office.print_one()
    name = office.residents[0].fields.nama
    for ident, shown in (("maria", True), ("umi", False), ("tinus", False)):
        visitor = sign_in(staffed, ident)
        pages = [visitor.get(path).text for path in ("/now", "/printed", "/supplies", "/outbox", "/help")]
        assert (name in "".join(pages)) is shown, ident
        visitor.leave()


def test_an_acting_supervisor_is_in_the_list_of_those_who_approve(staffed: Kiosk) -> None:
    office, staff = staffed.office, staffed.office.station.staff
    job = office.print_one()["id"]
    visitor = sign_in(staffed, "maria")
    assert 'value="tinus"' not in visitor.get(f"/hand-over/{job}/problem").text
    today = office.station.books.today.isoformat()
    staff.appoint("op:yosep", "tinus", today, today, "SP-7/2026")
    assert 'value="tinus"' in visitor.get(f"/hand-over/{job}/problem").text
    visitor.leave()


# What changes while somebody is signed in.


def test_somebody_who_is_deactivated_is_signed_out(staffed: Kiosk) -> None:
    visitor = sign_in(staffed, "maria")
    staffed.office.station.staff.deactivate("op:yosep", "maria")
    assert visitor.get("/queue").headers["Location"].startswith("/sign-in")
    assert visitor.sign_in("maria", PIN).status_code == 403
    assert 'value="maria"' not in visitor.get("/sign-in").text
    visitor.http.close()


def test_another_role_holds_from_the_next_touch_on(staffed: Kiosk) -> None:
    visitor = sign_in(staffed, "maria")
    assert visitor.get("/queue").status_code == 200
    staffed.office.station.staff.change_role("op:yosep", "maria", "auditor")
    assert visitor.get("/queue").status_code == 403
    visitor.leave()


# One limiter for the screen and the socket.


def test_wrong_pins_at_the_socket_lock_the_sign_in_and_the_other_way_round(staffed: Kiosk) -> None:
    data = staffed.office.data
    for _ in range(3):
        with pytest.raises(Rejected, match="not that PIN"):
            call(data, "jobs.list", {}, Named("maria", "999999"))
    visitor = Visitor(staffed.url)
    assert visitor.sign_in("maria", PIN).status_code == 429
    for _ in range(3):
        assert visitor.sign_in("yosep", "999999").status_code == 403
    with pytest.raises(Rejected, match="wait 60 s") as waiting:
        call(data, "jobs.list", {}, Named("yosep", OTHER_PIN))
    assert waiting.value.reason == "pin-wait"
    staffed.clock.advance(61)
    assert call(data, "jobs.list", {}, Named("yosep", OTHER_PIN)) == []
    visitor.http.close()


# An act that asks for the PIN takes it from the form.


@pytest.fixture
def guarded(staffed: Kiosk) -> tuple[Flask, Sessions, People]:
    app, sessions, people = Flask("guarded"), Sessions(), staffed.house.people
    routes = {"pin": "own-pin", "new": "new-pin"}
    security.guard(app, sessions, Parked(), people, staffed.office.station.access, routes=routes)
    app.testing = True
    for name in ("pin", "new", "forgotten"):
        app.add_url_rule(f"/{name}", name, lambda: "done", methods=["POST"])
    return app, sessions, people


def send(guarded: tuple[Flask, Sessions, People], path: str, key: str, **fields: str) -> str:
    app, sessions, people = guarded
    session = sessions.begin(people.find("maria"))
    client = app.test_client()
    client.set_cookie(security.COOKIE, session.token)
    form = {"csrf": session.csrf, "key": key, **fields}
    return client.post(path, data=form, base_url="http://localhost").text


def test_the_pin_comes_with_the_act(guarded: tuple[Flask, Sessions, People]) -> None:
    assert send(guarded, "/pin", "1", own_pin=PIN) == "done"
    for number, (fields, reason) in enumerate((({}, "pin-needed"), ({"own_pin": "999999"}, "pin-wrong"))):
        with pytest.raises(Rejected) as refused:
            send(guarded, "/pin", f"2{number}", **fields)
        assert refused.value.reason == reason
    with pytest.raises(Rejected, match="not for an operator"):
        send(guarded, "/new", "3", own_pin=PIN)


def test_what_is_in_no_table_is_open_to_nobody(guarded: tuple[Flask, Sessions, People]) -> None:
    with pytest.raises(Rejected, match="no act of the table"):
        send(guarded, "/forgotten", "1")
