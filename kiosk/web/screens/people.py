"""Petugas: who works here, and what changes of it. Each form is one act of kiosk.staff; all want the own PIN."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import Flask, redirect, render_template, request, url_for

from kiosk.core.permissions import Role
from kiosk.errors import Rejected, UsageError
from kiosk.stock import balances
from kiosk.web import people_words
from kiosk.web.house import actor, done, house
from kiosk.web.screens.movements import day_of, refused, typed
from kiosk.web.security import current

if TYPE_CHECKING:
    from werkzeug.wrappers import Response


@dataclass(frozen=True)
class Form:
    """`fields`: of the page, in its order, before the own PIN. `act`: carries it out for a person (empty: for nobody
    who is here yet, or for oneself) and returns where the result is seen."""

    path: str
    fields: tuple[str, ...]
    act: Callable[[str], str]


def register(app: Flask) -> None:
    app.jinja_env.filters["dated"] = day_of
    app.add_url_rule("/people", view_func=people)
    for name, form in FORMS.items():
        app.add_url_rule(form.path, name, partial(change, name, form), methods=["GET", "POST"])
    app.add_url_rule("/people/<person>", view_func=one_person)
    app.add_url_rule("/people/codes/shown", view_func=codes_shown, methods=["GET", "POST"])


def people() -> str:
    return render_template(
        "people.html", rows=house().station.staff.list_people(actor()), told=people_words,
        codes=house().people.codes_left(),
    )  # fmt: skip


def one_person(person: str) -> str:
    """What they may, and each change that fits them as they are now."""
    found = _row(person)
    return render_template(
        "person.html", row=found, told=people_words, forms=_fitting(found), wait_s=house().throttle.wait_s(person),
    )  # fmt: skip


def _row(person: str) -> dict[str, Any]:
    house().people.find(person)
    return next(row for row in house().station.staff.list_people(actor()) if row["id"] == person)


def _fitting(row: Mapping[str, Any]) -> list[str]:
    if not row["active"]:
        return ["unlock_person"]
    acts = row["role"] in (Role.OPERATOR, Role.TECHNICIAN)
    return [
        *(["give_pin"] if row["id"] != current().person.id else []), "change_role",
        *(["appoint_person"] if acts else []), *(["end_appointment"] if row["appointed"] else []), "lock_person",
    ]  # fmt: skip


def change(name: str, form: Form, person: str = "") -> str | Response | tuple[str, int]:
    """What is wrong is shown above the form, with all that was typed but the PINs; nothing is done by halves."""
    found = _row(person) if person else None
    if request.method == "GET":
        return _page(name, form, found)
    try:
        where = form.act(person)
    except (Rejected, UsageError) as exc:
        wrong = refused(exc)
        return _page(name, form, found, wrong=wrong), wrong.status
    house().sessions.spend(request.form["key"], where)
    return redirect(where, 303)


def _page(name: str, form: Form, row: dict[str, Any] | None, wrong: Any = None) -> str:
    said = typed() if wrong else {**(row or {}), "first": house().station.books.today.strftime("%d-%m-%Y")}
    return render_template(
        "person_form.html", name=name, form=form, row=row, said=said, wrong=wrong, told=people_words, roles=list(Role)
    )


def new_pin() -> str:
    """The PIN that was typed twice alike. Rejected `pins-differ` if it was not."""
    if request.form.get("new_pin", "") != request.form.get("new_again", ""):
        raise Rejected("new PIN: it was not typed twice alike", "pins-differ")
    return request.form.get("new_pin", "")


def _of(person: str) -> str:
    return url_for("one_person", person=person)


def _said(name: str) -> str:
    return request.form.get(name, "").strip()


def _add(_: str) -> str:
    ident = _said("ident").lower()
    house().station.staff.add(actor(), ident, _said("called"), _said("role"), new_pin())
    return _of(ident)


def _give_pin(person: str) -> str:
    house().station.staff.reset_pin(actor(), person, new_pin())
    return _of(person)


def _change_own_pin(_: str) -> str:
    house().station.staff.change_own_pin(actor(), new_pin())
    return url_for("help", changed="pin")


def _change_role(person: str) -> str:
    house().station.staff.change_role(actor(), person, _said("role"))
    return _of(person)


def _lock(person: str) -> str:
    house().station.staff.deactivate(actor(), person)
    return _of(person)


def _unlock(person: str) -> str:
    house().station.staff.activate(actor(), person)
    return _of(person)


def _appoint(person: str) -> str:
    first, last = day_of(_said("first")), day_of(_said("last"))
    house().station.staff.appoint(actor(), person, first, last, _said("paper"))
    return _of(person)


def _end_appointment(person: str) -> str:
    house().station.staff.appoint(actor(), person, end=True)
    return _of(person)


def _make_codes(_: str) -> str:
    current().codes = tuple(house().station.staff.make_codes(actor()))
    return url_for("codes_shown")


FORMS: Mapping[str, Form] = {
    "add_person": Form("/people/new", ("called", "ident", "role", "new_pin", "new_again"), _add),
    "make_codes": Form("/people/codes", (), _make_codes),
    "own_pin": Form("/pin", ("new_pin", "new_again"), _change_own_pin),
    "give_pin": Form("/people/<person>/pin", ("new_pin", "new_again"), _give_pin),
    "change_role": Form("/people/<person>/role", ("role",), _change_role),
    "appoint_person": Form("/people/<person>/acting", ("first", "last", "paper"), _appoint),
    "end_appointment": Form("/people/<person>/acting/end", (), _end_appointment),
    "lock_person": Form("/people/<person>/lock", (), _lock),
    "unlock_person": Form("/people/<person>/unlock", (), _unlock),
}


def still_to_do() -> str:
    """The endpoint at which a supervisor ends the first run; empty once a blank was ever received."""
    with house().station.books.look() as view:
        if any(balances(view).values()):
            return ""
    return "opening_stock" if house().people.codes_left() else "make_codes"


def codes_shown() -> str | Response:
    """The codes that were just made, in the memory of the session that made them until it says that they are kept."""
    if request.method == "GET":
        return render_template("codes.html", codes=current().codes, first_run=bool(still_to_do()))
    current().codes = ()
    return done(still_to_do() or "people")
