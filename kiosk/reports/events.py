"""Papers of one event: which there are to choose from, and one of them. Read beside a running station."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from kiosk import lineage
from kiosk.books import CHECKPOINTS
from kiosk.config import Config
from kiosk.core import history, supply
from kiosk.core.change import Document
from kiosk.core.records import Sku
from kiosk.core.shift import SHIFTS_KEPT
from kiosk.core.workdays import office_day
from kiosk.errors import Rejected
from kiosk.journal.extract import extract
from kiosk.journal.index import Index
from kiosk.reports.deed import DEEDS, deed_paper
from kiosk.reports.paper import Kind, Paper
from kiosk.reports.period import local, moment_of
from kiosk.reports.request import drafted
from kiosk.reports.slip import slip_paper
from kiosk.reports.text import cell_of
from kiosk.reports.words import blank_of
from kiosk.views import View

LONGEST = 13
"""Digits, one more than a frame has."""
Look = Callable[[], AbstractContextManager[View]]
"""As `Books.look`."""
LETTER = "letter:"
"""Before the number of a letter that went out: a key of `request-letter`."""


class Item(NamedTuple):
    """One event of which there is a paper. `key`: for `make`; `label`: Indonesian, as the paper."""

    key: str
    label: str


@dataclass(frozen=True)
class Event:
    """`items`: newest first. `make` raises Rejected if there is none of that key."""

    items: Callable[[View], list[Item]]
    make: Callable[[Path, Look, Config, str], Paper]
    title: str


def _shifts(view: View) -> list[Item]:
    rows = sorted(view.rows("shifts"), key=lambda row: -int(row["seq"]))
    return [Item(row["shift"], f"{row['shift']}, ditutup {moment_of(local(row['closed']))}") for row in rows]


def slip(data: Path, look: Look, config: Config, key: str) -> Paper:
    """Of the closed shift of that name, "" the last one. Rejected `shift-missing`."""
    with look() as view:
        found = sorted(view.select("shifts", **({"shift": key} if key else {})), key=lambda row: int(row["seq"]))
        station = view.read("station", "self")
    if not found or station is None:
        raise Rejected(f"{key or 'no shift'}: not among the last {SHIFTS_KEPT} that were closed", "shift-missing")
    row = found[-1]
    signed = data / CHECKPOINTS / row["incarnation"] / f"{row['seq']:012d}.json"
    token = str(json.loads(signed.read_bytes())["checkpoint"]) if signed.exists() else None
    return slip_paper({"station": station["station"], "checkpoint": token, **row}, local)


def _deeds(view: View) -> list[Item]:
    rows = sorted((row for row in view.rows("entries") if row["movement"] in DEEDS), key=lambda row: -int(row["seq"]))
    return [Item(str(row["seq"]), f"{row['document']}: {DEEDS[row['movement']].what}") for row in rows]


def deed(data: Path, look: Look, config: Config, key: str) -> Paper:
    """To the movement in that frame; one that was reversed says so. Rejected `not-found`."""
    journal = lineage.current(data)
    frame = (
        next(iter(extract(journal.directory, int(key), int(key))), None)
        if key.isdecimal() and len(key) < LONGEST
        else None
    )
    if frame is None:
        raise Rejected(f"{key}: no such frame", "not-found")
    undone = list(Index(data).find([history.Key(history.Subject.REVERSED, key)]))
    return deed_paper(frame, journal.station, journal.incarnation, local, undone[-1].seq if undone else None)


def _letters(view: View) -> list[Item]:
    """A draft for each kind of blank, and the letters that nobody has answered, under their numbers."""
    drafts = [Item(sku.value, f"Rancangan {blank_of(sku)}") for sku in Sku]
    sent = ((row, cell_of(row["asked"], Kind.COUNT)) for row in _unanswered(view))
    return [*drafts, *(Item(f"{LETTER}{row['document']}", f"{row['document']}: {asked} {row['sku'].upper()}")
                       for row, asked in sent)]  # fmt: skip


def _unanswered(view: View) -> list[Document]:
    return [row for row in reversed(supply.requests(view.read)) if row["granted"] is None and not row["receipts"]]


def _request(data: Path, look: Look, config: Config, key: str) -> Paper:
    """Of that kind of blank, for as many as the forecast advises; or that letter, for as many as it asks."""
    today = office_day(round(time.time() * 1000))
    if key in set(Sku):
        return drafted(data, look, config, today, Sku(key))
    with look() as view:
        row = next((dict(row) for row in _unanswered(view) if f"{LETTER}{row['document']}" == key), None)
    if row is None:
        raise Rejected(f"{key}: no such blank, and no letter that waits for an answer", "not-found")
    return drafted(data, look, config, today, Sku(row["sku"]), row["document"], row["asked"])


EVENTS: Mapping[str, Event] = {
    "shift-slip": Event(_shifts, slip, "Slip giliran"),
    "berita-acara": Event(_deeds, deed, "Berita acara"),
    "request-letter": Event(_letters, _request, "Surat permohonan"),
}
