"""The shift by touch: opened and closed by a blind count, with a slip that proves what the books said then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Flask, redirect, render_template, request, url_for
from markupsafe import Markup

from kiosk.core import shift as rules
from kiosk.core.records import Sku
from kiosk.doctor import as_svg
from kiosk.errors import Rejected, Unavailable, UsageError
from kiosk.reports.out import on_paper
from kiosk.reports.period import local
from kiosk.reports.slip import slip_paper
from kiosk.web import shift_words
from kiosk.web.house import actor, house
from kiosk.web.screens.holdings import who
from kiosk.web.screens.movements import Wrong, refused, second_person, supervisors, typed
from kiosk.web.screens.supplies import WHOLE

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from kiosk.stock import Counted

SHOWN = 5
"""Slips that are offered on the page of the shift."""
CODE_PX = 3
"""A module of the slip's code: 0.6 mm on 10 inches, a little more than on the paper."""
OVER = frozenset({"shift-over", "shift-not-open"})
"""What a form is told that comes after the close."""
FIELDS = tuple((place.value, sku.value) for place in rules.COUNTED for sku in Sku)


def register(app: Flask) -> None:
    app.add_url_rule("/shift", view_func=shift)
    app.add_url_rule("/shift/open", view_func=open_shift, methods=["GET", "POST"])
    app.add_url_rule("/shift/count", view_func=count_shift, methods=["GET", "POST"])
    app.add_url_rule("/shift/close", view_func=closing)
    app.add_url_rule("/shift/close", view_func=close_shift, methods=["POST"])
    app.add_url_rule("/shift/slip/<name>", view_func=slip)
    app.add_url_rule("/shift/slip/<name>/print", view_func=print_slip, methods=["POST"])


def shift() -> str:
    """The open one, without figures; the slips of the last that were closed."""
    with house().station.books.look() as view:
        current = view.read("shift", "open")
        slips = sorted(view.rows("shifts"), key=lambda row: -row["seq"])[:SHOWN]
    return render_template("shift.html", shift=current, by=who(current["by"]) if current else "", slips=slips)


def open_shift() -> str | Response | tuple[str, int]:
    """What lies there is counted before the books are shown. A difference needs a reason and a second person."""
    if request.method == "GET":
        return _count_form("open_shift", {}, None)
    try:
        said = second_person() if request.form.get("supervisor") else {}
        reason = request.form.get("reason", "").strip()
        house().station.shifts.open(actor(), _counted(needed=set(FIELDS)), reason, **said)
    except (Rejected, UsageError) as exc:
        wrong = refused(exc)
        return _count_form("open_shift", typed(), wrong), wrong.status
    return _then(url_for("shift"))


def count_shift() -> str | Response | tuple[str, int]:
    """What lies there at the end; only what is not on record yet must be filled in."""
    current = _current()
    if request.method == "GET":
        return _count_form("count_shift", {}, None, current) if current else redirect(url_for("shift"), 303)
    name = request.form.get("shift", "")
    if current is None or current["shift"] != name:
        return _after_the_end(name)
    try:
        if counted := _counted(needed=set(rules.uncounted(current))):
            house().station.shifts.count(actor(), counted, name)
    except (Rejected, UsageError) as exc:
        wrong = refused(exc)
        return _count_form("count_shift", typed(), wrong, current), wrong.status
    return _then(url_for("closing"))


def _counted(needed: set[tuple[str, str]]) -> Counted:
    """Rows of what was filled in. UsageError if one of `needed` was not, or one is no number."""
    rows: Counted = []
    for place, sku in FIELDS:
        amount = request.form.get(f"{place}-{sku}", "").strip()
        if WHOLE.fullmatch(amount):
            rows.append([place, sku, int(amount)])
        elif amount or (place, sku) in needed:
            raise UsageError(f"{place} of {sku}: a whole number from 0")
    return rows


def _count_form(
    endpoint: str, said: dict[str, Any], wrong: Wrong | None, current: dict[str, Any] | None = None
) -> str:
    needed = rules.uncounted(current) if current else FIELDS
    return render_template(
        "shift_count.html", endpoint=endpoint, fields=FIELDS, needed=needed, said=said, wrong=wrong, shift=current,
        supervisors=supervisors(),
    )  # fmt: skip


def closing() -> str | Response:
    """The last question before the slip: the PIN of who closes it."""
    current = _current()
    if current is None:
        return redirect(url_for("shift"), 303)
    return redirect(url_for("count_shift"), 303) if rules.uncounted(current) else _closing_form(current, {}, None)


def close_shift() -> str | Response | tuple[str, int]:
    """Close the one that the form names, once: another tab is led to its slip."""
    name, said = request.form.get("shift", ""), second_person() if request.form.get("supervisor") else {}
    try:
        house().station.shifts.close(actor(), request.form.get("reason", "").strip(), **said, shift=name)
    except (Rejected, UsageError) as exc:
        reason = exc.reason if isinstance(exc, Rejected) else ""
        if reason in OVER:
            return _after_the_end(name)
        if reason == "not-counted":
            return _then(url_for("count_shift"))
        wrong, current = refused(exc), _current()
        return _closing_form(current, typed(), wrong), wrong.status
    return _then(url_for("slip", name=name))


def _closing_form(current: dict[str, Any] | None, said: dict[str, Any], wrong: Wrong | None) -> str:
    return render_template(
        "shift_close.html", shift=current, by=who(current["by"]) if current else "", said=said, wrong=wrong,
        supervisors=supervisors(),
    )  # fmt: skip


def _after_the_end(name: str) -> Response:
    """To the slip of the shift that the form was for; Rejected if it is not among the last."""
    with house().station.books.look() as view:
        if not view.rows("shifts", shift=name):
            raise Rejected(f"{name or 'the shift'} is not open", "shift-over")
    return _then(url_for("slip", name=name))


def _then(where: str) -> Response:
    house().sessions.spend(request.form["key"], where)
    return redirect(where, 303)


def _current() -> dict[str, Any] | None:
    with house().station.books.look() as view:
        return view.get("shift", "open")


def slip(name: str) -> str:
    return _slip(name, None)


def print_slip(name: str) -> str | Response | tuple[str, int]:
    """On the office's printer. Without one the slip stays on the screen, to be photographed. Blocks as `put_out`."""
    try:
        on_paper(house().station.config, slip_paper(house().station.shifts.show(actor(), _closed(name)), local))
    except Unavailable as exc:
        return _slip(name, exc), 503
    return _then(url_for("slip", name=name, printed=1))


def _closed(name: str) -> str:
    """Rejected if it is the open one, which has no slip."""
    current = _current()
    if current and current["shift"] == name:
        raise Rejected(f"{name} is open", "shift-missing")
    return name


def _slip(name: str, unprinted: Unavailable | None) -> str:
    found = house().station.shifts.show(actor(), _closed(name))
    code = as_svg(found["checkpoint"], CODE_PX) if found["checkpoint"] else ""
    return render_template(
        "slip.html", slip=found, told=shift_words, terms=(rules.COMES_IN, rules.GOES_OUT), unprinted=unprinted,
        differences=[(place, sku, more) for (place, sku), more in rules.differences(found["counted"]).items()],
        people={by: who(found[by]) for by in ("opened_by", "closed_by", "approved") if found[by]},
        qr=Markup(code),  # noqa: S704  # made of squares alone
    )  # fmt: skip
