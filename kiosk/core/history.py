"""What a frame is about, and which frames tell the life of a card, a record or a lot. Pure.

A frame is found again under its keys. The day is not one of them: recorded time never goes back, so the frames of a
day are one stretch of the journal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

from kiosk.core import clock
from kiosk.core.frames import Frame
from kiosk.core.plan import Step


class Subject(StrEnum):
    JOB = "job"
    CHIP = "chip"
    RECORD = "record"
    LOT = "lot"
    DOCUMENT = "document"
    CALL = "call-back"
    REVERSED = "reversed frame"
    CLOCK = "clock"


class Key(NamedTuple):
    subject: Subject
    value: str


CLOCKS = Key(Subject.CLOCK, "station")
"""Of every `clock` frame: what the others were written by (kiosk.core.dating)."""
OF_MANY = frozenset({"records", "gap-closed", "released", "looked-up"})
"""Kinds that name others beside the one that is looked for."""

Find = Callable[[Iterable[Key]], Iterable[Frame]]
"""All frames that have one of the keys, oldest first."""

_FIELDS = {
    "job": Subject.JOB, "reprint_of": Subject.JOB, "ref": Subject.RECORD, "uid": Subject.CHIP,
    "lot": Subject.LOT, "document": Subject.DOCUMENT, "number": Subject.CALL,
}  # fmt: skip
"""A field means the same in each body that has it (docs/journal-format.md)."""


def keys_of(frame: Frame) -> frozenset[Key]:
    """Everything that the frame can be looked up by. A change here needs a higher `kiosk.journal.index.FORM`."""
    data = frame.data
    parts: list[dict[str, Any]] = [
        data, data.get("outcome", {}), *data.get("records", []), *data.get("cards", []),
        *data.get("withdrawn", []),
        *({"ref": ref} for ref in [*data.get("again", []), *data.get("refs", [])]),
    ]  # fmt: skip
    named = {Key(subject, part[name]) for part in parts for name, subject in _FIELDS.items() if part.get(name)}
    reversed_ = {Key(Subject.REVERSED, str(data["reverses"]))} if data.get("reverses") else set()
    clocks = {CLOCKS} if frame.kind == clock.KIND else set()
    return frozenset(clocks | named | reversed_ | {Key(Subject.LOT, move[1]) for move in data.get("moves", [])})


_FORMS: tuple[tuple[Subject, re.Pattern[str]], ...] = (
    (Subject.JOB, re.compile(r"[0-9a-f]{8}")),
    (Subject.CHIP, re.compile(r"([0-9a-f]{2}){4}|([0-9a-f]{2}){7}|([0-9a-f]{2}){10}")),  # ISO/IEC 14443-3, 6.5.4
    (Subject.RECORD, re.compile(r"[0-9a-f]{32}")),
    (Subject.CALL, re.compile(r"\d{4}-\d\d-\d\d/\d{3,}")),
)


def guesses(word: str) -> list[Key]:
    """What a person may mean, by its form, the likeliest first. A UID may be typed in pairs: "04:2B:90:...".

    Any word can be the number of a document.
    """
    word = word.strip()
    compact = re.sub(r"[\s:]", "", word).lower()
    keys = [Key(subject, compact) for subject, form in _FORMS if form.fullmatch(compact)]
    keys = [Key(key.subject, key.value.upper()) if key.subject is Subject.CHIP else key for key in keys]
    return [*keys, Key(Subject.DOCUMENT, word)]


def as_sequence(word: str) -> int | None:
    """ "4711" or "#4711"."""
    match = re.fullmatch(r"#?([0-9]{1,12})", word.strip())
    return int(match[1]) if match else None


def as_day(word: str) -> date | None:
    """ "2018-08-14"."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", word.strip()):
        return None
    try:
        return date.fromisoformat(word.strip())
    except ValueError:
        return None


def life(find: Find, key: Key) -> list[Frame]:
    """Oldest first, empty if nothing has the key.

    Of a record: its arrival, all its jobs and cards. Of a job: the arrival of its record, its cards, what became of
    the good one; the jobs before and after it are named by the `reprint` frames alone. Of a chip: the same without
    the job's other cards. Of a document: the frames that name it, their reversals, and all that became of the lot
    that it brought. Of a call-back: the frames that name it.
    """
    lots = [Key(Subject.LOT, key.value)] if key.subject is Subject.DOCUMENT else []
    frames = {frame.seq: frame for frame in find([key, *lots])}
    if key.subject is Subject.DOCUMENT:
        booked = [Key(Subject.REVERSED, str(seq)) for seq, frame in frames.items() if frame.kind == "stock"]
        frames |= {frame.seq: frame for frame in find(booked)}
    if key.subject in (Subject.CHIP, Subject.RECORD):
        jobs = _keys(frames.values(), Subject.JOB)
        frames |= {frame.seq: frame for frame in find(jobs)}
    if key.subject in (Subject.CHIP, Subject.JOB):
        records = _keys(frames.values(), Subject.RECORD)
        frames |= {frame.seq: frame for frame in find(records) if frame.kind == "records"}
    ordered = [frame for _, frame in sorted(frames.items())]
    return list(_of_card(ordered, key)) if key.subject is Subject.CHIP else ordered


def records_of(key: Key, frames: Iterable[Frame]) -> frozenset[str]:
    """The records that the life of `key` is about, for the frame of an arrival brings others too. Empty: none."""
    if key.subject is Subject.RECORD:
        return frozenset({key.value})
    return frozenset(record.value for record in _keys(frames, Subject.RECORD))


def _keys(frames: Iterable[Frame], subject: Subject) -> set[Key]:
    frames = (frame for frame in frames if frame.kind not in OF_MANY)
    return {key for frame in frames for key in keys_of(frame) if key.subject is subject}


def _of_card(frames: list[Frame], chip: Key) -> Iterator[Frame]:
    """Without what was done to other cards of the same jobs, and what became of those."""
    mine: dict[int, Frame] = {}
    others: set[int] = set()
    for stretch in _cards(frames):
        if any(chip in keys_of(frame) for frame in stretch):
            mine |= {frame.seq: frame for frame in stretch}
        else:
            others |= {frame.seq for frame in stretch}
    jobs = {frame.data["job"] for frame in mine.values()}
    last_cards = {frame.data["job"] for frame in mine.values() if frame.kind == "job-ended"}
    for frame in frames:
        if frame.kind == "handed-over":
            belongs = frame.data["job"] in last_cards
        elif frame.kind == "reprint":
            belongs = frame.data.get("job") in jobs or frame.data["reprint_of"] in last_cards
        else:
            belongs = frame.seq in mine or frame.seq not in others
        if belongs:
            yield frame


def _cards(frames: list[Frame]) -> Iterator[list[Frame]]:
    """For each card the frames from its first intent to its end. One frame may end a card and begin the next."""
    open_cards: dict[str, list[Frame]] = {}
    for frame in frames:
        job = frame.data.get("job", "")
        if job in open_cards:
            open_cards[job].append(frame)
            if _ends_card(frame):
                yield open_cards.pop(job)
        if "intent" in frame.data and job not in open_cards:
            open_cards[job] = [frame]
    yield from open_cards.values()


def _ends_card(frame: Frame) -> bool:
    outcome = frame.data.get("outcome", {})
    nothing_fed = outcome.get("result") == "not-done" and outcome.get("step") == Step.FEED
    return "end" in frame.data or frame.kind == "job-ended" or nothing_fed
