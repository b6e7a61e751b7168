"""The figure that offices owe the public each day: how many blanks there are, and what became of others.

For all stations together: no person, no office and no trouble is in it. Days begin in one of the country's zones.
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from kiosk.core.accounts import Account
from kiosk.core.records import Sku
from kiosk.hub.overview import newest
from kiosk.hub.page_words import FULL_DAYS, FULL_MONTHS
from kiosk.hub.register import HOUR_MS, ZONES
from kiosk.hub.schema import TO_PRINT, flows, leases, lots, stations
from kiosk.hub.store import Store

HELD = (Account.VAULT, Account.SHIFT, Account.HOPPER)
BECAME: Mapping[Account, str] = {
    Account.PRINTED: "printed", Account.ISSUED: "issued",
    Account.SPOILED: "spoiled", Account.FACTORY_DEFECT: "spoiled",
}  # fmt: skip
LONGEST_BACK = 400
KEPT_MS = 60_000


@dataclass(frozen=True)
class StockLine:
    """`blanks`: sku -> vault, shift, hopper (at the day's end, or now), printed, issued, spoiled (of that day).

    `waiting`: sku -> records to be printed, None for a day that is past. `told`: how many of `stations` have told
    what happened up to that day's beginning or later.
    """

    date: date
    zone: str
    blanks: Mapping[str, Mapping[str, int]]
    waiting: Mapping[str, int] | None
    told: int
    stations: int

    @property
    def plain(self) -> dict[str, Any]:
        """As the contract has it."""
        return {**vars(self), "date": self.date.isoformat(), "sentence": self.sentence}

    @property
    def sentence(self) -> str:
        """To be read out or printed, in Indonesian."""
        held = {sku: sum(counted[place] for place in HELD) for sku, counted in self.blanks.items()}
        became = {name: sum(counted[name] for counted in self.blanks.values()) for name in set(BECAME.values())}
        of_day = "hari ini" if self.waiting is not None else "pada hari itu"
        queue = ""
        if self.waiting is not None:
            queue = f"; {_number(sum(self.waiting.values()))} rekaman siap cetak (PRR) menunggu dicetak"
        day, month = FULL_DAYS[self.date.weekday()], FULL_MONTHS[self.date.month - 1]
        return (
            f"{day}, {self.date.day} {month} {self.date.year}: "
            f"tersedia {_number(held['wni'])} keping blangko KTP-el WNI dan {_number(held['wna'])} keping WNA; "
            f"{of_day} {_number(became['printed'])} kartu dicetak, "
            f"{_number(became['issued'])} diserahkan, dan {_number(became['spoiled'])} blangko rusak{queue}, menurut "
            f"catatan {_number(self.told)} dari {_number(self.stations)} tempat cetak."
        )


def stock_line(store: Store, now_ms: int, zone: str, day: date | None = None) -> StockLine:
    """Of today, or of a day that is past, as far as it was told. `zone`: a key of `ZONES`. Reads only."""
    today = today_in(zone, now_ms)
    asked = day or today
    first_hour = (asked - date(1970, 1, 1)).days * 24 - ZONES[zone]
    with store.snapshot() as connection:
        lines = [row for row in newest(connection) if row.enrolled and not row.lost]
        held = _held(connection, first_hour + 24 if asked < today else None)
        became = _became(connection, first_hour)
        waiting = _waiting(connection) if asked == today else None
    blanks = {
        str(sku): {**{str(place): held[sku, place] for place in HELD},
                   **{name: became[sku, name] for name in sorted(set(BECAME.values()))}}
        for sku in Sku
    }  # fmt: skip
    told = sum(row.told_until is not None and row.told_until >= first_hour * HOUR_MS for row in lines)
    return StockLine(asked, zone, blanks, waiting, told, len(lines))


def today_in(zone: str, now_ms: int) -> date:
    return (datetime.fromtimestamp(now_ms / 1000, UTC) + timedelta(hours=ZONES[zone])).date()


def _held(connection: Connection, end_hour: int | None) -> defaultdict[tuple[str, str], int]:
    """Now, or at the end of a day: then without what has come and gone since. What a lost station had is gone."""
    there = select(stations.c.id).where(stations.c.lost_at.is_(None))
    held: defaultdict[tuple[str, str], int] = defaultdict(int)
    places = [str(place) for place in HELD]
    rows = connection.execute(
        select(lots.c.sku, lots.c.account, func.sum(lots.c.quantity).label("n"))
        .where(lots.c.account.in_(places), lots.c.station.in_(there))
        .group_by(lots.c.sku, lots.c.account)
    )
    for row in rows:
        held[row.sku, row.account] += int(row.n)
    if end_hour is not None:
        since = connection.execute(
            select(flows.c.sku, flows.c.account, func.sum(flows.c.came - flows.c.went).label("n"))
            .where(flows.c.hour >= end_hour, flows.c.account.in_(places), flows.c.station.in_(there))
            .group_by(flows.c.sku, flows.c.account)
        )
        for row in since:
            held[row.sku, row.account] -= int(row.n)
    return held


def _became(connection: Connection, first_hour: int) -> Counter[tuple[str, str]]:
    rows = connection.execute(
        select(flows.c.sku, flows.c.account, func.sum(flows.c.came).label("n"))
        .where(flows.c.hour >= first_hour, flows.c.hour < first_hour + 24)
        .where(flows.c.account.in_([str(account) for account in BECAME]))
        .group_by(flows.c.sku, flows.c.account)
    )
    became: Counter[tuple[str, str]] = Counter()
    for row in rows:
        became[row.sku, BECAME[Account(row.account)]] += int(row.n)
    return became


def _waiting(connection: Connection) -> dict[str, int]:
    rows = connection.execute(select(leases.c.sku, func.count().label("n")).where(TO_PRINT).group_by(leases.c.sku))
    return {**{str(sku): 0 for sku in Sku}, **{row.sku: int(row.n) for row in rows}}


def _number(n: int) -> str:
    return f"{n:,}".replace(",", ".")


class Busy(Exception):
    """Somebody else's day is being counted."""


class PublicLine:
    """For everybody: each day is counted once a minute, and one at a time, however often it is asked for."""

    def __init__(self, store: Store, zone: str, now: Callable[[], float]) -> None:
        self.zone = zone
        self._store = store
        self._now = now
        self._counting = threading.Lock()
        self._kept: dict[date, tuple[int, StockLine]] = {}

    def of(self, day: date | None) -> StockLine:
        """ValueError for a day that is not yet, or that was too long ago; Busy while another one is counted."""
        now_ms = int(self._now() * 1000)
        today = today_in(self.zone, now_ms)
        asked = day or today
        if not timedelta(0) <= today - asked <= timedelta(days=LONGEST_BACK):
            raise ValueError(f"a day of the last {LONGEST_BACK}")
        if (kept := self._kept.get(asked)) and 0 <= now_ms - kept[0] < KEPT_MS:
            return kept[1]
        if not self._counting.acquire(blocking=False):
            raise Busy
        try:
            found = stock_line(self._store, now_ms, self.zone, asked)
            fresh = {each: kept for each, kept in self._kept.items() if 0 <= now_ms - kept[0] < KEPT_MS}
            self._kept = {**fresh, asked: (now_ms, found)}
        finally:
            self._counting.release()
        return found
