"""Handing a card over, two screens: is it this person's card; who takes it, by what proof, and the signature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Flask, redirect, render_template, request, url_for

from kiosk.core.handover import ChipCheck, OldCard
from kiosk.core.records import Reason
from kiosk.errors import UsageError
from kiosk.web.house import actor, house

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

NO_OLD_CARD = frozenset({Reason.BARU, Reason.HILANG_RUSAK})
"""Kinds of issuance at which the holder brings no old card, as a rule: what is preselected."""


def register(app: Flask) -> None:
    app.add_url_rule("/hand-over/<job>", view_func=compare_card)
    app.add_url_rule("/hand-over/<job>/read", view_func=read_card, methods=["POST"])
    app.add_url_rule("/hand-over/<job>/take", view_func=take_card)
    app.add_url_rule("/hand-over/<job>", view_func=hand_over, methods=["POST"])


def compare_card(job: str) -> str:
    """The face as it should be, and what the reader found, if it was asked."""
    counter, roster = house().station.counter, house().station.roster
    card, reading = counter.card(job), counter.reading(job)
    owner = _owner(reading.owner) if reading and reading.owner else None
    return render_template(
        "hand_over.html", card=card, fields=roster.get(card["ref"]), reading=reading, owner=owner,
        has_reader=counter.has_reader, withdrawal=counter.withdrawal(card["ref"]),
    )  # fmt: skip


def _owner(job: str) -> dict[str, Any] | None:
    """The finished job that a strange card is of, if it is among the last ones."""
    with house().station.books.transaction() as view:
        return next((dict(row) for row in view.rows("finished") if row["id"] == job), None)


def read_card(job: str) -> Response:
    """May be asked again as often as one likes: reading changes nothing."""
    reading = house().station.counter.read_card(job)
    if reading.problem:
        return redirect(url_for("compare_card", job=job), 303)
    return redirect(url_for("take_card", job=job, chip=ChipCheck.READ.value), 303)


def take_card(job: str) -> str | Response:
    station = house().station
    card, reading = station.counter.card(job), station.counter.reading(job)
    chip = ChipCheck.READ if request.args.get("chip") == ChipCheck.READ else ChipCheck.BY_EYE
    if chip is ChipCheck.READ and (reading is None or reading.problem):
        return redirect(url_for("compare_card", job=job), 303)
    with station.books.transaction() as view:
        record = view.get("records", card["ref"])
    brings = record is not None and record["reason"] not in NO_OLD_CARD
    old_card = OldCard.TAKEN if brings else OldCard.NONE
    fields = station.roster.get(card["ref"])
    return render_template(
        "take.html", card=card, fields=fields, chip=chip.value, old_card=old_card.value,
        withdrawal=station.counter.withdrawal(card["ref"]),
    )  # fmt: skip


def hand_over(job: str) -> Response:
    """Asked twice by two taps, the second leads where the first did."""
    form = request.form
    if not form.get("strokes") and form.get("unsigned") != "1":
        raise UsageError("belum ada tanda tangan")
    said = {name: form.get(name, "") for name in ("taker", "verified", "chip", "old_card", "name", "strokes")}
    known = form.get("although_withdrawn") == "1"
    given = house().station.counter.hand_over(actor(), job, although_withdrawn=known, **said)
    where = url_for("printed", given=given["ref"])
    house().sessions.spend(form["key"], where)
    return redirect(where, 303)
