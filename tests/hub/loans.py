"""Loans as offices write them."""

from __future__ import annotations

from kiosk.hub.lending import DAY_MS, Entry

NOW = 100 * DAY_MS


def out(
    station: str, office: str, quantity: int = 200, sku: str = "wni", document: str = "BA-1", day: int = 99
) -> Entry:
    return Entry(station, True, document, office, sku, quantity, day * DAY_MS)


def taken(
    station: str, office: str, quantity: int = 200, sku: str = "wni", document: str = "BA-1", day: int = 99
) -> Entry:
    return Entry(station, False, document, office, sku, quantity, day * DAY_MS)
