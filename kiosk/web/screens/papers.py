"""Papers by touch: which one, of when, and on which of three ways it leaves: printer, stick, screen."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from flask import Flask, abort, redirect, render_template, request, url_for

from kiosk.core.permissions import ACTS, ROUTES
from kiosk.errors import UsageError
from kiosk.papers import AUDIT_PACK, Order, Way
from kiosk.reports.catalogue import CATALOGUE, NAMED
from kiosk.reports.chart import Canvas, Shape, canvas_of
from kiosk.reports.events import EVENTS, Item
from kiosk.reports.named import Kelurahan, Whose
from kiosk.reports.paper import Kind, Paper
from kiosk.reports.period import Period
from kiosk.reports.picture_words import spelled
from kiosk.reports.text import cell_of, foot_of, when_of
from kiosk.reports.trail import ALL
from kiosk.web import paper_words
from kiosk.web.house import actor, house
from kiosk.web.security import current
from kiosk.web.sheets import sheets_of

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

ITEMS = 12
PICTURE, LETTERS = 830.0, 16.0
"""How wide a picture is on the small panel, and the size of its letters, in pixels."""
SOON_S = 1.5
"""So long a tap waits for its paper before it is led to the page that waits."""


@dataclass(frozen=True)
class Step:
    """A period, and the ones beside it; `later` is None in the last one that has begun. `key`: for the address."""

    period: Period
    key: str
    earlier: str
    later: str | None
    other: str
    """The same moment as a month, or as a day."""


def register(app: Flask) -> None:
    app.add_url_rule("/papers", view_func=papers)
    app.add_url_rule("/papers/shown", view_func=shown_paper)
    app.add_url_rule("/papers/names/<name>", view_func=names)
    app.add_url_rule("/papers/names/<name>", view_func=make_names, methods=["POST"])
    app.add_url_rule("/papers/of/<name>", view_func=paper)
    app.add_url_rule("/papers/of/<name>", view_func=make_paper, methods=["POST"])


def papers() -> str:
    """What can be made, and what became of the last one."""
    lists = {name: entry.title for name, entry in NAMED.items() if not entry.of_person}
    return render_template(
        "papers.html", catalogue={name: entry.title for name, entry in CATALOGUE.items()}, lists=lists,
        events={name: entry.title for name, entry in EVENTS.items()}, work=house().papers.latest,
        mine=current().token, refusal=paper_words.refusal,
    )  # fmt: skip


def paper(name: str) -> str:
    """Of a period: which day or month. Of an event: which one."""
    station = house().station
    if name in EVENTS:
        with station.books.look() as view:
            items = EVENTS[name].items(view)[:ITEMS]
        return _choose(EVENTS[name].title, name, items=items)
    if name == AUDIT_PACK:
        return _choose("Paket pemeriksaan", name, step=_step())
    entry = CATALOGUE.get(name) or abort(404)
    return _choose(entry.title, name, step=_step(month=entry.foresees))


def names(name: str) -> str:
    """A list with names: of which kelurahan, of those whose cards lie here, as well."""
    entry = NAMED.get(name)
    if entry is None or entry.of_person:
        abort(404)
    return _choose(entry.title, name, step=_step(), places=_places())


def _choose(
    title: str, name: str, *, step: Step | None = None, items: list[Item] | None = None,
    places: Counter[Kelurahan] | None = None,
) -> str:  # fmt: skip
    return render_template(
        "paper.html", title=title, name=name, step=step, items=items, places=places, sticks=house().station.sticks,
        named=name in NAMED, pack=name == AUDIT_PACK,
    )  # fmt: skip


def make_paper(name: str) -> Response:
    """Without names."""
    if name not in {*CATALOGUE, *EVENTS, AUDIT_PACK}:
        abort(404)
    order = _order(name)
    return _begin(replace(order, item=request.form.get("item", "")) if name in EVENTS else order)


def make_names(name: str) -> Response:
    """A list of a kelurahan, or what was done with the data of one person, whose life was looked at before."""
    if name not in NAMED:
        abort(404)
    if NAMED[name].of_person:
        return _begin(replace(_order(name), whose=Whose(refs=(request.form.get("ref", ""),))))
    place = request.form.get("place", "")
    chosen = next((each for each in _places() if str(each) == place), None)
    if place and chosen is None:
        raise UsageError("no finished card waits for anybody there any more")
    return _begin(replace(_order(name), whose=Whose(chosen)))


def _order(name: str) -> Order:
    way, _, place = request.form.get("way", "").partition(":")
    if way not in list(Way) or (name == AUDIT_PACK and way != Way.STICK):
        raise UsageError(f"way: {way!r} is none for {name}")
    return Order(name, Way(way), actor(), current().token, _step().period, place)


def _begin(order: Order) -> Response:
    """One at a time: while another one is made, the tap leads to where that is seen."""
    if order.paper == "trail":
        order = replace(order, period=ALL)
    work = house().papers.begin(order)
    soon = work is not None and work.over.wait(SOON_S)
    where = url_for("shown_paper" if soon and work and work.made else "papers")
    house().sessions.spend(request.form["key"], where)
    return redirect(where, 303)


def shown_paper() -> str | Response:
    """The last one that this session asked for, a sheet at a time."""
    made = house().papers.made_for(current().token)
    if made is None:
        return redirect(url_for("papers"))
    if made.name in NAMED:
        house().station.access.check(ACTS[ROUTES["names"]], current().person)
    sheets = sheets_of(made)
    asked = request.args.get("sheet", "1")
    number = min(max(1, int(asked) if asked.isdecimal() and len(asked) < 6 else 1), len(sheets))
    return render_template(
        "sheet.html", paper=made, sheet=sheets[number - 1], number=number, last=len(sheets), foot=foot_of(made),
        pictures=_pictures(made) if number == 1 else [], cell_of=cell_of, count=Kind.COUNT,
        when=when_of(made.basis[-1]) if made.basis else "",
    )  # fmt: skip


def _pictures(made: Paper) -> list[tuple[str, Canvas, list[Shape]]]:
    canvases = ((chart, canvas_of(chart, PICTURE, LETTERS, spelled)) for chart in made.charts)
    return [(spelled(chart.name), canvas, list(chart.draw(canvas))) for chart, canvas in canvases]


def _places() -> Counter[Kelurahan]:
    """Finished cards that lie here, by where their people live."""
    station = house().station
    found: Counter[Kelurahan] = Counter()
    for card in station.counter.uncollected():
        if fields := station.roster.get(card["ref"]):
            found[Kelurahan(fields.kecamatan, fields.kel_desa)] += 1
    return Counter(dict(sorted(found.items())))


def _step(*, month: bool = False) -> Step:
    """What the address or the form says, "2026-11" or "2026-11-28"; today without (or its `month`), and instead of
    nonsense."""
    today = house().station.books.today
    said = request.values.get("period", f"{today:%Y-%m}" if month else "")
    try:
        first = date.fromisoformat(f"{said}-01" if len(said) == 7 else said)
    except ValueError:
        said, first = today.isoformat(), today
    first = min(max(first, date(2000, 1, 1)), today)
    if len(said) == 7:
        period = Period.month(first.year, first.month)
        after = period.last + timedelta(1)
        last = min(period.last, today)
        return Step(period, period.stamp, f"{first.replace(day=1) - timedelta(1):%Y-%m}",
                    f"{after:%Y-%m}" if after <= today else None, last.isoformat())  # fmt: skip
    after = first + timedelta(1)
    return Step(Period(first, first), first.isoformat(), (first - timedelta(1)).isoformat(),
                after.isoformat() if after <= today else None, f"{first:%Y-%m}")  # fmt: skip
