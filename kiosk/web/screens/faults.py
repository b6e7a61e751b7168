"""A page for each stop: what happened, where to look, what may be done now and what it costs, what comes then.

The page *Cetak* shows the same of what stands now (templates/kiosk/fault.html), so nobody need look a code up there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from flask import Flask, abort, render_template

from drivers.errors import Severity
from kiosk.core.faults import FAULTS, JOB_STOPS, READER_LOST, Act, by_weight, remedies_of
from kiosk.web import fault_words as told
from kiosk.web import words
from kiosk.web.house import house

PLACE_OF: Mapping[str, str] = MappingProxyType({
    "media-empty": "hopper", "media-needed": "feeder", "media-jam": "path", "cover-open": "cover",
    "interlock-open": "lock", "input-tray-missing": "hopper", "output-area-full": "trays",
    "marker-supply-empty": "ribbon", "marker-supply-low": "ribbon", "marker-supply-missing": "ribbon",
    "cleaner-life-over": "path", "cleaner-life-almost-over": "path", "fuser-over-temp": "head",
    "connecting-to-device": "cable", "card-in-path": "path", "other": "printer", "printer-unknown": "printer",
    "queue-unsafe": "printer", "paused": "printer",
    "reader-missing": "reader", "reader-busy": "reader", "reader-hung": "reader", "sam-missing": "sam",
    "shift-not-open": "box", "spool-area-full": "disk", "gap-open": "trays", "superseded": "box",
    "journal-damaged": "disk", "hopper-empty-in-books": "hopper", "on-battery": "power",
    "card-seen-before": "trays", "store-failed": "disk", "offline-limit": "box",
    "outcome-unknown": "path",
    "refusals-in-a-row": "reader", "record-refused": "screen",
})  # fmt: skip
"""Reason -> the symbol of templates/static/printer.svg that shows where to look."""

UNSURE = frozenset({"gap-open", "journal-damaged", "record-refused", "store-failed"})
"""With one of these nobody can say that no data are lost."""


PAGES: Mapping[Act, tuple[str, str]] = MappingProxyType({
    Act.CHOOSE_EQUIPMENT: ("devices", "Perangkat"), Act.REACH_CENTRE: ("outbox", "Kirim"),
    Act.OPEN_SHIFT: ("open_shift", "Buka giliran"),
})  # fmt: skip
"""Where an act is done at the screen: endpoint, and what is on the button that leads there."""


class Deed(NamedTuple):
    """`text`: what to do; `cost`: what it costs, in words; `blanks`: in cards. `page`: as in `PAGES`."""

    text: str
    cost: str
    blanks: int
    page: tuple[str, str] | None


@dataclass(frozen=True)
class Told:
    """One stop in Indonesian; templates translate it on. `code`: empty of a job's stop.

    `warns`: nothing stands still. `all_there`: no data are lost.
    """

    reason: str
    code: str
    heading: str
    happened: str
    place: str
    where: str
    acts: tuple[Deed, ...]
    then: str
    warns: bool
    reader_lost: bool
    all_there: bool


def tell(reason: str, *, card_inside: bool = True) -> Told:
    """KeyError of a reason that stops nothing. `card_inside`: without one no act at a device can cost a card."""
    remedies, fault = remedies_of(reason), FAULTS.get(reason)
    warns = fault is not None and fault.severity is Severity.WARNING
    at_stake = card_inside or fault is None
    acts = tuple(_deed(reason, act, blanks if at_stake else 0) for act, blanks in remedies)
    ends = "warns" if warns else "asks" if any(act.blanks for act in acts) else "goes-on"
    return Told(
        reason=reason,
        code=fault.code if fault else "",
        heading=words.STOPS[reason],
        happened=told.HAPPENED[reason],
        place=PLACE_OF[reason],
        where=told.PLACES[PLACE_OF[reason]],
        acts=acts,
        then=told.THEN.get(reason, told.THEN[ends]),
        warns=warns,
        reader_lost=reason in READER_LOST,
        all_there=reason not in UNSURE,
    )


def _deed(reason: str, act: Act, blanks: int) -> Deed:
    text = told.ACTS_AT.get((reason, act.value), told.ACTS[act.value])
    return Deed(text, told.COSTS[blanks], blanks, PAGES.get(act))


def tell_all(reasons: Iterable[str], *, card_inside: bool = True) -> list[Told]:
    """The gravest first. Where there are reasons and none of them has words: that it is a fault without a name."""
    known = by_weight(found := set(reasons))
    return [tell(reason, card_inside=card_inside) for reason in known or ["other"] * bool(found)]


def register(app: Flask) -> None:
    app.add_url_rule("/faults", view_func=faults)
    app.add_url_rule("/faults/<reason>", view_func=fault)


def faults() -> str:
    """All of them by their codes, what stands now marked."""
    worker = house().station.worker
    holdup = worker.holdup if worker else None
    return render_template(
        "faults.html", all_told=[tell(reason) for reason in (*FAULTS, *JOB_STOPS)],
        standing=holdup.reasons if holdup else frozenset(),
    )  # fmt: skip


def fault(reason: str) -> str:
    if reason not in FAULTS and reason not in JOB_STOPS:
        abort(404)
    return render_template("fault_page.html", stops=[tell(reason)])
