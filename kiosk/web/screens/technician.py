"""For the technician: what to read aloud on the telephone, and each device looked at by one touch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Flask, render_template, request
from markupsafe import Markup

from kiosk.card_tests import PLANS
from kiosk.core.accounts import Account
from kiosk.core.faults import FAULTS, codes
from kiosk.core.jobs import Why
from kiosk.core.records import Sku
from kiosk.core.verdicts import fitting_answers
from kiosk.diagnosis import histogram, summary
from kiosk.doctor import Report, as_svg, encode, six_lines
from kiosk.errors import Rejected, UsageError
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
    app.add_url_rule("/technician/test-card/resolve", view_func=resolve_test_card, methods=["POST"])


def technician() -> str:
    place = house()
    latest, report = place.examinations.latest, place.examinations.report
    worker = place.station.worker
    holdup = worker.holdup if worker else None
    test = place.station.card_tests.last
    return render_template(
        "technician.html", examination=latest, report=report, lines=six_lines(report) if report else [],
        qr=_qr(report) if report else "", codes=codes(holdup.reasons) if holdup else [], times=_times(latest),
        test=test, answers=_answers(test), faults=FAULTS, told=technician_words,
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
    house().station.desk.cancel_job(actor(), _open_test())
    return done("technician")


def resolve_test_card() -> Response:
    """What became of the test card that is in doubt. Whoever may spend one may say so; of no other card."""
    house().station.desk.resolve_job(actor(), _open_test(), request.form.get("answer", ""))
    return done("technician")


def _open_test() -> str:
    """The job that the form names, if that is the test which is open."""
    test = house().station.card_tests.last
    if test is None or "ended" in test or test["id"] != request.form.get("job"):
        raise Rejected("no such test card is open", "nothing-to-resolve")
    return str(test["id"])


def _answers(test: dict[str, Any] | None) -> list[str]:
    """What can be said of it, if it is asked."""
    asked = test is not None and test["card"] and Why.OUTCOME_UNKNOWN in test["reasons"]
    return [answer.value for answer in fitting_answers(test["card"])] if test and asked else []


def _qr(report: Report) -> Markup:
    return Markup(as_svg(encode(report)))  # noqa: S704  # made of squares alone; the text is in their places


def _times(latest: Examination | None) -> dict[str, Any]:
    """Of a latency that is measured: the readings so far."""
    if latest is None or latest.kind is not Kind.LATENCY or len(latest.found) < 2:
        return {}
    times_ms = list(latest.found)
    shown = {name: round(value, 1) for name, value in summary(times_ms).items()}
    return {"ms": shown, "bars": [(f"{high:g}", n) for high, n in histogram(times_ms)], "count": len(times_ms)}
