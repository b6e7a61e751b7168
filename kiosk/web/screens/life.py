""" "Dari mana kartu ini?": the whole life of a card on one page, by the card itself or by anything known of it.

That somebody looked is written down before anything is shown: what was asked goes by a number that says nothing, and
each number was given out by a form that wrote the frame.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flask import Flask, current_app, redirect, render_template, request, url_for

from kiosk.core.accounts import Transfer
from kiosk.core.dating import date_of
from kiosk.core.frames import Frame
from kiosk.core.history import CLOCKS, as_day
from kiosk.core.records import Sku
from kiosk.errors import Rejected
from kiosk.journal.index import Index
from kiosk.lives import found
from kiosk.web import life_words, stock_words
from kiosk.web.house import actor, house
from kiosk.web.language import say
from kiosk.web.screens.holdings import moves_of, who
from kiosk.web.security import current

if TYPE_CHECKING:
    from collections.abc import Iterable

    from werkzeug.wrappers import Response

SHOWN = 200
LONGEST = 64


@dataclass
class Event:
    """One frame, or the steps of one card that follow each other. `doubt`: the clock was wrong when it was written.
    `moves`: where blanks went, [from, to, how many]."""

    seq: int
    time_ms: int
    doubt: bool
    who: str
    job: str
    cause: str
    steps: bool
    said: list[str]
    moves: list[tuple[str, str, int]] = field(default_factory=list)


def register(app: Flask) -> None:
    app.add_url_rule("/trace", view_func=trace)
    app.add_url_rule("/trace", view_func=find_life, methods=["POST"])
    app.add_url_rule("/trace/card", view_func=read_any_card, methods=["POST"])


def trace() -> str:
    """What was asked last by this session under that number; without one, the question."""
    what = current().traces.text(request.args.get("find", ""))
    frames, about = _life(what) if what else ([], frozenset())
    shown = frames[:SHOWN]
    return render_template(
        "trace.html", what=what, ref=next(iter(about), "") if len(about) == 1 else "", events=_events(shown),
        left_out=len(frames) - len(shown), chips=_chips(frames), has_reader=house().station.counter.has_reader,
        last=_last_move(frames), told=stock_words,
    )  # fmt: skip


def find_life() -> Response:
    return _show(request.form.get("what", "").strip()[:LONGEST])


def read_any_card() -> Response:
    """Of any card: one of this station, of another, or no KTP-el at all. Blocks as `Counter.chip_on_desk`."""
    return _show(house().station.counter.chip_on_desk())


def _show(what: str) -> Response:
    sku = _lot(what)
    if sku:
        where = url_for("lot", sku=sku, lot=what)
    else:
        _, about = _life(what)
        if len(about) == 1:
            house().station.books.commit("looked-up", {"ref": next(iter(about))}, actor())
        where = url_for("trace", find=current().traces.note(what) if what else None)
    house().sessions.spend(request.form["key"], where)
    return redirect(where, 303)


def _lot(name: str) -> str:
    """The SKU of the lot with this name: thousands of cards, which have a page of their own."""
    with house().station.books.look() as view:
        return next((sku.value for sku in Sku if view.read("lots", f"{sku}/{name}")), "")


def _life(what: str) -> tuple[list[Frame], frozenset[str]]:
    """Empty if nothing has that name, and of a day, which is many lives."""
    if as_day(what):
        return [], frozenset()
    try:
        return found(house().station.data, what)
    except Rejected:
        return [], frozenset()


def _events(frames: list[Frame]) -> list[Event]:
    clocks = list(Index(house().station.data).find([CLOCKS])) if frames else []
    events: list[Event] = []
    for frame in frames:
        event = _event(frame, clocks)
        last = events[-1] if events else None
        if last and last.steps and event.steps and (last.job, last.cause) == (event.job, ""):
            last.said += event.said
            last.moves += event.moves
            last.cause = event.cause
        else:
            events.append(event)
    return events


def _event(frame: Frame, clocks: list[Frame]) -> Event:
    dated, data = date_of(frame, clocks), frame.data
    said = [
        say(current_app, text) % {name: say(current_app, value) for name, value in places.items() if value}
        for text, places in life_words.told(frame)
    ]
    return Event(
        seq=frame.seq, time_ms=dated.earliest_ms, doubt=not dated.exact, who=who(frame.stamp.by),
        job=data.get("job", ""), cause=data.get("cause") or data.get("outcome", {}).get("cause", ""),
        steps=frame.kind == "step", said=said,
        moves=[(move.source.value, move.target.value, move.quantity) for move in moves_of(frame)],
    )  # fmt: skip


def _chips(frames: Iterable[Frame]) -> list[str]:
    """Of all cards in this life, in the order in which they were met."""
    named = (frame.data.get("uid") or frame.data.get("outcome", {}).get("uid") for frame in frames)
    return list(dict.fromkeys(uid for uid in named if uid))


def _last_move(frames: Iterable[Frame]) -> Transfer | None:
    """Of which lot the last blank of this life is, and where it is now."""
    moves = [move for frame in frames for move in moves_of(frame)]
    return moves[-1] if moves else None
