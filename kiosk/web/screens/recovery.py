"""Lupa PIN: a supervisor is let in again by a one-time code, with nobody signed in."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from flask import Flask, redirect, render_template, request, url_for

from kiosk.core.permissions import Role
from kiosk.errors import Rejected, UsageError
from kiosk.staff import CODES_NAME
from kiosk.web.house import house
from kiosk.web.screens.movements import Wrong, refused, typed
from kiosk.web.screens.people import new_pin

if TYPE_CHECKING:
    from werkzeug.wrappers import Response


def register(app: Flask) -> None:
    app.add_url_rule("/recover", view_func=recover, methods=["GET", "POST"])


def recover() -> str | Response | tuple[str, int]:
    """Wrong codes are counted; the second tap on the form that did it leads where the first one led."""
    if request.method == "GET":
        return _page(None)
    with house().one_by_one:
        key = request.form.get("key", "")
        if where := house().sessions.spent(key):
            return redirect(where, 303)
        try:
            _recover(request.form.get("ident", ""))
        except (Rejected, UsageError) as exc:
            wrong = refused(exc, CODES_NAME)
            return _page(wrong), wrong.status
        where = url_for("sign_in")
        house().sessions.spend(key, where)
    return redirect(where, 303)


def _recover(person: str) -> None:
    """As who they are: the code stands for the PIN."""
    house().station.staff.recover(f"op:{person}", person, request.form.get("code", ""), new_pin())


def _page(wrong: Wrong | None) -> str:
    supervisors = [person for person in house().people.active() if person.role is Role.SUPERVISOR]
    return render_template(
        "recover.html", people=supervisors, wrong=wrong, said=typed() if wrong else {}, bar=None,
        key=secrets.token_urlsafe(12),
    )  # fmt: skip
