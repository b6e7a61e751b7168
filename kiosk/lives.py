"""The life of a card, a record or a lot, by whatever somebody knows of it. Read from the journal, without a lock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path

from kiosk.core import history
from kiosk.core.frames import Frame
from kiosk.errors import Rejected, UsageError
from kiosk.journal.extract import extract, sequence_at
from kiosk.journal.index import Index


def found(data: Path, what: str, on_missing: Callable[[], None] = lambda: None) -> tuple[list[Frame], frozenset[str]]:
    """By the first reading of the word that finds something, and the records that it is about (empty: all).

    `on_missing`: as `kiosk.journal.index.Index`. Rejected says what was looked for. DamagedData names file and line.
    """
    journal, index = data / "journal", Index(data, on_missing)
    keys = history.guesses(what)
    for key in keys:
        if frames := history.life(index.find, key):
            return frames, history.records_of(key, frames)
    number, day = history.as_sequence(what), history.as_day(what)
    if number is not None and (frames := list(extract(journal, number, number))):
        return [*frames, *index.find([history.Key(history.Subject.REVERSED, str(number))])], frozenset()
    if day is not None and (frames := list(extract(journal, *stretch(journal, day, day)))):
        return frames, frozenset()
    looked = [*(["frame"] if number is not None else []), *(["day"] if day else []), *(key.subject for key in keys)]
    raise Rejected(f"{what}: nothing in the journal; looked for a {', a '.join(looked)} of that name", "not-found")


def stretch(journal: Path, first: int | date | None, last: int | date | None) -> tuple[int, int | None]:
    """Sequence numbers of the first and the last frame, both included; None: to the end."""
    begin = sequence_at(journal, _midnight(first)) if isinstance(first, date) else first or 1
    end = sequence_at(journal, _midnight(last + timedelta(1))) - 1 if isinstance(last, date) else last
    if end is not None and begin > end + 1:
        raise UsageError(f"--from comes after --to: frame {begin}, frame {end}")
    return begin, end


def _midnight(day: date) -> int:
    """When the local day begins, in milliseconds since 1970 UTC."""
    return round(datetime.combine(day, time()).astimezone().timestamp() * 1000)
