"""Until when blanks and supplies last: the lines under the equation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kiosk.core import supply
from kiosk.core.records import Sku
from kiosk.core.supply import Figure
from kiosk.core.workdays import office_day
from kiosk.supply import SUPPLIES, outlook
from kiosk.web import supply_words
from kiosk.web.house import house

if TYPE_CHECKING:
    from kiosk.core.change import Document
    from kiosk.core.forecast import Forecast


def foreseen() -> dict[str, Any]:
    """For the first screen: of every kind, None where it was never told; `waits`: somebody has counted a backlog."""
    station = house().station

    def read(table: str, key: str) -> Document | None:
        # One document at a time: the walk takes 0.1 s, for which no commit of a card should wait.
        with station.books.look() as view:
            return view.read(table, key)

    found = outlook(read, station.config.supply, office_day(station.books.time.time_ms))
    figures = supply.figures(read)
    by_kind: dict[str, Forecast | None] = dict.fromkeys(supply_words.KINDS)
    by_kind |= {each.what: each for each in found if each.stock or each.a_day or each.coming or each.what in SUPPLIES}
    return {"kinds": by_kind, "skus": [sku.value for sku in Sku], "waits": Figure.WITHOUT_CARD in figures}
