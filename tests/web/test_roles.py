"""The touchscreen asks once, for every page and form, whether the person's role may."""

from __future__ import annotations

import pytest
from flask import Flask

from kiosk.control import call
from kiosk.core.permissions import ACTS, EVERYBODY, ROUTES
from kiosk.errors import Rejected
from kiosk.people import Named, People, Role
from kiosk.web import security
from kiosk.web.sessions import Parked, Sessions
from tests.web.conftest import OTHER_PIN, PIN, Kiosk, Visitor
from tests.web.test_guard import ask, paths

STAFF = {Role.OPERATOR: "maria", Role.SUPERVISOR: "yosep", Role.TECHNICIAN: "tinus", Role.AUDITOR: "umi"}
PINS = {"maria": PIN, "yosep": OTHER_PIN, "tinus": "975310", "umi": "864209"}
AT_LAST = frozenset({"sign_out"})


@pytest.fixture
def staffed(kiosk: Kiosk) -> Kiosk:
    for role in (Role.TECHNICIAN, Role.AUDITOR):
        kiosk.house.people.add(STAFF[role], STAFF[role].title(), role, PINS[STAFF[role]])
    return kiosk


def sign_in(kiosk: Kiosk, ident: str) -> Visitor:
    visitor = Visitor(kiosk.url)
    assert visitor.sign_in(ident, PINS[ident]).status_code == 303
    return visitor


def test_every_page_and_form_is_in_the_table(quiet: Kiosk) -> None:
    endpoints = {rule.endpoint for rule in quiet.app.url_map.iter_rules()}
    assert endpoints == set(ROUTES) | EVERYBODY
    assert not set(ROUTES) & EVERYBODY


@pytest.mark.parametrize("role", list(Role))
def test_each_role_opens_what_the_table_says_and_nothing_else(staffed: Kiosk, role: Role) -> None:
    visitor = sign_in(staffed, STAFF[role])
    refused = opened = 0
    for method in ("GET", "POST"):
        form = visitor.form()
        for number, (rule, path) in enumerate(paths(staffed, method)):
            if rule.endpoint in EVERYBODY | AT_LAST:
                continue
            if method == "GET":
                status, text = ask(visitor, path).status_code, ""
            else:
                answer = visitor.post(path, {**form, "own_pin": PINS[STAFF[role]], "key": f"{role}-{number}"})
                status, text = answer.status_code, answer.text
            allowed = ACTS[ROUTES[rule.endpoint]].open_to(role)
            assert (status != 403) is allowed, (method, path, status)
            assert allowed or not text or "Itu bukan wewenang peran Anda" in text
            opened, refused = opened + allowed, refused + (not allowed)
    assert opened > 4
    assert (refused > 0) is (role is not Role.SUPERVISOR)
    assert refused > 15 or role in (Role.OPERATOR, Role.SUPERVISOR)
    assert staffed.made() == []
    visitor.leave()


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
