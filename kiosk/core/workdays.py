"""How many cards a day this station makes, by the days on which it made any. Pure."""

from __future__ import annotations

from kiosk.core.change import Change, Document, Read
from kiosk.core.frames import Frame

TABLE, SELF = "days", "self"
KEPT = 7
"""Days with work that are remembered."""
FLOOR = 200
"""Cards a day of a new station, and of a quiet one: one printer's work."""
DAY_MS = 86_400_000
MIDDLE_ZONE_MS = 8 * 3_600_000


def office_day(time_ms: int) -> int:
    """Which day it is at an office, counted from 1970. Midnight of the middle one of Indonesia's three zones: it is
    night at every office then, an hour before or after its own."""
    return (time_ms + MIDDLE_ZONE_MS) // DAY_MS


def card_made(frame: Frame, read: Read) -> list[Change]:
    """One more card on the frame's day. UTC will do: no office of Indonesia is open over its midnight."""
    day = frame.stamp.time_ms // DAY_MS
    days: list[Document] = list((read(TABLE, SELF) or {"days": []})["days"])
    if days and days[-1]["day"] == day:
        days[-1] = {"day": day, "cards": days[-1]["cards"] + 1}
    else:
        days.append({"day": day, "cards": 1})
    return [Change(TABLE, SELF, {"days": days[-KEPT:]})]


def cards_a_day(read: Read) -> int:
    """Of the busiest of the last days with work, FLOOR at least: what is fetched ahead must last through busy days,
    and a day that has only begun makes it no less."""
    known = read(TABLE, SELF)
    return max([FLOOR, *(int(day["cards"]) for day in known["days"])]) if known else FLOOR
