"""Weeks of work at an office, for screens that look back: the clock is set ahead, a day at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kiosk.core.clock import Moment
from kiosk.core.pace import weekday
from kiosk.core.workdays import DAY_MS, office_day
from kiosk.journal import Clock

if TYPE_CHECKING:
    from tests.office import Office

NOON_MS = 4 * 3_600_000
DAY_S = 86_400


def worked(office: Office, weeks: int, cards: int, blanks: int = 10_000) -> int:
    """So many weeks of Monday to Friday after today, all cards of which are spoiled: what is used is used.

    Returns the day it is.
    """
    books = office.station.books
    today = office_day(books.time.time_ms)
    days = [today + 7 - weekday(today)]

    def now() -> Moment:
        return Moment(days[-1] * DAY_MS + NOON_MS, "boot", days[-1] * DAY_MS)

    books.clock = Clock(office.data, now)
    office.station.stock.move("op:yosep", "receive", "wni", blanks, "BAST-7/2026")
    for number in range(7 * weeks):
        if number % 7 < 5:
            lost = [["wni", "BAST-7/2026", "vault", "spoiled", cards + number % 7]]
            books.commit(
                "stock", {"movement": "spoil", "document": "", "cause": "damaged", "moves": lost}, "op:maria"
            )
        days.append(days[-1] + 1)
    return days[-1]
