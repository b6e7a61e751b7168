"""Cards that wait to be collected: oldest first, found by name or NIK."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Flask, render_template, request

from kiosk.core.records import Fields
from kiosk.web.house import house
from kiosk.web.screens.queue import searched

SHOWN = 30


@dataclass(frozen=True)
class Row:
    card: dict[str, Any]
    reason: str
    fields: Fields | None


def register(app: Flask) -> None:
    app.add_url_rule("/printed", view_func=printed)


def printed() -> str:
    text = searched()
    station = house().station
    cards = station.counter.uncollected()
    total = len(cards)
    if text:
        hits = station.roster.find(text)
        cards = [card for card in cards if card["ref"] in hits or text.casefold() == card["job"]]
    return render_template(
        "printed.html", rows=_rows(cards[:SHOWN]), found=len(cards), total=total, q=text, given=_given(),
        missing=_rows(station.reprints.missing()) if not text else [],
    )  # fmt: skip


@dataclass(frozen=True)
class Given:
    job: str
    fields: Fields


def _given() -> Given | None:
    """The card that has just been handed over."""
    with house().station.books.transaction() as view:
        record = view.read("records", request.args.get("given", ""))
    if record is None or "issued" not in record:
        return None
    fields = house().station.roster.get(record["ref"])
    return Given(record["issued"]["job"], fields) if fields else None


def _rows(cards: list[dict[str, Any]]) -> list[Row]:
    station = house().station
    with station.books.transaction() as view:
        reasons = [record["reason"] if (record := view.read("records", card["ref"])) else "" for card in cards]
    return [Row(card, reason, station.roster.get(card["ref"])) for card, reason in zip(cards, reasons, strict=True)]
