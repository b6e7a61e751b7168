"""How well the forecast would have served 200 offices that never were, beside the average of the last 30 days.

    .venv/bin/python -m benchmarks.forecast [--histories 200] [--first 1]

Each history (`benchmarks.offices`) ends with a last grant and the way down to the last blank. On each evening of that
way both are asked, with what the books held by then and nothing later:

* `at_14_days`: two weeks before the last blank, how far off the days left are that each says, in per cent of 14:
  median and mean over the histories;
* `in_time`: share of the histories in which the alarm, the first evening on which something should be asked for, came
  at least one journey before the last blank: the journey that would be made then, which nobody knows beforehand;
* `far_too_early`: share in which the alarm came while the blanks lasted for two of the longest journeys and a week:
  who always cries is in time too;
* `warning_days`: median of the days from the alarm to the last blank, less the journey.

`naive` divides the stock by the average of the last 30 days, and cries when that is no more than the average of its
journeys; `naive_cautious` cries at the longest journey instead, as the forecast does: what is left between those two
is the reckoning of the use. The seeds of a run follow `--first`; the constants of the forecast were chosen on
seeds from 10,000 on, never on those of the default run.

The result is printed, and kept in benchmarks/results/forecast.json.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

from benchmarks.offices import History, office
from kiosk.core.forecast import Forecast, Lead, Terms, backlog_now, lead_of
from kiosk.core.forecast import forecast as foreseen
from kiosk.core.pace import Served, measured

RESULT = Path(__file__).parent / "results" / "forecast.json"
TWO_WEEKS, MONTH = 14, 30
FIGURE_LASTS = 45
AIMS = {"at_14_days": 0.15, "in_time": 0.95}
WHO = ("forecast", "naive", "naive_cautious")


@dataclass(frozen=True)
class Evening:
    """What each says on one evening: days left, and whether something should be asked for."""

    day: int
    days_left: dict[str, float]
    alarm: dict[str, bool]


def evenings(history: History) -> Iterator[Evening]:
    """From the last grant to the day before the last blank."""
    rows = [Served(row.day, row.used, row.left) for row in history.rows]
    days, sums = [row.day for row in rows], [0, *accumulate(row.used for row in rows)]
    lead, known = lead_of(history.leads, Lead(*history.told)), history.leads[-6:]
    usual = statistics.fmean([*known, history.told[0]])
    first = rows[bisect_right(days, history.received)]
    stock = first.left + first.used
    alarmed = False
    for day in range(history.received, history.end):
        at = bisect_right(days, day)
        if at and days[at - 1] > history.received:
            stock = rows[at - 1].left
        average = (sums[at] - sums[bisect_right(days, day - MONTH)]) / MONTH
        simple = stock / average if average else 999.0
        left: float = 0.0
        if not alarmed or history.end - day == TWO_WEEKS:  # all that is asked of it
            said = _foreseen(history, rows[:at], stock, day, lead)
            left = (said.ends.likely or day + 999) - day
            alarmed = alarmed or said.order_now
        yield Evening(
            day, {"forecast": left, "naive": simple, "naive_cautious": simple},
            {"forecast": alarmed, "naive": simple <= usual, "naive_cautious": simple <= lead.longest},
        )  # fmt: skip


def _foreseen(history: History, rows: list[Served], stock: int, day: int, lead: Lead) -> Forecast:
    pace = measured(rows, day, history.holidays)
    figure = next((each for each in reversed(history.figures) if each.day <= day), None)
    backlog = None
    if pace and figure and day - figure.day <= FIGURE_LASTS:
        backlog = backlog_now(figure.waiting, figure.new_a_day, figure.day, rows, pace, day)
    return foreseen("wni", stock, day, pace, Terms(lead, 60), backlog)


def judged(history: History) -> dict[str, dict[str, float]]:
    """Of one history: who -> error at 14 days, in time, far too early, warning."""
    said = list(evenings(history))
    longest = lead_of(history.leads, Lead(*history.told)).longest
    found = {}
    for who in WHO:
        alarm = next((each.day for each in said if each.alarm[who]), history.end)
        warning = history.end - alarm
        then = next(each.days_left[who] for each in said if history.end - each.day == TWO_WEEKS)
        found[who] = {
            "error": abs(then - TWO_WEEKS) / TWO_WEEKS,
            "in_time": warning >= history.lead,
            "far_too_early": warning > 2 * longest + 7,
            "warning": warning - history.lead,
        }
    return found


def run(first: int, histories: int) -> dict[str, Any]:
    """All of them, one after the other."""
    each = [judged(office(seed)) for seed in range(first, first + histories)]
    who = {
        name: {
            "at_14_days": round(statistics.median(row[name]["error"] for row in each), 4),
            "at_14_days_mean": round(statistics.fmean(row[name]["error"] for row in each), 4),
            "in_time": round(statistics.fmean(row[name]["in_time"] for row in each), 4),
            "far_too_early": round(statistics.fmean(row[name]["far_too_early"] for row in each), 4),
            "warning_days": statistics.median(row[name]["warning"] for row in each),
        }
        for name in WHO
    }
    return {"histories": histories, "first_seed": first, "aims": AIMS, **who}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--histories", type=int, default=200)
    parser.add_argument("--first", type=int, default=1)
    given = parser.parse_args()
    found = run(given.first, given.histories)
    text = json.dumps(found, indent=2)
    if given.first == 1:
        RESULT.write_text(f"{text}\n", encoding="utf-8")
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    main()
