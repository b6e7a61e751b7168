"""The office's figures, what it asks for and is given, and what follows: until when everything lasts.

The verbs serve the control socket, the command line and the screens, as in kiosk.desk; `outlook` and `letter` only
read, and are quick: neither looks at the journal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from kiosk.arguments import sku_of, text, whole
from kiosk.books import Books
from kiosk.config import Config, SupplyConfig
from kiosk.core import letter as letters
from kiosk.core import supply, usage
from kiosk.core.change import Document, Read
from kiosk.core.forecast import Backlog, Forecast, Lead, Terms, backlog_now, forecast, lead_of
from kiosk.core.letter import Letter
from kiosk.core.pace import Pace, measured
from kiosk.core.records import Sku
from kiosk.core.supply import Figure
from kiosk.core.workdays import office_day
from kiosk.errors import UsageError
from kiosk.views import View

MOST_PEOPLE = 100_000_000
EPOCH = date(1970, 1, 1).toordinal()
SUPPLIES = {"ribbon": Figure.RIBBONS, "film": Figure.FILMS, "cleaning": Figure.CLEANINGS}


class Supply:
    """Each verb commits one frame. Rejected if it does not fit what is known. Thread-safe."""

    def __init__(self, books: Books, config: Config) -> None:
        self._books = books
        self._config = config
        self.commands: dict[str, Callable[..., Any]] = {
            "stock.figures": self.tell,
            "stock.request": self.request,
            "stock.granted": self.grant,
            "stock.forecast": self.look_ahead,
        }

    def tell(self, by: str, figures: dict[str, int]) -> dict[str, int]:
        """Name (kiosk.core.supply.Figure) -> whole number. All or none; the others stay as they were told before."""
        if not isinstance(figures, dict) or not figures:
            raise UsageError(f"figures: one or more of {', '.join(Figure)}")
        if unknown := sorted(set(figures) - set(Figure)):
            raise UsageError(f"{unknown[0]!r} is not one of {', '.join(Figure)}")
        found = {name: whole(name, value, 0, MOST_PEOPLE) for name, value in figures.items()}
        self._books.commit(supply.FIGURES_KIND, {"figures": found}, by)
        return found

    def request(self, by: str, sku: str, quantity: int, document: str) -> Document:
        """A letter went out. Returns the request as it is known now."""
        body = {"document": _number(document), "sku": sku_of(sku).value, "quantity": whole("quantity", quantity, 1)}
        return self._noted(supply.REQUESTED, body, by)

    def grant(self, by: str, document: str, quantity: int, grant: str = "") -> Document:
        """The answer to the letter `document`: what is given, 0 if refused; `grant`: the number of its paper."""
        body: dict[str, Any] = {"document": _number(document), "quantity": whole("quantity", quantity, 0)}
        if paper := text("document", grant):
            body["grant"] = paper
        return self._noted(supply.GRANTED, body, by)

    def _noted(self, kind: str, body: dict[str, Any], by: str) -> Document:
        with self._books.transaction() as view:
            self._books.commit(kind, body, by)
            return next(dict(row) for row in supply.requests(view.read) if row["document"] == body["document"])

    def look_ahead(self, by: str) -> dict[str, Any]:
        with self._books.look() as view:
            return told(outlook(view.read, self._config.supply, office_day(self._books.time.time_ms)))


def _number(document: object) -> str:
    if not (number := text("document", document)):
        raise UsageError("document: the number of the letter is needed")
    return number


def outlook(read: Read, config: SupplyConfig, today: int) -> list[Forecast]:
    """The blanks of each SKU, then the supplies whose stock was told. `today`: `office_day`; no less than the books'.

    The backlog is the one of the citizens' cards: `without-card`, less what was made since it was counted.
    """
    today = max(today, usage.newest(read))
    days = usage.rows(read, today)
    requests, figures = supply.requests(read), supply.figures(read)
    free = frozenset(date.fromisoformat(day).toordinal() - EPOCH for day in config.holidays)
    told_lead = Lead(config.lead_days, max(config.lead_days, config.lead_days_most))
    lead = lead_of(supply.journeys(requests), told_lead)
    terms = Terms(lead, config.cover_days)
    left = read(usage.TABLE, usage.LEFT) or {}
    found = []
    for sku in Sku:
        pace = measured(usage.served(days, usage.of_blanks(sku)), today, free)
        backlog = _backlog(figures, days, pace, today) if sku is Sku.WNI and pace else None
        coming = supply.coming(requests, sku, today, lead.usual, lead.longest)
        found.append(forecast(sku.value, left.get(sku, 0), today, pace, terms, backlog, coming))
    through = measured(usage.served(days, usage.through_printer), today, free)
    supplies = Terms(told_lead, config.cover_days)
    found += [
        forecast(name, _cards_left(figures[figure], days, getattr(config, name)), today, through, supplies)
        for name, figure in SUPPLIES.items() if figure in figures
    ]  # fmt: skip
    return found


def _backlog(figures: Mapping[str, Document], days: Iterable[Document], pace: Pace, today: int) -> Backlog | None:
    counted, new = figures.get(Figure.WITHOUT_CARD), figures.get(Figure.NEW_A_DAY)
    if counted is None:
        return None
    rows = usage.served(days, lambda day: (day["skus"][Sku.WNI]["made"], 0))
    return backlog_now(counted["value"], new["value"] if new else None, counted["day"], rows, pace, today)


def _cards_left(figure: Document, days: Iterable[Document], each: int) -> int:
    """Whole ones times what each is good for, less the cards made after that day. What is in the machine is a reserve
    that is not counted."""
    since = sum(usage.through_printer(day)[0] for day in days if day["day"] > figure["day"])
    return max(0, int(figure["value"]) * each - since)


def letter(
    view: View, config: Config, today: int, sku: Sku, document: str = "", quantity: int | None = None
) -> Letter:
    """A draft of the letter for `sku`; without `quantity` it asks for what the forecast advises."""
    foreseen = next(each for each in outlook(view.read, config.supply, today) if each.what == sku)
    days = usage.rows(view.read, foreseen.today)
    return Letter(
        office=config.station.office, document=document, day=foreseen.today, sku=sku,
        quantity=foreseen.ask if quantity is None else quantity, stock=view.balances().get(sku, {}),
        figures=letters.told(supply.figures(view.read)), months=letters.months(days, sku, foreseen.today),
        forecast=foreseen, before=letters.before(supply.requests(view.read), sku),
    )  # fmt: skip


def iso(day: int | None) -> str | None:
    return None if day is None else date.fromordinal(EPOCH + day).isoformat()


_DATES = ("today", "backlog_ends", "backlog_ends_with_quota", "order_by")


def told(forecasts: Iterable[Forecast]) -> dict[str, Any]:
    """By what it is of, as JSON has it: days as dates, ranges as `early`, `likely`, `late`."""
    found = {}
    for each in forecasts:
        row = asdict(each)
        for name in ("ends", "with_quota"):
            days = getattr(each, name)
            row[name] = {part: iso(day) for part, day in days._asdict().items()} if days else None
        row |= {name: iso(getattr(each, name)) for name in _DATES}
        row["lead"] = each.lead._asdict() if each.lead else None
        found[each.what] = row
    return found
