"""Stock by touch: a form for each movement by hand, made of its row in the table; it says what the command says."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import Flask, redirect, render_template, request, url_for

from kiosk.core.accounts import OUTSIDE
from kiosk.core.movements import DESTROY_OLD_CARDS, HAND_MOVEMENTS, MARKS, Detail, Movement
from kiosk.core.records import Sku
from kiosk.errors import Rejected, UsageError
from kiosk.stock import balances, old_cards
from kiosk.web import stock_words
from kiosk.web.house import actor, house
from kiosk.web.screens.supplies import FORMS, WHOLE
from kiosk.web.security import current
from kiosk.web.sessions import PINS
from kiosk.web.words import REFUSALS

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from kiosk.people import Person

ROWS: Mapping[str, Movement] = {**HAND_MOVEMENTS, DESTROY_OLD_CARDS.name: DESTROY_OLD_CARDS}
NOT_KEPT = frozenset({"csrf", "key", "again", *PINS})


@dataclass(frozen=True)
class Wrong:
    """Why a form was not booked: `title` in Indonesian, `detail` as the station says it; `wait_s`: for the PIN."""

    title: str
    detail: str
    status: int
    wait_s: int = 0


def register(app: Flask) -> None:
    for name in FORMS:
        view = partial(move, ROWS[name])
        app.add_url_rule(f"/supplies/{name}", f"move_{name}", view, methods=["GET", "POST"])


def move(row: Movement) -> str | Response | tuple[str, int]:
    """What is wrong is shown above the form, with all that was typed but the PIN; nothing is booked by halves."""
    if request.method == "GET":
        return _form(row, {}, None), 200
    try:
        where = _book(row, request.form)
    except (Rejected, UsageError) as exc:
        wrong = refused(exc)
        return _form(row, typed(), wrong), wrong.status
    house().sessions.spend(request.form["key"], where)
    return redirect(where, 303)


def _book(row: Movement, form: Mapping[str, str]) -> str:
    """Through the verbs of the command. Returns where what became true is to be seen."""
    stock, amount = house().station.stock, form.get("quantity", "").strip()
    if not WHOLE.fullmatch(amount):
        raise UsageError("quantity: a whole number from 1")
    said = {name: text for name in (*row.needs, *row.takes, "cause", "source") if (text := _field(name))}
    said |= second_person() if row.second else {}
    document = _field("document")
    if row is DESTROY_OLD_CARDS:
        stock.destroy_old_cards(actor(), int(amount), document, **said)
        return url_for("supplies")
    sku = _field("sku")
    stock.move(actor(), row.name, sku, int(amount), document, key=form["key"], **said)
    return url_for("account", account=row.target.value, sku=sku)


def _field(name: str) -> str:
    """Of a day as `day_of`; marks with a +."""
    text = request.form.get(name, "").strip()
    if name == Detail.MARKS:
        return "+".join(mark for mark in MARKS[:2] if mark in request.form.getlist(name))
    return day_of(text) if name == Detail.DATED else text


def day_of(text: str) -> str:
    """2026-11-28 of 28-11-2026, as a day is written on a paper."""
    return "-".join(reversed(text.strip().replace("/", "-").split("-")))


def _form(row: Movement, said: Mapping[str, Any], wrong: Wrong | None) -> str:
    with house().station.books.look() as view:
        held = balances(view)
        old = old_cards(view)
    places = [place for place in row.sources if place not in OUTSIDE]
    stands = [
        (sku.value, place.value, held.get(sku, {}).get(place, 0)) for place in places for sku in Sku
    ]  # fmt: skip
    return render_template(
        "movement.html", row=row, said=said, wrong=wrong, stands=stands, told=stock_words, supervisors=supervisors(),
        old_cards=old if row is DESTROY_OLD_CARDS else None, marks=MARKS[:2],
    )  # fmt: skip


def typed() -> dict[str, Any]:
    """All fields of the form that may be shown again."""
    fields = {name: request.form.get(name, "") for name in request.form if name not in NOT_KEPT}
    return {**fields, Detail.MARKS.value: request.form.getlist(Detail.MARKS)}


def refused(exc: Rejected | UsageError, waits: str = "") -> Wrong:
    """In words; who must wait is told how long. `waits`: under which name wrong tries are counted, if not the
    second person's."""
    if isinstance(exc, UsageError):
        return Wrong(stock_words.WRONG["incomplete"], str(exc), 400)
    wait_s = math.ceil(house().throttle.wait_s(waits or request.form.get("supervisor", "")))
    return Wrong(REFUSALS.get(exc.reason, stock_words.WRONG["refused"]), str(exc), 409, wait_s)


def second_person() -> dict[str, str]:
    """Whose PIN was given beside the form."""
    return {"second": _field("supervisor"), "pin": request.form.get("pin", "")}


def supervisors() -> list[Person]:
    """Who may be the second person of whoever is signed in: never themselves."""
    access, me = house().station.access, current().person.id
    return [person for person in house().people.active() if person.id != me and access.may_approve(person)]
