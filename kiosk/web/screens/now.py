"""The card that is being made, the one question if there is one, and the result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import Flask, redirect, render_template, request, url_for

from kiosk.core.card_test import is_test
from kiosk.core.faults import FAULTS
from kiosk.core.jobs import LET_GO_ON, JobState, Why
from kiosk.core.plan import Plan, Step, plan_of, step_of
from kiosk.core.verdicts import fitting_answers
from kiosk.errors import Rejected
from kiosk.web import desk_words
from kiosk.web.house import actor, done, house
from kiosk.web.screens.at_desk import asked_at_desk
from kiosk.web.screens.faults import tell_all
from kiosk.web.screens.queue import waiting_line
from kiosk.web.words import CONTRADICTED

if TYPE_CHECKING:
    from werkzeug.wrappers import Response


GOES_ON = LET_GO_ON | {Why.CARD_TO_FEEDER}
"""Stops after which a person's word is enough."""
PLACES = {
    Step.FEED: "feeder", Step.IDENTIFY: "reader", Step.ENCODE: "reader", Step.VERIFY: "reader", Step.PRINT: "head",
    Step.EJECT: "trays", Step.CONFIRM: "reader",
}  # fmt: skip
"""Where to look for a card in doubt, on the drawing of the printer, if nothing is wrong with that."""


def register(app: Flask) -> None:
    app.add_url_rule("/now", view_func=now)
    for path, view in (
        ("/now/stop", stop_run),
        ("/now/go-on", go_on),
        ("/jobs/<job>/cancel", cancel_job),
        ("/jobs/<job>/resolve", resolve_job),
    ):
        app.add_url_rule(path, view_func=view, methods=["POST"])


@dataclass(frozen=True)
class Line:
    """The jobs as the progress screen shows them."""

    job: dict[str, Any] | None
    following: list[dict[str, Any]]
    held: int
    last: dict[str, Any] | None
    waiting: str | None
    """Whose record is next in the queue."""


def read_line() -> Line:
    with house().station.books.look() as view:
        jobs, finished = view.rows("jobs"), view.rows("finished")
    last = max(finished, key=lambda job: job["ended"], default=None)
    jobs.sort(key=house().station.service.rules.key)
    return Line(
        job=next((job for job in jobs if job["state"].startswith(JobState.PROCESSING)), None),
        following=[job for job in jobs if job["state"] == JobState.PENDING and not is_test(job)],
        held=sum(job["state"] == JobState.PENDING_HELD for job in jobs),
        last=last,
        waiting=next(iter(waiting_line().now), None),
    )


def now() -> str:
    line, station = read_line(), house().station
    if line.job and line.job["card"] and Why.OUTCOME_UNKNOWN in line.job["reasons"]:
        answers = [answer.value for answer in fitting_answers(line.job["card"])]
        stops = tell_all(_still_so(set(line.job["reasons"]) - {Why.OUTCOME_UNKNOWN, Why.PRINTER_STOPPED}))
        return render_template(
            "unresolved.html", job=line.job, answers=answers, stops=stops, against=request.args.get("against", ""),
            insisted=request.args.get("answer", ""), may_insist=station.access.is_supervisor(actor()),
            place=PLACES[step_of(line.job["card"])],
        )  # fmt: skip
    holdup = station.worker.holdup if station.worker else None
    if asked := asked_at_desk(holdup, line.job or next(iter(line.following), None)):
        return render_template("at_desk.html", asked=asked, told=desk_words)
    reasons = frozenset(holdup.reasons if holdup else _stops(line.job))
    return render_template(
        "now.html", job=line.job, following=line.following, held=line.held, last=line.last, waiting=line.waiting,
        steps=_steps(line.job), pace=station.pace.seconds, by_hand=not LET_GO_ON.isdisjoint(reasons),
        stops=tell_all(reasons, card_inside=bool(line.job and line.job["card"])),
        desk_helps=station.equipment.plan is Plan.INLINE and bool(station.equipment.desk),
    )  # fmt: skip


def _steps(job: dict[str, Any] | None) -> list[str]:
    plan = plan_of(job["card"]) if job and job["card"] else house().station.equipment.plan
    return [step.value for step in plan.steps]


def _still_so(reasons: set[str]) -> set[str]:
    """Without what the printer, which is asked while somebody looks, does not say any more."""
    status = house().station.printer_status
    if status is None:
        return reasons
    over = {reason for reason in reasons if reason in FAULTS and FAULTS[reason].code.startswith("P-")}
    return reasons - (over - status.stopping)


def _stops(job: dict[str, Any] | None) -> list[str]:
    return list(job["reasons"]) if job and job["state"] == JobState.PROCESSING_STOPPED else []


def stop_run() -> Response:
    """After the card in the machine: those that have not begun are held."""
    with house().station.books.transaction():  # somebody else may tap it too
        for job in read_line().following:
            house().station.desk.hold_job(actor(), job["id"])
    return done("now")


def go_on() -> Response:
    """Release what was held, or go on after too many refusals in a row, or with the card that is in the feeder."""
    desk = house().station.desk
    with house().station.books.transaction():
        for job in desk.list_jobs(actor()):
            if job["state"] == JobState.PENDING_HELD:
                desk.release_job(actor(), job["id"])
            elif job["state"] == JobState.PROCESSING_STOPPED and GOES_ON & set(job["reasons"]):
                desk.resume_job(actor(), job["id"])
    return done("now")


def cancel_job(job: str) -> Response:
    house().station.desk.cancel_job(actor(), job)
    return done("now")


def resolve_job(job: str) -> Response:
    """What a person who looked says of the card; what the devices contradict is asked again, with the reason."""
    said, answer = request.form, request.form.get("answer", "")
    cause, question, insist = said.get("cause") or None, said.get("question", ""), said.get("insist") == "yes"
    try:
        house().station.desk.resolve_job(actor(), job, answer, cause, question, insist)
    except Rejected as exc:
        if exc.reason not in CONTRADICTED:
            raise
        return redirect(url_for("now", against=exc.reason, answer=answer), 303)
    return done("now")
