"""Sign-in by name and PIN, sign-out, language, and the form that was sent too late."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from flask import Flask, current_app, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException

from kiosk.core.permissions import Role
from kiosk.errors import Rejected
from kiosk.web.frame import read_bar
from kiosk.web.house import house
from kiosk.web.language import LANGUAGES
from kiosk.web.people_words import PINS
from kiosk.web.screens.people import still_to_do
from kiosk.web.security import COOKIE, LANGUAGE_COOKIE, current, first_page, may_open, set_cookie
from kiosk.web.sessions import without_pins

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from kiosk.people import Person

YEAR_S = 365 * 24 * 3600


def register(app: Flask) -> None:
    app.add_url_rule("/sign-in", view_func=sign_in, methods=["GET", "POST"])
    app.add_url_rule("/sign-out", view_func=sign_out, methods=["POST"])
    app.add_url_rule("/resume/<ticket>", view_func=resume)
    app.add_url_rule("/language", view_func=choose_language, methods=["POST"])


def sign_in() -> Response | tuple[str, int]:
    """Wrong PINs are counted by person; while one must wait, no PIN is tried at all."""
    if not house().people.all():
        return redirect(url_for("begin"), 303)
    if request.method == "GET":
        return _page()
    name = request.form.get("person", "")
    if not name:
        return _page(wrong="who", status=400)
    person, status = _try(name, request.form.get("pin", ""))
    if person is None:
        return _page(name, "pin" if status == 403 else "wait", status)
    answer = redirect(_where_to(person), 303)
    set_cookie(answer, house().sessions.begin(person, request.cookies.get(COOKIE)))
    return answer


def _try(name: str, pin: str) -> tuple[Person | None, int]:
    """The person if the PIN is theirs, else the status to answer with."""
    try:
        return house().station.access.sign_in(name, pin), 303
    except Rejected as exc:
        return None, 429 if exc.reason == "pin-wait" else 403


def _page(chosen: str = "", wrong: str = "", status: int = 200) -> tuple[str, int]:
    """Nobody is chosen beforehand where there are several: in a hurry that is the wrong one."""
    people = house().people.active()
    chosen = chosen or (people[0].id if len(people) == 1 else "")
    return render_template(
        "sign_in.html", people=people, chosen=chosen, wrong=wrong,
        wait_s=math.ceil(house().throttle.wait_s(chosen)) if wrong else 0,
        next=request.values.get("next", ""), parked=request.values.get("parked", ""),
        bar=None, work=read_bar(house()),
    ), status  # fmt: skip


def sign_out() -> Response:
    """Locks the screen. A card in the machine goes on."""
    house().sessions.end(request.cookies.get(COOKIE))
    return redirect(url_for("sign_in"), 303)


def resume(ticket: str) -> Response | str:
    """A form that was sent after the session had ended: shown again, to be sent by one tap."""
    kept = house().parked.look(ticket)
    if kept is None:
        return redirect(url_for("queue"), 303)
    return _again(*kept)


def _again(path: str, form: dict[str, list[str]], **wrong: Any) -> str:
    return render_template("resume.html", path=path, form=form, whose=_whose(path), pins=PINS, **wrong)


def pin_again(title: str) -> str:
    """The one answer to a grave act without its PIN, or with a wrong one: the form as it was sent, each PIN asked."""
    wait_s = math.ceil(house().throttle.wait_s(current().person.id))
    return _again(
        request.path, without_pins(request.form.to_dict(flat=False)), title=title, wait_s=wait_s, filling=True
    )


def _whose(path: str) -> str:
    """The record that a form is about whose address names a job; empty if it is about none, or one long over."""
    try:
        _, named = current_app.url_map.bind("").match(path, "POST")
    except HTTPException:
        return ""
    job = str(named.get("job", ""))
    with house().station.books.transaction() as view:
        known = view.read("jobs", job) or view.read("uncollected", job)
        known = known or next((row for row in view.rows("finished") if row["id"] == job), None)
        return str(known["ref"]) if known else ""


def choose_language() -> Response:
    wanted = request.form.get("language", "")
    answer = redirect(_local(request.form.get("back", "")) or url_for("sign_in"), 303)
    if wanted in LANGUAGES:
        answer.set_cookie(LANGUAGE_COOKIE, wanted, max_age=YEAR_S, httponly=True, samesite="Strict", path="/")
    return answer


def _where_to(person: Person) -> str:
    """First what was not sent, then what happened while nobody was there, then where they were."""
    parked = request.form.get("parked", "")
    if parked:
        return url_for("resume", ticket=parked)
    if house().station.interruption and person.id not in house().told and may_open("interruption", person):
        house().told.add(person.id)
        return url_for("interruption")
    return _local(request.form.get("next", "")) or url_for(_first_of(person))


def _first_of(person: Person) -> str:
    """A supervisor of a station that never had a blank ends its first run; everybody else begins the day."""
    return (person.role is Role.SUPERVISOR and still_to_do()) or first_page(person)


def _local(path: str) -> str:
    """The path if it leads nowhere else, in whichever way a browser reads it: it passes over tabs and line ends."""
    read = path.translate(dict.fromkeys(map(ord, "\t\r\n")))
    return read if read.startswith("/") and not read.startswith(("//", "/\\")) else ""
