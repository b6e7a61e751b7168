"""Was the station stopped, or cut off? It writes `started` when it begins to serve, `stopped` when it has ended.

A journal that holds `started` and no `stopped` after it tells of a power cut or a killed process, and when.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass

from kiosk.books import Books
from kiosk.journal import Poisoned

log = logging.getLogger(__name__)

ACTOR = "station"
BY_OPENING = frozenset({"segment", "recovered"})
"""Kinds that the opening after the cut may have written already."""
LOOK_BACK = 3


@dataclass(frozen=True)
class Interruption:
    """The station went without being stopped: after `last_ms`, the newest fact before; it is back since `back_ms`.

    Unix milliseconds. `job` and `card`: whose card was in the machine, and the how manieth of that job; None and 0 if
    there was none.
    """

    last_ms: int
    back_ms: int
    job: str | None
    card: int


def note_start(books: Books) -> Interruption | None:
    """Write that the station serves. Returns what went before it, None if the station had been stopped in order."""
    with books.transaction() as view:
        service = view.read("station", "service")
        cut_off = service is not None and service["running"]
        last_ms = _last_time(books)
        job, card = next(((row["id"], row["card"]["n"]) for row in view.rows("jobs") if row["card"]), (None, 0))
        frame = books.commit("started", {}, ACTOR)
    return Interruption(last_ms, frame.stamp.time_ms, job, card) if cut_off else None


def note_stop(books: Books) -> None:
    """Write that the station has ended in order: no card moves after this. A medium that fails now is only logged."""
    try:
        books.commit("stopped", {}, ACTOR)
    except Poisoned as exc:
        log.critical("the end of the service could not be written: %s", exc)


def _last_time(books: Books) -> int:
    lines = books.lines_after(max(0, books.seq - LOOK_BACK), 1 << 20)
    records = [json.loads(line)["r"] for line in reversed(lines)]
    return int(next((record["t"] for record in records if record["k"] not in BY_OPENING), 0))
