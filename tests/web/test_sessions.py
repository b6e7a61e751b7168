"""Who is signed in, for how long, and how often a PIN may be wrong: by a clock that a test moves."""

from __future__ import annotations

import pytest

from kiosk.people import Person, Role
from kiosk.web.sessions import IDLE_S, LIMITS, MOST_SESSIONS, PARKED_MOST, PARKED_S, Parked, Sessions, Throttle
from tests.web.conftest import Clock, Kiosk, Visitor

MARIA = Person("maria", "Maria Taek", Role.OPERATOR, "")


@pytest.fixture
def clock() -> Clock:
    return Clock()


def guess_until_stopped(throttle: Throttle, clock: Clock, within_s: float) -> int:
    """Wrong PINs that somebody who never gives up gets to try within so many seconds."""
    tried, end = 0, clock.now + within_s
    while clock.now < end:
        wait = throttle.wait_s("maria")
        if wait:
            clock.advance(wait)
        else:
            throttle.wrong("maria")
            tried += 1
    return tried


def test_limits_of_wrong_pins() -> None:
    assert LIMITS == ((3, 60), (5, 600), (10, 3600))


@pytest.mark.parametrize(("most", "within_s"), LIMITS)
def test_so_many_wrong_pins_in_so_long_and_no_more(clock: Clock, most: int, within_s: float) -> None:
    assert guess_until_stopped(Throttle(clock), clock, within_s) == most


def test_a_day_of_guessing_gets_nowhere(clock: Clock) -> None:
    assert guess_until_stopped(Throttle(clock), clock, 86400) == 240


def test_the_right_pin_forgives_and_names_are_counted_apart(clock: Clock) -> None:
    throttle = Throttle(clock)
    for _ in range(3):
        throttle.wrong("maria")
    assert throttle.wait_s("maria") == 60
    assert throttle.wait_s("yosep") == 0
    throttle.right("maria")
    assert throttle.wait_s("maria") == 0


def test_a_session_ends_when_nobody_touches_it(clock: Clock) -> None:
    sessions = Sessions(clock)
    session = sessions.begin(MARIA)
    clock.advance(IDLE_S)
    assert sessions.find(session.token) is session, "touched at the last moment"
    clock.advance(IDLE_S - 1)
    assert sessions.find(session.token, touch=False) is session
    assert sessions.left_s(session) == 1
    clock.advance(2)
    assert sessions.find(session.token) is None
    assert sessions.find("") is None
    assert sessions.find(None) is None


def test_the_session_that_is_used_least_gives_way(clock: Clock) -> None:
    sessions = Sessions(clock)
    used = sessions.begin(MARIA)
    for _ in range(MOST_SESSIONS + 5):
        sessions.begin(MARIA)
        assert sessions.find(used.token) is used


def test_signing_in_again_ends_the_session_before(clock: Clock) -> None:
    sessions = Sessions(clock)
    first = sessions.begin(MARIA)
    second = sessions.begin(MARIA, instead_of=first.token)
    assert sessions.find(first.token) is None
    assert sessions.find(second.token) is second


def test_parked_forms_are_few_and_grow_old(clock: Clock) -> None:
    parked = Parked(clock)
    tickets = [parked.put("/jobs", {"ref": [str(n)], "csrf": ["secret"]}) for n in range(PARKED_MOST + 1)]
    assert parked.look(tickets[0]) is None
    assert parked.look(tickets[1]) == ("/jobs", {"ref": ["1"]})
    clock.advance(PARKED_S + 1)
    assert parked.look(tickets[1]) is None


def test_what_a_page_asks_by_itself_keeps_nobody_signed_in(kiosk: Kiosk, visitor: Visitor) -> None:
    for _ in range(4):
        kiosk.clock.advance(150)
        visitor.get("/queue", X_Refresh="1")
        visitor.get("/glance")
        visitor.get("/static/keping.css", Sec_Fetch_Dest="style")
        visitor.get("/proof/x/small.webp", Sec_Fetch_Dest="image")
        with visitor.http.stream("GET", "/live") as stream:
            assert stream.status_code == 200
    assert visitor.get("/glance").json()["left_s"] == 0
    kiosk.clock.advance(1)
    assert visitor.get("/glance").status_code == 401
    assert visitor.get("/live").status_code == 401
    assert visitor.get("/queue", X_Refresh="1").status_code == 303


@pytest.mark.parametrize("touch", ["/queue", "/stay"])
def test_a_touch_keeps_its_person_signed_in(kiosk: Kiosk, visitor: Visitor, touch: str) -> None:
    for _ in range(4):
        kiosk.clock.advance(IDLE_S - 1)
        assert visitor.get(touch).status_code == 200
    assert visitor.get("/glance").json()["left_s"] == IDLE_S


def test_locking_the_screen_ends_the_session_and_not_the_card(kiosk: Kiosk, visitor: Visitor) -> None:
    kiosk.office.world.open_cover()
    [ref] = kiosk.office.bring_records(1)
    visitor.post("/jobs", visitor.form(ref=ref))
    answer = visitor.post("/sign-out", visitor.form())
    assert answer.headers["Location"] == "/sign-in"
    assert visitor.get("/queue").status_code == 303
    kiosk.office.world.close_cover()
    [job] = kiosk.office.jobs()
    kiosk.office.until(lambda: kiosk.office.state(job["id"]) == "completed")
