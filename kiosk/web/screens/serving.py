"""The order of service: how far each quota is used today, whom two people move up; what is destroyed by age."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from flask import Flask, redirect, render_template, request, url_for

from kiosk.core.records import Reason
from kiosk.core.service_order import NO_LIMIT, served
from kiosk.errors import Rejected, UsageError
from kiosk.web import service_words
from kiosk.web.house import actor, house
from kiosk.web.screens.movements import refused, second_person, supervisors, typed
from kiosk.web.screens.queue import waiting_line

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

SHOWN = 40


def register(app: Flask) -> None:
    app.add_url_rule("/service", view_func=service)
    app.add_url_rule("/retention", view_func=retention)
    app.add_url_rule("/jump/<ref>", view_func=jump, methods=["GET", "POST"])


def service() -> str:
    """Without names: who may not see people may still see that the order was kept."""
    station, line = house().station, waiting_line()
    waiting = Counter(row["reason"] for row in line.rows)
    with station.books.look() as view:
        day = station.service.day
        used = {reason.value: served(view.read, reason.value, day) for reason in Reason}
        jumps = station.service.jumps(view)
    rules = station.service.rules
    reasons = sorted(used, key=rules.rank)
    return render_template(
        "service.html", reasons=reasons, used=used, quota=rules.quota, waiting=waiting, oldest=_oldest(line.rows),
        jumps=jumps[:SHOWN], held=len(station.corrections.held()), no_limit=NO_LIMIT, rules=rules, told=service_words,
    )  # fmt: skip


def retention() -> str:
    """A dry run: numbers alone, and nothing is destroyed by looking."""
    found = house().station.execute("vault.retention", {}, actor())
    return render_template("retention.html", found=found, told=service_words)


def _oldest(rows: list[dict[str, Any]]) -> dict[str, int]:
    """Since when (Unix ms) the one waits who came first, by reason."""
    found: dict[str, int] = {}
    for row in rows:
        found[row["reason"]] = min(found.get(row["reason"], row["came"]), row["came"])
    return found


def jump(ref: str) -> str | Response | tuple[str, int]:
    """Somebody who waits is moved up, when another person approves; what is wrong stands above the form."""
    station = house().station
    with station.books.look() as view:
        record, fields = view.read("records", ref), station.roster.get(ref)
    if record is None or fields is None:
        raise Rejected(f"record {ref}", "record-missing")
    wrong = None
    if request.method == "POST":
        second = second_person()
        try:
            reason = request.form.get("reason", "")
            station.service.jump(actor(), ref, reason, supervisor=second["second"], pin=second["pin"])
        except (Rejected, UsageError) as exc:
            wrong = refused(exc)
        else:
            where = url_for("check", ref=ref)
            house().sessions.spend(request.form["key"], where)
            return redirect(where, 303)
    page = render_template(
        "jump.html", ref=ref, record=record, fields=fields, wrong=wrong, said=typed(), supervisors=supervisors(),
        told=service_words,
    )  # fmt: skip
    return page, wrong.status if wrong else 200
