"""For the technician: what to read aloud on the telephone, and each device looked at by one touch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Flask, render_template, request
from markupsafe import Markup

from kiosk.card_tests import PLANS
from kiosk.core.accounts import Account
from kiosk.core.faults import FAULTS, codes
from kiosk.core.records import Sku
from kiosk.diagnosis import histogram, summary
from kiosk.doctor import Report, as_svg, encode, six_lines
from kiosk.errors import UsageError
from kiosk.web import technician_words, words
from kiosk.web.examination import Examination, Kind
from kiosk.web.house import actor, done, house

if TYPE_CHECKING:
    from werkzeug.wrappers import Response


def register(app: Flask) -> None:
    app.add_url_rule("/technician", view_func=technician)
    app.add_url_rule("/technician/examine", "examine", examine_one, methods=["POST"])
    app.add_url_rule("/technician/test-card", view_func=ask_test_card)
    app.add_url_rule("/technician/test-card", view_func=test_card, methods=["POST"])
    app.add_url_rule("/technician/test-card/cancel", view_func=cancel_test_card, methods=["POST"])


def technician() -> str:
    place = house()
    latest, report = place.examinations.latest, place.examinations.report
    worker = place.station.worker
    holdup = worker.holdup if worker else None
    return render_template(
        "technician.html", examination=latest, report=report, lines=six_lines(report) if report else [],
        qr=_qr(report) if report else "", codes=codes(holdup.reasons) if holdup else [], times=_times(latest),
        test=place.station.card_tests.last, faults=FAULTS, told=technician_words,
        kinds=[] if place.station.safe else [kind.value for kind in Kind],
        failures={**words.STOPS, **technician_words.FAILURES},
    )  # fmt: skip


def examine_one() -> Response:
    try:
        kind = Kind(request.form.get("what", ""))
    except ValueError:
        raise UsageError("what: no such examination") from None
    house().examinations.begin(kind)
    return done("technician")


def ask_test_card() -> str:
    """Before a blank is spent: which, for what, and that it is gone then."""
    with house().station.books.look() as view:
        held = {sku.value: sum(view.places(sku, Account.HOPPER).values()) for sku in Sku}
    return render_template("test_card.html", held=held, plans=PLANS, told=technician_words)


def test_card() -> Response:
    house().station.card_tests.begin(actor(), request.form.get("sku", ""), request.form.get("plan", ""))
    return done("technician")


def cancel_test_card() -> Response:
    """Rejected while its card is in the machine."""
    house().station.desk.cancel_job(actor(), request.form.get("job", ""))
    return done("technician")


def _qr(report: Report) -> Markup:
    return Markup(as_svg(encode(report)))  # noqa: S704  # made of squares alone; the text is in their places


def _times(latest: Examination | None) -> dict[str, Any]:
    """Of a latency that is measured: the readings so far."""
    if latest is None or latest.kind is not Kind.LATENCY or len(latest.found) < 2:
        return {}
    times_ms = list(latest.found)
    shown = {name: round(value, 1) for name, value in summary(times_ms).items()}
    return {"ms": shown, "bars": [(f"{high:g}", n) for high, n in histogram(times_ms)], "count": len(times_ms)}
