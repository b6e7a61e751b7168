"""Served within a day: of the people who came for their card, the share that had it in time. Pure.

Days are office days (kiosk.core.workdays). Somebody is served when their card is good, in the output tray: when it is
fetched is up to them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence


def within_a_day(came: int, made: int | None, open_days: Sequence[int]) -> bool:
    """Whether the card was made on the day its holder came, or on the next one on which the office was open.

    `open_days`: sorted. `made`: None while there is no card.
    """
    if made is None:
        return False
    behind = bisect_left(open_days, came + 1)
    return made <= (open_days[behind] if behind < len(open_days) else came)


def share_within_a_day(people: Iterable[tuple[int, int | None]], open_days: Sequence[int]) -> float | None:
    """0 to 1, of `came` and `made` of each; None if nobody came. Who came on the last of `open_days` or later is left
    out, for their day is not over."""
    last = open_days[-1] if open_days else 0
    told = [within_a_day(came, made, open_days) for came, made in people if came < last]
    return sum(told) / len(told) if told else None
